//! How things stand.

use jiff::Timestamp;
use opsctl_api::{Address, Value};

use super::record::{called_first, described, forced_by};
use super::screen::{Ink, Screen};
use super::stands::Stands;
use super::table::{Cell, Column, Table};
use super::time::ago;
use super::unread::unread;
use super::value::{compared, shown};
use super::words::{clean, count};
use crate::diagnostic::Code;
use crate::snapshot::{Operation, OperationKind, Outcome, StepRecord};
use crate::state::Goal;

/// How things stand.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Status<'a> {
    /// The operation that ended last.
    pub last: Option<&'a Operation>,
    /// What stands by that, as far as the history can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands: Option<Stands>,
    /// How many settings were read again.
    pub settings: usize,
    /// How many of them are told as owed, left alone or not done by what is open: whatever they are, that is not yet as it should be.
    pub undone: usize,
    /// What is not as it should be.
    pub drifts: Vec<Drift>,
    /// What could not be read, and why.
    pub unread: Vec<(String, String)>,
    /// The checks of what stands that were not seen to hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unheld: Vec<Unheld>,
    /// What is as an operation left it that was abandoned in the middle of a change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_the_way: Vec<OnTheWay>,
    /// What ended operations have not done.
    pub owed: Vec<Owed<'a>>,
    /// What it left to others, or for what was, and is still so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_alone: Vec<&'a StepRecord>,
    /// The operation that was done last, where the history does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<&'a str>,
    /// What cannot be read of the history.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<Damaged>,
    /// Why nobody can tell what an operation has changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
    /// What is to be said of an operation that did not end.
    #[serde(skip)]
    pub unfinished: Option<String>,
    /// Who holds the lock.
    pub lock: Option<String>,
}

/// What one ended operation owes, never started, or failed at.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Owed<'a> {
    /// The operation's id.
    pub operation: &'a str,
    /// What it was for.
    pub name: &'a str,
    /// The steps.
    pub steps: &'a [StepRecord],
    /// The instances that are not what they were, as sentences: there it is not done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strangers: Vec<String>,
    /// Why it cannot be told whether they are still to be done, or where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unclear: Option<&'a str>,
    /// What does them: a rollback is planned anew as a whole.
    pub command: &'static str,
}

/// A check of what stands that was not seen to hold when an operation looked at it last.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Unheld {
    /// The operation.
    pub operation: String,
    /// What that was for.
    pub of: String,
    /// The check.
    pub check: String,
    /// What was seen; empty where it was stopped before that was measured.
    pub seen: String,
}

/// A snapshot that is not what was committed.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Damaged {
    /// Its commit, in short.
    pub snapshot: String,
    /// The snapshot repository.
    pub path: String,
    /// What is wrong with it, as a clause.
    pub why: String,
    /// The operation that it tells of.
    pub operation: String,
    /// What that was for.
    pub name: String,
    /// How it ended, or that it had not.
    pub outcome: String,
    /// Whether it may owe something, by how it ended, and no state was applied whole since: nobody knows what.
    pub may_owe: bool,
}

/// A setting that is as it was left in the middle of a change.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct OnTheWay {
    /// What the operation was for.
    pub name: String,
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// What it was to be in the end.
    pub wants: Goal,
    /// What it is.
    pub live: Option<Value>,
}

/// A setting that is not as it should be: as what stands wants it, and as it was left where that wants nothing of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Drift {
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// What it should be.
    pub wants: Goal,
    /// What it is.
    pub live: Option<Value>,
    /// A declared owner that may move it so, where there is one: that is no drift.
    pub moved_by: Option<String>,
    /// Who touched it last, and when, as far as the API tells.
    pub touched: Option<(String, Option<Timestamp>)>,
}

