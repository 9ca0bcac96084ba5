//! Checks of a real Prometheus, and of exporters that it scrapes.

use std::time::{Duration, Instant};

use crate::harness::Repository;
use crate::server::Server;

const CONFIG: &str = "[provider.sim]\ntype = \"sim\"\nworld = \"world.toml\"\n";
const WORLD: &str = "[resource.edge]\nat = \"sim:service/edge\"\nreplicas = 1\n";

fn url() -> String {
    told_by_the_rig("OPSCTL_RIG_PROMETHEUS")
}

fn told_by_the_rig(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this by tests/rig/rig run tests/live"))
}

/// An exporter that is scraped under a name of its own for as long as the test goes on.
struct Exporter {
    server: Server,
    file: std::path::PathBuf,
}

impl Exporter {
    fn new(name: &str, page: &str) -> Self {
        let server = Server::new();
        server.answers("GET /metrics", 200, page);
        let rig = told_by_the_rig("OPSCTL_RIG_DIR");
        let file = std::path::Path::new(&rig).join(format!("targets/{name}.json"));
        let target = server.url().trim_start_matches("http://");
        let targets = serde_json::json!([{ "targets": [target], "labels": { "test": name } }]);
        // Whoever reads it sees all of it.
        let written = file.with_extension("new");
        std::fs::write(&written, targets.to_string()).unwrap();
        std::fs::rename(&written, &file).unwrap();
        Self { server, file }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// A state with one check that asks for this.
fn repository(query: &str, expect: &str) -> Repository {
    let check = format!(
        "[resource.edge]\nat = \"sim:service/edge\"\nreplicas = 1\n[check.a]\npromql = '{query}'\nserver = \"{}\"\n{expect}\n",
        url()
    );
    Repository::of(&[("opsctl.toml", CONFIG), ("world.toml", WORLD), ("states/baseline.toml", &check)])
}

/// Whether it holds, and what was seen.
fn seen(query: &str, expect: &str) -> (bool, String) {
    let document = repository(query, expect).json(&["check", "baseline"]);
    let verdict = &document["checks"][0]["verdict"];
    (verdict["holds"].as_bool().unwrap(), verdict["seen"].as_str().unwrap().to_owned())
}

#[test]
fn test_a_prometheus_is_asked() {
    let page = "errors{host=\"a\"} 0.001\nerrors{host=\"b\"} 0.002\nbroken NaN\n# TYPE gone gauge\n";
    let _exporter = Exporter::new("asked", page);
    // It is waited for, as an operator would.
    let up = repository("sum(errors{test=\"asked\"})", "is = { at_most = 0.01 }\nwithin = \"1m\"\nevery = \"100ms\"");
    up.done(&["check", "baseline", "--wait"]);
    let at_most = "is = { at_most = 0.01 }";
    let (holds, told) = seen("errors{test=\"asked\"}", at_most);
    assert!(holds && told == "0.001 to 0.002, 2 series", "{told}");
    let (holds, told) = seen("errors{test=\"asked\"}", "is = { at_most = 0.0015 }");
    assert!(
        !holds && told.starts_with("0.002 of {__name__=\"errors\", host=\"b\"") && told.ends_with("(1 of 2 series)"),
        "{told}"
    );
    // A scalar, whose value is computed.
    assert_eq!(seen("scalar(sum(errors{test=\"asked\"})) * 1000", "is = 3"), (true, "3".to_owned()));
    assert_eq!(seen("count(errors{test=\"asked\"})", "is = 2"), (true, "2".to_owned()));
    // What is gone, and what was never there.
    assert_eq!(seen("gone{test=\"asked\"}", at_most), (false, "nothing found".to_owned()));
    assert_eq!(seen("gone{test=\"asked\"}", "is = 0\nempty = true"), (true, "nothing found".to_owned()));
    let (holds, told) = seen("broken{test=\"asked\"}", at_most);
    assert!(!holds && told.starts_with("NaN of "), "{told}");
    assert_eq!(seen("scalar(gone)", at_most), (false, "NaN".to_owned()));
}

#[test]
fn test_what_a_prometheus_refuses() {
    let at_most = "is = { at_most = 0.01 }";
    let (holds, told) = seen("sum(", at_most);
    assert!(!holds && told.starts_with("bad_data: ") && told.contains("parse error"), "{told}");
    let (_, told) = seen("up[5m]", at_most);
    assert_eq!(told, "the query gives a matrix, and no number at one time");
    let (_, told) = seen("\"text\"", at_most);
    assert_eq!(told, "the query gives a string, and no number at one time");
}

/// It shows itself as any exporter does.
#[test]
fn test_its_own_page_of_metrics() {
    let state = |metric: &str, is: &str| {
        format!(
            "[resource.edge]\nat = \"sim:service/edge\"\nreplicas = 1\n[check.a]\nmetrics = \"{}/metrics\"\n\
             metric = \"{metric}\"\nis = {is}\n",
            url()
        )
    };
    let ask = |metric: &str, is: &str| {
        let repository = Repository::of(&[
            ("opsctl.toml", CONFIG),
            ("world.toml", WORLD),
            ("states/baseline.toml", &state(metric, is)),
        ]);
        repository.json(&["check", "baseline"])["checks"][0]["verdict"]["holds"].as_bool().unwrap()
    };
    assert!(ask("prometheus_config_last_reload_successful", "1"));
    assert!(!ask("prometheus_config_last_reload_successful", "0"));
    assert!(ask("prometheus_http_requests_total", "{ at_least = 0 }"));
    assert!(!ask("prometheus_no_such_metric", "{ at_least = 0 }"));
}

/// Traffic is taken back only once the errors are gone: the check gates, and is waited for.
#[test]
fn test_errors_end_while_it_is_waited() {
    let exporter = Exporter::new("gate", "errors 5\n");
    let expect = "is = { at_most = 1 }\ngates = [\"*\"]\nwithin = \"1m\"\nevery = \"100ms\"";
    let repository = repository("errors{test=\"gate\"}", expect);
    repository.write(
        "states/baseline.toml",
        &std::fs::read_to_string(repository.path("states/baseline.toml"))
            .unwrap()
            .replace("replicas = 1", "replicas = 2"),
    );
    let mut applying = repository.command(&["apply", "baseline", "-y", "--json"]);
    let mut applying = applying.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(applying.stdout.take().unwrap()));
    // Once the errors were seen they end.
    let deadline = Instant::now() + Duration::from_secs(60);
    let measured = lines.by_ref().find(|line| {
        assert!(Instant::now() < deadline);
        line.as_ref().is_ok_and(|line| line.contains("5 of {"))
    });
    assert!(measured.is_some());
    exporter.server.answers("GET /metrics", 200, "errors 0\n");
    for line in lines {
        line.unwrap();
    }
    assert_eq!(applying.wait().unwrap().code(), Some(0));
    assert_eq!(repository.simulated("sim:service/edge", "replicas"), 2);
}
