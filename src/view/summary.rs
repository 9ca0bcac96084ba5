use super::record::{Ways, called_first, described, forced_by, stand, unheld};
use super::rto::Rto;
use super::screen::{Ink, Screen};
use super::time::length;
use super::words::{clean, count};
use crate::snapshot::{Operation, OperationKind, Outcome, Status, StepRecord};

/// How many steps of one ending are listed where not all is told.
const MOST: usize = 10;

/// What became of an apply: what went wrong first, with the reason; what of it a rollback did not undo; then the counts, and the commands that make sense now.
pub fn summary(
    operation: &Operation,
    rto: Option<&Rto>,
    ways: &Ways,
    not_undone: &[String],
    screen: &Screen,
) -> String {
    let mut page = format!("{}\n", headline(operation, rto, screen));
    let sent = [(Status::Sent, Ink::Bad), (Status::Settling, Ink::Bad)];
    for (status, ink) in [(Status::Failed, Ink::Bad), (Status::Unknown, Ink::Bad)].into_iter().chain(sent) {
        page.push_str(&listed(operation, status, ink, ways, screen));
    }
    for (name, seen) in &operation.failed_checks {
        let label = screen.paint(Ink::Bad, &format!("{:12}", "check"));
        page.push_str(&format!("  {label}{}\n", unheld(name, seen)));
    }
    let has_failed = operation.count(Status::Failed) + operation.count(Status::Unknown) > 0;
    for (what, seen) in &operation.not_so {
        let label = screen.paint(Ink::Bad, &format!("{:12}", "changed"));
        page.push_str(&format!("  {label}{} {}\n", clean(what), clean(seen)));
    }
    if has_failed {
        page.push_str(&held_back(operation));
    }
    // Who goes on with it needs no hands for what a few calls are left of.
    page.push_str(&listed(operation, Status::Skipped, Ink::Attention, &Ways::new(), screen));
    page.push_str(&listed(operation, Status::Owed, Ink::Attention, ways, screen));
    if operation.outcome == Outcome::Failed && !has_failed {
        page.push_str(&held_back(operation));
    }
    page.push_str(&listed(operation, Status::LeftAlone, Ink::Attention, ways, screen));
    for text in not_undone {
        page.push_str(&format!("  {}{text}\n", screen.paint(Ink::Attention, &format!("{:12}", "actions"))));
    }
    // Where there was nothing to do, nothing is counted.
    if !operation.steps.is_empty() {
        page.push_str(&counts(operation));
    }
    if screen.verbose {
        let calls = operation.calls.iter().map(|(name, verbs)| (name.as_str(), verbs));
        page.push_str(&format!("  {:12}{}\n", "calls", super::plan::calls(calls, screen)));
    }
    for (label, command) in commands(operation) {
        page.push_str(&format!("  {:12}{command}\n", label));
    }
    page
}

/// What became of an apply that failed and is taken back now: what went wrong, and the counts.
pub fn failed(operation: &Operation, screen: &Screen) -> String {
    let sentence = format!("{} failed. What was done is being taken back.", called_first(operation));
    let mut page = format!("{}   Operation {}\n", screen.paint(Ink::Bad, &sentence), operation.id);
    for status in [Status::Failed, Status::Unknown] {
        page.push_str(&listed(operation, status, Ink::Bad, &Ways::new(), screen));
    }
    page + &held_back(operation) + &counts(operation)
}

fn headline(operation: &Operation, rto: Option<&Rto>, screen: &Screen) -> String {
    let (sentence, ink) = sentence(operation);
    let mut parts = vec![screen.paint(ink, &sentence)];
    if let Some(took) = operation.took() {
        let kept = rto.and_then(|rto| rto.told(operation)).map(|kept| format!(", {kept}")).unwrap_or_default();
        parts.push(format!("{}{kept}.", length(took)));
    }
    parts.push(format!("Operation {}", operation.id));
    parts.join("   ")
}

