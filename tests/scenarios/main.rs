//! Stories over several commands, played with the real binary in a simulated world. `live.rs` plays them on a real cluster.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod actions;
mod course;
mod ground;
#[path = "../harness/mod.rs"]
mod harness;
mod platform;
mod running;
#[path = "../seeds/mod.rs"]
mod seeds;
mod server;
mod sim;
mod stories;

/// What the stories are played on.
type Here = sim::Sim;
