//! One operation in full.

use jiff::Timestamp;

use super::log::ending;
use super::record::{Ways, called, edited, stand, unheld};
use super::rto::Rto;
use super::screen::{Ink, Screen, Sign};
use super::table::{Cell, Column, Table};
use super::time::{ago, length, moment};
use super::words::clean;
use crate::snapshot::{Operation, Outcome, Status};

/// One operation in full: what it was, who, when, what became of every step, and what it cost.
pub fn operation(
    operation: &Operation,
    rto: Option<&Rto>,
    ways: &Ways,
    not_undone: &[String],
    snapshots: &[(String, String)],
    now: Timestamp,
    screen: &Screen,
) -> String {
    let (word, ink) = ending(operation);
    let mut page = format!("{}   {}\n", screen.paint(Ink::Strong, &operation.id), screen.paint(ink, word));
    let mut fact = |label: &str, text: String| {
        if !text.is_empty() {
            page.push_str(&format!("  {label:<10}{text}\n"));
        }
    };
    let summary = if operation.summary.is_empty() { String::new() } else { format!(": {}", clean(&operation.summary)) };
    fact("what", format!("{}{summary}", called(operation)));
    fact("who", format!("{} on {}", clean(&operation.operator), clean(&operation.host)));
    let kept = rto.and_then(|rto| rto.told(operation)).map(|kept| format!(", {kept}")).unwrap_or_default();
    let took = operation.took().map_or_else(
        || if operation.outcome == Outcome::Running { String::new() } else { "; it did not end".to_owned() },
        |took| format!("; took {}{kept}", length(took)),
    );
    fact("when", format!("{} UTC, {}{took}", moment(operation.began), ago(operation.began, now)));
    fact("reverts", operation.reverts.clone().unwrap_or_default());
    fact("rest of", operation.rest_of.clone().unwrap_or_default());
    fact("closed", operation.abandoned.as_deref().map(clean).unwrap_or_default());
    fact("plan", operation.plan_digest.chars().take(8).collect());
    for (which, commit) in snapshots {
        fact("snapshot", format!("{which} {commit}"));
    }
    if operation.calls.values().any(|verbs| !verbs.is_empty()) {
        let calls = operation.calls.iter().map(|(name, verbs)| (name.as_str(), verbs));
        fact("calls", super::plan::calls(calls, screen));
    }
    for (name, seen) in &operation.failed_checks {
        fact("check", unheld(name, seen));
    }
    for text in not_undone {
        fact("actions", text.clone());
    }
    for (what, seen) in &operation.not_so {
        fact("changed", format!("{} {}", clean(what), clean(seen)));
    }
    page.push_str(&steps(operation, ways, screen));
    page
}

fn steps(operation: &Operation, ways: &Ways, screen: &Screen) -> String {
    let mut table = Table::new([
        Column::gap(2),
        Column::gap(1),
        Column::gap(2).folds(),
        Column::gap(2),
        Column::gap(2),
        Column::gap(2),
    ]);
    for step in &operation.steps {
        let (sign, ink) = match step.status {
            Status::Done => (screen.sign(Sign::Done), Ink::Good),
            Status::Failed => (screen.sign(Sign::Failed), Ink::Bad),
            Status::Unknown => ("?", Ink::Bad),
            Status::Owed | Status::LeftAlone => ("!", Ink::Attention),
            Status::Pending | Status::Sent | Status::Settling | Status::Skipped => {
                (screen.sign(Sign::Waits), Ink::Attention)
            }
        };
        let why = if step.why.is_empty() { String::new() } else { format!(": {}", clean(&step.why)) };
        let end = match step.status {
            Status::Done => length(step.took),
            _ => format!("{}{why}", stand(step)),
        };
        let (instance, local) = match &step.at {
            Some(at) => (Cell::new(at.instance()), Cell::new(at.local())),
            None => (Cell::new(clean(&step.what)).open(), Cell::empty()),
        };
        let mut edits = step.edits.iter().map(|edit| edited(edit, screen));
        let first = edits.next().unwrap_or_default();
        table.row([Cell::new(sign).ink(ink), instance, local, Cell::new(first), Cell::new(end).open()]);
        for more in edits {
            table.row([Cell::empty(), Cell::empty(), Cell::empty(), Cell::new(more)]);
        }
        for line in ways.get(&step.step).into_iter().flatten() {
            table.line(format!("    by hand: {}", clean(line)));
        }
    }
    if operation.steps.is_empty() { String::new() } else { format!("\n{}", table.draw(screen)) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::fixture::{PLAIN, moment as at, operation as record};
    use super::*;
    use crate::snapshot::Outcome;

    #[test]
    fn test_an_operation_in_full() {
        let failed =
            record(Outcome::Failed, &[(1, Status::Failed, "minio-0: CrashLoopBackOff"), (2, Status::Skipped, "")]);
        let ways = Ways::from([(1, vec!["kubectl scale deployment/minio -n data --replicas=4".to_owned()])]);
        let snapshots = [("before".to_owned(), "0123456789".to_owned())];
        let within = Duration::from_secs(300);
        let rto = Rto { within, missed: failed.missed(within), lacks: None };
        let page = operation(&failed, Some(&rto), &ways, &[], &snapshots, at("2026-11-24T10:00:00Z"), &PLAIN);
        insta::assert_snapshot!(page, @"
        20261122-0412-ana   failed
          what      dr-active: Primary region lost: the second one serves
          who       ana on a17
          when      2026-11-22 04:12 UTC, 2 days ago; took 5m 52s, RTO 5m missed by 52s
          plan      3f9c2ab1
          snapshot  before 0123456789
          calls     3 API calls: gke 3

          ✓ gke  hpa/cdn/ats-edge                                    max 6 → 12       21s
          ✗ gke  deployment/data/minio                               replicas 1 → 4   failed: minio-0: CrashLoopBackOff
            by hand: kubectl scale deployment/minio -n data --replicas=4
          · gke  deployment/cdn/ats-edge                             replicas 2 → 10  not started
          ✓ check edge-west                                                           21s
          ✓ aws  route53-record/Z123456/live.example.com/CNAME/west  weight 0 → 100   21s
          ✓ aws  route53-record/Z123456/live.example.com/CNAME/east  weight 100 → 0   21s
        ");
    }
}
