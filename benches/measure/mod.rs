//! What a whole process costs: its time, and its peak memory as the kernel accounts it.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What one run of a program cost.
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) took: Duration,
    /// How long it had a processor: the same on a busy machine.
    pub(crate) worked: Duration,
    /// The most memory that it had, in MB.
    pub(crate) megabytes: i64,
}

/// Runs a program in a folder, with nothing of the environment but `PATH`: what it cost, and its stdout.
pub(crate) fn run(
    folder: &Path,
    program: &str,
    arguments: &[impl AsRef<std::ffi::OsStr> + std::fmt::Debug],
) -> (Cost, String) {
    // In a process of its own, for the kernel gives the peak memory of all children together.
    let itself = std::env::current_exe().expect("the path of this program");
    let mut command = Command::new(itself);
    command.args(["--one", program]).args(arguments).current_dir(folder).stdin(Stdio::null());
    let output = command.output().expect("this program again");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let (first, said) = said.split_once('\n').expect("a line of numbers");
    let mut numbers = first.split_whitespace().map(|number| number.parse::<i64>().expect("a number"));
    let mut time = || Duration::from_micros(numbers.next().expect("a time") as u64);
    let (took, worked) = (time(), time());
    let megabytes = numbers.next().expect("a size") / 1024;
    (Cost { took, worked, megabytes }, said.to_owned())
}

/// Does what [`run`] asks another process of this program for, and is to begin every `main` that calls it.
pub(crate) fn one() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some("--one") {
        return None;
    }
    let mut command = Command::new(arguments.next().unwrap_or_default());
    command.args(arguments).env_clear().env("USER", "bench").envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    let began = Instant::now();
    let output = command.stdin(Stdio::null()).output();
    let took = began.elapsed();
    let output = output.expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        eprintln!("{said}{}", String::from_utf8_lossy(&output.stderr));
        return Some(ExitCode::FAILURE);
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel's accounting");
    let micros = |time: TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    let worked = micros(usage.user_time()) + micros(usage.system_time());
    print!("{} {worked} {}\n{said}", took.as_micros(), usage.max_rss());
    Some(ExitCode::SUCCESS)
}

/// In seconds.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}
