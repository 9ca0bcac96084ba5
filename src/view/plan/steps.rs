use std::cmp::Ordering;
use std::collections::BTreeSet;

use opsctl_api::{Address, Edit, Hop, Readiness, Value, format_duration};

use super::super::table::{Cell, Column, Table};
use super::super::value::{diff, ends, is_number, way};
use super::super::words::{clean, ranges, width, wrap};
use super::super::{Ink, Screen, Sign, action, check};
use super::alike::{self, Group};
use super::locals;
use super::reasons::{reasons, waves_before};
use crate::plan::{Plan, Position, Skipped, SkippedWhy, Step, Work, passing};
use crate::state::Goal;

/// How wide both ends of an edit may be together before they get a line of their own.
const BESIDE: usize = 22;
/// Where lines under a step begin.
const UNDER: usize = 12;

/// The steps in their waves, with what each waits for and comes after.
pub(super) fn block(plan: &Plan, screen: &Screen) -> String {
    let mut table = Table::new([
        Column::gap(0),         // wave
        Column::gap(1),         // sign
        Column::gap(1),         // instance
        Column::gap(2).folds(), // address
        Column::gap(2),         // setting
        Column::gap(1),         // from → to
        Column::gap(2),         // waits until
        Column::gap(2),         // after
    ])
    .among(locals(plan));
    let title = Cell::new("Steps").ink(Ink::Strong).open();
    let mut head = vec![Cell::empty(); 6];
    head[0] = title;
    head.extend([Cell::new("waits until").ink(Ink::Dim), Cell::new("after").ink(Ink::Dim)]);
    let before = waves_before(plan);
    let numbers = numbers(plan, screen);
    let mut drawn = Rows { plan, screen, table: &mut table, before: &before, numbers };
    for (wave, groups) in alike::groups(plan, !screen.verbose) {
        for (index, group) in groups.iter().enumerate() {
            let label = if index == 0 { wave.to_string() } else { String::new() };
            drawn.group(&label, group);
        }
    }
    let mut label = screen.sign(Sign::More);
    for skipped in &plan.skipped {
        if let SkippedWhy::Owed { wants, .. } = &skipped.why {
            drawn.owed(label, skipped, wants);
            label = "";
        }
    }
    let body = table.draw_under(head, screen);
    if plan.is_empty() && !label.is_empty() { String::new() } else { body }
}

struct Rows<'a> {
    plan: &'a Plan,
    screen: &'a Screen,
    table: &'a mut Table,
    before: &'a [BTreeSet<u32>],
    /// How wide the numbers are that edits begin with.
    numbers: usize,
}

