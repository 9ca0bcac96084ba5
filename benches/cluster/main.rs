//! What opsctl costs on a real control plane, beside the bare calls: `tests/rig/rig run cargo bench --features rig --bench cluster`
//! prints a table, in a few minutes.
//!
//! opsctl, curl and kubectl are measured as whole processes. The replica changes go up and down in turns, so that the cluster has
//! the same to settle for both.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a table is what it is for")]

mod bare;
#[path = "../measure/mod.rs"]
mod measure;
#[path = "../measure/table.rs"]
mod table;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use bare::{Bare, DEPLOYMENTS, NAMESPACE};
use measure::{run, seconds};
use table::{against, calls, head, line, median};
use tempfile::TempDir;

const OPSCTL: &str = env!("CARGO_BIN_EXE_opsctl");
/// Who changes to how many replicas: up by one and down by the other, and then the other way round.
const TURNS: [(usize, bool); 4] = [(2, false), (1, true), (2, true), (1, false)];
/// How often; one time to the next the cluster itself differs by a fifth.
const TIMES: usize = 2;
/// For what the controllers still do after all is ready.
const QUIET: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    if let Some(code) = measure::one() {
        return code;
    }
    let kubeconfig = std::env::var("OPSCTL_RIG_KUBECONFIG").expect("`tests/rig/rig run` sets it");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let bare = runtime.block_on(Bare::populate(&kubeconfig));
    let quiet = || {
        runtime.block_on(bare.until_ready());
        std::thread::sleep(QUIET);
    };
    quiet();
    let folder = TempDir::new().expect("a temporary folder");
    let by_pattern = repository(&kubeconfig, [("all".to_owned(), "d-*".to_owned())].into_iter());
    let names = (0..DEPLOYMENTS).map(|number| format!("d-{number}"));
    let by_address = repository(&kubeconfig, names.map(|name| (name.clone(), name)));

    head();
    let (list, _) = median(|| run(folder.path(), "curl", &bare.list_by_curl()));
    line(&format!("LIST of {DEPLOYMENTS} Deployments by curl"), &list, "");
    for (name, repository) in [("one pattern", &by_pattern), ("as many addresses", &by_address)] {
        let (plan, said) = median(|| run(repository.path(), OPSCTL, &["plan", "one", "-v"]));
        assert!(said.contains("nothing to change"), "{said}");
        line(&format!("opsctl plan, nothing to do, {name}"), &plan, &against(plan.took, list.took));
        calls(&said);
    }
    match Command::new("kubectl").args(["version", "--client"]).output() {
        Ok(_) => {
            let manifests = folder.path().join("manifests.json");
            std::fs::write(&manifests, bare.manifests().to_string()).expect("a file is written");
            let diff = format!("kubectl --kubeconfig '{kubeconfig}' diff -f manifests.json > diff || [ $? = 1 ]");
            let (diff, _) = run(folder.path(), "sh", &["-c", &diff]);
            line("kubectl diff", &diff, &against(diff.took, list.took));
        }
        Err(_) => println!("kubectl diff                                 (no kubectl on this machine)"),
    }

    println!("\n{DEPLOYMENTS} changes of replicas, until all are ready");
    let (plan, said) = run(by_address.path(), OPSCTL, &["plan", "two", "-v"]);
    line("opsctl plan, with a dry run of each", &plan, "");
    calls(&said);
    let mut took = [[Duration::ZERO; 2]; 2];
    for (replicas, by_opsctl) in TURNS.into_iter().cycle().take(TURNS.len() * TIMES) {
        quiet();
        took[replicas - 1][usize::from(by_opsctl)] += if by_opsctl {
            let state = ["one", "two"][replicas - 1];
            let (apply, said) = run(by_address.path(), OPSCTL, &["apply", state, "-y", "-q"]);
            line(&format!("opsctl apply -y -q, to {replicas}"), &apply, "");
            let operation = said.split_once("Operation ").and_then(|(_, id)| id.split_whitespace().next());
            let show = ["show", operation.expect("an operation"), "-v"];
            calls(&run(by_address.path(), OPSCTL, &show).1);
            apply.took
        } else {
            let (patched, ready) = runtime.block_on(bare.scale(replicas));
            let name = format!("raw PATCHes, to {replicas}: {} sent", seconds(patched));
            println!("{name:<47} {:>9}", seconds(ready));
            ready
        };
    }
    for (replicas, [raw, opsctl]) in (1..).zip(took) {
        let name = format!("opsctl beside raw, to {replicas}, {TIMES} times");
        println!("{name:<47} {:>9} {:>8}", "", against(opsctl, raw));
    }
    ExitCode::SUCCESS
}

/// An operations repository that has these names for Deployments, and two states: one pod each, and two.
fn repository(kubeconfig: &str, resources: impl Iterator<Item = (String, String)>) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let write = |path: &str, text: String| write(&folder.path().join(path), &text);
    let provider = format!("type = \"kubernetes\"\ncontext = \"rig\"\nkubeconfig = \"{kubeconfig}\"\n");
    write("opsctl.toml", format!("[provider.rig]\n{provider}"));
    let (mut one, mut two) = (String::new(), "extends = \"one\"\n".to_owned());
    for (name, path) in resources {
        let at = format!("rig:deployment/{NAMESPACE}/{path}");
        writeln!(one, "[resource.{name}]\nat = \"{at}\"\nreplicas = 1").expect("a text grows");
        writeln!(two, "[resource.{name}]\nreplicas = 2").expect("a text grows");
    }
    write("states/one.toml", one);
    write("states/two.toml", two);
    folder
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
    std::fs::write(path, text).expect("a file is written");
}
