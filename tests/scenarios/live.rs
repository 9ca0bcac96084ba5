//! The same stories on a real cluster: `tests/rig/rig run tests/live`. Only the DNS is simulated. And what only a Prometheus, or AWS, can show.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

#[cfg(feature = "aws")]
mod amazon;
mod cluster;
mod course;
mod ground;
#[path = "../harness/mod.rs"]
mod harness;
mod objects;
mod platform;
mod prometheus;
mod rig;
mod running;
#[allow(dead_code, reason = "other stories ask for more of it")]
mod server;
mod stories;

/// What the stories are played on.
type Here = rig::Rig;