/// Draws how things stand.
pub fn status(status: &Status<'_>, now: Timestamp, screen: &Screen) -> String {
    let mut page = match status.last {
        Some(last) => told(status, last, now, screen),
        None if status.damaged.is_empty() && status.missed.is_none() => "Nothing was applied yet.\n".to_owned(),
        None => "What was applied last is not known.\n".to_owned(),
    };
    if let Some(missed) = status.missed {
        let text = format!("The history does not have {missed}, which came later: what is told here is not all.");
        page.push_str(&format!("{}\n", screen.paint(Ink::Attention, &text)));
    }
    for found in &status.damaged {
        page.push_str(&format!("{}\n", screen.paint(Ink::Attention, &damaged(found))));
    }
    page.push_str(&unread(&status.unread, screen));
    for owed in &status.owed {
        let (steps, name) = (count(owed.steps.len(), "step"), clean(owed.name));
        let text = format!("{steps} of {name} ({}) still to be done ({}):", owed.operation, owed.command);
        page.push_str(&format!("{}\n", screen.paint(Ink::Attention, &text)));
        for step in owed.steps {
            let why = if step.why.is_empty() { String::new() } else { format!(": {}", clean(&step.why)) };
            page.push_str(&format!("  {:12}{}{why}\n", step.status.to_string(), described(step, screen)));
        }
        if let Some(unclear) = owed.unclear {
            page.push_str(&format!("  {:12}{}\n", "not clear", clean(unclear)));
        }
        for stranger in &owed.strangers {
            page.push_str(&format!("  {:12}{}\n", "not here", clean(stranger)));
        }
    }
    if let Some(unfinished) = &status.unfinished {
        page.push_str(unfinished);
    }
    page.push_str(&format!("{}\n", last_line(status)));
    page
}

/// A snapshot that cannot be read, in one sentence.
pub fn damaged(found: &Damaged) -> String {
    let Damaged { snapshot, path, why, operation, name, outcome, may_owe: _ } = found;
    let of = if name.is_empty() { operation.clone() } else { format!("{name} ({operation}, {outcome})") };
    format!(
        "{}: the record of {} cannot be read: snapshot {snapshot} in {} is damaged: {}",
        Code::SnapshotDamaged,
        clean(&of),
        clean(path),
        clean(why)
    )
}

fn told(status: &Status<'_>, last: &Operation, now: Timestamp, screen: &Screen) -> String {
    let name = called_first(last);
    let did = match (last.kind, last.outcome) {
        _ if last.ended.is_none() => "was begun",
        (OperationKind::Rollback, Outcome::Done) => "was done",
        (_, Outcome::Done) if last.rest_of.is_some() => "was done",
        (_, Outcome::Done) => "was applied",
        (_, Outcome::DoneInPart) => "was applied in part",
        (_, Outcome::CheckFailed) if last.failed_checks.is_empty() => {
            "was applied, but for what others changed meanwhile,"
        }
        (_, Outcome::CheckFailed) if last.is_unmeasured() => {
            "was applied, and stopped before its checks were measured (opsctl check),"
        }
        (_, Outcome::CheckFailed) => "was applied, with a check that did not hold,",
        (_, Outcome::Failed) => "failed",
        (_, Outcome::Interrupted) => "was stopped",
        (_, Outcome::Abandoned) => "was abandoned",
        (_, Outcome::Running) => "was begun",
    };
    let when = ago(last.ended.unwrap_or(last.began), now);
    let stands = status.stands.as_ref().filter(|_| last.came_to_its_end()).and_then(Stands::sentence);
    let stands = stands.map(|sentence| format!(" {sentence}")).unwrap_or_default();
    let head = format!("{name} {did} {when} by {} ({}).{stands}", clean(&last.operator), last.id);
    let drifted = status.drifts.iter().filter(|drift| drift.moved_by.is_none()).count();
    let fine = status.settings.saturating_sub(status.undone);
    let rest = match (drifted, status.settings) {
        (_, 0) => "What it left cannot be compared.".to_owned(),
        (0, 1) if status.undone == 0 => "1 setting is as it should be.".to_owned(),
        (0, all) if status.undone == 0 => format!("{all} settings are as they should be."),
        (0, 1) => "1 setting is not yet as it should be.".to_owned(),
        (0, all) if fine == 0 => format!("{all} settings are not yet as they should be."),
        (0, all) if fine == 1 => format!("1 of {} is as it should be.", count(all, "setting")),
        (0, all) => format!("{fine} of {} are as they should be.", count(all, "setting")),
        (1, all) => format!("1 of {} is not as it should be:", count(all, "setting")),
        (some, all) => format!("{some} of {} are not as they should be:", count(all, "setting")),
    };
    let columns = [Column::gap(2), Column::gap(2).folds(), Column::gap(2), Column::gap(2), Column::gap(3)];
    let mut table = Table::new(columns).among(locals(status));
    for drift in &status.drifts {
        let values = held_against(&drift.wants, drift.live.as_ref(), screen);
        let ink = if drift.moved_by.is_some() { Ink::Dim } else { Ink::Attention };
        table.row([
            Cell::new(drift.at.instance()),
            Cell::new(drift.at.local()),
            Cell::new(clean(&drift.setting)),
            Cell::new(values).ink(ink),
            Cell::new(reason(drift, now)).open(),
        ]);
    }
    let failed = last.failed_checks.iter();
    let failed: String = failed
        .map(|(name, seen)| match seen.as_str() {
            "" => format!("  check {} was not measured\n", clean(name)),
            seen => format!("  check {} did not hold: {}\n", clean(name), clean(seen)),
        })
        .collect();
    let earlier: String = status.unheld.iter().filter(|unheld| unheld.operation != last.id).map(at_its_end).collect();
    format!(
        "{head} {rest}\n{}{failed}{earlier}{}{}",
        table.draw(screen),
        on_the_way(status, screen),
        left_alone(status, screen)
    )
}

