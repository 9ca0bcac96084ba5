use std::collections::BTreeMap;

use opsctl_api::Preflight;

use super::super::words::{clean, count, width, wrap};
use super::super::{Ink, Screen, check};
use super::{Now, labelled, lasts};
use crate::check::Gate;
use crate::plan::{Plan, SkippedWhy, Work};
use crate::state::OnFailure;

/// What a plan comes to, in settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Edits that would be made.
    pub edits: usize,
    /// Actions that would be called.
    pub actions: usize,
    /// Edits that cannot be made now.
    pub owed: usize,
    /// Observed settings that are as they should be.
    pub fine: usize,
    /// Observed settings of which the state says something.
    pub settings: usize,
    /// Resources of which the state says something.
    pub resources: usize,
    /// What `--target` and `--exclude` left out.
    pub left_out: usize,
}

/// Counts what a plan comes to.
pub fn totals(plan: &Plan) -> Totals {
    let mut totals = Totals::default();
    for step in &plan.steps {
        match &step.work {
            Work::Change { edits, .. } => totals.edits += edits.len(),
            Work::Action { .. } => totals.actions += 1,
            Work::Wait { .. } | Work::Check { .. } | Work::Joint { .. } => {}
        }
    }
    for seen in plan.resources.values() {
        let mut meant = seen.settings.values().filter_map(|setting| Some((setting, setting.goal.as_ref()?))).peekable();
        totals.resources += usize::from(meant.peek().is_some());
        for (setting, goal) in meant {
            totals.settings += 1;
            totals.fine += usize::from(setting.hidden.is_none() && goal.holds(setting.live.as_ref()));
        }
    }
    for skipped in &plan.skipped {
        match skipped.why {
            SkippedWhy::Owed { .. } => totals.owed += 1,
            SkippedWhy::NotTargeted => totals.left_out += 1,
            SkippedWhy::Missing
            | SkippedWhy::MissingUnasked
            | SkippedWhy::OwnNeed { .. }
            | SkippedWhy::GatesNothing
            | SkippedWhy::NeverSet
            | SkippedWhy::NotAsLeft { .. }
            | SkippedWhy::NothingToDo(_)
            | SkippedWhy::NotUndone
            | SkippedWhy::ChangedSince { .. }
            | SkippedWhy::HeldBack(_) => {}
        }
    }
    totals
}

/// Checks at the ends, what the dry run said, how long, and the way back.
pub(super) fn facts(plan: &Plan, now: &Now<'_>, screen: &Screen) -> String {
    let mut block = String::new();
    if plan.is_empty() {
        return block;
    }
    for (label, gate) in [("First", Gate::Before), ("Then", Gate::After)] {
        for (index, check) in plan.checks.iter().filter(|check| check.gate == gate).enumerate() {
            let text = format!("check {}: {}", clean(&check.name), check::described(check, screen));
            block.push_str(&labelled(if index == 0 { label } else { "" }, &text, None, screen));
        }
    }
    if !plan.preflight.is_empty() {
        block.push_str(&accepted(plan, screen));
    }
    if let Some(text) = failing(now.on_failure.unwrap_or(plan.intent.on_failure)) {
        block.push_str(&labelled("If not", text, None, screen));
    }
    block.push_str(&labelled("Time", &lasts::time(plan, now.at), None, screen));
    block.push_str(&labelled("Way back", &way_back(plan), None, screen));
    block
}

/// What a failed step does, where that is not the usual.
fn failing(on_failure: OnFailure) -> Option<&'static str> {
    match on_failure {
        OnFailure::Stop => None,
        OnFailure::Continue => Some("a step that fails stops only what depends on it: the rest goes on"),
        OnFailure::Rollback => Some("a step that fails stops all, and what was done is taken back"),
    }
}

