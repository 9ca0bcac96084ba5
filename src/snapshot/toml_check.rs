use opsctl_api::Value;

use super::literal::{inline, json, quoted, strings, value};
use super::toml::{line, of_duration, write_target};
use crate::check::{Along, Check, Dns, File, Metric, Probe, Promql, Records, Run, Sent, Tls};
use crate::state::{Bound, Goal};

/// The keys of a check, without its gate: it was for the steps of another plan.
pub(super) fn write_check(out: &mut String, check: &Check) {
    match &check.probe {
        Probe::Http { url, header, expect } => {
            line(out, "http", &request(url, header));
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
        Probe::Run(Run { argv, env, exit, output, lines, number }) => {
            line(out, "run", &strings(argv));
            if !env.is_empty() {
                line(out, "env", &along(env));
            }
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
        Probe::Metric(Metric { url, header, name, labels, is }) => {
            line(out, "metrics", &request(url, header));
            line(out, "metric", &quoted(name));
            if !labels.is_empty() {
                line(out, "labels", &inline(labels.iter().map(|(name, value)| (name.as_str(), quoted(value)))));
            }
            line(out, "is", &of_goal(is));
        }
        Probe::Promql(Promql { query, server, header, is, empty }) => {
            line(out, "promql", &quoted(query));
            line(out, "server", &request(server, header));
            line(out, "is", &of_goal(is));
            line(out, "empty", &empty.to_string());
        }
        Probe::File(File { path, age, size }) => {
            line(out, "file", &quoted(path));
            bound(out, "age", age.as_ref());
            bound(out, "size", size.as_ref());
        }
        Probe::Setting { at, setting, is } => {
            write_target(out, at);
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

/// Where something is asked, with what is sent along.
fn request(url: &str, header: &Along) -> String {
    match header.is_empty() {
        true => quoted(url),
        false => inline([("get", quoted(url)), ("header", along(header))]),
    }
}

fn along(along: &Along) -> String {
    inline(along.iter().map(|(name, sent)| {
        let sent = match sent {
            Sent::Text(text) => quoted(text),
            Sent::Secret(secret) => value(&Value::from(secret.clone())),
        };
        (name.as_str(), sent)
    }))
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