/// What an operation before the last one saw of a check.
fn at_its_end(unheld: &Unheld) -> String {
    let (name, of) = (clean(&unheld.check), clean(&unheld.of));
    let operation = &unheld.operation;
    match unheld.seen.as_str() {
        "" => format!("  check {name} was not measured at the end of {of} ({operation}): opsctl check\n"),
        seen => format!("  check {name} did not hold at the end of {of} ({operation}): {}\n", clean(seen)),
    }
}

/// What was left to others, or for what was.
fn left_alone(status: &Status<'_>, screen: &Screen) -> String {
    let were = match status.left_alone.len() {
        0 => return String::new(),
        1 => "1 setting was".to_owned(),
        more => format!("{more} settings were"),
    };
    let lines = status.left_alone.iter().map(|step| format!("  {}: {}\n", described(step, screen), clean(&step.why)));
    let lines: String = lines.collect();
    let forced = status.last.and_then(forced_by).map(|command| format!("  To take that back too: {command}\n"));
    let head = screen.paint(Ink::Attention, &format!("{were} left alone:"));
    format!("{head}\n{lines}{}", forced.unwrap_or_default())
}

/// What is as it was left in the middle of a change.
fn on_the_way(status: &Status<'_>, screen: &Screen) -> String {
    let Some(first) = status.on_the_way.first() else { return String::new() };
    let name = clean(&first.name);
    let text = match status.on_the_way.len() {
        1 => format!("1 setting is as {name} left it on its way:"),
        more => format!("{more} settings are as {name} left them on its way:"),
    };
    let columns = [Column::gap(2), Column::gap(2).folds(), Column::gap(2), Column::gap(2)];
    let mut table = Table::new(columns).among(locals(status));
    for way in &status.on_the_way {
        table.row([
            Cell::new(way.at.instance()),
            Cell::new(way.at.local()),
            Cell::new(clean(&way.setting)),
            Cell::new(held_against(&way.wants, way.live.as_ref(), screen)).ink(Ink::Attention),
        ]);
    }
    format!("{}\n{}", screen.paint(Ink::Attention, &text), table.draw(screen))
}

