//! The conformance suite that every provider passes: each duty that [`Provider`](crate::Provider) and
//! [`Catalogue`](crate::Catalogue) name is a trial here.
//!
//! A provider implements [`Harness`], which makes resources to try on and plays another operator, and its whole
//! `tests/conformance.rs` (with `harness = false` in its manifest) is
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     opsctl_api::testkit::run(MyHarness::new())
//! }
//! ```
//! Trials are named `kind::duty`. Which there are follows from what the catalogue declares and from the examples of the harness: a
//! duty that does not apply has no trial, and an example that is missing fails one. Nothing is assumed to be true at once: what a
//! write asks for is read until it is so, or the harness' time to settle is over.

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

mod batching;
mod case;
mod compare_and_set;
mod declared;
mod examples;
mod faults;
mod harness;
mod hops;
mod identity;
mod preflight;
mod reading;
mod secrecy;
mod writing;

pub use harness::{Example, Harness};

use case::{Case, Duty};

/// Tries a provider, as the arguments of the process say (those of `cargo test`).
pub fn run(harness: impl Harness) -> ExitCode {
    run_all(vec![(String::new(), Arc::new(harness))])
}

/// Tries several in one run; the trials of each begin with its name, where it has one.
pub fn run_all(harnesses: Vec<(String, Arc<dyn Harness>)>) -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => Arc::new(runtime),
        Err(error) => {
            return libtest_mimic::run(&arguments, vec![failing("runtime", error.to_string())]).exit_code();
        }
    };
    let mut all = Vec::new();
    for (name, harness) in &harnesses {
        all.extend(trials(name, harness, &runtime));
    }
    let conclusion = libtest_mimic::run(&arguments, all);
    // What a harness has made it takes away when it is dropped, and may need the runtime for that.
    let entered = runtime.enter();
    drop(harnesses);
    drop(entered);
    conclusion.exit_code()
}

/// The duties of a catalogue or provider as a whole, and those of each kind.
const OF_ALL: [&[Duty]; 2] = [declared::OF_ALL, identity::OF_ALL];
const OF_KINDS: [&[Duty]; 10] = [
    declared::OF_KINDS,
    examples::OF_KINDS,
    hops::OF_KINDS,
    reading::OF_KINDS,
    batching::OF_KINDS,
    preflight::OF_KINDS,
    writing::OF_KINDS,
    compare_and_set::OF_KINDS,
    faults::OF_KINDS,
    secrecy::OF_KINDS,
];

/// The names of those trials that fail, of all that `wanted` wants: how the suite itself is tried, on providers that are broken
/// on purpose.
///
/// # Errors
/// There is no runtime to try them in, or `wanted` wants none of those that there are.
pub fn failures(harness: &Arc<dyn Harness>, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    let duties: Vec<_> = duties(harness).into_iter().filter(|(name, ..)| wanted(name)).collect();
    if duties.is_empty() {
        return Err("there is no such trial".to_owned());
    }
    let failed = duties.into_iter().filter(|(_, duty, case)| runtime.block_on((duty.prove)(case)).is_err());
    Ok(failed.map(|(name, ..)| name).collect())
}

fn trials(name: &str, harness: &Arc<dyn Harness>, runtime: &Arc<Runtime>) -> Vec<Trial> {
    let prefix = if name.is_empty() { String::new() } else { format!("{name}::") };
    if harness.catalogue().kinds().is_empty() {
        return vec![failing(&format!("{prefix}catalogue"), "it has no kinds".to_owned())];
    }
    let trials = duties(harness).into_iter().map(|(name, duty, case)| {
        let runtime = runtime.clone();
        Trial::test(format!("{prefix}{name}"), move || runtime.block_on((duty.prove)(&case)))
    });
    trials.collect()
}

/// Each duty with what it is to be proven on, and the name of that trial.
fn duties(harness: &Arc<dyn Harness>) -> Vec<(String, &'static Duty, Arc<Case>)> {
    let mut all = Vec::new();
    let mut add = |group: &str, duties: &[&'static [Duty]], case: Case| {
        let case = Arc::new(case);
        let apply = duties.iter().copied().flatten().filter(|duty| (duty.applies)(&case));
        all.extend(apply.map(|duty| (format!("{group}::{}", duty.name), duty, case.clone())));
    };
    let kinds = harness.catalogue().kinds();
    if let Some(first) = kinds.first() {
        add("all", &OF_ALL, Case::new(harness.clone(), first));
    }
    for kind in kinds {
        add(kind.name, &OF_KINDS, Case::new(harness.clone(), kind));
    }
    all
}

fn failing(name: &str, why: String) -> Trial {
    Trial::test(name, move || Err(Failed::from(why)))
}
