//! Checks, and what was measured.

use opsctl_api::format_duration;

use super::probe;
use super::screen::{Ink, Screen, Sign};
use super::table::{Cell, Column, Table};
use super::words::{clean, count, cut};
use crate::check::{Check, Verdict};

/// What was measured of each check, and whether it holds.
pub fn verdicts(state: &str, measured: &[(&Check, Verdict)], screen: &Screen) -> String {
    if measured.is_empty() {
        return format!("{state} has no checks.\n");
    }
    let mut table = Table::new([Column::gap(0), Column::gap(1), Column::gap(2), Column::gap(2)]);
    for (check, verdict) in measured {
        let (sign, ink) = if verdict.holds { (Sign::Done, Ink::Good) } else { (Sign::Failed, Ink::Bad) };
        table.row([
            Cell::new(screen.sign(sign)).ink(ink),
            Cell::new(clean(&check.name)).ink(Ink::Strong),
            Cell::new(described(check, screen)),
            Cell::new(clean(&verdict.seen)).open(),
        ]);
    }
    let failed = measured.iter().filter(|(_, verdict)| !verdict.holds).count();
    let checks = count(measured.len(), "check");
    let last = match failed {
        0 if measured.len() == 1 => format!("The check of {state} holds."),
        1 if measured.len() == 1 => format!("The check of {state} does not hold."),
        0 => format!("All {checks} of {state} hold."),
        1 => format!("1 of {checks} of {state} does not hold."),
        more => format!("{more} of {checks} of {state} do not hold."),
    };
    format!("{}{last}\n", table.draw(screen))
}

/// What a check measures and against what, with its times: `https://live.example.com/health is 200 for 1m, within 5m`.
pub(crate) fn described(check: &Check, screen: &Screen) -> String {
    let what = probe::measured(&check.probe);
    let what = if screen.verbose { what } else { cut(&what, 72, screen.sign(Sign::More)) };
    format!("{what} {}{}", probe::expected(&check.probe), times(check))
}

/// What a check waits for, where its name already stands beside it: `200, within 2m`.
pub(crate) fn awaited(check: &Check) -> String {
    probe::awaited(&check.probe) + &times(check)
}

fn times(check: &Check) -> String {
    let hold = (!check.hold.is_zero()).then(|| format!(" for {}", format_duration(check.hold)));
    let within = (!check.within.is_zero()).then(|| format!(", within {}", format_duration(check.within)));
    hold.unwrap_or_default() + &within.unwrap_or_default()
}
