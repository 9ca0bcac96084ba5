use regex::Regex;

use crate::harness::{Repository, Said};
use crate::servers;

#[test]
fn test_the_checks_of_a_state_and_of_what_was_applied_last() {
    let repository = Repository::small();
    insta::assert_snapshot!(repository.opsctl(&["check"]), @"
    --- stderr
    error: nothing was applied yet, so it is not clear which checks are meant
      = name a state: opsctl check STATE
    --- exit 1
    ");
    insta::assert_snapshot!(repository.opsctl(&["check", "baseline"]), @"
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1  replicas = 2
    The check of baseline holds.
    ");
    insta::assert_snapshot!(repository.opsctl(&["check", "drained"]), @"
    ✗ edge  k8s:deployment/cdn/spare replicas is >= 1  replicas = 0
    The check of drained does not hold.
    --- exit 9
    ");
    repository.done(&["apply", "busy", "-y"]);
    insta::assert_snapshot!(repository.opsctl(&["check"]), @"
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1  replicas = 5
    The check of busy holds.
    ");
}

/// The small repository with these checks added to `baseline`; what `opsctl check baseline` says of them, by name.
fn seen(checks: &str, pem: Option<&str>, arguments: &[&str]) -> Said {
    of(&Repository::small(), checks, pem, arguments)
}

fn of(repository: &Repository, checks: &str, pem: Option<&str>, arguments: &[&str]) -> Said {
    repository.append("states/baseline.toml", checks);
    repository.write("trusted.pem", pem.unwrap_or_default());
    let mut command = repository.command(&[&["check", "baseline"], arguments].concat());
    if pem.is_some() {
        command.env("SSL_CERT_FILE", repository.path("trusted.pem"));
    }
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Said::by(&mut command)
}

#[test]
fn test_names() {
    let server = servers::dns("live.example.com.", [192, 0, 2, 1]);
    let checks = format!(
        r#"
[check.a]
dns = "live.example.com"
server = "{server}"
[check.b]
dns = "live.example.com"
type = "A"
is = ["192.0.2.1"]
server = "{server}"
[check.c]
dns = "live.example.com"
has = ["192.0.2.7"]
server = "{server}"
[check.d]
dns = "old.example.com"
is = []
server = "{server}"
[check.e]
dns = "old.example.com"
type = "CNAME"
server = "{server}"
"#
    );
    let said = seen(&checks, None, &[]).to_string().replace(&server.to_string(), "127.0.0.1:PORT.");
    insta::assert_snapshot!(said, @"
    ✓ a     live.example.com at 127.0.0.1:PORT. has a record       192.0.2.1
    ✓ b     live.example.com A at 127.0.0.1:PORT. is 192.0.2.1     192.0.2.1
    ✗ c     live.example.com at 127.0.0.1:PORT. has 192.0.2.7      192.0.2.1, without 192.0.2.7
    ✓ d     old.example.com at 127.0.0.1:PORT. has no record       no such name
    ✗ e     old.example.com CNAME at 127.0.0.1:PORT. has a record  no such name
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1               replicas = 2
    2 of 6 checks of baseline do not hold.
    --- exit 9
    ");
}

#[test]
fn test_certificates() {
    let (server, pem) = servers::tls("live.example.com", "one");
    let checks = format!(
        r#"
[check.a]
tls = "{server}"
server_name = "live.example.com"
days_left = 30
[check.b]
tls = "{server}"
"#
    );
    let tell = |pem| {
        let said = seen(&checks, pem, &[]).to_string().replace(&server.to_string(), "127.0.0.1:PORT.");
        Regex::new(r"\d{6} days").unwrap().replace_all(&said, "MANY days").into_owned()
    };
    insta::assert_snapshot!(tell(Some(&pem)), @"
    ✓ a     127.0.0.1:PORT. has a trusted certificate of live.example.com, 30 days left  MANY days left, until 2999-01-01
    ✗ b     127.0.0.1:PORT. has a trusted certificate                                    MANY days left, until 2999-01-01; it is for live.example.com and not for 127.0.0.1
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1                                     replicas = 2
    1 of 3 checks of baseline does not hold.
    --- exit 9
    ");
    let (_, other) = servers::tls("live.example.com", "another");
    insta::assert_snapshot!(tell(Some(&other)), @"
    ✗ a     127.0.0.1:PORT. has a trusted certificate of live.example.com, 30 days left  MANY days left, until 2999-01-01; not trusted: nobody whom this machine knows has signed it
    ✗ b     127.0.0.1:PORT. has a trusted certificate                                    MANY days left, until 2999-01-01; it is for live.example.com and not for 127.0.0.1; not trusted: nobody whom this machine knows has signed it
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1                                     replicas = 2
    2 of 3 checks of baseline do not hold.
    --- exit 9
    ");
}

const METRICS: &str = r#"
# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1{host="a"} 0.25
node_load1{host="b"} 7
node_load15 99
"#;

#[test]
fn test_metrics() {
    let server = servers::http(&[("/metrics", 200, METRICS), ("/html", 200, "<html>\nnode_load1 of all\n")]);
    let checks = format!(
        r#"
[check.a]
metrics = "http://{server}/metrics"
metric = "node_load1"
labels = {{ host = "a" }}
is = {{ at_most = 4 }}
[check.b]
metrics = "http://{server}/metrics"
metric = "node_load1"
is = {{ at_most = 4 }}
[check.c]
metrics = "http://{server}/metrics"
metric = "node_load5"
is = {{ at_most = 4 }}
[check.d]
metrics = "http://{server}/metrics"
metric = "node_load1"
is = {{ at_least = 0, at_most = 7 }}
[check.e]
metrics = "http://{server}/html"
metric = "node_load1"
is = 0
[check.f]
metrics = "http://{server}/none"
metric = "node_load1"
is = 0
"#
    );
    let said = seen(&checks, None, &["-v"]).to_string().replace(&server.to_string(), "127.0.0.1:PORT.");
    insta::assert_snapshot!(said, @r#"
    ✓ a     node_load1{host="a"} of http://127.0.0.1:PORT./metrics is <= 4  0.25
    ✗ b     node_load1 of http://127.0.0.1:PORT./metrics is <= 4            7 of {host="b"} (1 of 2 series)
    ✗ c     node_load5 of http://127.0.0.1:PORT./metrics is <= 4            nothing found
    ✓ d     node_load1 of http://127.0.0.1:PORT./metrics is >= 0, <= 7      0.25 to 7, 2 series
    ✗ e     node_load1 of http://127.0.0.1:PORT./html is 0                  this is no sample: node_load1 of all
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1                        replicas = 2
    ✗ f     node_load1 of http://127.0.0.1:PORT./none is 0                  status 404
    4 of 7 checks of baseline do not hold.
    --- exit 9
    "#);
}

#[test]
fn test_what_a_prometheus_answers() {
    let vector = |series: &str| {
        format!(
            r#"{{"status":"success","data":{{"resultType":"vector","result":[{series}]}},"warnings":["a store is down"]}}"#
        )
    };
    let one = vector(r#"{"metric":{"job":"edge"},"value":[1700000000.5,"0.25"]}"#);
    let histogram = vector(r#"{"metric":{"job":"edge"},"histogram":[1700000000.5,{"count":"1","sum":"1"}]}"#);
    let failed = r#"{"status":"error","errorType":"bad_data","error":"1:5: parse error: unclosed left parenthesis"}"#;
    let matrix = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
    let answers = [
        ("/one/api/v1/query", 200, one.as_str()),
        ("/histogram/api/v1/query", 200, &histogram),
        ("/failed/api/v1/query", 400, failed),
        ("/matrix/api/v1/query", 200, matrix),
        ("/html/api/v1/query", 502, "<html>"),
    ];
    let server = servers::http(&answers);
    let check = |name: &str| {
        format!("[check.{name}]\npromql = \"errors\"\nserver = \"http://{server}/{name}/\"\nis = {{ at_most = 1 }}\n")
    };
    let checks: String = ["one", "histogram", "failed", "matrix", "html"].map(check).concat();
    let said = seen(&checks, None, &[]).to_string().replace(&server.to_string(), "127.0.0.1:PORT.");
    insta::assert_snapshot!(said, @"
    ✓ edge       k8s:deployment/cdn/edge replicas is >= 1             replicas = 2
    ✗ failed     errors at http://127.0.0.1:PORT./failed/ is <= 1     bad_data: 1:5: parse error: unclosed left parenthesis
    ✗ histogram  errors at http://127.0.0.1:PORT./histogram/ is <= 1  the query gives a histogram, and no number
    ✗ html       errors at http://127.0.0.1:PORT./html/ is <= 1       status 502, and no answer of a Prometheus
    ✗ matrix     errors at http://127.0.0.1:PORT./matrix/ is <= 1     the query gives a matrix, and no number at one time
    ✓ one        errors at http://127.0.0.1:PORT./one/ is <= 1        0.25; warning: a store is down
    4 of 6 checks of baseline do not hold.
    --- exit 9
    ");
}

#[test]
fn test_what_a_command_counts() {
    let checks = r#"
[check.a]
run = ["printf", "one\ntwo\n"]
lines = { at_least = 1 }
[check.b]
run = ["printf", "one\ntwo\n"]
lines = 0
[check.c]
run = ["printf", "12.5\n"]
number = { at_most = 10 }
[check.d]
run = ["printf", "12.5 s\n"]
number = { at_most = 100 }
[check.e]
run = ["true"]
number = 0
[check.f]
run = ["echo", "postgres://ana@db/live"]
output = "live"
lines = 1
"#;
    insta::assert_snapshot!(seen(checks, None, &[]), @r#"
    ✓ a     printf 'one two ' exits with 0, lines >= 1                         2 lines
    ✗ b     printf 'one two ' exits with 0, lines 0                            2 lines, the last of them "two"
    ✗ c     printf '12.5 ' exits with 0, number <= 10                          12.5
    ✗ d     printf '12.5 s ' exits with 0, number <= 100                       no number but "12.5 s"
    ✗ e     true exits with 0, number 0                                        no number but nothing
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1                           replicas = 2
    ✓ f     echo postgres://ana@db/live exits with 0 and says "live", lines 1  1 line
    4 of 7 checks of baseline do not hold.
    --- exit 9
    "#);
}

#[test]
fn test_files() {
    let repository = Repository::small();
    for (name, hours) in [("backup/db-1.dump", 30), ("backup/db-2.dump", 3)] {
        repository.write(name, &"x".repeat(2048));
        let changed = std::time::SystemTime::now() - std::time::Duration::from_secs(hours * 3600);
        let file = std::fs::File::options().write(true).open(repository.path(name)).unwrap();
        file.set_modified(changed).unwrap();
    }
    let checks = r#"
[check.a]
file = "backup/db-1.dump"
age = { at_most = "24h" }
[check.b]
file = "backup/db-*.dump"
age = { at_most = "24h" }
size = { at_least = "1Ki" }
[check.c]
file = "backup/db-*.dump"
size = { at_least = "1Mi" }
[check.d]
file = "backup/none"
"#;
    insta::assert_snapshot!(of(&repository, checks, None, &[]), @"
    ✗ a     backup/db-1.dump is there, <= 24h old          30h old, 2Ki
    ✓ b     backup/db-*.dump is there, <= 24h old, >= 1Ki  backup/db-2.dump, 3h old, 2Ki
    ✗ c     backup/db-*.dump is there, >= 1Mi              backup/db-2.dump, 3h old, 2Ki
    ✗ d     backup/none is there                           no such file or directory
    ✓ edge  k8s:deployment/cdn/edge replicas is >= 1       replicas = 2
    3 of 5 checks of baseline do not hold.
    --- exit 9
    ");
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = repository.command(&["-C", repository.path("").to_str().unwrap(), "check", "baseline"]);
    let said = Said::by(command.current_dir(elsewhere.path()));
    assert!(said.out.contains("backup/db-2.dump, 3h old"), "{said}");
}

/// What was let go of was not applied; what did not end has no checks on record.
#[test]
fn test_the_checks_of_what_was_applied_last() {
    let repository = Repository::small();
    let (mut child, _lines) = crate::stopped::hanging(&repository);
    crate::stopped::signal(&child, "KILL");
    child.wait().unwrap();
    insta::assert_snapshot!(repository.opsctl(&["check"]), @"
    --- stderr
    error: the last operation, ID, has no end on record, so nothing tells its checks
      = how it stands: opsctl status; what a state expects: opsctl check STATE
    --- exit 1
    ");
}

#[test]
fn test_what_was_let_go_of_was_not_applied() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    repository.write(
        "states/off.toml",
        "extends = \"baseline\"\ntolerates_unreachable = [\"k8s:*\"]\n[resource.edge]\nreplicas = 1\n\
         [check.edge]\nat = \"east\"\nsetting = \"weight\"\nis = 100\n",
    );
    let said = repository.ends(10, &["apply", "off", "-y"]);
    let checked = |said: &str| repository.opsctl(&["check"]).out.contains(said);
    assert!(checked("aws:route53-record/Z1/live.example.com/CNAME/east weight"), "{said}");
    repository.done(&["resume", "--abandon", "never"]);
    assert!(checked("aws:route53-record/Z1/live.example.com/CNAME/east weight"), "{said}");
}

#[test]
fn test_cron_is_told_by_the_exit_code_and_times_are_kept() {
    let repository = Repository::small();
    let checks = r#"
[check.later]
run = ["sh", "-c", "echo x >> times; [ $(wc -l < times) -ge 3 ]"]
every = "10ms"
within = "1m"
[check.while]
run = ["sh", "-c", "echo x >> held"]
every = "10ms"
for = "200ms"
"#;
    assert_eq!(of(&repository, checks, None, &["-q"]).exit, Some(9));
    let lines = |name: &str| std::fs::read_to_string(repository.path(name)).unwrap().lines().count();
    assert_eq!((lines("times"), lines("held")), (1, 1));
    let said = of(&repository, "", None, &["--wait"]);
    assert_eq!(said.exit, Some(0), "{said}");
    assert_eq!(lines("times"), 3);
    assert!(lines("held") > 2);
}

#[test]
fn test_a_check_between_is_left_out_only_where_none_of_it_is_there() {
    let config = "[provider.lab]\ntype = \"sim\"\nworld = \"world.toml\"\n[snapshots]\npath = \"snapshots\"\n";
    let lamp = "[resource.lamp]\nat = \"lab:switch/lamp\"\non = true\n";
    let gated = |name| format!("[check.{name}]\nrun = [\"true\"]\ngates = [\"{name}\"]\n");
    let fans = "[resource.fans]\nat = \"lab:switch/fan-*\"\non = true\noptional = true\n";
    let lit = [lamp, fans, &gated("lamp"), &gated("fans")].concat();
    let repository = Repository::of(&[("opsctl.toml", config), ("world.toml", lamp), ("states/lit.toml", &lit)]);
    // Of the lamp nothing is changed: there is nothing to be said of its check.
    insta::assert_snapshot!(repository.opsctl(&["plan", "lit"]), @"
    lit: nothing to change. 1 setting of 1 resource read from lab is as it should be.
    check fans is left out: of what it stands between nothing is there.
    lab:switch/fan-* finds nothing; it is optional.
    ");
}
