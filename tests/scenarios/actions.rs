//! A broker is removed (drained over HTTP, then stopped), and brokers are restarted one at a time, by real commands and a real
//! server; the infrastructure beside them is simulated.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::harness::Repository;
use crate::server::Server;

const CONFIG: &str = "[provider.lab]\ntype = \"sim\"\nworld = \"world.toml\"\n[snapshots]\npath = \"snapshots\"\n";

const WORLD: &str = r#"
[resource.broker-3]
at = "lab:service/broker-3"
replicas = 1
[resource.broker-4]
at = "lab:service/broker-4"
replicas = 1
"#;

const BASELINE: &str = r#"
[resource.broker-3]
at = "lab:service/broker-3"
replicas = 1
[resource.broker-4]
at = "lab:service/broker-4"
replicas = 1
"#;

const THREE: &str = r#"
extends = "baseline"
[resource.broker-4]
replicas = 0
[action.drain-4]
http = { post = "URL/brokers/4/drain", body = "{}", header = { authorization = { file = "token" } }, status = 202 }
before = ["broker-4"]
when = "shrinks"
until = { http = "URL/brokers/4", json = { "/partitions" = 0 }, within = "30s", every = "50ms" }
[action.leave]
http = { delete = "URL/brokers/4" }
after = ["broker-4"]
when = "always"
unless = { http = "URL/members", body = "1 2 3." }
"#;

const RESTART: &str = r#"
extends = "baseline"
[action.restart]
each = ["broker-1", "broker-2", "broker-3"]
run = ["sh", "restart", "{{ member }}"]
first = { http = "URL/{{ member }}", body = "was leader" }
last = { http = "URL/{{ member }}", body = "is leader" }
until = { run = ["grep", "-q", "{{ member }}", "restarted"], within = "10s", every = "50ms" }
between = { http = "URL/ready", within = "10s", for = "100ms", every = "50ms" }
"#;

fn repository(server: &Server) -> Repository {
    let of = |text: &str| text.replace("URL", server.url());
    Repository::of(&[
        ("opsctl.toml", CONFIG),
        ("world.toml", WORLD),
        ("token", "hunter2"),
        ("restart", "echo $1 >> restarted"),
        ("states/baseline.toml", BASELINE),
        ("states/three.toml", &of(THREE)),
        ("states/restarted.toml", &of(RESTART)),
    ])
}

