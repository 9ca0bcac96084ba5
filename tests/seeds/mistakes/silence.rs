//! A list that comes back empty counts as healthy, and an alert is silent when everything is down.

use serde_json::json;

use super::repository;
use crate::harness::Repository;
use crate::seeds::lines;
use crate::server::Server;

const EDGE: &str = "east:deployment/cdn/edge";
const WORLD: &str = "[resource.edge]\nat = \"east:deployment/cdn/edge\"\nreplicas = 2\n";
const BUSY: &str = "[resource.edge]\nat = \"east:deployment/cdn/edge\"\nreplicas = 4\n";

/// Nothing is there that could be measured; each with what is seen of that.
const NOTHING: &[(&str, &str, &str)] = &[
    ("dead-http", "http = \"http://127.0.0.1:9/health\"", "connection refused"),
    ("dead-tcp", "tcp = \"127.0.0.1:9\"", "connection refused"),
    ("dead-metrics", "metrics = \"http://127.0.0.1:9/\"\nmetric = \"up\"\nis = 1", "connection refused"),
    ("dead-promql", "promql = \"up\"\nserver = \"http://127.0.0.1:9\"\nis = 1", "connection refused"),
    // All is down, and there is no series any more that could be 0.
    ("no-series", "promql = \"up\"\nserver = \"URL/empty\"\nis = { at_least = 1 }", "nothing found"),
    ("no-alerts", "promql = \"ALERTS\"\nserver = \"URL/empty\"\nis = { at_most = 0 }", "nothing found"),
    ("no-metric", "metrics = \"URL/other\"\nmetric = \"up\"\nis = 1", "nothing found"),
    ("no-label", "metrics = \"URL/other\"\nmetric = \"down\"\nlabels = { host = \"b\" }\nis = 1", "nothing found"),
    ("empty-page", "metrics = \"URL/nothing\"\nmetric = \"up\"\nis = { at_most = 1 }", "nothing found"),
    ("nan", "metrics = \"URL/nan\"\nmetric = \"up\"\nis = { at_most = 1 }", "NaN"),
    ("nan-series", "promql = \"up\"\nserver = \"URL/nan\"\nis = { at_most = 1 }", "NaN"),
    ("empty-body", "http = \"URL/nothing\"\nbody = \"healthy\"", "status 200, the body has no \"healthy\""),
    (
        "empty-json",
        "http = \"URL/nothing\"\njson = { \"/unhealthy\" = 0 }",
        "status 200, the body is no JSON: EOF while parsing a value at line 1 column 0",
    ),
    ("no-key", "http = \"URL/object\"\njson = { \"/unhealthy\" = 0 }", "status 200, the body has no /unhealthy"),
    ("no-output", "run = [\"true\"]\noutput = \"OK\"", "exit 0, and the output has no \"OK\"; it ends with nothing"),
    ("no-number", "run = [\"true\"]\nnumber = { at_most = 10 }", "no number but nothing"),
    ("no-lines", "run = [\"true\"]\nlines = { at_least = 1 }", "0 lines"),
    ("no-program", "run = [\"./health-check\"]", "./health-check cannot be started: no such file or directory"),
    ("no-file", "file = \"backups/*\"\nage = { at_most = \"24h\" }", "no such file"),
    (
        "no-setting",
        "at = \"lab:service/gone\"\nsetting = \"replicas\"\nis = { at_most = 3 }",
        "not found: there is no service/gone",
    ),
];

fn ops(server: &Server) -> Repository {
    let vector = |result| {
        format!("{{\"status\": \"success\", \"data\": {{\"resultType\": \"vector\", \"result\": [{result}]}}}}")
    };
    for (path, body) in [
        ("/nothing", String::new()),
        ("/object", "{}".to_owned()),
        ("/other", "down{host=\"a\"} 1\n".to_owned()),
        ("/nan", "up NaN\n".to_owned()),
        ("/empty/api/v1/query", vector("")),
        ("/nan/api/v1/query", vector("{\"metric\": {}, \"value\": [1, \"NaN\"]}")),
    ] {
        server.answers(&format!("GET {path}"), 200, &body);
    }
    let checks: String = NOTHING
        .iter()
        .map(|(name, probe, _)| format!("[check.{name}]\n{}\n", probe.replace("URL", server.url())))
        .collect();
    repository(WORLD, &[("busy", BUSY), ("all", &(BUSY.to_owned() + &checks))])
}

#[test]
fn test_no_check_holds_that_gets_nothing() {
    let server = Server::new();
    let ops = ops(&server);
    let said = ops.ends(9, &["check", "all"]);
    for (name, _, seen) in NOTHING {
        let line = said.out.lines().find(|line| line.starts_with(&format!("✗ {name} ")));
        assert!(line.is_some_and(|line| line.ends_with(seen)), "{name}: {seen}\n{said}");
    }
    let all = NOTHING.len();
    assert!(said.out.contains(&format!("{all} of {all} checks of all do not hold.")), "{said}");
}

/// Nothing is done on the strength of such a check: neither everything, nor what stands behind it, nor an action.
#[test]
fn test_nothing_passes_a_check_that_gets_nothing() {
    let server = Server::new();
    let ops = ops(&server);
    let ungated = std::fs::read_to_string(ops.path("states/all.toml")).unwrap();
    for (gates, exit) in [("\"*\"", 9), ("\"edge\"", 7)] {
        let gated = NOTHING.iter().fold(ungated.clone(), |text, (name, ..)| {
            let head = format!("[check.{name}]\n");
            text.replace(&head, &format!("{head}gates = [{gates}]\n"))
        });
        ops.write("states/all.toml", &gated);
        // All of them are looked at, though one would do to stop it.
        let said = ops.ends(exit, &["apply", "all", "-y", "--on-failure", "continue"]);
        for (name, _, seen) in NOTHING {
            let told = format!("{}{}", said.out, said.err);
            assert!(told.lines().any(|line| line.contains(name) && line.contains(seen)), "{name}: {seen}\n{said}");
        }
        assert_eq!(ops.simulated(EDGE, "replicas"), json!(2));
    }
    let action = "[action.notify]\nrun = [\"sh\", \"-c\", \"echo x >> notified\"]\n\
                  unless = { run = [\"true\"], number = 0 }\nuntil = { run = [\"true\"], number = 0 }\n";
    ops.write("states/all.toml", &(BUSY.to_owned() + action));
    let said = ops.ends(7, &["apply", "all", "-y"]);
    assert!(said.out.contains("action notify: it was called, and is not done: no number but nothing"), "{said}");
    assert_eq!(lines(&ops, "notified").len(), 1);
}

/// A wildcard that finds nothing, and a list that may not be whole.
#[test]
fn test_no_wildcard_is_met_by_nothing() {
    let media = "[resource.media]\nat = \"east:deployment/media/*\"\nreplicas = { at_least = 1 }\n";
    let ops = repository(WORLD, &[("media", media), ("cdn", &media.replace("media", "cdn"))]);
    let said = ops.ends(1, &["apply", "media", "-y"]);
    assert!(said.err.contains("east:deployment/media/*: it finds nothing"), "{said}");
    ops.done(&["plan", "cdn"]);
    ops.done(&["sim", "set", "east", "sim.incomplete=true"]);
    let said = ops.ends(1, &["plan", "cdn"]);
    assert!(said.err.contains("east:deployment/cdn/*"), "{said}");
}
