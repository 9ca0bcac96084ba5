use super::screen::{Ink, Screen};
use super::table::{Cell, Column, Table};
use super::value::compared;
use super::words::{clean, count};
use crate::apply::Moved;

/// Somebody was faster: what the plan was made from is not there any more.
pub(crate) fn stale(moved: &[Moved], screen: &Screen) -> String {
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
    format!(
        "{head}: {edits} {are} not what the plan was made from\n{}Nothing was changed. Plan again.\n",
        table.draw(screen)
    )
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
        insta::assert_snapshot!(stale(&[moved], &PLAIN), @"
        stale: 1 setting is not what the plan was made from
          gke  deployment/cdn/ats-edge  replicas  the plan saw 2, now 4 (kubectl-scale)
        Nothing was changed. Plan again.
        ");
    }
}