fn accepted(plan: &Plan, screen: &Screen) -> String {
    let mut untold: BTreeMap<&str, usize> = BTreeMap::new();
    let mut taken = 0;
    let mut refused = 0;
    // A step of several calls is accepted where all of them are.
    let mut steps: BTreeMap<usize, &Preflight> = BTreeMap::new();
    for note in &plan.preflight {
        let told = steps.entry(note.step).or_insert(&note.answer);
        if **told == Preflight::Accepted || matches!(note.answer, Preflight::Refused(_)) {
            *told = &note.answer;
        }
    }
    for told in steps.values() {
        match told {
            Preflight::Accepted => taken += 1,
            Preflight::Refused(_) => refused += 1,
            Preflight::CannotTell(why) => *untold.entry(why).or_default() += 1,
        }
    }
    let mut text = format!("{taken} of {} in a dry run", steps.len());
    if refused > 0 {
        text.push_str(&format!("; {refused} refused (above)"));
    }
    for (why, number) in untold {
        text.push_str(&format!("; {number} cannot be told: {}", clean(why)));
    }
    labelled("Accepted", &text, (refused > 0).then_some(Ink::Attention), screen)
}

fn way_back(plan: &Plan) -> String {
    let mut steps = count(plan.way_back.steps, "step");
    if let Some(estimate) = &plan.way_back.estimate {
        steps.push_str(&format!(", {}", lasts::about(estimate)));
    }
    let called = match plan.way_back.actions.as_slice() {
        [] => String::new(),
        [one] => format!("; action {} is not undone", clean(one)),
        more => format!("; {} are not undone", count(more.len(), "action")),
    };
    let irreversible = plan.way_back.irreversible.iter().map(|(at, settings)| format!("{at} {}", settings.join(", ")));
    match irreversible.collect::<Vec<_>>().as_slice() {
        [] if called.is_empty() => format!("{steps}, nothing is irreversible"),
        [] => format!("{steps}{called}"),
        some => {
            let held: Vec<String> = plan.way_back.held_back.iter().map(ToString::to_string).collect();
            let held = match held.is_empty() {
                true => String::new(),
                false => format!("; what needs that stays as it is, too: {}", held.join(", ")),
            };
            format!("{steps}; cannot be taken back: {}{held}{called}", some.join("; "))
        }
    }
}

/// The last line: how much, what it cost to find out, and which plan it is.
pub(super) fn counts(plan: &Plan, screen: &Screen) -> String {
    let totals = totals(plan);
    let mut parts = vec![format!("{} to change", totals.edits)];
    if totals.actions > 0 {
        parts.push(format!("{} to call", totals.actions));
    }
    if totals.owed > 0 {
        parts.push(format!("{} owed", totals.owed));
    }
    parts.push(format!("{} as they should be", totals.fine));
    if totals.left_out > 0 {
        parts.push(format!("{} left out", totals.left_out));
    }
    let calls = calls(plan.instances.iter().map(|(name, seen)| (name.as_str(), &seen.calls)), screen);
    let digest: String = plan.digest.chars().take(8).collect();
    let line = format!("{}.   {calls}.   Plan {digest}", parts.join(", "));
    let mut block = match width(&line) <= screen.width() {
        true => line + "\n",
        false => wrap(&line, screen.width()).join("\n") + "\n",
    };
    if !plan.refusals.is_empty() {
        let text = format!("An apply of it is refused, for {}.", count(plan.refusals.len(), "reason"));
        block.push_str(&format!("{}\n", screen.paint(Ink::Bad, &text)));
    }
    block
}

/// How many calls were made: `5 API calls: gke 3, aws 2`; with their verbs where all is told.
pub(crate) fn calls<'a>(
    by_instance: impl Iterator<Item = (&'a str, &'a BTreeMap<String, u64>)>,
    screen: &Screen,
) -> String {
    let mut total = 0;
    let mut parts = Vec::new();
    for (name, verbs) in by_instance {
        let sum: u64 = verbs.values().sum();
        total += sum;
        if sum == 0 {
            continue;
        }
        if screen.verbose {
            let verbs: Vec<String> = verbs.iter().map(|(verb, number)| format!("{number} {}", clean(verb))).collect();
            parts.push(format!("{name} {sum} ({})", verbs.join(", ")));
        } else {
            parts.push(format!("{name} {sum}"));
        }
    }
    let head = count(usize::try_from(total).unwrap_or(usize::MAX), "API call");
    if parts.is_empty() { head } else { format!("{head}: {}", parts.join(", ")) }
}
