//! Checks, and what was measured.

use std::collections::BTreeSet;

use opsctl_api::format_duration;

use super::screen::{Ink, Screen, Sign};
use super::table::{Cell, Column, Table};
use super::words::{clean, count, cut};
use crate::check::{Check, Dns, Expectation, Probe, Records, Tls, Verdict};

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
    let (what, expected) = match &check.probe {
        Probe::Http { url, expect } => (clean(url), format!("is {}", expectation(expect))),
        Probe::Tcp { address } => (clean(address), "takes a connection".to_owned()),
        Probe::Run { argv, exit, output } => {
            let output = output.as_ref().map(|text| format!(" and says {:?}", cut(&clean(text), 30, "..")));
            (clean(&argv.join(" ")), format!("exits with {exit}{}", output.unwrap_or_default()))
        }
        Probe::Tls(tls) => (clean(&tls.address), certified(tls)),
        Probe::Dns(dns) => (resolved(dns), answered(dns)),
        Probe::Setting { at, setting, is } => (format!("{at} {setting}"), format!("is {}", clean(&is.to_string()))),
    };
    let what = if screen.verbose { what } else { cut(&what, 72, screen.sign(Sign::More)) };
    format!("{what} {expected}{}", times(check))
}

/// What a check waits for, where its name already stands beside it: `200, within 2m`.
pub(crate) fn awaited(check: &Check) -> String {
    let expected = match &check.probe {
        Probe::Http { expect, .. } => expectation(expect),
        Probe::Tcp { .. } => "it takes a connection".to_owned(),
        Probe::Run { exit, .. } => format!("exit {exit}"),
        Probe::Tls(tls) => certified(tls),
        Probe::Dns(dns) => answered(dns),
        Probe::Setting { setting, is, .. } => format!("{setting} {}", clean(&is.to_string())),
    };
    expected + &times(check)
}

fn expectation(expect: &Expectation) -> String {
    let mut parts = vec![expect.status.map_or_else(|| "2xx".to_owned(), |status| status.to_string())];
    parts.extend(expect.header.iter().map(|(name, value)| format!("{name}: {}", clean(value))));
    parts.extend(expect.body.iter().map(|text| format!("with {:?}", cut(&clean(text), 30, ".."))));
    parts.extend(expect.json.iter().map(|(pointer, value)| format!("{} = {value}", clean(pointer))));
    parts.join(", ")
}

/// What a certificate must be: `has a trusted certificate of live.example.com, 30 days left`.
fn certified(tls: &Tls) -> String {
    let trusted = if tls.trusted { "a trusted certificate" } else { "a certificate" };
    let name = tls.server_name.as_ref().map_or_else(String::new, |name| format!(" of {}", clean(name)));
    let days = match tls.days_left {
        0 => String::new(),
        days => format!(", {} left", count(days.into(), "day")),
    };
    format!("has {trusted}{name}{days}")
}

/// What is asked for: `live.example.com A at 10.0.0.2:53`.
fn resolved(dns: &Dns) -> String {
    let record = dns.record.map_or_else(String::new, |record| format!(" {}", record.name()));
    let server = dns.server.map_or_else(String::new, |server| format!(" at {server}"));
    format!("{}{record}{server}", clean(&dns.name))
}

fn answered(dns: &Dns) -> String {
    let listed = |records: &BTreeSet<String>| {
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        cut(&clean(&records.join(", ")), 60, "..")
    };
    match &dns.must {
        Records::Some => "has a record".to_owned(),
        Records::Has(records) => format!("has {}", listed(records)),
        Records::Is(records) if records.is_empty() => "has no record".to_owned(),
        Records::Is(records) => format!("is {}", listed(records)),
    }
}

fn times(check: &Check) -> String {
    let hold = (!check.hold.is_zero()).then(|| format!(" for {}", format_duration(check.hold)));
    let within = (!check.within.is_zero()).then(|| format!(", within {}", format_duration(check.within)));
    hold.unwrap_or_default() + &within.unwrap_or_default()
}
