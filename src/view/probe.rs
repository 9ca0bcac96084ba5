//! What a probe measures, and against what.

use std::collections::BTreeSet;

use super::words::{clean, count, cut};
use crate::check::{Dns, Expectation, File, Metric, Probe, Promql, Records, Run, Tls, command_line, request_line};

/// What is measured: `live.example.com A at 10.0.0.2:53`.
pub(super) fn measured(probe: &Probe) -> String {
    match probe {
        Probe::Http { url, header, .. } => clean(&request_line(url, header)),
        Probe::Tcp { address } | Probe::Tls(Tls { address, .. }) => clean(address),
        Probe::Dns(Dns { name, record, server, .. }) => {
            let record = record.map_or_else(String::new, |record| format!(" {}", record.name()));
            let server = server.map_or_else(String::new, |server| format!(" at {server}"));
            format!("{}{record}{server}", clean(name))
        }
        Probe::Metric(Metric { url, header, name, labels, .. }) => {
            let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(", ")) };
            clean(&format!("{name}{labels} of {}", request_line(url, header)))
        }
        Probe::Promql(Promql { query, server, header, .. }) => {
            clean(&format!("{query} at {}", request_line(server, header)))
        }
        Probe::File(File { path, .. }) => clean(path),
        Probe::Run(Run { argv, env, .. }) => clean(&command_line(argv, env)),
        Probe::Setting { at, setting, .. } => format!("{at} {setting}"),
    }
}

/// What it must be, behind what is measured: `is 200`.
pub(super) fn expected(probe: &Probe) -> String {
    match probe {
        Probe::Http { expect, .. } => format!("is {}", answer(expect)),
        Probe::Tcp { .. } => "takes a connection".to_owned(),
        Probe::Tls(tls) => certificate(tls),
        Probe::Dns(dns) => records(&dns.must),
        Probe::Metric(Metric { is, .. }) => format!("is {is}"),
        Probe::Promql(Promql { is, empty, .. }) => format!("is {is}{}", if *empty { " or nothing" } else { "" }),
        Probe::File(file) => condition(file),
        Probe::Run(run) => end(run),
        Probe::Setting { is, .. } => format!("is {}", clean(&is.to_string())),
    }
}

/// What is waited for, where what is measured is not said: `200`.
pub(super) fn awaited(probe: &Probe) -> String {
    match probe {
        Probe::Http { expect, .. } => answer(expect),
        Probe::Tcp { .. } => "it takes a connection".to_owned(),
        Probe::Run(Run { exit, lines: None, number: None, .. }) => format!("exit {exit}"),
        Probe::Setting { setting, is, .. } => format!("{setting} {}", clean(&is.to_string())),
        Probe::Metric(Metric { name, is, .. }) => format!("{} {is}", clean(name)),
        other => expected(other),
    }
}

fn answer(expect: &Expectation) -> String {
    let mut parts = vec![expect.status.map_or_else(|| "2xx".to_owned(), |status| status.to_string())];
    parts.extend(expect.header.iter().map(|(name, value)| format!("{name}: {}", clean(value))));
    parts.extend(expect.body.iter().map(|text| format!("with {:?}", cut(&clean(text), 30, ".."))));
    parts.extend(expect.json.iter().map(|(pointer, value)| format!("{} = {value}", clean(pointer))));
    parts.join(", ")
}

/// `has a trusted certificate of live.example.com, 30 days left`
fn certificate(tls: &Tls) -> String {
    let trusted = if tls.trusted { "a trusted certificate" } else { "a certificate" };
    let name = tls.server_name.as_ref().map_or_else(String::new, |name| format!(" of {}", clean(name)));
    let days = match tls.days_left {
        0 => String::new(),
        days => format!(", {} left", count(days.into(), "day")),
    };
    format!("has {trusted}{name}{days}")
}

fn records(must: &Records) -> String {
    let listed = |records: &BTreeSet<String>| {
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        cut(&clean(&records.join(", ")), 60, "..")
    };
    match must {
        Records::Some => "has a record".to_owned(),
        Records::Has(records) => format!("has {}", listed(records)),
        Records::Is(records) if records.is_empty() => "has no record".to_owned(),
        Records::Is(records) => format!("is {}", listed(records)),
    }
}

/// `is there, <= 24h old, >= 1Mi`
fn condition(file: &File) -> String {
    let age = file.age.as_ref().map_or_else(String::new, |is| format!(", {is} old"));
    let size = file.size.as_ref().map_or_else(String::new, |is| format!(", {is}"));
    format!("is there{age}{size}")
}

/// `exits with 0 and says "caught up", lines 0`
fn end(run: &Run) -> String {
    let output = run.output.as_ref().map(|text| format!(" and says {:?}", cut(&clean(text), 30, "..")));
    let lines = run.lines.as_ref().map(|is| format!(", lines {is}"));
    let number = run.number.as_ref().map(|is| format!(", number {is}"));
    let parts = [output, lines, number].into_iter().flatten().collect::<String>();
    format!("exits with {}{parts}", run.exit)
}
