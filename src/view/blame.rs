//! Who turned which knob of a resource.

use jiff::Timestamp;
use opsctl_api::{Address, Live, LiveSetting, Touch, Value};

use super::record::called;
use super::screen::{Ink, Screen, Sign};
use super::table::{Cell, Column, Table};
use super::time::ago;
use super::value::{compared, shown};
use super::words::clean;
use crate::snapshot::{EditRecord, Operation, StepRecord, Turn, Turner};

/// One knob: who turned it last, and what has become of it since.
#[derive(Debug)]
pub struct Knob<'a> {
    turn: &'a Turn,
    /// What an operation that did not end has to do with it.
    open: Option<Open<'a>>,
    /// What is live, where nothing that opsctl did tells of that.
    now: Option<Now<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Open<'a> {
    operation: &'a Operation,
    step: &'a StepRecord,
    edit: &'a EditRecord,
}

/// What somebody else made of it.
#[derive(Debug, serde::Serialize)]
struct Now<'a> {
    /// What is live; `None` is absent.
    to: Option<&'a Value>,
    /// Who and when, as far as the API tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    touch: Option<&'a Touch>,
}

/// The knobs of a resource, beside the operation that did not end and what is live, as far as that is known.
pub fn knobs<'a>(
    at: &Address,
    turns: &'a [Turn],
    operation: Option<&'a Operation>,
    live: Option<&'a Live>,
) -> Vec<Knob<'a>> {
    let knob = |turn: &'a Turn| {
        let steps =
            operation.into_iter().flat_map(|operation| operation.steps.iter().map(move |step| (operation, step)));
        let steps = steps.filter(|(_, step)| step.at.as_ref() == Some(at));
        let mut edits =
            steps.flat_map(|(operation, step)| step.edits.iter().map(move |edit| Open { operation, step, edit }));
        let open = edits.rfind(|open| open.edit.setting == turn.setting);
        let is_known = |value: Option<&Value>| match open.filter(|open| open.edit.sent) {
            Some(open) => open.step.left(open.edit).iter().any(|left| left.as_ref() == value),
            None => turn.is_to(value),
        };
        let now = live.and_then(|live| match live.settings.get(&turn.setting) {
            Some(LiveSetting::Hidden(_)) => None,
            Some(LiveSetting::Is { .. } | LiveSetting::Absent) | None => Some((live, live.value(&turn.setting))),
        });
        let now = now
            .filter(|(_, value)| !is_known(*value))
            .map(|(live, to)| Now { to, touch: live.touched.iter().find(|touch| touch.setting == turn.setting) });
        Knob { turn, open, now }
    };
    turns.iter().map(knob).collect()
}

/// Who turned each knob of a resource last.
pub fn blame(at: &Address, knobs: &[Knob<'_>], now: Timestamp, screen: &Screen) -> String {
    if knobs.is_empty() {
        return format!("No snapshot has {at}.\n");
    }
    let mut table =
        Table::new([Column::gap(2), Column::gap(2), Column::gap(1), Column::gap(1), Column::gap(2), Column::gap(2)]);
    let mut row = |setting: &str, from: Option<String>, to: String, (id, story): (String, String)| {
        let from = match from {
            None => [Cell::empty(), Cell::empty()],
            Some(from) => [Cell::new(from).right(), Cell::new(screen.sign(Sign::Arrow))],
        };
        let to = [Cell::new(to), Cell::new(id), Cell::new(story).open()];
        table.row([Cell::new(clean(setting))].into_iter().chain(from).chain(to));
    };
    for Knob { turn, open, now: outside } in knobs {
        let [before, after] = compared([turn.from.as_ref(), turn.to.as_ref()], screen);
        let is_turned = !matches!(turn.by, Turner::Nobody(_));
        row(&turn.setting, is_turned.then_some(before), after, told(&turn.by, now));
        if let Some(open) = open {
            let [before, after] = compared([open.edit.from.as_ref(), open.edit.to.as_ref()], screen);
            let Open { operation, edit, .. } = open;
            let (who, what) = (whose(operation, now), if edit.sent { "has set it" } else { "is about to set it" });
            row("", Some(before), after, (operation.id.clone(), format!("{who}: it is open, and {what}")));
        }
        if let Some(Now { to, touch }) = outside {
            let who = touch.map_or(String::new(), |touch| {
                let when = touch.at.map(|at| format!(", {}", ago(at, now))).unwrap_or_default();
                format!(": by {}{when}", clean(&touch.by))
            });
            row("", None, shown(*to, screen), ("now".to_owned(), format!("not opsctl{who}")));
        }
    }
    format!("{}\n{}", screen.paint(Ink::Strong, at.as_str()), table.draw(screen))
}

fn whose(operation: &Operation, now: Timestamp) -> String {
    format!("{}, {} by {}", called(operation), ago(operation.began, now), clean(&operation.operator))
}

fn told(by: &Turner, now: Timestamp) -> (String, String) {
    match by {
        Turner::Operation(operation) => (operation.id.clone(), whose(operation, now)),
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
    /// The operation that did not end, where it has to do with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<OpenDocument<'a>>,
    /// What is live, where that is nothing that opsctl did.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<&'a Now<'a>>,
}

#[derive(serde::Serialize)]
struct OpenDocument<'a> {
    operation: &'a str,
    operator: &'a str,
    from: Option<&'a Value>,
    to: Option<&'a Value>,
    sent: bool,
}

/// Knobs as documents.
pub fn documents<'a>(knobs: &'a [Knob<'a>]) -> Vec<Document<'a>> {
    let document = |knob: &'a Knob<'a>| {
        let Turn { setting, from, to, by } = knob.turn;
        let open = knob.open.map(|Open { operation, edit, .. }| OpenDocument {
            operation: &operation.id,
            operator: &operation.operator,
            from: edit.from.as_ref(),
            to: edit.to.as_ref(),
            sent: edit.sent,
        });
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
            open,
            now: knob.now.as_ref(),
        }
    };
    knobs.iter().map(document).collect()
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
        insta::assert_snapshot!(blame(&edge, &knobs(&edge, &[turn], None, None), now, &PLAIN), @"
        gke:deployment/cdn/ats-edge
          replicas  2 → 10  20261122-0412-ana  dr-active, 2 days ago by ana
        ");
        insta::assert_snapshot!(blame(&edge, &[], now, &PLAIN), @"No snapshot has gke:deployment/cdn/ats-edge.");
    }
}
