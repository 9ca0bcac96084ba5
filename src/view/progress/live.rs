use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use jiff::Timestamp;

use super::board::{Board, is_end};
use super::cursor::AtLineStart;
use super::lines::{is_worth_a_line, measured, stopping};
use crate::apply::{Event, What};
use crate::plan::Plan;
use crate::snapshot::Status;
use crate::view::time::length;
use crate::view::words::{clean, count, cut};
use crate::view::{Ink, Screen, Sign, fold};

/// How many steps under way have a row; the others are counted.
const ROWS: usize = 16;

/// What stands before each row.
const INDENT: usize = 2;

/// What stands in the last line before its text: the bar.
const BAR: usize = INDENT + 24 + 1;

/// How often the rows are drawn anew, at most, in a second.
const RATE: u8 = 20;

/// How long the rows stay as they are, at least.
const PAUSE: Duration = Duration::from_millis(50);

/// Draws events as a live table on a terminal: what ended scrolls up, what is under way stays below, and a bar under it.
pub struct Live<'a> {
    board: Board<'a>,
    screen: Screen,
    all: MultiProgress,
    rows: BTreeMap<usize, ProgressBar>,
    bar: ProgressBar,
    /// When the rows were drawn last.
    drawn: Instant,
}

impl<'a> Live<'a> {
    /// Draws the apply of a plan on standard error.
    pub fn new(plan: &'a Plan, screen: Screen) -> Self {
        Self::on(plan, screen, Term::buffered_stderr(), RATE)
    }

    fn on(plan: &'a Plan, screen: Screen, terminal: impl TermLike + 'static, rate: u8) -> Self {
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(AtLineStart::new(terminal)), rate);
        let board = Board::new(plan, &screen);
        let all = MultiProgress::with_draw_target(target);
        let bar = all.add(ProgressBar::new(board.total() as u64));
        let chars = if screen.unicode { "━━─" } else { "==-" };
        let template = if screen.colour { "  {bar:24.green} {msg}" } else { "  {bar:24} {msg}" };
        bar.set_style(style(template).progress_chars(chars));
        Self { board, screen, all, rows: BTreeMap::new(), bar, drawn: Instant::now() }
    }

    /// Takes an event in and draws it.
    pub fn take(&mut self, event: &Event) {
        self.board.take(event);
        match &event.what {
            What::Ended { step, status, .. } => self.ended(*step, *status, event.at),
            What::Measured { check, holds, seen, last: true } => self.say(&measured(check, *holds, seen), Some(*holds)),
            What::Stopping { why, settling } => self.say(&stopping(why, *settling), Some(false)),
            What::Notice { text } => self.say(&clean(text), None),
            What::Begun { .. }
            | What::Stage { .. }
            | What::Snapshot { .. }
            | What::Sent { .. }
            | What::Calling { .. }
            | What::Settling { .. }
            | What::Enough { .. }
            | What::Measured { .. }
            | What::Finished { .. } => {}
        }
        // Events come in bursts; the eye does not.
        if self.drawn.elapsed() >= PAUSE {
            self.tick(event.at);
        }
    }

    /// Draws how much time has passed.
    pub fn tick(&mut self, at: Timestamp) {
        self.drawn = Instant::now();
        let under_way: Vec<usize> = self.board.under_way().collect();
        let over: Vec<usize> = self.rows.keys().copied().filter(|id| !under_way.contains(id)).collect();
        over.into_iter().for_each(|id| self.leave(id));
        for &id in &under_way {
            if self.rows.len() < ROWS && !self.rows.contains_key(&id) {
                let row = self.all.insert_before(&self.bar, ProgressBar::new_spinner());
                row.set_style(style("  {wide_msg}"));
                self.rows.insert(id, row);
            }
            if let Some(row) = self.rows.get(&id) {
                let room = self.screen.columns.map(|columns| columns.saturating_sub(INDENT));
                row.set_message(self.board.row_within(id, at, room, &self.screen));
            }
        }
        self.bar.set_position(self.board.ended() as u64);
        self.bar.set_message(self.foot(at, under_way.len().saturating_sub(self.rows.len())));
    }

    /// Takes the table away; what ended stays on the screen.
    pub fn finish(self) {
        for row in self.rows.values() {
            row.finish_and_clear();
        }
        // It may never have been drawn, and the cursor is left on the line that it is cleared from.
        self.bar.force_draw();
        self.bar.finish_and_clear();
    }

    /// Takes a row away.
    fn leave(&mut self, step: usize) {
        if let Some(row) = self.rows.remove(&step) {
            row.finish_and_clear();
            self.all.remove(&row);
        }
    }

    fn ended(&mut self, step: usize, status: Status, at: Timestamp) {
        // Before its end is printed: what is printed draws all rows once more.
        self.leave(step);
        if is_end(status) && is_worth_a_line(status) {
            self.print(&format!("  {}", self.board.row(step, at, &self.screen)));
        }
    }

    fn say(&self, text: &str, good: Option<bool>) {
        let (sign, ink) = match good {
            Some(true) => (self.screen.sign(Sign::Done), Ink::Good),
            Some(false) => ("!", Ink::Attention),
            None => (self.screen.sign(Sign::Waits), Ink::Dim),
        };
        self.print(&format!("  {} {text}", self.screen.paint(ink, sign)));
    }

    fn print(&self, line: &str) {
        let line = self.screen.columns.map_or_else(|| line.to_owned(), |columns| fold(line, columns));
        // A terminal that cannot be written to is no reason to stop: the record says it all.
        let _ = self.all.println(line);
    }

    /// `2 of 6 done, 41s, about 5m to go`.
    fn foot(&self, at: Timestamp, unseen: usize) -> String {
        let mut foot = format!("{} of {} done", self.board.count(&[Status::Done]), self.board.total());
        match self.board.count(&[Status::Failed, Status::Unknown]) {
            0 => {}
            failed => foot.push_str(&format!(", {failed} failed")),
        }
        foot.push_str(&format!(", {}", length(self.board.since(at))));
        if let Some(left) = self.board.left(at) {
            foot.push_str(&format!(", {left}"));
        }
        if unseen > 0 {
            foot.push_str(&format!("; {} more under way", count(unseen, "step")));
        }
        let foot = match self.board.stage() {
            "" | "applying" => foot,
            stage => format!("{foot}; {}", clean(stage)),
        };
        match self.screen.columns {
            Some(columns) => cut(&foot, columns.saturating_sub(BAR), self.screen.sign(Sign::More)),
            None => foot,
        }
    }
}