impl Rows<'_> {
    fn group(&mut self, label: &str, group: &Group) {
        let id = group.steps[0];
        let step = &self.plan.steps[id];
        let after = ranges(self.before[id].iter().copied());
        let waits = waits(self.plan, step);
        match &step.work {
            Work::Change { at, position, edits, hops, .. } => {
                let (sign, ink) = sign(*position, edits);
                let (address, names) = self.address(at, group);
                for (index, edit) in edits.iter().enumerate() {
                    let first = index == 0;
                    let lead = if first {
                        [
                            Cell::new(format!("{label:>3}")),
                            Cell::new(sign).ink(ink),
                            Cell::new(at.instance()),
                            Cell::new(&address),
                        ]
                    } else {
                        std::array::from_fn(|_| Cell::empty())
                    };
                    let tail = if first { (waits.as_str(), after.as_str()) } else { ("", "") };
                    self.edit(lead, edit, ink, tail);
                }
                self.under(edits, hops);
                for line in names {
                    self.note(&line);
                }
            }
            Work::Wait { at, .. } => self.table.row([
                Cell::new(format!("{label:>3}")),
                Cell::new(self.screen.sign(Sign::Waits)).ink(Ink::Attention),
                Cell::new(at.instance()),
                Cell::new(at.local()),
                Cell::empty(),
                Cell::empty(),
                Cell::new(waits),
                Cell::new(after),
            ]),
            Work::Check { name } => self.table.row([
                Cell::new(format!("{label:>3}")),
                Cell::new("?").ink(Ink::Attention),
                Cell::new(format!("check {}: {waits}", clean(name))).open(),
                Cell::empty(),
                Cell::empty(),
                Cell::empty(),
                Cell::empty(),
                Cell::new(after),
            ]),
            Work::Action { .. } => {
                let Some(action) = self.plan.action(id) else { return };
                let (head, lines) = action::told(action, self.screen);
                self.table.row([
                    Cell::new(format!("{label:>3}")),
                    Cell::new(">").ink(Ink::Attention),
                    Cell::new(head).open(),
                    Cell::empty(),
                    Cell::empty(),
                    Cell::empty(),
                    Cell::empty(),
                    Cell::new(after),
                ]);
                for line in lines {
                    self.note(&line);
                }
            }
            Work::Joint { .. } => {}
        }
        if self.screen.verbose {
            for line in reasons(self.plan, id) {
                self.note(&line);
            }
        }
    }

    /// The address as it is shown, and under it the names of those that are told as one.
    fn address(&self, at: &Address, group: &Group) -> (String, Vec<String>) {
        if group.steps.len() == 1 {
            return (at.local().to_owned(), Vec::new());
        }
        let addresses: Vec<&Address> = group.steps.iter().filter_map(|&id| self.plan.steps[id].at()).collect();
        let (shown, names) = alike::name(&addresses);
        (format!("{shown} ({})", names.len()), alike::listed(&names, self.screen.width() - UNDER, 3))
    }

    fn edit(&mut self, lead: [Cell; 4], edit: &Edit, ink: Ink, (waits, after): (&str, &str)) {
        let (from, to) = ends(edit, self.screen);
        let setting = clean(&edit.setting);
        let tail = [Cell::new(waits), Cell::new(after)];
        let first = !waits.is_empty();
        if width(&from) + width(&to) <= BESIDE {
            let change = [Cell::new(&setting), Cell::new(self.arrow(edit, &from, &to)).ink(ink)];
            self.table.row(lead.into_iter().chain(change).chain(tail));
        } else {
            if first {
                self.table.row(lead.into_iter().chain([Cell::empty(), Cell::empty()]).chain(tail));
            }
            self.below(&setting, edit);
        }
        if self.screen.verbose {
            for line in diff(edit, self.screen) {
                self.table.line(format!("{:UNDER$}{line}", ""));
            }
        }
    }

    /// An edit between values that are too long for their column.
    fn below(&mut self, setting: &str, edit: &Edit) {
        let screen = Screen { verbose: true, ..*self.screen };
        let arrow = self.screen.sign(Sign::Arrow);
        let (from, to) = ends(edit, &screen);
        let on_one = format!("{:UNDER$}{setting} {}", "", way(edit, &screen));
        if width(&on_one) <= self.screen.width() {
            self.table.line(on_one);
        } else {
            let indent = UNDER + width(setting);
            self.table.line(format!("{:UNDER$}{setting} {from}", ""));
            self.table.line(format!("{:indent$} {arrow} {to}", ""));
        }
    }

    /// What the API moves along, what is moved on the way and brought back, and how many calls it takes where that is not one.
    fn under(&mut self, edits: &[Edit], hops: &[Hop]) {
        let of = |edit: &Edit| format!("{} {}", clean(&edit.setting), way(edit, self.screen));
        let moved: Vec<String> = hops.iter().flat_map(|hop| &hop.coupled).map(of).collect();
        let passing: Vec<String> = passing(hops, edits).map(of).collect();
        if !moved.is_empty() {
            self.note(&format!("moves along: {}", moved.join(", ")));
        }
        if !passing.is_empty() {
            self.note(&format!("on the way: {}", passing.join(", then ")));
        }
        if hops.len() > 1 {
            self.note(&format!("in {} calls, one after the other", hops.len()));
        }
    }

    fn owed(&mut self, label: &str, skipped: &Skipped, wants: &Goal) {
        let (instance, local) = skipped.at.split_once(':').unwrap_or(("", &skipped.at));
        self.table.row([
            Cell::new(format!("{label:>3}")),
            Cell::new("!").ink(Ink::Attention),
            Cell::new(instance),
            Cell::new(local),
            Cell::new(clean(skipped.setting.as_deref().unwrap_or(""))),
            Cell::new(format!(
                "{:>1$} {2} {3}",
                "?",
                self.numbers,
                self.screen.sign(Sign::Arrow),
                clean(&wants.to_string())
            )),
            Cell::new("owed: unreachable").ink(Ink::Attention).open(),
        ]);
    }

    fn note(&mut self, text: &str) {
        for line in wrap(text, self.screen.width() - UNDER) {
            self.table.line(format!("{:UNDER$}{}", "", self.screen.paint(Ink::Dim, &line)));
        }
    }

    /// `  6 → 12`: numbers stand under each other.
    fn arrow(&self, edit: &Edit, from: &str, to: &str) -> String {
        let arrow = self.screen.sign(Sign::Arrow);
        match from {
            "" => to.to_owned(),
            from if is_numeric(edit) => format!("{from:>0$} {arrow} {to}", self.numbers),
            from => format!("{from} {arrow} {to}"),
        }
    }
}