fn restarted(repository: &Repository) -> Vec<String> {
    let text = std::fs::read_to_string(repository.path("restarted")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn is_running(repository: &Repository, broker: &str) -> bool {
    repository.simulated(&format!("lab:service/{broker}"), "replicas") == json!(1)
}

#[test]
fn test_a_broker_is_drained_stopped_and_leaves() {
    let server = Server::new();
    server.answers("POST /brokers/4/drain", 202, "");
    server.answers("DELETE /brokers/4", 200, "");
    server.answers("GET /members", 200, "1 2 3 4.");
    server.turns("POST /brokers/4/drain", "GET /brokers/4", "{\"partitions\": 0}");
    server.turns("DELETE /brokers/4", "GET /members", "1 2 3.");
    let repository = repository(&server);
    repository.done(&["apply", "three", "-y"]);
    assert_eq!(server.called(), ["POST /brokers/4/drain", "DELETE /brokers/4"]);
    assert!(!is_running(&repository, "broker-4"));
    // What is done is done: nothing is called a second time, and the page says why.
    let said = repository.done(&["plan", "three", "--detailed-exitcode"]);
    assert!(said.out.contains("action leave has nothing to do: status 200"), "{said}");
    repository.done(&["apply", "three", "-y"]);
    assert_eq!(server.called().len(), 2);
    // The way back starts it again, and calls nothing.
    let said = repository.done(&["rollback", "-y"]);
    assert!(said.out.contains("action drain-4 was called, and is not undone"), "{said}");
    assert!(is_running(&repository, "broker-4"));
    assert_eq!(server.called().len(), 2);
    for entry in walk(&repository.path(".opsctl")) {
        assert!(!std::fs::read_to_string(&entry).unwrap_or_default().contains("hunter2"), "{}", entry.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn test_a_refused_drain_leaves_the_broker_running() {
    let server = Server::new();
    server.answers("POST /brokers/4/drain", 409, "replica 7 is under-replicated");
    server.answers("GET /members", 200, "1 2 3 4.");
    let repository = repository(&server);
    let said = repository.ends(7, &["apply", "three", "-y"]);
    assert!(said.out.contains("status 409: replica 7 is under-replicated"), "{said}");
    assert!(is_running(&repository, "broker-4"));
    assert_eq!(server.called(), ["POST /brokers/4/drain"]);
}

fn cluster() -> Server {
    let server = Server::new();
    server.answers("GET /ready", 200, "");
    server.answers("GET /broker-1", 200, "is leader");
    server.answers("GET /broker-2", 200, "");
    server.answers("GET /broker-3", 200, "was leader");
    server
}

#[test]
fn test_a_rolling_restart_the_former_leader_first_and_the_leader_last() {
    let server = cluster();
    let repository = repository(&server);
    repository.done(&["apply", "restarted", "-y"]);
    assert_eq!(restarted(&repository), ["broker-3", "broker-2", "broker-1"]);
}

#[test]
fn test_a_broker_that_does_not_come_back_stops_it() {
    let server = cluster();
    let repository = repository(&server);
    repository.write("states/restarted.toml", &RESTART.replace("URL", server.url()).replace("10s", "300ms"));
    server.answers("GET /ready", 503, "");
    let said = repository.ends(7, &["apply", "restarted", "-y"]);
    let why = "broker-3: it is done, and nothing may follow yet: status 503; broker-1, broker-2 were not called";
    assert!(said.out.contains(why), "{said}");
    assert_eq!(restarted(&repository), ["broker-3"]);
    // Gone on with, the first one must be back before any other is touched; and it is not restarted again.
    repository.ends(10, &["status"]);
    repository.ends(7, &["resume", "-y"]);
    assert_eq!(restarted(&repository), ["broker-3"]);
    server.answers("GET /ready", 200, "");
    repository.done(&["resume", "-y"]);
    assert_eq!(restarted(&repository), ["broker-3", "broker-2", "broker-1"]);
    repository.done(&["status"]);
}

/// Waits until the first broker's restart has begun; it ends when `go` is there.
fn restarting(repository: &Repository) -> crate::running::Running {
    repository.write("restart", "touch begun; while [ ! -e go ]; do sleep 0.02; done; echo $1 >> restarted");
    let mut running = repository.start(&["apply", "restarted", "-y"]);
    running.until_event("calling");
    while !repository.path("begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running
}

#[test]
fn test_one_ctrl_c_lets_the_broker_come_back_and_restarts_no_other() {
    let server = cluster();
    let repository = repository(&server);
    let mut running = restarting(&repository);
    running.signal(Signal::SIGINT);
    running.until_event("stopping");
    repository.write("go", "");
    let course = running.ends(7);
    assert_eq!(course.operation()["outcome"], "interrupted");
    assert_eq!(course.operation()["steps"][0]["called"], json!(["broker-3"]));
    assert_eq!(restarted(&repository), ["broker-3"]);
    repository.ends(10, &["status"]);
    repository.done(&["resume", "-y"]);
    assert_eq!(restarted(&repository), ["broker-3", "broker-2", "broker-1"]);
}

#[test]
fn test_killed_and_resumed_no_broker_is_restarted_twice() {
    let server = cluster();
    let repository = repository(&server);
    restarting(&repository).kill();
    repository.ends(8, &["status"]);
    // The command goes on by itself; what it brings about is seen.
    repository.write("go", "");
    let resumed = repository.start(&["resume", "-y"]).ends(0);
    assert_eq!(resumed.operation()["outcome"], "done");
    assert_eq!(restarted(&repository), ["broker-3", "broker-2", "broker-1"]);
    repository.done(&["status"]);
}
