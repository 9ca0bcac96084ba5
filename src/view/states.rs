//! Settings × states, beside live.

use opsctl_api::{Address, Value};

use super::screen::{Ink, Screen, Sign};
use super::table::{Cell, Column, Table};
use super::unread::unread;
use super::value::in_full;
use super::words::{clean, cut_apart};
use crate::state::Goal;

/// Settings × states, beside live.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Matrix {
    /// The names of the states, in the order of the columns.
    pub states: Vec<String>,
    /// Of each the state that it lies over, where it is an overlay.
    pub over: Vec<Option<String>>,
    /// Sorted by address.
    pub rows: Vec<Row>,
    /// What could not be read, and why.
    pub unread: Vec<(String, String)>,
    /// Of each state how many settings it gives to wildcards whose members are not known: they have no rows.
    pub unlisted: Vec<usize>,
}

/// How a state compares with what is live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Compared {
    /// How many settings are not as it says.
    pub differ: usize,
    /// How many could not be read: they may be as it says, or not.
    pub unknown: usize,
}

/// One setting of one resource.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Row {
    /// The resource.
    pub at: Address,
    /// The key.
    pub setting: String,
    /// What is live.
    pub live: Live,
    /// What each state says, in the order of the columns; `None` where it says nothing.
    pub goals: Vec<Option<Goal>>,
}

/// What is live, as far as it is known.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// This; `None` is absent.
    Is(Option<Value>),
    /// The resource is not there, and need not be.
    Missing,
    /// It was not read, or could not be.
    Unread,
}

impl Matrix {
    /// How each state compares with what is live, in the order of the columns.
    pub fn compared(&self) -> Vec<Compared> {
        let of = |column: usize| {
            let unlisted = self.unlisted.get(column).copied().unwrap_or_default();
            let mut compared = Compared { differ: 0, unknown: unlisted };
            for row in &self.rows {
                let Some(Some(goal)) = row.goals.get(column) else { continue };
                match &row.live {
                    Live::Is(live) => compared.differ += usize::from(!goal.holds(live.as_ref())),
                    Live::Missing => {}
                    Live::Unread => compared.unknown += 1,
                }
            }
            compared
        };
        (0..self.states.len()).map(of).collect()
    }
}

/// How wide a value may be here.
const MOST: usize = 14;

/// Draws the matrix. `=` is what the first column says, and a blank is what a state says nothing about.
pub fn matrix(matrix: &Matrix, screen: &Screen) -> String {
    if matrix.states.is_empty() {
        return "There is no state yet: write states/baseline.toml.\n".to_owned();
    }
    let mut columns = vec![Column::gap(0), Column::gap(2)];
    columns.extend(matrix.states.iter().map(|_| Column::gap(2)));
    let mut table = Table::new(columns);
    let mut head = vec![Cell::empty(), Cell::new("live").ink(Ink::Strong).right()];
    head.extend(matrix.states.iter().enumerate().map(|(column, name)| {
        // As it is typed behind a state.
        let overlay = if matrix.over.get(column).is_some_and(Option::is_some) { "+" } else { "" };
        Cell::new(format!("{overlay}{name}")).ink(Ink::Strong).right()
    }));
    table.row(head);
    let mut before = None;
    for row in &matrix.rows {
        if before != Some(&row.at) {
            table.line(format!("{}  {}", row.at.instance(), row.at.local()));
        }
        before = Some(&row.at);
        table.row(cells(row, screen));
    }
    let compared = matrix.compared();
    let mut foot = vec![Cell::empty(), Cell::empty()];
    foot.extend(compared.iter().map(|state| match state {
        Compared { differ: 0, unknown: 0 } => Cell::new("as live").ink(Ink::Good).right(),
        // Only the line below says something of it.
        Compared { differ: 0, .. } => Cell::empty(),
        Compared { differ, .. } => Cell::new(format!("{differ} differ")).right(),
    }));
    table.row(foot);
    if compared.iter().any(|state| state.unknown > 0) {
        let mut foot = vec![Cell::empty(), Cell::empty()];
        foot.extend(compared.iter().map(|state| match state.unknown {
            0 => Cell::empty(),
            number => Cell::new(format!("{number} unknown")).ink(Ink::Attention).right(),
        }));
        table.row(foot);
    }
    table.draw(screen) + &unread(&matrix.unread, screen)
}

fn cells(row: &Row, screen: &Screen) -> Vec<Cell> {
    let live = match &row.live {
        Live::Is(value) => in_full(value.as_ref()),
        Live::Missing => "missing".to_owned(),
        Live::Unread => "?".to_owned(),
    };
    let goals = row.goals.iter().map(|goal| match goal {
        None => String::new(),
        Some(Goal::Exact(value)) => in_full(Some(value)),
        Some(bound) => clean(&bound.to_string()),
    });
    let mut texts: Vec<String> = std::iter::once(live).chain(goals).collect();
    if !screen.verbose {
        texts = cut_apart(&texts, MOST, screen.sign(Sign::More));
    }
    let mut texts = texts.into_iter();
    let live = Cell::new(texts.next().unwrap_or_default()).right();
    let live = if row.live == Live::Unread { live.ink(Ink::Attention) } else { live };
    let first = row.goals.first().cloned().flatten();
    let goals = row.goals.iter().zip(texts).enumerate().map(|(column, (goal, text))| match goal {
        Some(_) if column > 0 && *goal == first => Cell::new("=").ink(Ink::Dim).right(),
        _ => Cell::new(text).right(),
    });
    [Cell::new(format!("       {}", clean(&row.setting))), live].into_iter().chain(goals).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{PLAIN, at};
    use super::*;
    use crate::state::Bound;

    #[test]
    fn test_settings_beside_live() {
        let exact = |number| Some(Goal::Exact(Value::Integer(number)));
        let bound = Goal::from(Bound { at_least: Some(Value::Integer(3)), ..Bound::default() });
        let row = |address: &str, setting: &str, live, goals: [Option<Goal>; 3]| Row {
            at: at(address),
            setting: setting.into(),
            live,
            goals: goals.into(),
        };
        let live = |number| Live::Is(Some(Value::Integer(number)));
        let rows = vec![
            row("k8s:deployment/cdn/ats-edge", "cpu_request", Live::Unread, [None, exact(1), None]),
            row("k8s:deployment/cdn/ats-edge", "replicas", live(2), [exact(2), Some(bound), exact(2)]),
            row("k8s:hpa/cdn/ats-edge", "max", live(6), [exact(6), exact(12), None]),
        ];
        let states = ["baseline", "dr-active", "maintenance"].map(str::to_owned).into();
        let unread = vec![("gke".to_owned(), "connect timed out".to_owned())];
        insta::assert_snapshot!(matrix(&Matrix { states, rows, unread, unlisted: vec![0, 0, 2], over: vec![None, None, Some("baseline".into())] }, &PLAIN), @"
                            live  baseline  dr-active  +maintenance
        k8s  deployment/cdn/ats-edge
               cpu_request     ?                    1
               replicas        2         2       >= 3             =
        k8s  hpa/cdn/ats-edge
               max             6         6         12
                                   as live   2 differ
                                            1 unknown     2 unknown
        gke could not be read: connect timed out
        ");
    }
}
