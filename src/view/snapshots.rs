//! Snapshots, and what is not the same in two of them.

use jiff::Timestamp;
use opsctl_api::{Address, Value};

use super::screen::{Ink, Screen, Sign};
use super::table::{Cell, Column, Table};
use super::time::{ago, moment};
use super::value::{compared, is_number};
use super::words::{clean, count};
use crate::snapshot::{Difference, Entry, Snapshot, Which};

/// Snapshots, newest first, a line each.
pub fn list(entries: &[Entry], now: Timestamp, screen: &Screen) -> String {
    if entries.is_empty() {
        return "There is no snapshot yet. Every apply takes one; so does: opsctl snapshot take\n".to_owned();
    }
    let mut table = Table::new([Column::gap(0), Column::gap(2), Column::gap(2), Column::gap(2), Column::gap(2)]);
    for (index, entry) in entries.iter().enumerate() {
        let which = match entry.which {
            Which::Before => format!("before {}", clean(&entry.state)),
            Which::After => format!("after {}: {}", clean(&entry.state), clean(&entry.outcome)),
            Which::Taken => "taken".to_owned(),
        };
        let operation = if entry.which == Which::Taken { "" } else { entry.operation.as_str() };
        table.row([
            Cell::new(reference(index)).ink(Ink::Strong),
            Cell::new(entry.commit.short()).ink(Ink::Dim),
            Cell::new(which),
            Cell::new(clean(operation)),
            Cell::new(format!("{} by {}", ago(entry.at, now), clean(&entry.operator))).open(),
        ]);
    }
    table.draw(screen)
}

fn reference(index: usize) -> String {
    if index == 0 { "@".to_owned() } else { format!("@{index}") }
}

/// What a snapshot holds, as the line of a state: `what was live at 2026-11-22 04:12 UTC, before dr-active`.
pub fn what(entry: &Entry) -> String {
    let when = match entry.which {
        Which::Before => format!(", before {}", clean(&entry.state)),
        Which::After => format!(", after {}", clean(&entry.state)),
        Which::Taken => String::new(),
    };
    format!("What was live at {} UTC{when}", moment(entry.at))
}

/// What was taken.
pub fn taken(commit: &str, snapshot: &Snapshot, screen: &Screen) -> String {
    let settings: usize = snapshot.resources.values().map(|settings| settings.len()).sum();
    let mut page = format!(
        "Snapshot {commit}: {} of {}.\n",
        count(settings, "setting"),
        count(snapshot.resources.len(), "resource")
    );
    for (what, why) in &snapshot.unread {
        let text = format!("{what} could not be read: {}", clean(why));
        page.push_str(&format!("{}\n", screen.paint(Ink::Attention, &text)));
    }
    page
}

/// A snapshot as a document.
#[derive(serde::Serialize)]
pub struct Document<'a> {
    reference: String,
    commit: String,
    which: String,
    at: Timestamp,
    operation: &'a str,
    state: &'a str,
    operator: &'a str,
    outcome: &'a str,
}

/// A snapshot as a document.
pub fn document<'a>(reference: &str, entry: &'a Entry) -> Document<'a> {
    Document {
        reference: reference.to_owned(),
        commit: entry.commit.to_string(),
        which: entry.which.to_string(),
        at: entry.at,
        operation: &entry.operation,
        state: &entry.state,
        operator: &entry.operator,
        outcome: &entry.outcome,
    }
}

/// Snapshots as documents, newest first.
pub fn documents(entries: &[Entry]) -> Vec<Document<'_>> {
    entries.iter().enumerate().map(|(index, entry)| document(&reference(index), entry)).collect()
}

/// A difference as a document; `null` is absent.
#[derive(serde::Serialize)]
pub struct DifferenceDocument<'a> {
    at: &'a Address,
    setting: &'a str,
    from: Option<&'a Value>,
    to: Option<&'a Value>,
}

/// Differences as documents.
pub fn difference_documents<'a>(differences: &'a [Difference]) -> Vec<DifferenceDocument<'a>> {
    let document = |difference: &'a Difference| {
        let Difference { at, setting, from, to } = difference;
        DifferenceDocument { at, setting, from: from.as_ref(), to: to.as_ref() }
    };
    differences.iter().map(document).collect()
}

/// Draws what is not the same.
pub fn differences(from: &str, to: &str, differences: &[Difference], screen: &Screen) -> String {
    if differences.is_empty() {
        return format!("{from} and {to} are the same.\n");
    }
    let mut table = Table::new([
        Column::gap(2),
        Column::gap(2).folds(),
        Column::gap(2),
        Column::gap(2),
        Column::gap(1),
        Column::gap(1),
    ]);
    let mut before = None;
    for difference in differences {
        let (instance, local) = match before {
            Some(at) if at == &difference.at => ("", ""),
            _ => (difference.at.instance(), difference.at.local()),
        };
        before = Some(&difference.at);
        let number = is_number(difference.from.as_ref()) || is_number(difference.to.as_ref());
        let [from, to] = compared([difference.from.as_ref(), difference.to.as_ref()], screen);
        table.row([
            Cell::new(instance),
            Cell::new(local),
            Cell::new(clean(&difference.setting)),
            Cell::new(from).right_if(number),
            Cell::new(screen.sign(Sign::Arrow)),
            Cell::new(to).ink(Ink::Attention),
        ]);
    }
    format!("{} from {from} to {to}\n{}", differ(differences.len()), table.draw(screen))
}

fn differ(number: usize) -> String {
    if number == 1 { "1 setting differs".to_owned() } else { format!("{} differ", count(number, "setting")) }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{PLAIN, at};
    use super::*;

    #[test]
    fn test_what_differs() {
        let difference = |setting: &str, from, to| Difference {
            at: at("k8s:deployment/cdn/ats-edge"),
            setting: setting.into(),
            from,
            to,
        };
        let all = [
            difference("image", Some(Value::String("a:1".into())), Some(Value::String("a:2".into()))),
            difference("replicas", Some(Value::Integer(2)), Some(Value::Integer(10))),
        ];
        insta::assert_snapshot!(differences("@1", "@", &all, &PLAIN), @r#"
        2 settings differ from @1 to @
          k8s  deployment/cdn/ats-edge  image     "a:1" → "a:2"
                                        replicas      2 → 10
        "#);
        insta::assert_snapshot!(differences("@1", "live", &[], &PLAIN), @"@1 and live are the same.");
    }
}
