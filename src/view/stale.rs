use opsctl_api::Relation;

use super::screen::{Ink, Screen};
use super::table::{Cell, Column, Table};
use super::value::compared;
use super::words::{clean, count};
use crate::apply::{Moved, Overtaken};

/// Somebody was faster: what the plan was made from is not there any more.
pub(crate) fn stale(moved: &[Moved], again: &str, screen: &Screen) -> String {
    let mut table = Table::new([Column::gap(2), Column::gap(2).folds(), Column::gap(2), Column::gap(2)]);
    for change in moved {
        let now = jiff::Timestamp::now();
        let by = change.by.as_ref().map(|touch| {
            let when = touch.at.map(|at| format!(", {}", super::time::ago(at, now))).unwrap_or_default();
            format!(" ({}{when})", clean(&touch.by))
        });
        let [planned, live] = compared([change.planned.as_ref(), change.live.as_ref()], screen);
        let story = format!("the plan saw {planned}, now {live}{}", by.unwrap_or_default());
        table.row([
            Cell::new(change.at.instance()),
            Cell::new(change.at.local()),
            Cell::new(clean(&change.setting)),
            Cell::new(story).open(),
        ]);
    }
    let head = screen.paint(Ink::Bad, "stale");
    let edits = count(moved.len(), "setting");
    let are = if moved.len() == 1 { "is" } else { "are" };
    format!("{head}: {edits} {are} not what the plan was made from\n{}{}", table.draw(screen), anew(again))
}

/// Nobody changed what the plan would change, and planning again would for all that not give the same.
pub(crate) fn overtaken(overtaken: &[Overtaken], again: &str, screen: &Screen) -> String {
    let mut table = Table::new([Column::gap(2), Column::gap(2).folds(), Column::gap(2)]);
    for what in overtaken {
        let (at, story) = match what {
            Overtaken::Unready { at, now } => (at, format!("steps rely on it, and it does not serve any more: {now}")),
            Overtaken::Related { at, relation: Relation::Needs(other) } => (at, format!("needs {other} by now")),
            Overtaken::Related { at, relation: Relation::Confines(other) } => (at, format!("confines {other} by now")),
            Overtaken::Joined { at, name } => (at, format!("is one of {name} by now, and not in the plan")),
        };
        table.row([Cell::new(at.instance()), Cell::new(at.local()), Cell::new(clean(&story)).open()]);
    }
    let head = screen.paint(Ink::Bad, "stale");
    let resources = match overtaken.len() {
        1 => "1 resource is".to_owned(),
        more => format!("{more} resources are"),
    };
    format!("{head}: {resources} not what the plan relies on\n{}{}", table.draw(screen), anew(again))
}

fn anew(command: &str) -> String {
    format!("Nothing was changed. Look again: {command}\n")
}

#[cfg(test)]
mod tests {
    use opsctl_api::{Touch, Value};

    use super::super::fixture::{PLAIN, at};
    use super::*;

    #[test]
    fn test_somebody_was_faster() {
        let moved = Moved {
            at: at("gke:deployment/cdn/ats-edge"),
            setting: "replicas".into(),
            planned: Some(Value::Integer(2)),
            live: Some(Value::Integer(4)),
            by: Some(Touch { setting: "replicas".into(), by: "kubectl-scale".into(), at: None }),
        };
        insta::assert_snapshot!(stale(&[moved], "opsctl plan dr-active", &PLAIN), @"
        stale: 1 setting is not what the plan was made from
          gke  deployment/cdn/ats-edge  replicas  the plan saw 2, now 4 (kubectl-scale)
        Nothing was changed. Look again: opsctl plan dr-active
        ");
    }
}
