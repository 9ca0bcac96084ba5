use std::collections::BTreeMap;

use opsctl_api::{Address, Pattern, format_duration};

use super::super::action::not_undone;
use super::super::record::forced;
use super::super::table::{Cell, Column, Table};
use super::super::value::{compared, shown, way};
use super::super::words::{and, clean, count};
use super::super::{Ink, Screen};
use super::{Drift, Now, UnderWay, labelled, lasts, locals, traffic};
use crate::plan::{
    self, FailedNeed, Goal, Interrupt, OwnerNote, Plan, Refusal, Restart, Seen, SkippedWhy, Undercut, Work,
};

/// How many of one sort are listed where not all is told.
const MOST: usize = 4;
/// What is always listed whole: who has not seen one of these has not seen the plan.
const WHOLE: [&str; 2] = ["refused", "one-way"];

/// "Look twice": what an operator must not overlook. Empty where there is nothing of it.
pub(super) fn block(plan: &Plan, now: &Now<'_>, screen: &Screen) -> String {
    let sorts = [
        ("refused", refused(plan)),
        ("traffic", traffic::moved(plan, screen)),
        ("traffic", traffic::unmoved(plan)),
        ("one-way", one_way(plan, screen)),
        ("undercut", undercuts(plan)),
        ("interrupts", interrupts(plan)),
        ("quota", quotas(plan)),
        ("under way", under_way(now, screen)),
        ("drift", drifts(now, screen)),
        ("owed", owed(plan)),
        ("owner", owners(plan, screen)),
        ("time", lasts::over(plan, now.at).into_iter().collect()),
        ("unready", unready(plan)),
        ("unread", unread(plan)),
        ("left alone", left_alone(plan, screen)),
        ("hole", holes(plan)),
        ("restore", not_restored(plan, screen)),
        ("missing", missing(plan)),
        ("actions", actions(plan, now)),
        ("actions", unmeasured(plan, now)),
        ("secret", now.lacking.iter().map(|why| format!("{}; an apply here needs it", clean(why))).collect()),
        ("build", now.unbuilt.iter().map(|what| clean(what)).collect()),
    ];
    let mut block = String::new();
    for (label, lines) in sorts {
        let most = if screen.verbose || WHOLE.contains(&label) { lines.len() } else { MOST };
        let more = lines.len().saturating_sub(most);
        for line in lines.iter().take(most) {
            block.push_str(&labelled(&format!("  {label}"), line, Some(Ink::Attention), screen));
        }
        if more > 0 {
            block.push_str(&labelled("  ", &format!("and {more} more (-v lists them)"), None, screen));
        }
    }
    if block.is_empty() { block } else { format!("{}\n{block}", screen.paint(Ink::Strong, "Look twice")) }
}

fn refused(plan: &Plan) -> Vec<String> {
    plan.refusals.iter().map(refusal).collect()
}

/// Why an apply is refused, and what to do instead.
pub(crate) fn refusal(refusal: &Refusal) -> String {
    let mut text = match refusal.at.as_str() {
        "" => clean(&refusal.why),
        at => format!("{}: {}", clean(at), clean(&refusal.why)),
    };
    if !refusal.instead.is_empty() {
        text.push_str(&format!("; {}", clean(&refusal.instead)));
    }
    text
}

fn one_way(plan: &Plan, screen: &Screen) -> Vec<String> {
    let edits = plan.steps.iter().filter_map(|step| match &step.work {
        Work::Change { at, edits, .. } => Some((at, edits, plan.way_back.irreversible.get(at)?)),
        Work::Wait { .. } | Work::Check { .. } | Work::Action { .. } | Work::Joint { .. } => None,
    });
    let edits = edits.flat_map(|(at, edits, settings)| {
        edits.iter().filter(|edit| settings.contains(&edit.setting)).map(move |edit| (at, edit))
    });
    edits.map(|(at, edit)| format!("{at} {} {}: there is no way back", edit.setting, way(edit, screen))).collect()
}

/// What was asked for before and may yet become true.
pub(super) fn under_way(now: &Now<'_>, screen: &Screen) -> Vec<String> {
    let line = |UnderWay { at, setting, asked, operation, going_on }: &UnderWay| {
        let (setting, asked, going_on) = (clean(setting), shown(asked.as_ref(), screen), clean(going_on));
        format!("{at} {setting}: {operation} asked for {asked}, which may yet become true ({going_on})")
    };
    now.under_way.iter().map(line).collect()
}

