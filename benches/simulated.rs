//! What the simulated path costs: `cargo bench --bench simulated` prints a table.
//!
//! Each figure is a whole process of the built `opsctl`, the median of several runs, with its peak memory as the kernel accounts it.
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr, reason = "a table is what it is for")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

const RUNS: usize = 5;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    // One run in a process of its own, for the kernel gives the peak memory of all children together.
    if arguments.next().as_deref() == Some("--one") {
        let program = arguments.next().unwrap_or_default();
        return one(&program, &arguments.collect::<Vec<_>>());
    }
    println!("{:<46} {:>10} {:>10} {:>10}", "", "median", "slowest", "memory");
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
    ExitCode::SUCCESS
}

/// Measures one command in repositories of its own and prints a line of the table.
fn line(name: &str, prepare: impl Fn(&Path), arguments: &[&str]) {
    let mut runs: Vec<(Duration, i64)> = (0..RUNS)
        .map(|_| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            prepare(folder.path());
            let itself = std::env::current_exe().expect("the path of this program");
            let mut command = Command::new(itself);
            command.args(["--one", env!("CARGO_BIN_EXE_opsctl")]).args(arguments).current_dir(folder.path());
            let output = command.stdin(Stdio::null()).output().expect("this program again");
            let said = String::from_utf8_lossy(&output.stdout);
            let mut numbers = said.split_whitespace().map(|number| number.parse::<i64>().expect("a number"));
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            let micros = numbers.next().expect("a time");
            (Duration::from_micros(micros as u64), numbers.next().expect("a size"))
        })
        .collect();
    runs.sort();
    let memory = runs.iter().map(|(_, memory)| memory).max().copied().unwrap_or_default();
    let show = |time: Duration| format!("{:.3} s", time.as_secs_f64());
    println!("{name:<46} {:>10} {:>10} {:>7} MB", show(runs[RUNS / 2].0), show(runs[RUNS - 1].0), memory / 1024);
}

/// Runs a command once; prints its microseconds and peak kilobytes.
fn one(program: &str, arguments: &[String]) -> ExitCode {
    let began = Instant::now();
    let output = Command::new(program).args(arguments).env_clear().env("USER", "bench").stdin(Stdio::null()).output();
    let took = began.elapsed();
    let output = output.expect("opsctl starts");
    if !output.status.success() {
        eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        return ExitCode::FAILURE;
    }
    let memory = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel's accounting").max_rss();
    println!("{} {memory}", took.as_micros());
    ExitCode::SUCCESS
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
