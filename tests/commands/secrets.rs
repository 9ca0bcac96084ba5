use std::path::Path;

use crate::harness::{Repository, Said};
use crate::servers;

/// What is sent, and shall be read nowhere but in the file that it is kept in.
const TOKEN: &str = "bearer-hunter2";
const PASSWORD: &str = "pass-hunter3";

const ANSWERS: &[(&str, &str)] = &[
    ("/health", "{\"sent\": \"bearer-hunter2\"}"),
    ("/metrics", "up 1\n"),
    ("/api/v1/query", r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#),
    ("/drain", "bearer-hunter2"),
];

const BASELINE: &str = r#"
[resource.web]
at = "lab:service/web"
replicas = 2
"#;

const BUSY: &str = r#"
extends = "baseline"
[resource.web]
replicas = 4
[check.health]
http = { get = "http://SERVER/health", header = { authorization = { env = "TOKEN" }, x-tenant = "cdn" } }
[check.metrics]
metrics = { get = "http://SERVER/metrics", header = { authorization = { file = "secrets/token" } } }
metric = "up"
is = 1
[check.query]
promql = "up"
server = { get = "http://SERVER/", header = { authorization = { env = "TOKEN" } } }
is = 1
[check.psql]
run = ["sh", "-c", "echo $PGPASSWORD of $PGUSER; test $PGPASSWORD = pass-hun''ter3"]
env = { PGPASSWORD = { env = "PASSWORD" }, PGUSER = "ana" }
lines = 1
gates = ["web"]
[check.first]
http = { get = "http://SERVER/health", header = { authorization = { env = "TOKEN" } } }
gates = ["*"]
[action.drain]
http = { post = "http://SERVER/drain", header = { authorization = { env = "TOKEN" } } }
unless = { run = ["sh", "-c", "echo $PASSWORD; exit 1"], env = { PASSWORD = { env = "PASSWORD" } } }
until = { http = { get = "http://SERVER/health", header = { authorization = { file = "secrets/token" } } } }
before = ["web"]
[action.tell]
run = ["sh", "-c", "echo told $SAYS"]
env = { SAYS = { env = "PASSWORD" } }
after = ["web"]
"#;

pub(crate) fn repository() -> Repository {
    let server = servers::guarded(TOKEN, ANSWERS).to_string();
    let repository = Repository::of(&[
        ("opsctl.toml", "[provider.lab]\ntype = \"sim\"\nworld = \"world.toml\"\n[snapshots]\npath = \"snapshots\"\n"),
        ("world.toml", BASELINE),
        ("states/baseline.toml", BASELINE),
        ("states/busy.toml", &BUSY.replace("SERVER", &server)),
    ]);
    repository.write("secrets/token", &format!("{TOKEN}\n"));
    repository
}

fn opsctl(repository: &Repository, arguments: &[&str]) -> Said {
    let mut command = repository.command(arguments);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TOKEN", TOKEN).env("PASSWORD", PASSWORD);
    Said::by(&mut command)
}

fn is_untold(text: &str) -> bool {
    !text.contains("hunter")
}

/// All files beneath a folder in which a secret stands, and objects of git.
fn told_in(folder: &Path) -> Vec<String> {
    let mut told = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            told.extend(told_in(&path));
        } else if !is_untold(&String::from_utf8_lossy(&std::fs::read(&path).unwrap())) {
            told.push(path.display().to_string());
        }
    }
    if folder.join("objects").is_dir() {
        let git = git2::Repository::open(folder).unwrap();
        let objects = git.odb().unwrap();
        let look = |id: &git2::Oid| {
            if !is_untold(&String::from_utf8_lossy(objects.read(*id).unwrap().data())) {
                told.push(id.to_string());
            }
            true
        };
        objects.foreach(look).unwrap();
    }
    told
}

#[test]
fn test_what_is_sent_stands_nowhere() {
    let repository = repository();
    for arguments in [
        &["plan", "busy"][..],
        &["plan", "busy", "-v"],
        &["plan", "busy", "--json"],
        &["plan", "busy", "--out", "busy.plan"],
        &["check", "busy"],
        &["check", "busy", "-v"],
        &["check", "busy", "--json"],
        &["apply", "busy.plan", "-y"],
        &["sim", "set", "lab:service/web", "replicas=2"],
        &["apply", "busy", "-y", "-v", "--json"],
        &["status", "--json"],
        &["check"],
        &["log", "--json"],
        &["show", "-v"],
        &["show", "--json"],
        &["snapshot", "show", "@"],
        &["snapshot", "show", "@1"],
        &["rollback", "-y", "--json"],
        &["apply", "@1", "-y"],
    ] {
        let said = opsctl(&repository, arguments);
        assert_eq!(said.exit, Some(0), "opsctl {}\n{said}", arguments.join(" "));
        assert!(is_untold(&said.out) && is_untold(&said.err), "opsctl {}\n{said}", arguments.join(" "));
    }
    let kept = repository.path("secrets/token").display().to_string();
    assert_eq!(told_in(&repository.path("")), [kept]);
}

