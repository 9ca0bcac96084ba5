//! What opsctl costs on a thousand ECS services, beside the bare calls: `tests/rig/rig run --only moto cargo bench --features rig
//! --bench amazon` prints a table, in about two minutes.
//!
//! opsctl and curl are measured as whole processes, and ask moto itself. What that takes for an answer is the most of both.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a table is what it is for")]

mod bare;
#[path = "../measure/mod.rs"]
mod measure;
#[path = "../measure/table.rs"]
mod table;

use std::fmt::Write as _;
use std::process::ExitCode;

use bare::{Bare, CLUSTER, REGION, SERVICES};
use measure::run;
use table::{against, calls, head, line, median};
use tempfile::TempDir;

const OPSCTL: &str = env!("CARGO_BIN_EXE_opsctl");
/// moto asks for credentials, and for none in particular.
const CREDENTIALS: [&str; 2] = ["AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench"];
/// More calls of ECS than this are too many for a plan: a hundred describe all, and ten list them.
const MOST: u64 = 110;

fn main() -> ExitCode {
    if let Some(code) = measure::one() {
        return code;
    }
    let moto = std::env::var("OPSCTL_RIG_MOTO").expect("`tests/rig/rig run --only moto` sets it");
    let bare = Bare::populate(&moto);
    head();
    let (raw, _) = median(|| bare.describe());
    line(&format!("DescribeServices of {SERVICES} by curl, {} calls", bare.calls()), &raw, "");
    let one = [("all".to_owned(), "web-*".to_owned())];
    let names = (0..SERVICES).map(|number| format!("web-{number}"));
    let each: Vec<(String, String)> = names.map(|name| (name.clone(), name)).collect();
    for (name, resources) in [("one pattern", &one[..]), ("as many addresses", &each)] {
        let repository = repository(&moto, resources);
        let arguments = [CREDENTIALS[0], CREDENTIALS[1], OPSCTL, "plan", "two", "-v"];
        let (plan, said) = median(|| run(repository.path(), "env", &arguments));
        assert!(said.contains("nothing to change"), "{said}");
        line(&format!("opsctl plan, nothing to do, {name}"), &plan, &against(plan.took, raw.took));
        calls(&said);
        let made = of_ecs(&said);
        assert!(made <= MOST, "{made} calls of ECS");
    }
    ExitCode::SUCCESS
}

/// How many calls of ECS opsctl said that it made.
fn of_ecs(said: &str) -> u64 {
    let words: Vec<&str> = said.split_whitespace().collect();
    let number = |word: &str| word.trim_start_matches('(').parse::<u64>().expect("a number of calls");
    words.windows(2).filter(|pair| pair[1].starts_with("ecs:")).map(|pair| number(pair[0])).sum()
}

/// An operations repository that has these names for services.
fn repository(moto: &str, resources: &[(String, String)]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let config = format!("[provider.aws]\ntype = \"aws\"\nregion = \"{REGION}\"\nendpoint = \"{moto}\"\n");
    let mut state = String::new();
    for (name, path) in resources {
        let at = format!("aws:ecs-service/{CLUSTER}/{path}");
        writeln!(state, "[resource.{name}]\nat = \"{at}\"\ndesired_count = 2").expect("a text grows");
    }
    std::fs::create_dir(folder.path().join("states")).expect("a folder is made");
    for (path, text) in [("opsctl.toml", config), ("states/two.toml", state)] {
        std::fs::write(folder.path().join(path), text).expect("a file is written");
    }
    folder
}
