//! An operation that did not end.

use std::collections::BTreeMap;

use jiff::Timestamp;
use opsctl_api::Edit;

use super::screen::{Ink, Screen, Sign};
use super::time::ago;
use super::value::{compared, shown, way};
use super::words::{clean, count};
use crate::apply::{Astray, Changed, Effect, OpenStep, Unfinished};
use crate::snapshot::Status;

/// What stands after a crash, and the ways on. `effects` is what live says of the steps.
pub fn unfinished(open: &Unfinished, effects: &BTreeMap<usize, Effect>, astray: &Astray, screen: &Screen) -> String {
    at(open, effects, astray, Timestamp::now(), screen)
}

fn at(
    open: &Unfinished,
    effects: &BTreeMap<usize, Effect>,
    astray: &Astray,
    now: Timestamp,
    screen: &Screen,
) -> String {
    let mut page = format!(
        "{} {} ({}), begun {} by {} on host {}, last record {}.\n",
        screen.paint(Ink::Attention, "An operation did not end:"),
        open.operation,
        clean(&open.name),
        ago(open.began, now),
        clean(&open.operator),
        clean(&open.host),
        ago(open.last_record, now)
    );
    let under_way = open.count(Status::Sent) + open.count(Status::Settling);
    let counts = [
        ("done", open.count(Status::Done)),
        ("sent, not yet seen to be true", under_way),
        ("failed", open.count(Status::Failed)),
        ("unknown", open.count(Status::Unknown)),
        ("not started", open.count(Status::Pending) + open.count(Status::Skipped)),
    ];
    let told: Vec<String> =
        counts.iter().filter(|(_, number)| *number > 0).map(|(word, n)| format!("{word} {n}")).collect();
    page.push_str(&format!("  {}\n", told.join("   ")));
    for step in open.steps.iter().filter(|step| step.is_unsure()) {
        let label = match step.status {
            Status::Unknown => "unknown",
            _ => "sent",
        };
        page.push_str(&format!("  {label:<9}{}", described(step, &step.edits, screen)));
        if let Some(effect) = effects.get(&step.step) {
            page.push_str(&format!(": {}{}", told_of(effect, screen), done_before(step, effect)));
        }
        page.push('\n');
    }
    for Changed { at, setting, was, now, by } in &astray.changed {
        let by = by.as_ref().map(|by| format!(" by {}", clean(by))).unwrap_or_default();
        let [was, now] = compared([was.as_ref(), now.as_ref()], screen);
        let what = format!("{} {} {}", at.instance(), at.local(), clean(setting));
        page.push_str(&format!("  {:<9}{what}: was left at {was}, now {now}{by}\n", "changed"));
    }
    page.push_str(match (open.takes_back, open.plan.intent.reverts.is_some()) {
        (true, _) => "A step failed, and what was done is to be taken back.\nTake it back: opsctl resume",
        // Gone back from a rollback is gone on with it.
        (false, true) => "Go on: opsctl resume",
        (false, false) => "Go on: opsctl resume      Go back: opsctl rollback",
    });
    page.push_str("      Leave it: opsctl resume --abandon REASON\n");
    page
}

/// What is to be said where nobody knows what stands.
pub fn lost(what: &str, hint: &str, screen: &Screen) -> String {
    format!("{}\n  {}\n", screen.paint(Ink::Attention, &format!("{}.", clean(what))), clean(hint))
}

/// What is to be done when it is gone on with, and has not been begun. `effects` is what live says of that by now.
pub fn ahead(open: &Unfinished, effects: &BTreeMap<usize, Effect>, astray: &Astray, screen: &Screen) -> String {
    if open.takes_back {
        return "Gone on with, what was done is taken back.\n".to_owned();
    }
    let steps = open.steps.iter().filter(|step| step.is_to_begin() || !step.ahead.is_empty());
    let line = |step: &OpenStep| {
        if let Some(why) = astray.held.get(&step.step) {
            return format!("  held     {}: {}\n", described(step, &step.ahead, screen), clean(why));
        }
        let now = match effects.get(&step.step).filter(|_| step.is_to_begin()) {
            None | Some(Effect::NotDone) => String::new(),
            Some(Effect::TookEffect) => ": it is so already".to_owned(),
            Some(other) => format!(": {}", told_of(other, screen)),
        };
        format!("  to do    {}{now}\n", described(step, &step.ahead, screen))
    };
    let lines: String = steps.map(line).collect();
    if lines.is_empty() { lines } else { format!("Gone on with, this is still to be done:\n{lines}") }
}

fn described(step: &OpenStep, edits: &[Edit], screen: &Screen) -> String {
    let edits: Vec<String> =
        edits.iter().map(|edit| format!("{} {}", clean(&edit.setting), way(edit, screen))).collect();
    match &step.at {
        Some(at) => format!("{} {} {}", at.instance(), at.local(), edits.join(", ")),
        None => clean(&step.what),
    }
}

/// What it had done before that is done.
fn done_before(step: &OpenStep, effect: &Effect) -> String {
    match (effect, step.calls_done) {
        (Effect::NotDone, calls) if calls > 0 => format!(" that; done are {} before it", count(calls, "call")),
        _ => String::new(),
    }
}

fn told_of(effect: &Effect, screen: &Screen) -> String {
    match effect {
        Effect::TookEffect => "it took effect".to_owned(),
        Effect::NotDone => "live is as it was before".to_owned(),
        Effect::SomethingElse(live) => {
            let values = live.iter().map(|(key, value)| format!("{} {}", clean(key), shown(value.as_ref(), screen)));
            format!("live says something else {} {}", screen.sign(Sign::Arrow), values.collect::<Vec<_>>().join(", "))
        }
        Effect::CannotTell(why) => format!("it cannot be told: {}", clean(why)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::fixture::{PLAIN, at as address, edit, failover, moment};
    use super::*;

    #[test]
    fn test_after_a_crash() {
        let step = |step: usize, at: &str, from, to, status| OpenStep {
            step,
            at: Some(address(at)),
            what: String::new(),
            calls_done: 0,
            edits: vec![edit("weight", from, to)],
            ahead: Vec::new(),
            status,
        };
        let open = Unfinished {
            operation: "20261122-0412-ana".into(),
            name: "dr-active".into(),
            operator: "ana".into(),
            host: "a17".into(),
            began: moment("2026-11-22T04:12:00Z"),
            last_record: moment("2026-11-22T04:13:00Z"),
            takes_back: false,
            plan: Arc::new(failover()),
            steps: vec![
                step(0, "aws:route53-record/Z1/a.example.com/A", 0, 1, Status::Done),
                step(1, "aws:route53-record/Z1/live.example.com/CNAME/west", 0, 100, Status::Unknown),
                step(2, "aws:route53-record/Z1/live.example.com/CNAME/east", 100, 0, Status::Pending),
            ],
            stands: Vec::new(),
        };
        let effects = BTreeMap::from([(1, Effect::TookEffect)]);
        insta::assert_snapshot!(at(&open, &effects, &Astray::default(), moment("2026-11-22T04:18:00Z"), &PLAIN), @"
        An operation did not end: 20261122-0412-ana (dr-active), begun 6m ago by ana on host a17, last record 5m ago.
          done 1   unknown 1   not started 1
          unknown  aws route53-record/Z1/live.example.com/CNAME/west weight 0 → 100: it took effect
        Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
        ");
    }
}