/// What was made of what stands, and is lost by this.
fn drifts(now: &Now<'_>, screen: &Screen) -> Vec<String> {
    let line = |Drift { at, setting, wants, live }: &Drift| {
        let (setting, wants, live) = (clean(setting), clean(&wants.to_string()), shown(live.as_ref(), screen));
        format!("{at} {setting} was to be {wants} by what stands, and is {live}")
    };
    now.drifts.iter().map(line).collect()
}

/// What stays as it is, while what it needs shrinks.
fn undercuts(plan: &Plan) -> Vec<String> {
    let line = |Undercut { at, needs, nothing }: &Undercut| match nothing {
        Some(nothing) => format!("{at} keeps its traffic, and {}, which it needs, goes: {nothing} then", clean(needs)),
        None => format!("{at} is left as it is, and {}, which it needs, shrinks", clean(needs)),
    };
    plan.undercuts.iter().map(line).collect()
}

/// What does not serve for a while, since a change restarts it or its way leads through that.
fn interrupts(plan: &Plan) -> Vec<String> {
    let line = |Interrupt { at, setting, through, of }: Interrupt| {
        let through = through.as_ref().map_or_else(|| "absent".to_owned(), ToString::to_string);
        format!("{at} is {} = {through} while its {} is changed", clean(&setting), clean(&of))
    };
    let restarting =
        plan.restarts.iter().map(|Restart { at, setting }| format!("{at} restarts when {} is changed", clean(setting)));
    plan::interrupts(plan).into_iter().map(line).chain(restarting).collect()
}

/// What leaves nothing, or too little, of what the API allows in a time.
fn quotas(plan: &Plan) -> Vec<String> {
    let spent = plan.quotas.iter().filter(|note| note.made + note.there + note.back >= note.times as usize);
    spent
        .map(|note| {
            let all = note.made + note.there + note.back;
            let means =
                if all > note.times as usize { "the way back has to wait for that" } else { "that uses them all up" };
            let (setting, there) = (clean(&note.setting), count(note.there, "call"));
            format!(
                "{} {setting}: {there} there and {} back, and the API takes {}: {means}",
                note.at,
                note.back,
                note.limit()
            )
        })
        .collect()
}

fn owed(plan: &Plan) -> Vec<String> {
    let mut by_instance: BTreeMap<&str, usize> = BTreeMap::new();
    for skipped in &plan.skipped {
        if let SkippedWhy::Owed { .. } = skipped.why {
            let instance = skipped.at.split_once(':').map_or(skipped.at.as_str(), |(instance, _)| instance);
            *by_instance.entry(instance).or_default() += 1;
        }
    }
    let line = |(instance, number): (&str, usize)| {
        let does = if number == 1 { "it" } else { "them" };
        // A rollback is planned anew as a whole.
        let command = if plan.intent.reverts.is_some() { "opsctl rollback" } else { "opsctl resume" };
        format!(
            "{} at {instance} cannot be done now; `{command}` does {does} when {instance} is back",
            count(number, "edit")
        )
    };
    by_instance.into_iter().map(line).collect()
}

/// What else holds what is changed; one that would undo it has refused that already.
fn owners(plan: &Plan, screen: &Screen) -> Vec<String> {
    plan.owners.iter().filter(|note| !note.fights).map(|note| owner(plan, note, screen)).collect()
}

fn owner(plan: &Plan, note: &OwnerNote, screen: &Screen) -> String {
    let owner = &note.owner;
    let name = clean(&owner.name);
    let of = format!("{} of {}", note.setting, note.at);
    let mut text = match &owner.within {
        Some((least, most)) if least == most => format!("{name} holds {of} at {least}"),
        Some((least, most)) => format!("{name} holds {of} in {least}..{most}"),
        None => format!("{name} holds {of}"),
    };
    if let Some(off) = owner.off_at.as_ref().filter(|off| note.to.as_ref() == Some(off)) {
        let off = shown(Some(off), screen);
        text.push_str(&format!(" and lets go at {off}: it scales nothing until another value is set"));
    } else if !owner.does.is_empty() && note.moved_by.is_none() {
        text.push_str(&format!(" and {}", clean(&owner.does)));
        if let Some(soon) = owner.soon {
            text.push_str(&format!(" (within {})", format_duration(soon)));
        }
    }
    if let Some(step) = note.moved_by.and_then(|step| plan.steps.get(step)) {
        text.push_str(&format!("; its bounds are moved first (step {})", step.wave));
    }
    text
}

