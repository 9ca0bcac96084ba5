use super::super::record::{called, named};
use super::super::table::{Cell, Column, Table};
use super::super::time::ago;
use super::super::words::{and, clean, count, width, wrap};
use super::super::{Ink, Screen};
use super::Now;
use crate::plan::{InstanceSeen, Plan};
use crate::snapshot::{Operation, OperationKind, Outcome};

/// The name, from which state, and what each instance really is.
pub(super) fn block(plan: &Plan, now: &Now<'_>, screen: &Screen) -> String {
    let mut block = title(plan, now, screen);
    let mut table = Table::new([Column::gap(2), Column::gap(2), Column::gap(1), Column::gap(2)]);
    for (name, seen) in &plan.instances {
        table.row([
            Cell::new(name).ink(Ink::Strong),
            Cell::new(&seen.provider),
            Cell::new(clean(&seen.target)),
            identity(plan, name, seen),
        ]);
    }
    block.push('\n');
    block.push_str(&table.draw(screen));
    if let Some(open) = now.open {
        let text = format!("operation {open} did not end: opsctl resume, or opsctl rollback");
        block.push_str(&format!("  {}\n", screen.paint(Ink::Attention, &text)));
    }
    if let Some(lost) = now.lost {
        block.push_str(&format!("  {}\n", screen.paint(Ink::Attention, &clean(lost))));
    }
    if let Some(holder) = now.lock {
        block.push_str(&format!("  {}\n", screen.paint(Ink::Attention, &clean(holder))));
    }
    block
}

/// That nobody was asked, and what stands for the answers; empty where somebody was.
pub(super) fn offline(now: &Now<'_>, screen: &Screen) -> String {
    let Some((snapshot, taken_at)) = now.offline else { return String::new() };
    let when = ago(taken_at, now.at);
    let text = format!("Offline: what is live was not asked. Planned against snapshot {snapshot}, taken {when}.");
    format!("{}\n\n", screen.paint(Ink::Attention, &text))
}

fn title(plan: &Plan, now: &Now<'_>, screen: &Screen) -> String {
    let name = &named(&plan.intent.name, plan.intent.rest_of.is_some(), &plan.intent.part);
    let from = format!("now: {}", before(now));
    let summary = clean(&plan.intent.summary);
    let taken = width(name) + 3 + width(&summary);
    // Where both do not fit beside each other, each has lines of its own, and what is long is broken under itself.
    let (summary, fill) = match taken + 3 + width(&from) <= screen.width() {
        true => (summary, " ".repeat(screen.width() - taken - width(&from))),
        false => {
            let indent = (width(name) + 3).min(screen.width() / 2);
            (wrap(&summary, screen.width() - indent).join(&format!("\n{:indent$}", "")), "\n".to_owned())
        }
    };
    format!("{}   {summary}{fill}{}\n", screen.paint(Ink::Strong, name), screen.paint(Ink::Dim, &from))
}

/// What stands, since when and by whom; or what was applied last.
fn before(now: &Now<'_>) -> String {
    if now.is_missed {
        return "what was applied last is not known".to_owned();
    }
    let Some(last) = now.last else { return "nothing was applied yet".to_owned() };
    let when = ago(last.ended.unwrap_or(last.began), now.at);
    let stands = now.stands.filter(|stands| stands.state.is_some() && last.came_to_its_end());
    let what = match stands {
        Some(stands) if last.kind == OperationKind::Rollback => format!("{} again", stands.told()),
        Some(stands) => stands.told(),
        None => called(last),
    };
    format!("{what}{}, {when} by {}", ending(last), clean(&last.operator))
}

fn ending(last: &Operation) -> &'static str {
    match last.outcome {
        Outcome::Running => " (running)",
        // It is open until what it did is taken back.
        Outcome::Failed => " (failed)",
        _ if last.ended.is_none() => " (did not end)",
        Outcome::Done => "",
        Outcome::DoneInPart => " in part",
        Outcome::Interrupted => " (interrupted)",
        Outcome::CheckFailed => " (a check failed)",
        Outcome::Abandoned => " (abandoned)",
    }
}

fn identity(plan: &Plan, name: &str, seen: &InstanceSeen) -> Cell {
    if let Some(why) = &seen.unreachable {
        let tolerated = plan
            .intent
            .tolerates_unreachable
            .iter()
            .any(|pattern| pattern.instance() == Some(name) || pattern.matches_text(&format!("{name}:")));
        let why = clean(why);
        let said = match why.strip_prefix("unreachable: ") {
            Some(why) if tolerated => format!("unreachable, tolerated: {why}"),
            Some(_) => why.clone(),
            None => format!("does not say what it is: {why}"),
        };
        return Cell::new(said).ink(Ink::Attention).open();
    }
    match &seen.identity {
        Some(identity) => Cell::new(clean(&identity.shown)).open(),
        None => Cell::new("does not say what it is").ink(Ink::Attention).open(),
    }
}

/// What a yes would change, as a sentence: `This changes prod-west and account 123456789012, and moves traffic.`
pub fn targets(plan: &Plan) -> String {
    let mut names: Vec<&str> = plan.work().filter_map(|(_, step)| Some(step.at()?.instance())).collect();
    names.sort_unstable();
    names.dedup();
    let shown: Vec<String> = names
        .into_iter()
        .map(|name| match plan.instances.get(name) {
            Some(InstanceSeen { identity: Some(identity), target, .. }) if target.is_empty() => clean(&identity.shown),
            Some(InstanceSeen { identity: Some(identity), target, .. }) => {
                format!("{} ({})", clean(target), clean(&identity.shown))
            }
            Some(InstanceSeen { target, .. }) if !target.is_empty() => clean(target),
            _ => name.to_owned(),
        })
        .collect();
    let traffic = if plan.traffic.is_empty() { "" } else { ", and moves traffic" };
    let irreversible = if plan.way_back.irreversible.is_empty() { "" } else { ". Not all of it can be taken back" };
    let calls = match plan.actions.as_slice() {
        [] => String::new(),
        [action] => format!(" calls action {}", clean(&action.name)),
        more => format!(" calls {}", count(more.len(), "action")),
    };
    let changes = match shown.as_slice() {
        [] => String::new(),
        _ if calls.is_empty() => format!(" changes {}{traffic}", and(&shown)),
        _ => format!(" changes {}{traffic}, and", and(&shown)),
    };
    format!("This{changes}{calls}{irreversible}.")
}
