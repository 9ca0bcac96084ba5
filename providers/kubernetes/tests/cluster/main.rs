//! What the client does on a real control plane:
//! `tests/rig/rig run cargo test -p opsctl-kubernetes --features rig --test cluster`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod faults;
mod owners;
mod reading;
mod rig;
mod writing;
