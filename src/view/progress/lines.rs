use std::time::Duration;

use jiff::Timestamp;

use super::board::Board;
use crate::apply::{Event, What};
use crate::plan::Plan;
use crate::snapshot::Status;
use crate::view::Screen;
use crate::view::time::length;
use crate::view::words::{clean, count};

/// Draws events as timed lines, for a log or where no terminal is.
pub struct Lines<'a> {
    board: Board<'a>,
    screen: Screen,
    /// How far the operation was when the last line was drawn.
    said: Duration,
}

/// How long nothing is said at most while something is under way.
const SILENCE: Duration = Duration::from_secs(30);

/// How many of the steps that are under way are told of then.
const FEW: usize = 4;

impl<'a> Lines<'a> {
    /// Draws the apply of a plan.
    pub fn new(plan: &'a Plan, screen: Screen) -> Self {
        Self { board: Board::new(plan, &screen), screen, said: Duration::ZERO }
    }

    /// Takes an event in; the line that it is worth, if any.
    pub fn take(&mut self, event: &Event) -> Option<String> {
        self.board.take(event);
        let text = match &event.what {
            What::Begun { operation, resumed: false } => format!("operation {operation} began"),
            What::Begun { operation, resumed: true } => format!("operation {operation} goes on"),
            // Each snapshot has a line of its own.
            What::Stage { name } if name.ends_with("snapshot") => return None,
            What::Stage { name } => clean(name),
            What::Snapshot { which, commit } => {
                format!("{} snapshot {}", clean(which), commit.chars().take(8).collect::<String>())
            }
            What::Sent { step, attempt: 1, hop: 0 } => self.board.row(*step, event.at, &self.screen),
            What::Calling { step, .. } => self.board.row(*step, event.at, &self.screen),
            What::Enough { step, .. } | What::Ended { step, .. } => self.board.row(*step, event.at, &self.screen),
            What::Measured { check, holds, seen, last: true } => measured(check, *holds, seen),
            What::Stopping { why, settling } => stopping(why, *settling),
            What::Notice { text } => clean(text),
            What::Sent { .. } | What::Settling { .. } | What::Measured { .. } | What::Finished { .. } => return None,
        };
        (!text.is_empty()).then(|| self.line(&text, event.at))
    }

    /// Where stands what is under way, once nothing was said for a while.
    pub fn tick(&mut self, at: Timestamp) -> Vec<String> {
        if self.board.since(at) < self.said + SILENCE {
            return Vec::new();
        }
        let under_way: Vec<usize> = self.board.under_way().collect();
        let mut texts: Vec<String> =
            under_way.iter().take(FEW).map(|&step| self.board.row(step, at, &self.screen)).collect();
        texts.extend(match under_way.len() {
            0 => Some(clean(self.board.stage())),
            all if all > FEW => Some(format!("{} more under way", count(all - FEW, "step"))),
            _ => None,
        });
        texts.iter().map(|text| self.line(text, at)).collect()
    }

    fn line(&mut self, text: &str, at: Timestamp) -> String {
        self.said = self.board.since(at);
        format!("{:>7}  {text}", length(self.said))
    }
}

pub(super) fn measured(check: &str, holds: bool, seen: &str) -> String {
    let holds = if holds { "holds" } else { "does not hold" };
    let seen = if seen.is_empty() { String::new() } else { format!(": {}", clean(seen)) };
    format!("check {} {holds}{seen}", clean(check))
}

pub(super) fn stopping(why: &str, settling: usize) -> String {
    let under_way = match settling {
        0 => "nothing is under way".to_owned(),
        1 => "1 step is still settling".to_owned(),
        more => format!("{} are still settling", count(more, "step")),
    };
    let why = clean(why);
    let once_more = if why == "interrupted" { " Once more ends at once (it stays recorded)." } else { "" };
    format!("Stopping, {why}: nothing new is started; {under_way}.{once_more}")
}

/// Whether a step's end is worth a line of its own in a live table too.
pub(super) fn is_worth_a_line(status: Status) -> bool {
    !matches!(status, Status::Skipped)
}

#[cfg(test)]
mod tests {
    use opsctl_api::Readiness;

    use super::super::super::fixture::{PLAIN, event, failover};
    use super::*;

    #[test]
    fn test_a_run_as_lines() {
        let plan = failover();
        let mut lines = Lines::new(&plan, PLAIN);
        let ended =
            |step, status, why: &str| What::Ended { step, status, why: why.into(), took: Duration::from_secs(1) };
        let progressing = Readiness::Progressing { done: 2, total: 4, what: "pulling image".into() };
        let events = [
            event(0, What::Begun { operation: "20261122-0412-ana".into(), resumed: false }),
            event(0, What::Stage { name: "checking".into() }),
            event(1, What::Snapshot { which: "before".into(), commit: "0123456789abcdef".into() }),
            event(1, What::Sent { step: 0, hop: 0, attempt: 1 }),
            event(1, What::Sent { step: 1, hop: 0, attempt: 1 }),
            event(2, ended(0, Status::Done, "")),
            event(3, What::Settling { step: 1, readiness: progressing.clone() }),
            event(40, What::Settling { step: 1, readiness: progressing }),
            event(41, What::Settling { step: 1, readiness: Readiness::Unknown }),
            event(52, ended(1, Status::Failed, "minio-0: CrashLoopBackOff\nexit 1")),
            event(52, What::Stopping { why: "a step failed".into(), settling: 1 }),
            event(52, ended(2, Status::Skipped, "")),
            event(53, What::Measured { check: "live".into(), holds: false, seen: "status 503".into(), last: true }),
        ];
        let mut text = Vec::new();
        for event in &events {
            text.extend(lines.take(event));
            text.extend(lines.tick(event.at));
        }
        insta::assert_snapshot!(text.join("\n"), @"
         0s  operation 20261122-0412-ana began
         0s  checking
         1s  before snapshot 01234567
         1s  ◐  1  gke  hpa/cdn/ats-edge                          max 6 → 12        sent
         1s  ◐  1  gke  deployment/data/minio                     replicas 1 → 4    sent
         2s  ✓  1  gke  hpa/cdn/ats-edge                          max 6 → 12        ready after 1s
        40s  ◐  1  gke  deployment/data/minio                     replicas 1 → 4    2 of 4 ready, 39s; pulling image
        52s  ✗  1  gke  deployment/data/minio                     replicas 1 → 4    failed: minio-0: CrashLoopBackOff exit 1
        52s  Stopping, a step failed: nothing new is started; 1 step is still settling.
        52s  ·  2  gke  deployment/cdn/ats-edge                   replicas 2 → 10   not started
        53s  check live does not hold: status 503
        ");
    }
}