#[test]
fn test_what_comes_back_is_not_told_either() {
    let repository = repository();
    let state = std::fs::read_to_string(repository.path("states/busy.toml")).unwrap();
    let state = state
        .replace("x-tenant = \"cdn\" } }", "x-tenant = \"cdn\" } }\njson = { \"/sent\" = \"x\" }")
        .replace("\nlines = 1", "\nlines = 0")
        .replace("http = { post = \"http://", "http = { status = 202, post = \"http://");
    repository.write("states/busy.toml", &state);
    insta::assert_snapshot!(masked(&opsctl(&repository, &["check", "busy"])), @r#"
    ✓ first    http://127.0.0.1:PORT./health with authorization: (sensitive) is 2xx                            status 200
    ✗ health   http://127.0.0.1:PORT./health with a…ization: (sensitive), x-tenant: cdn is 2xx, /sent = "x"    status 200, /sent is "(sensitive)"
    ✓ metrics  up of http://127.0.0.1:PORT./metrics with authorization: (sensitive) is 1                       1
    ✗ psql     PGPASSWORD=(sensitive) PGUSER=ana sh…$PGPASSWORD = pass-hun'\'''\''ter3' exits with 0, lines 0  1 line, the last of them "(sensitive) of ana"
    ✓ query    up at http://127.0.0.1:PORT./ with authorization: (sensitive) is 1                              1
    2 of 5 checks of busy do not hold.
    --- exit 9
    "#);
    let said = opsctl(&repository, &["apply", "busy", "-y"]);
    assert!(said.out.contains("status 200: (sensitive)") && is_untold(&said.out) && is_untold(&said.err), "{said}");
    assert_eq!(told_in(&repository.path("")).len(), 1);
}

/// A server listens where there is room.
fn masked(said: &Said) -> String {
    regex::Regex::new(r"127\.0\.0\.1:\d+").unwrap().replace_all(&said.to_string(), "127.0.0.1:PORT.").into_owned()
}

#[test]
fn test_a_secret_that_cannot_be_had() {
    let repository = repository();
    insta::assert_snapshot!(masked(&repository.opsctl(&["check", "busy"])), @r#"
    ✗ first    http://127.0.0.1:PORT./health with authorization: (sensitive) is 2xx                            the secret cannot be had: $TOKEN: environment variable not found
    ✗ health   http://127.0.0.1:PORT./health with a…ization: (sensitive), x-tenant: cdn is 2xx                 the secret cannot be had: $TOKEN: environment variable not found
    ✓ metrics  up of http://127.0.0.1:PORT./metrics with authorization: (sensitive) is 1                       1
    ✗ psql     PGPASSWORD=(sensitive) PGUSER=ana sh…$PGPASSWORD = pass-hun'\'''\''ter3' exits with 0, lines 1  the secret cannot be had: $PASSWORD: environment variable not found
    ✗ query    up at http://127.0.0.1:PORT./ with authorization: (sensitive) is 1                              the secret cannot be had: $TOKEN: environment variable not found
    4 of 5 checks of busy do not hold.
    --- exit 9
    "#);
    let said = repository.opsctl(&["apply", "busy", "-y"]);
    let (_, told) = said.err.split_once("error[").unwrap();
    // The port of the server, and what is left of it where the line is cut.
    let told = regex::Regex::new(r"(127\.0\.0\.1:|…)\d+/").unwrap().replace_all(told, "${1}PORT/");
    insta::assert_snapshot!(told, @r#"
    E0316]: a secret cannot be had: $TOKEN: environment variable not found
       ┌ states/busy.toml:6:84
     6 │ …PORT/health", header = { authorization = { env = "TOKEN" }, x-tenant = "cdn" } }
       │                                                ^^^^^^^
       ┌ states/busy.toml:13:80
    13 │ server = { get = "http://127.0.0.1:PORT/", header = { authorization = { env = "TOKEN" } } }
       │                                                                                ^^^^^^^ and here
       ┌ states/busy.toml:21:84
    21 │ …PORT/health", header = { authorization = { env = "TOKEN" } } }
       │                                                ^^^^^^^ and here
       ┌ states/busy.toml:24:84
    24 │ …PORT/drain", header = { authorization = { env = "TOKEN" } } }
       │                                                ^^^^^^^ and here
       = set TOKEN to its text in the environment of opsctl, and apply again

    error[E0316]: a secret cannot be had: $PASSWORD: environment variable not found
       ┌ states/busy.toml:17:30
    17 │ env = { PGPASSWORD = { env = "PASSWORD" }, PGUSER = "ana" }
       │                              ^^^^^^^^^^
       ┌ states/busy.toml:25:85
    25 │ …ASSWORD; exit 1"], env = { PASSWORD = { env = "PASSWORD" } } }
       │                                                ^^^^^^^^^^ and here
       ┌ states/busy.toml:30:24
    30 │ env = { SAYS = { env = "PASSWORD" } }
       │                        ^^^^^^^^^^ and here
       = set PASSWORD to its text in the environment of opsctl, and apply again

    2 errors in 1 file; opsctl explain E0316 says more.
    Nothing was changed.
    "#);
    assert_eq!((said.exit, repository.simulated("lab:service/web", "replicas")), (Some(1), 2.into()));
}

/// A plan file tells no places of its own: where the states say the same still, theirs are told.
#[test]
fn test_what_a_plan_file_lacks() {
    let repository = repository();
    let mut planning = repository.command(&["plan", "busy", "--out", "busy.plan"]);
    planning.env("TOKEN", TOKEN).env("PASSWORD", PASSWORD);
    assert_eq!(Said::by(&mut planning).exit, Some(0));
    let said = repository.ends(1, &["apply", "busy.plan", "-y"]);
    assert!(said.err.contains("states/busy.toml:6:"), "{said}");
    repository.append("states/busy.toml", "[check.more]\ntcp = \"127.0.0.1:9\"\n");
    let said = repository.ends(1, &["apply", "busy.plan", "-y"]);
    assert!(said.err.contains("error: 2 secrets cannot be had\n  env PASSWORD: $PASSWORD: "), "{said}");
}

#[test]
fn test_a_password_in_a_url_is_refused_and_not_shown() {
    let repository = repository();
    repository.append(
        "states/baseline.toml",
        r#"
[check.a]
http = "http://ana:hunter2@127.0.0.1/"
[check.b]
run = ["psql", "postgres://ana:hunter3@db/live"]
"#,
    );
    let said = repository.opsctl(&["plan", "busy", "-v"]);
    assert!(is_untold(&said.out) && is_untold(&said.err), "{said}");
    insta::assert_snapshot!(said, @r#"
    --- stderr
    error[E0145]: `http` has a user or a password in a URL
      ┌ states/baseline.toml:7:8
    7 │ http = (hidden)
      │        ^^^^^^^^
      = say it in a header: { get = "URL", header = { authorization = { env = "NAME" } } }

    error[E0145]: `run` has a user or a password in a URL
      ┌ states/baseline.toml:9:16
    9 │ run = ["psql", (hidden)
      │                ^^^^^^^^
      = hand it over in the environment: env = { PGPASSWORD = { env = "NAME" } }, or { file = "PATH" }

    2 errors in 1 file; opsctl explain E0145 says more.
    Nothing was changed.
    --- exit 1
    "#);
}

/// Who plans hears what an apply would lack, all of it.
#[test]
fn test_a_secret_that_cannot_be_had_is_looked_at_twice() {
    let repository = repository();
    std::fs::remove_file(repository.path("secrets/token")).unwrap();
    let said = repository.opsctl(&["plan", "busy"]);
    assert_eq!(said.out.matches("an apply here needs it").count(), 3, "{said}");
    assert!(said.out.contains("secret      $TOKEN: ") && said.out.contains("/secrets/token`"), "{said}");
}

/// A command that failed leaves nothing: `TOKEN=$(vault read …) opsctl apply busy`.
#[test]
fn test_an_empty_secret_is_none() {
    let repository = repository();
    repository.write("secrets/token", "\n");
    let with_empty = |arguments: &[&str]| {
        let mut command = repository.command(arguments);
        command.env("TOKEN", "").env("PASSWORD", PASSWORD);
        Said::by(&mut command)
    };
    let said = with_empty(&["plan", "busy"]);
    assert!(said.out.contains("secret      $TOKEN is empty; an apply here needs it"), "{said}");
    assert!(said.out.contains("secret      secrets/token is empty; an apply here needs it"), "{said}");
    let said = with_empty(&["apply", "busy", "-y"]);
    assert_eq!((said.exit, repository.simulated("lab:service/web", "replicas")), (Some(1), 2.into()), "{said}");
    assert!(said.err.contains("a secret cannot be had: $TOKEN is empty"), "{said}");
    assert!(said.err.contains("= have secrets/token be a file with its text in UTF-8, and apply again"), "{said}");
}