/// What a setting should be, and what it is: `2, now 5`.
fn held_against(wants: &Goal, live: Option<&Value>, screen: &Screen) -> String {
    let [wants, live] = match wants {
        Goal::Exact(value) => compared([Some(value), live], screen),
        Goal::Bound(_) => [clean(&wants.to_string()), shown(live, screen)],
    };
    format!("{wants}, now {live}")
}

/// What its tables name, without instances.
fn locals<'a>(status: &'a Status<'_>) -> impl Iterator<Item = &'a str> {
    let drifts = status.drifts.iter().map(|drift| drift.at.local());
    drifts.chain(status.on_the_way.iter().map(|way| way.at.local()))
}

fn reason(drift: &Drift, now: Timestamp) -> String {
    if let Some(owner) = &drift.moved_by {
        return format!("{} moves it: not counted as drift", clean(owner));
    }
    match &drift.touched {
        Some((by, Some(at))) => format!("by {}, {}", clean(by), ago(*at, now)),
        Some((by, None)) => format!("by {}", clean(by)),
        None => String::new(),
    }
}

fn last_line(status: &Status<'_>) -> String {
    let open = if status.unfinished.is_some() { "An operation is open" } else { "No operation is open" };
    let owed = if !status.owed.is_empty() {
        let steps = status.owed.iter().map(|owed| owed.steps.len()).sum();
        format!("{} still to be done", count(steps, "step"))
    } else if status.damaged.iter().any(|damaged| damaged.may_owe) {
        "what is owed is not known".to_owned()
    } else {
        "nothing is owed".to_owned()
    };
    let lock = match &status.lock {
        Some(holder) => format!("{} holds the lock", clean(holder)),
        None => "nobody holds the lock".to_owned(),
    };
    format!("{open}, {owed}, {lock}.")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{PLAIN, at, moment, operation};
    use super::*;
    use crate::snapshot::Status as Ended;

    #[test]
    fn test_drift_and_what_is_owed() {
        let last = operation(Outcome::DoneInPart, &[(6, Ended::Owed, "unreachable")]);
        let drift = |at_: &str, moved_by: Option<&str>| Drift {
            at: at(at_),
            setting: "replicas".into(),
            wants: Goal::Exact(Value::Integer(2)),
            live: Some(Value::Integer(5)),
            moved_by: moved_by.map(str::to_owned),
            touched: Some(("kubectl-scale".into(), Some(moment("2026-11-25T02:00:00Z")))),
        };
        let drifts = vec![
            drift("k8s:deployment/cdn/ats-edge", Some("hpa/cdn/ats-edge")),
            drift("k8s:deployment/media/packager", None),
        ];
        let steps: Vec<_> = last.steps.iter().filter(|step| step.status == Ended::Owed).cloned().collect();
        let owed = vec![Owed {
            operation: &last.id,
            name: &last.name,
            steps: &steps,
            strangers: vec![],
            unclear: None,
            command: "opsctl resume",
        }];
        let now = moment("2026-11-25T05:00:00Z");
        let stands = Status { last: Some(&last), settings: 38, drifts, owed, ..Status::default() };
        insta::assert_snapshot!(status(&stands, now, &PLAIN), @"
        dr-active was applied in part 3 days ago by ana (20261122-0412-ana). 1 of 38 settings is not as it should be:
          k8s  deployment/cdn/ats-edge    replicas  2, now 5   hpa/cdn/ats-edge moves it: not counted as drift
          k8s  deployment/media/packager  replicas  2, now 5   by kubectl-scale, 3h ago
        1 step of dr-active (20261122-0412-ana) still to be done (opsctl resume):
          owed        aws route53-record/Z123456/live.example.com/CNAME/east weight 100 → 0: unreachable
        No operation is open, 1 step still to be done, nobody holds the lock.
        ");
        insta::assert_snapshot!(status(&Status::default(), now, &PLAIN), @"
        Nothing was applied yet.
        No operation is open, nothing is owed, nobody holds the lock.
        ");
    }
}