fn sentence(operation: &Operation) -> (String, Ink) {
    let name = called_first(operation);
    let applied = match operation.kind {
        OperationKind::Apply if operation.rest_of.is_none() => "is applied",
        _ => "is done",
    };
    let rest = match operation.kind {
        OperationKind::Rollback => "Not all is taken back",
        _ => "What was done stays as it is",
    };
    let owed = operation.count(Status::Owed);
    match operation.outcome {
        Outcome::Interrupted if operation.ended.is_none() => {
            (format!("{name} was ended at once and stays open. What was sent may be done."), Ink::Bad)
        }
        Outcome::Done => (format!("{name} {applied}."), Ink::Good),
        Outcome::DoneInPart if owed > 0 => {
            (format!("{name} {applied}, with {} owed.", count(owed, "step")), Ink::Attention)
        }
        Outcome::DoneInPart => (format!("{name} {applied}, but for what was left alone."), Ink::Attention),
        Outcome::CheckFailed if operation.failed_checks.is_empty() => {
            (format!("{name} {applied}, and not all is as it should be."), Ink::Bad)
        }
        Outcome::CheckFailed if operation.is_unmeasured() => {
            (format!("{name} {applied}, and was stopped before its checks were measured."), Ink::Attention)
        }
        Outcome::CheckFailed => (format!("{name} {applied}, and a check does not hold."), Ink::Bad),
        Outcome::Failed if !operation.has_sent() && !operation.has_called() => {
            (format!("{name} failed. Nothing of it was done."), Ink::Bad)
        }
        Outcome::Failed => (format!("{name} failed. {rest}."), Ink::Bad),
        Outcome::Interrupted if operation.is_held_back() => {
            let steps = count(operation.count(Status::Skipped), "step");
            let what = format!("{steps} held back, for somebody changed since what they need");
            (format!("{name} is done in part: {what}."), Ink::Attention)
        }
        Outcome::Interrupted => (format!("{name} was stopped. {rest}."), Ink::Attention),
        Outcome::Abandoned => (format!("{name} was abandoned. What was done stays as it is."), Ink::Attention),
        Outcome::Running => (format!("{name} did not end."), Ink::Bad),
    }
}

fn listed(operation: &Operation, status: Status, ink: Ink, ways: &Ways, screen: &Screen) -> String {
    // What was just not begun is counted, and that is all.
    let is_told = |step: &StepRecord| step.status != Status::Skipped || step.position.is_some() && !step.why.is_empty();
    let steps = operation.steps.iter().filter(|step| step.status == status && is_told(step));
    let steps: Vec<&StepRecord> = steps.collect();
    let most = if screen.verbose { steps.len() } else { MOST };
    let mut block = String::new();
    for step in steps.iter().take(most) {
        let why = if step.why.is_empty() { String::new() } else { format!(": {}", clean(&step.why)) };
        let label = screen.paint(ink, &format!("{:12}", stand(step)));
        block.push_str(&format!("  {label}{}{why}\n", described(step, screen)));
        for line in ways.get(&step.step).into_iter().flatten() {
            block.push_str(&format!("  {:12}{}\n", "by hand", clean(line)));
        }
    }
    if steps.len() > most {
        block.push_str(&format!("  {:12}and {} more (opsctl show {})\n", "", steps.len() - most, operation.id));
    }
    block
}

/// What the failures mean for the rest.
fn held_back(operation: &Operation) -> String {
    match operation.count(Status::Skipped) {
        0 => String::new(),
        1 => "  1 step was not started because of that.\n".to_owned(),
        more => format!("  {} were not started because of that.\n", count(more, "step")),
    }
}

fn counts(operation: &Operation) -> String {
    let statuses = [Status::Done, Status::Failed, Status::Unknown, Status::Owed];
    let mut parts: Vec<String> =
        statuses.iter().map(|status| format!("{status} {}", operation.count(*status))).collect();
    let halfway = operation.steps.iter().filter(|step| step.is_halfway()).count();
    if halfway > 0 {
        parts.push(format!("halfway {halfway}"));
    }
    parts.push(format!("{} {}", Status::Skipped, operation.count(Status::Skipped) - halfway));
    match operation.count(Status::LeftAlone) {
        0 => {}
        alone => parts.push(format!("{} {alone}", Status::LeftAlone)),
    }
    match operation.count(Status::Sent) + operation.count(Status::Settling) {
        0 => {}
        sent => parts.insert(1, format!("sent, not yet seen to be true {sent}")),
    }
    format!("  {}\n", parts.join("   "))
}

/// The commands that make sense now, with what they are for.
fn commands(operation: &Operation) -> Vec<(&'static str, String)> {
    let may_go_back = operation.has_sent() && operation.kind == OperationKind::Apply;
    let back = may_go_back.then(|| ("back", "opsctl rollback".to_owned()));
    let mut commands = Vec::new();
    match operation.outcome {
        Outcome::Done => {}
        Outcome::DoneInPart if operation.count(Status::Owed) > 0 => {
            // A rollback is planned anew as a whole.
            let is_rollback = operation.kind == OperationKind::Rollback;
            commands.push(("owed", if is_rollback { "opsctl rollback" } else { "opsctl resume" }.to_owned()));
        }
        Outcome::DoneInPart => commands.extend(forced_by(operation).map(|command| ("force", command))),
        Outcome::CheckFailed if operation.failed_checks.is_empty() => {
            commands.push(("look", "opsctl status".to_owned()));
        }
        Outcome::CheckFailed if operation.is_unmeasured() => commands.push(("measure", "opsctl check".to_owned())),
        Outcome::CheckFailed => commands.push(("look", "opsctl check".to_owned())),
        Outcome::Failed | Outcome::Interrupted | Outcome::Running => {
            // A rollback that ended is planned anew as a whole.
            let anew = operation.kind == OperationKind::Rollback && operation.ended.is_some();
            commands.push(("go on", if anew { "opsctl rollback" } else { "opsctl resume" }.to_owned()));
            commands.push(("look", format!("opsctl show {}", operation.id)));
        }
        Outcome::Abandoned => commands.push(("look", format!("opsctl show {}", operation.id))),
    }
    commands.extend(back);
    if operation.ended.is_none() {
        commands.push(("leave", "opsctl resume --abandon REASON".to_owned()));
    }
    commands
}

