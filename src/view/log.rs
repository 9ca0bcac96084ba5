use std::time::Duration;

use jiff::Timestamp;

use super::record::called;
use super::screen::{Ink, Screen};
use super::table::{Cell, Column, Table};
use super::time::{ago, length};
use super::words::{clean, count};
use crate::snapshot::{Operation, OperationKind, Outcome, Status};

/// Who did what, when, and how it ended; newest first, a line an operation.
pub fn log(operations: &[Operation], now: Timestamp, screen: &Screen) -> String {
    if operations.is_empty() {
        return "Nothing was applied yet.\n".to_owned();
    }
    let mut table = Table::new([Column::gap(0), Column::gap(2), Column::gap(2), Column::gap(2), Column::gap(2)]);
    for operation in operations {
        let (word, ink) = ending(operation);
        let done = operation.count(Status::Done);
        let all = operation.steps.len();
        let steps = match operation.kind {
            // Where it did not end and its journal is gone, nobody knows.
            OperationKind::Apply | OperationKind::Rollback if all == 0 && operation.ended.is_none() => String::new(),
            OperationKind::Apply | OperationKind::Rollback => format!("{done} of {all} steps"),
            OperationKind::LetGo => count(all, "step"),
            OperationKind::Take => String::new(),
        };
        table.row([
            Cell::new(&operation.id).ink(Ink::Strong),
            Cell::new(called(operation)),
            Cell::new(word).ink(ink),
            Cell::new(steps),
            Cell::new(when(operation, now)).open(),
        ]);
    }
    table.draw(screen)
}

/// When an operation was, how long it took, and by whom.
fn when(operation: &Operation, now: Timestamp) -> String {
    let took =
        operation.ended.map(|ended| Duration::try_from(ended.duration_since(operation.began)).unwrap_or_default());
    let took = took.map(|took| format!(", took {}", length(took))).unwrap_or_default();
    format!("{} by {}{took}", ago(operation.began, now), clean(&operation.operator))
}

/// How an operation ended, as it is shown.
pub(crate) fn ending(operation: &Operation) -> (&'static str, Ink) {
    match operation.outcome {
        _ if operation.kind == OperationKind::LetGo => ("let go", Ink::Attention),
        outcome if operation.ended.is_none() && outcome != Outcome::Running => ("did not end", Ink::Bad),
        Outcome::Done => ("done", Ink::Good),
        Outcome::DoneInPart => ("done in part", Ink::Attention),
        Outcome::Running => ("running", Ink::Attention),
        Outcome::Failed => ("failed", Ink::Bad),
        Outcome::Interrupted => ("interrupted", Ink::Attention),
        Outcome::CheckFailed => ("check failed", Ink::Bad),
        Outcome::Abandoned => ("abandoned", Ink::Attention),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{PLAIN, moment, operation};
    use super::*;

    #[test]
    fn test_a_line_an_operation() {
        let now = moment("2026-11-24T10:00:00Z");
        assert_eq!(log(&[], now, &PLAIN), "Nothing was applied yet.\n");
        let mut first = operation(Outcome::Failed, &[(1, Status::Failed, "")]);
        first.id = "20261119-0931-ana".into();
        insta::assert_snapshot!(log(&[operation(Outcome::Done, &[]), first], now, &PLAIN), @"
        20261122-0412-ana  dr-active  done    6 of 6 steps  2 days ago by ana, took 5m 52s
        20261119-0931-ana  dr-active  failed  5 of 6 steps  2 days ago by ana, took 5m 52s
        ");
    }
}
