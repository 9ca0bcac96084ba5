//! The table in which whole programs stand beside each other.

use std::time::Duration;

use super::measure::{Cost, seconds};

const RUNS: usize = 7;

/// What its columns are.
pub(crate) fn head() {
    println!("{:<47} {:>9} {:>8} {:>9} {:>8}", "", "median", "", "processor", "memory");
}

/// The median of several runs by time, with the most memory of all of them.
pub(crate) fn median(run: impl Fn() -> (Cost, String)) -> (Cost, String) {
    let mut runs: Vec<(Cost, String)> = (0..RUNS).map(|_| run()).collect();
    let megabytes = runs.iter().map(|(cost, _)| cost.megabytes).max().unwrap_or_default();
    runs.sort_by_key(|(cost, _)| cost.took);
    let (median, said) = runs.swap_remove(RUNS / 2);
    (Cost { megabytes, ..median }, said)
}

/// How many times as long.
pub(crate) fn against(time: Duration, other: Duration) -> String {
    format!("{:.2} x", time.as_secs_f64() / other.as_secs_f64())
}

/// A line of the table.
pub(crate) fn line(name: &str, cost: &Cost, ratio: &str) {
    let (took, worked) = (seconds(cost.took), seconds(cost.worked));
    println!("{name:<47} {took:>9} {ratio:>8} {worked:>9} {:>5} MB", cost.megabytes);
}

/// What opsctl said of its calls.
pub(crate) fn calls(said: &str) {
    let calls = said.split_once("API call").map(|(_, calls)| calls.lines().next().unwrap_or_default());
    println!("    {}", calls.unwrap_or_default().trim_start_matches("s: "));
}
