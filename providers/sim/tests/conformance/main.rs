//! The conformance suite: over `sim`'s own catalogue, kept between runs, over one that it emulates, and over that of AWS.
#![allow(clippy::unwrap_used, clippy::panic)]

mod aws;
mod cloud;
mod own;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use opsctl_api::testkit::run_all;

fn main() -> ExitCode {
    run_all(vec![
        ("own".to_owned(), Arc::new(world::Simulated::new(&own::Own))),
        ("emulated".to_owned(), Arc::new(world::Simulated::new(&cloud::Emulated))),
        ("aws".to_owned(), Arc::new(world::Simulated::new(&aws::Aws))),
    ])
}