/// What is to be let go of, before that is agreed to.
pub fn to_let_go(steps: &[StepRecord], screen: &Screen) -> String {
    let mut page =
        format!("Agreed to, this lets go of {} of earlier operations, not done:\n", count(steps.len(), "step"));
    for step in steps {
        let why = if step.why.is_empty() { String::new() } else { format!(": {}", clean(&step.why)) };
        page.push_str(&format!("  {:12}{}{why}\n", step.status.to_string(), described(step, screen)));
    }
    page
}

/// What is let go of with what is taken back.
pub fn let_go_with(steps: &[StepRecord], screen: &Screen) -> String {
    let page = format!("{} of it, not done, let go of with that:\n", count(steps.len(), "step"));
    steps
        .iter()
        .fold(page, |page, step| page + &format!("  {:12}{}\n", step.status.to_string(), described(step, screen)))
}

/// What is let go of, and why.
pub fn let_go(operation: &Operation, screen: &Screen) -> String {
    let steps = count(operation.steps.len(), "step");
    let why = clean(operation.abandoned.as_deref().unwrap_or_default());
    let mut page = format!("{steps} of earlier operations, not done, let go of: {why}.   Operation {}\n", operation.id);
    for step in &operation.steps {
        page.push_str(&format!("  {:12}{}\n", step.status.to_string(), described(step, screen)));
    }
    page
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::fixture::{PLAIN, operation};
    use super::*;

    fn rto(operation: &Operation, secs: u64, lacks: Option<&str>) -> Rto {
        let within = Duration::from_secs(secs);
        Rto { within, missed: operation.missed(within), lacks: lacks.map(str::to_owned) }
    }

    #[test]
    fn test_done_with_a_step_owed() {
        let operation = operation(Outcome::DoneInPart, &[(6, Status::Owed, "connect timed out after 10s")]);
        let rto = rto(&operation, 900, Some("1 step is owed"));
        insta::assert_snapshot!(summary(&operation, Some(&rto), &Ways::new(), &[], &PLAIN), @"
        dr-active is applied, with 1 step owed.   5m 52s, RTO 15m not reached yet: 1 step is owed.   Operation 20261122-0412-ana
          owed        aws route53-record/Z123456/live.example.com/CNAME/east weight 100 → 0: connect timed out after 10s
          done 5   failed 0   unknown 0   owed 1   not started 0
          owed        opsctl resume
          back        opsctl rollback
        ");
    }

    #[test]
    fn test_failures_come_first() {
        let statuses = [
            (1, Status::Failed, "minio-0: CrashLoopBackOff"),
            (2, Status::Skipped, ""),
            (3, Status::Skipped, ""),
            (4, Status::Skipped, ""),
            (6, Status::Skipped, ""),
        ];
        let operation = operation(Outcome::Failed, &statuses);
        let ways = Ways::from([(1, vec!["kubectl scale deployment/minio -n data --replicas=4".to_owned()])]);
        insta::assert_snapshot!(summary(&operation, Some(&rto(&operation, 300, None)), &ways, &[], &PLAIN), @"
        dr-active failed. What was done stays as it is.   5m 52s, RTO 5m missed by 52s.   Operation 20261122-0412-ana
          failed      gke deployment/data/minio replicas 1 → 4: minio-0: CrashLoopBackOff
          by hand     kubectl scale deployment/minio -n data --replicas=4
          4 steps were not started because of that.
          done 1   failed 1   unknown 0   owed 0   not started 4
          go on       opsctl resume
          look        opsctl show 20261122-0412-ana
          back        opsctl rollback
        ");
    }

    #[test]
    fn test_what_it_cost_is_told_where_all_is() {
        let page = summary(&operation(Outcome::Done, &[]), None, &Ways::new(), &[], &Screen { verbose: true, ..PLAIN });
        assert!(
            page.ends_with(
                "not started 0\n  calls       3 API calls: gke 3 (3 PATCH)\n  back        opsctl rollback\n"
            ),
            "{page}"
        );
    }

    #[test]
    fn test_a_check_that_does_not_hold() {
        let mut operation = operation(Outcome::CheckFailed, &[]);
        operation.failed_checks.insert("live".into(), "status 503".into());
        insta::assert_snapshot!(summary(&operation, None, &Ways::new(), &[], &PLAIN), @"
        dr-active is applied, and a check does not hold.   5m 52s.   Operation 20261122-0412-ana
          check       live does not hold: status 503
          done 6   failed 0   unknown 0   owed 0   not started 0
          look        opsctl check
          back        opsctl rollback
        ");
    }
}