/// What failed, whatever its settings say.
pub(super) fn unready(plan: &Plan) -> Vec<String> {
    let failed = |seen: &Seen| match &seen.readiness {
        opsctl_api::Readiness::Failed(why) => Some(clean(why)),
        opsctl_api::Readiness::Ready | opsctl_api::Readiness::Progressing { .. } | opsctl_api::Readiness::Unknown => {
            None
        }
    };
    let relied_on = |at: &Address| match plan.failed_needs.iter().find(|need| need.at == *at) {
        Some(FailedNeed { needed_by, .. }) => {
            let (need, shrink) = if needed_by.len() == 1 { ("needs", "shrinks") } else { ("need", "shrink") };
            format!("; {} {need} it and {shrink} all the same", and(needed_by))
        }
        None => String::new(),
    };
    plan.resources.iter().filter_map(|(at, seen)| Some(format!("{at}: {}{}", failed(seen)?, relied_on(at)))).collect()
}

fn unread(plan: &Plan) -> Vec<String> {
    let hidden = plan.resources.iter().flat_map(|(at, seen)| {
        seen.settings.iter().filter_map(move |(key, setting)| Some((at, key, setting.hidden.as_ref()?)))
    });
    hidden.map(|(at, key, why)| format!("{at} {key}: {}", clean(why))).collect()
}

fn left_alone(plan: &Plan, screen: &Screen) -> Vec<String> {
    let line = |leave: &crate::plan::Leave| {
        let live = shown(leave.live.as_ref(), screen);
        let goal = plan.resources.get(&leave.at).and_then(|seen| seen.settings.get(&leave.setting)?.goal.as_ref());
        let says = match goal {
            Some(Goal::Bound(_)) => "is content with it",
            Some(Goal::Exact(_)) | None => "says nothing about it",
        };
        format!("{} {} = {live} is set by {}; {} {says}", leave.at, leave.setting, and(&leave.set_by), plan.intent.name)
    };
    plan.leaves.iter().map(line).collect()
}

/// What no state that all extend would set back.
fn holes(plan: &Plan) -> Vec<String> {
    let line = |hole: &crate::plan::Hole| {
        let (at, setting, left_by) = (&hole.at, clean(&hole.setting), and(&hole.left_by));
        let say = if hole.left_by.len() == 1 { "says" } else { "say" };
        format!("{at} {setting} has no way back but a rollback: {left_by} {say} nothing about it")
    };
    plan.holes.iter().map(line).collect()
}

/// What is not there, and need not be.
pub(super) fn missing(plan: &Plan) -> Vec<String> {
    let gone_as = |at: &str| if Pattern::is_pattern(at) { "finds nothing" } else { "is not there" };
    let gone = plan.skipped.iter().filter_map(|skipped| match &skipped.why {
        SkippedWhy::Missing => Some(format!("{} {}; it is optional", skipped.at, gone_as(&skipped.at))),
        SkippedWhy::MissingUnasked => Some(format!("{} {}; nothing is asked of it", skipped.at, gone_as(&skipped.at))),
        SkippedWhy::GatesNothing => {
            Some(format!("{} is left out: of what it stands between nothing is there", skipped.at))
        }
        SkippedWhy::OwnNeed { .. }
        | SkippedWhy::NothingToDo(_)
        | SkippedWhy::NotUndone
        | SkippedWhy::NotTargeted
        | SkippedWhy::Owed { .. }
        | SkippedWhy::ChangedSince { .. }
        | SkippedWhy::NeverSet
        | SkippedWhy::NotAsLeft { .. }
        | SkippedWhy::HeldBack(_) => None,
    });
    gone.collect()
}

/// What was to be restored and is left as it is: somebody else set it; or opsctl never did, which only they need who want to know
/// everything.
pub(super) fn not_restored(plan: &Plan, screen: &Screen) -> Vec<String> {
    let left = plan.skipped.iter().filter_map(|skipped| {
        let setting = skipped.setting.as_deref().unwrap_or("");
        match &skipped.why {
            SkippedWhy::NotAsLeft { left, live, by } => {
                let who = by.as_ref().map(|by| format!(" by {}", clean(by))).unwrap_or_default();
                let [left, live] = compared([left.as_ref(), live.as_ref()], screen);
                Some(format!(
                    "{} {setting} stays {live}: opsctl left {left}, and it was changed since{who}",
                    skipped.at
                ))
            }
            SkippedWhy::NeverSet if screen.verbose => {
                Some(format!("{} {setting} stays as it is: opsctl never set it", skipped.at))
            }
            _ => None,
        }
    });
    left.collect()
}

