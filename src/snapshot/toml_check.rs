use super::literal::{inline, json, quoted, strings, value};
use super::toml::{line, of_duration};
use crate::check::{Check, Dns, File, Metric, Probe, Promql, Records, Run, Tls};
use crate::state::{Bound, Goal};

/// The keys of a check, without its gate: it was for the steps of another plan.
pub(super) fn write_check(out: &mut String, check: &Check) {
    match &check.probe {
        Probe::Http { url, expect } => {
            line(out, "http", &quoted(url));
            if let Some(status) = expect.status {
                line(out, "status", &status.to_string());
            }
            if !expect.header.is_empty() {
                line(out, "header", &inline(expect.header.iter().map(|(name, value)| (name.as_str(), quoted(value)))));
            }
            if let Some(body) = &expect.body {
                line(out, "body", &quoted(body));
            }
            if !expect.json.is_empty() {
                let pairs = expect.json.iter().filter_map(|(at, value)| Some((at.as_str(), json(value)?)));
                line(out, "json", &inline(pairs));
            }
        }
        Probe::Tcp { address } => line(out, "tcp", &quoted(address)),
        Probe::Run(Run { argv, exit, output, lines, number }) => {
            line(out, "run", &strings(argv));
            line(out, "exit", &exit.to_string());
            if let Some(output) = output {
                line(out, "output", &quoted(output));
            }
            bound(out, "lines", lines.as_ref());
            bound(out, "number", number.as_ref());
        }
        Probe::Tls(Tls { address, server_name, days_left, trusted }) => {
            line(out, "tls", &quoted(address));
            if let Some(name) = server_name {
                line(out, "server_name", &quoted(name));
            }
            line(out, "days_left", &days_left.to_string());
            line(out, "trusted", &trusted.to_string());
        }
        Probe::Dns(Dns { name, record, must, server }) => {
            line(out, "dns", &quoted(name));
            if let Some(record) = record {
                line(out, "type", &quoted(record.name()));
            }
            match must {
                Records::Some => {}
                Records::Has(records) => line(out, "has", &strings(records)),
                Records::Is(records) => line(out, "is", &strings(records)),
            }
            if let Some(server) = server {
                line(out, "server", &quoted(&server.to_string()));
            }
        }
        Probe::Metric(Metric { url, name, labels, is }) => {
            line(out, "metrics", &quoted(url));
            line(out, "metric", &quoted(name));
            if !labels.is_empty() {
                line(out, "labels", &inline(labels.iter().map(|(name, value)| (name.as_str(), quoted(value)))));
            }
            line(out, "is", &of_goal(is));
        }
        Probe::Promql(Promql { query, server, is, empty }) => {
            line(out, "promql", &quoted(query));
            line(out, "server", &quoted(server));
            line(out, "is", &of_goal(is));
            line(out, "empty", &empty.to_string());
        }
        Probe::File(File { path, age, size }) => {
            line(out, "file", &quoted(path));
            bound(out, "age", age.as_ref());
            bound(out, "size", size.as_ref());
        }
        Probe::Setting { at, setting, is } => {
            line(out, "at", &quoted(at.as_str()));
            line(out, "setting", &quoted(setting));
            line(out, "is", &of_goal(is));
        }
    }
    for (name, duration) in [("within", check.within), ("for", check.hold), ("every", check.every)] {
        if !duration.is_zero() {
            line(out, name, &of_duration(duration));
        }
    }
}

fn bound(out: &mut String, key: &str, goal: Option<&Goal>) {
    if let Some(goal) = goal {
        line(out, key, &of_goal(goal));
    }
}

fn of_goal(goal: &Goal) -> String {
    match goal {
        Goal::Exact(exact) => value(exact),
        Goal::Bound(bound) => {
            // A check restores nothing.
            let Bound { at_least, at_most, includes, excludes, absent, restore: _ } = bound.as_ref();
            inline(
                [
                    at_least.as_ref().map(|least| ("at_least", value(least))),
                    at_most.as_ref().map(|most| ("at_most", value(most))),
                    (!includes.is_empty()).then(|| ("includes", strings(includes))),
                    (!excludes.is_empty()).then(|| ("excludes", strings(excludes))),
                    absent.then(|| ("absent", "true".to_owned())),
                ]
                .into_iter()
                .flatten(),
            )
        }
    }
}