fn is_numeric(edit: &Edit) -> bool {
    is_number(edit.from.as_ref()) || is_number(edit.to.as_ref())
}

/// How wide the numbers are that edits begin with.
fn numbers(plan: &Plan, screen: &Screen) -> usize {
    let edits = plan.steps.iter().flat_map(|step| match &step.work {
        Work::Change { edits, .. } => edits.as_slice(),
        Work::Wait { .. } | Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => &[],
    });
    edits.filter(|edit| is_numeric(edit)).map(|edit| width(&ends(edit, screen).0)).max().unwrap_or(1)
}

/// `+` grows, `-` shrinks, `~` changes without a direction, wherever it stands in the order.
fn sign(position: Position, edits: &[Edit]) -> (&'static str, Ink) {
    let mut ways = edits.iter().filter_map(|edit| edit.to.as_ref()?.compare(edit.from.as_ref()?));
    match position {
        // Where less is more (a switch that is turned on to stop something) it shrinks too.
        Position::Down if ways.any(Ordering::is_ne) => ("-", Ink::Bad),
        Position::Up if ways.any(Ordering::is_gt) => ("+", Ink::Good),
        Position::Down | Position::Up => ("~", Ink::Attention),
    }
}

/// `6 of 10 are ready`: of one number the target is known, and a smaller one needs all of itself.
fn some_ready(enough: u64, edits: &[Edit]) -> String {
    let target = match edits {
        [edit] => edit.to.as_ref().and_then(Value::as_integer).and_then(|to| u64::try_from(to).ok()),
        _ => None,
    };
    match target {
        Some(target) if target <= enough => "ready".to_owned(),
        Some(target) => format!("{enough} of {target} are ready"),
        None => format!("{enough} are ready"),
    }
}

fn waits(plan: &Plan, step: &Step) -> String {
    match &step.work {
        Work::Change { edits, drain_time, settles_with, .. } => {
            let settled = match (settles_with, step.enough) {
                (Some(at), _) => format!("{} is ready", at.segments().last().unwrap_or(at.path())),
                (None, Some(enough)) => some_ready(enough, edits),
                (None, None) => "ready".to_owned(),
            };
            if drain_time.is_zero() { settled } else { format!("{settled}, then {}", format_duration(*drain_time)) }
        }
        Work::Wait { readiness, .. } => match readiness {
            Readiness::Progressing { done, total, .. } => match step.enough.filter(|enough| enough < total) {
                Some(enough) => format!("{enough} of {total} are ready; now {done}"),
                None => format!("ready; now {done} of {total}"),
            },
            Readiness::Ready | Readiness::Failed(_) | Readiness::Unknown => "ready".to_owned(),
        },
        Work::Check { name } => {
            plan.checks.iter().find(|check| check.name == *name).map(check::awaited).unwrap_or_default()
        }
        Work::Action { .. } | Work::Joint { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_the_sign_is_that_of_the_change_wherever_it_stands() {
        let edit = |from: Option<Value>, to: Option<Value>| [Edit { setting: "x".into(), from, to }];
        let (one, two) = (Some(Value::Integer(1)), Some(Value::Integer(2)));
        let (east, west) = (Some(Value::String("east".into())), Some(Value::String("west".into())));
        let (on, off) = (Some(Value::Bool(true)), Some(Value::Bool(false)));
        for (position, edits, is) in [
            (Position::Up, edit(one.clone(), two.clone()), "+"),
            (Position::Down, edit(two, one), "-"),
            (Position::Up, edit(west.clone(), east.clone()), "~"),
            (Position::Down, edit(east.clone(), west), "~"),
            (Position::Down, edit(None, east.clone()), "~"),
            (Position::Down, edit(east, None), "~"),
            // Suspended.
            (Position::Down, edit(off, on), "-"),
        ] {
            assert_eq!(sign(position, &edits).0, is, "{position:?} {edits:?}");
        }
    }
}
