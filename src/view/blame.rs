//! Who turned which knob of a resource.

use jiff::Timestamp;
use opsctl_api::{Address, Value};

use super::record::called;
use super::screen::{Ink, Screen, Sign};
use super::table::{Cell, Column, Table};
use super::time::ago;
use super::value::compared;
use super::words::clean;
use crate::snapshot::{Turn, Turner};

/// Who turned each knob of a resource last.
pub fn blame(at: &Address, turns: &[Turn], now: Timestamp, screen: &Screen) -> String {
    if turns.is_empty() {
        return format!("No snapshot has {at}.\n");
    }
    let mut table =
        Table::new([Column::gap(2), Column::gap(2), Column::gap(1), Column::gap(1), Column::gap(2), Column::gap(2)]);
    for turn in turns {
        let (id, story) = told(&turn.by, now);
        let [before, after] = compared([turn.from.as_ref(), turn.to.as_ref()], screen);
        let from = match &turn.by {
            Turner::Nobody(_) => [Cell::empty(), Cell::empty()],
            Turner::Operation(_) | Turner::Outside { .. } => {
                [Cell::new(before).right(), Cell::new(screen.sign(Sign::Arrow))]
            }
        };
        let setting = [Cell::new(clean(&turn.setting))];
        let to = [Cell::new(after), Cell::new(id), Cell::new(story).open()];
        table.row(setting.into_iter().chain(from).chain(to));
    }
    format!("{}\n{}", screen.paint(Ink::Strong, at.as_str()), table.draw(screen))
}

fn told(by: &Turner, now: Timestamp) -> (String, String) {
    match by {
        Turner::Operation(operation) => {
            let story =
                format!("{}, {} by {}", called(operation), ago(operation.began, now), clean(&operation.operator));
            (operation.id.clone(), story)
        }
        Turner::Outside { after, before } => (
            "outside".to_owned(),
            format!("not by opsctl, {} or after, {} or before", ago(after.at, now), ago(before.at, now)),
        ),
        Turner::Nobody(entry) => ("untouched".to_owned(), format!("since the first snapshot, {}", ago(entry.at, now))),
    }
}

/// A turn as a document.
#[derive(serde::Serialize)]
pub struct Document<'a> {
    setting: &'a str,
    from: Option<&'a Value>,
    to: Option<&'a Value>,
    by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'a str>,
    /// When it was turned, or the first snapshot that has it so.
    at: Timestamp,
}

/// Turns as documents.
pub fn documents<'a>(turns: &'a [Turn]) -> Vec<Document<'a>> {
    let document = |turn: &'a Turn| {
        let Turn { setting, from, to, by } = turn;
        let (word, operation, at) = match by {
            Turner::Operation(operation) => ("operation", Some(operation.as_ref()), operation.began),
            Turner::Outside { before, .. } => ("outside", None, before.at),
            Turner::Nobody(entry) => ("nobody", None, entry.at),
        };
        Document {
            setting,
            from: from.as_ref(),
            to: to.as_ref(),
            by: word,
            operation: operation.map(|operation| operation.id.as_str()),
            operator: operation.map(|operation| operation.operator.as_str()),
            at,
        }
    };
    turns.iter().map(document).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::fixture::{PLAIN, at, moment, operation};
    use super::*;
    use crate::snapshot::Outcome;

    #[test]
    fn test_who_turned_it_last() {
        let edge = at("gke:deployment/cdn/ats-edge");
        let now = moment("2026-11-24T10:00:00Z");
        let turn = Turn {
            setting: "replicas".into(),
            from: Some(Value::Integer(2)),
            to: Some(Value::Integer(10)),
            by: Turner::Operation(Arc::new(operation(Outcome::Done, &[]))),
        };
        insta::assert_snapshot!(blame(&edge, &[turn], now, &PLAIN), @"
        gke:deployment/cdn/ats-edge
          replicas  2 → 10  20261122-0412-ana  dr-active, 2 days ago by ana
        ");
        insta::assert_snapshot!(blame(&edge, &[], now, &PLAIN), @"No snapshot has gke:deployment/cdn/ats-edge.");
    }
}