/// The templates here are constants; one that cannot be read falls back to a plain bar.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::super::super::fixture::{PLAIN, event, failover};
    use super::*;

    #[test]
    fn test_a_live_table() {
        let plan = failover();
        let term = InMemoryTerm::new(40, 110);
        let mut live = Live::on(&plan, PLAIN, term.clone(), 255);
        let took = Duration::from_secs(1);
        live.take(&event(0, What::Begun { operation: "20261122-0412-ana".into(), resumed: false }));
        live.take(&event(1, What::Sent { step: 0, hop: 0, attempt: 1 }));
        live.take(&event(1, What::Sent { step: 1, hop: 0, attempt: 1 }));
        live.take(&event(2, What::Ended { step: 0, status: Status::Done, why: String::new(), took }));
        live.take(&event(3, What::Notice { text: "the remote did not take the snapshot; trying again".into() }));
        let readiness = opsctl_api::Readiness::Progressing { done: 2, total: 4, what: "pulling image".into() };
        live.take(&event(35, What::Settling { step: 1, readiness }));
        live.tick(event(35, What::Notice { text: String::new() }).at);
        live.bar.force_draw();
        insta::assert_snapshot!(term.contents(), @"
        ✓  1  gke  hpa/cdn/ats-edge                          max 6 → 12        ready after 1s
        · the remote did not take the snapshot; trying again
        ◐  1  gke  deployment/data/minio                     replicas 1 → 4    2 of 4 ready, 34s; pulling image
        ━━━━━─────────────────── 1 of 6 done, 35s, about 5m to go
        ");
        live.finish();
        insta::assert_snapshot!(term.contents(), @"
        ✓  1  gke  hpa/cdn/ats-edge                          max 6 → 12        ready after 1s
        · the remote did not take the snapshot; trying again
        ");
    }

    /// What is typed is shown by the terminal itself, wherever the cursor is.
    #[test]
    fn test_a_narrow_terminal_and_ctrl_c() {
        let plan = failover();
        let term = InMemoryTerm::new(40, 72);
        let mut live = Live::on(&plan, Screen { columns: Some(72), colour: true, ..PLAIN }, term.clone(), 255);
        let took = Duration::from_secs(1);
        live.take(&event(0, What::Begun { operation: "20261122-0412-ana".into(), resumed: false }));
        live.take(&event(1, What::Sent { step: 0, hop: 0, attempt: 1 }));
        let readiness = opsctl_api::Readiness::Progressing { done: 2, total: 4, what: "pulling image".into() };
        live.take(&event(1, What::Settling { step: 1, readiness }));
        live.tick(event(4000, What::Notice { text: String::new() }).at);
        live.bar.force_draw();
        insta::assert_snapshot!(term.contents(), @"
        ◐  1  gke  hpa/cdn/ats-edge       max 6 → 12        sent, 1h 6m
        ◐  1  gke  deployment/data/minio  replicas 1 → 4   2 of 4 ready, 1h 6m
        ──────────────────────── 0 of 6 done, 1h 6m, about 6m was expected
        ");
        indicatif::TermLike::write_str(&term, "^C^C").unwrap();
        live.take(&event(4001, What::Stopping { why: "interrupted".into(), settling: 2 }));
        live.take(&event(4002, What::Ended { step: 0, status: Status::Done, why: String::new(), took }));
        let why = "minio-0: CrashLoopBackOff, as it was before, and the image cannot be pulled".to_owned();
        live.take(&event(4003, What::Ended { step: 1, status: Status::Failed, why, took }));
        insta::assert_snapshot!(term.contents(), @"
        ! Stopping, interrupted: nothing new is started; 2 steps are still
            settling. Once more ends at once (it stays recorded).
        ✓  1  gke  hpa/cdn/ats-edge       max 6 → 12        ready after 1h 6m
        ✗  1  gke  deployment/data/minio  replicas 1 → 4    failed: minio-0:
            CrashLoopBackOff, as it was before, and the image cannot be pulled
        ──────────────────────── 0 of 6 done, 1h 6m, about 6m was expected
        ");
        live.finish();
    }

    #[test]
    fn test_how_far_a_step_is_is_never_cut_off() {
        let plan = failover();
        for columns in 40..120 {
            let screen = Screen { columns: Some(columns), ..PLAIN };
            let mut board = Board::new(&plan, &screen);
            for (step, _) in plan.work() {
                let readiness = opsctl_api::Readiness::Progressing { done: 2, total: 4, what: "pulling image".into() };
                board.take(&event(1, What::Settling { step, readiness }));
                let at = event(35, What::Notice { text: String::new() }).at;
                let row = board.row_within(step, at, Some(columns - INDENT), &screen);
                let seen: String = row.chars().take(columns - INDENT).collect();
                assert!(seen.contains("2 of 4 ready, 34s"), "{columns}: {row}");
            }
        }
    }
}