/// Actions that are no steps.
pub(super) fn actions(plan: &Plan, now: &Now<'_>) -> Vec<String> {
    let told = plan.skipped.iter().filter_map(|skipped| match &skipped.why {
        SkippedWhy::NothingToDo(seen) => Some(format!("{} has nothing to do: {}", clean(&skipped.at), clean(seen))),
        SkippedWhy::NotUndone => Some(not_undone(&skipped.at, now.undoing)),
        SkippedWhy::Missing
        | SkippedWhy::MissingUnasked
        | SkippedWhy::GatesNothing
        | SkippedWhy::OwnNeed { .. }
        | SkippedWhy::NotTargeted
        | SkippedWhy::Owed { .. }
        | SkippedWhy::ChangedSince { .. }
        | SkippedWhy::NeverSet
        | SkippedWhy::NotAsLeft { .. }
        | SkippedWhy::HeldBack(_) => None,
    });
    told.collect()
}

/// Actions of which nobody was asked whether there is anything to do.
pub(super) fn unmeasured(plan: &Plan, now: &Now<'_>) -> Vec<String> {
    let asks = |action: &&crate::action::Action| action.members.iter().any(|member| member.unless.is_some());
    let asking = plan.actions.iter().filter(|action| now.offline.is_some() && asks(action));
    asking
        .map(|action| format!("whether action {} has anything to do is not known offline", clean(&action.name)))
        .collect()
}

/// What a rollback leaves to others, and what waits for that. Empty for anything else.
pub(super) fn spared(plan: &Plan, screen: &Screen) -> String {
    let table = || {
        let columns = [Column::gap(2), Column::gap(2).folds(), Column::gap(2), Column::gap(2)];
        Table::new(columns).among(locals(plan))
    };
    let (mut left, mut held) = (table(), table());
    let (mut any_left, mut any_held) = (false, false);
    for skipped in &plan.skipped {
        let (instance, local) = skipped.at.split_once(':').unwrap_or(("", &skipped.at));
        let setting = skipped.setting.as_deref().unwrap_or("");
        let cells = [Cell::new(instance), Cell::new(local), Cell::new(setting)];
        match &skipped.why {
            SkippedWhy::ChangedSince { left: set, live, before, by } => {
                any_left = true;
                let who = by.as_ref().map(|by| format!(" by {}", clean(by))).unwrap_or_default();
                let [before, set, live] = compared([before.as_ref(), set.as_ref(), live.as_ref()], screen);
                let story = format!("was {before}, opsctl set {set}, now {live}: changed since{who}");
                left.row(cells.into_iter().chain([Cell::new(story).open()]));
            }
            SkippedWhy::HeldBack(why) => {
                any_held = true;
                held.row(cells.into_iter().chain([Cell::new(clean(why)).open()]));
            }
            SkippedWhy::Missing
            | SkippedWhy::MissingUnasked
            | SkippedWhy::NotTargeted
            | SkippedWhy::OwnNeed { .. }
            | SkippedWhy::GatesNothing
            | SkippedWhy::NeverSet
            | SkippedWhy::NotAsLeft { .. }
            | SkippedWhy::NothingToDo(_)
            | SkippedWhy::NotUndone
            | SkippedWhy::Owed { .. } => {}
        }
    }
    let others = plan.skipped.iter().filter(|skipped| matches!(skipped.why, SkippedWhy::ChangedSince { .. }));
    let others: Vec<&str> = others.map(|skipped| skipped.at.as_str()).collect();
    if let Some(operation) = plan.intent.reverts.as_ref().filter(|_| any_left) {
        let them = if others.len() == 1 { "it" } else { "them" };
        let forced = forced(operation, &plan.intent.part, others.into_iter());
        left.line(format!("       {forced} takes {them} back too"));
    }
    let mut block = String::new();
    for (any, title, table) in [(any_left, "Left alone", left), (any_held, "Held back", held)] {
        if any {
            block.push_str(&format!("{}\n{}", screen.paint(Ink::Strong, title), table.draw(screen)));
        }
    }
    block
}
