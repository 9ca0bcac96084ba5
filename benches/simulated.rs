//! What the simulated path costs: `cargo bench --bench simulated` prints a table.
//!
//! Each figure is a whole process of the built `opsctl`, the median of several runs, with its peak memory as the kernel accounts it.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a table is what it is for")]

mod measure;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use measure::{Cost, run, seconds};

const RUNS: usize = 5;

fn main() -> ExitCode {
    if let Some(code) = measure::one() {
        return code;
    }
    println!("{:<46} {:>10} {:>10} {:>10} {:>10}", "", "median", "slowest", "processor", "memory");
    line("opsctl --version", |_| {}, &["--version"]);
    for count in [10_000, 50_000, 100_000] {
        let name = format!("plan over {count} resources, nothing to do");
        line(&name, |folder| repository(folder, count, 0), &["plan", "wanted"]);
    }
    let changed = 5_000;
    let name = format!("plan of {changed} changes");
    line(&name, |folder| repository(folder, changed, changed), &["plan", "wanted"]);
    let name = format!("apply of {changed} changes");
    line(&name, |folder| repository(folder, changed, changed), &["apply", "wanted", "-y", "-q"]);
    let name = format!("snapshot of {changed}");
    line(&name, |folder| repository(folder, changed, 0), &["snapshot", "take"]);
    let past = 100;
    let name = format!("plan with a restore, {past} operations before it");
    line(&name, |folder| with_a_past(folder, past), &["plan", "restored"]);
    ExitCode::SUCCESS
}

/// A repository in which many operations have changed much, and one setting is to be restored that only the first one touched.
fn with_a_past(folder: &Path, operations: usize) {
    repository(folder, 50, 50);
    let apply = |state: &str| {
        run(folder, env!("CARGO_BIN_EXE_opsctl"), &["apply", state, "-y", "-q"]);
    };
    let write = |name: &str, text: String| {
        std::fs::write(folder.join(format!("states/{name}.toml")), text).expect("a file is written")
    };
    write("restored", "over = \"wanted\"\n[resource.s0]\nreplicas = { restore = true }\n".to_owned());
    for (state, replicas) in [("more", 3), ("less", 2)] {
        let rows: Vec<String> = (1..50).map(|index| format!("[resource.s{index}]\nreplicas = {replicas}\n")).collect();
        write(state, format!("over = \"wanted\"\n{}", rows.concat()));
    }
    apply("wanted");
    for index in 1..operations {
        apply(if index % 2 == 1 { "more" } else { "less" });
    }
}

/// Measures one command in repositories of its own and prints a line of the table.
fn line(name: &str, prepare: impl Fn(&Path), arguments: &[&str]) {
    let mut runs: Vec<Cost> = (0..RUNS)
        .map(|_| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            prepare(folder.path());
            run(folder.path(), env!("CARGO_BIN_EXE_opsctl"), arguments).0
        })
        .collect();
    runs.sort_by_key(|run| run.took);
    let megabytes = runs.iter().map(|run| run.megabytes).max().unwrap_or_default();
    let (median, slowest) = (seconds(runs[RUNS / 2].took), seconds(runs[RUNS - 1].took));
    let worked = seconds(runs[RUNS / 2].worked);
    println!("{name:<46} {median:>10} {slowest:>10} {worked:>10} {megabytes:>7} MB");
}

/// An operations repository of services in rows that need each other, of which `changes` are not as they should be.
fn repository(folder: &Path, count: usize, changes: usize) {
    let write = |path: &str, text: String| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(path, text).expect("a file is written");
    };
    let config = "[provider.world]\ntype = \"sim\"\nworld = \"world.toml\"\n";
    write("opsctl.toml", config.to_owned());
    let (mut world, mut state) = (String::new(), "summary = \"as measured\"\n".to_owned());
    for index in 0..count {
        let live = if index < changes { 1 } else { 2 };
        let table = format!("[resource.s{index}]\nat = \"world:service/s{index}\"\n");
        writeln!(world, "{table}replicas = {live}").expect("a text grows");
        writeln!(state, "{table}replicas = 2").expect("a text grows");
        // Rows of ten, each needing the one before it.
        if index % 10 != 0 {
            writeln!(state, "needs = [\"s{}\"]", index - 1).expect("a text grows");
        }
    }
    write("world.toml", world);
    write("states/wanted.toml", state);
}
