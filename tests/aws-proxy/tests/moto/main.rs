//! The proxy before a real moto: `tests/rig/rig run --only moto cargo test -p opsctl-aws-proxy --features rig`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod capacity;
mod client;
mod cloudwatch;
mod databases;
mod instances;
mod lambda;
mod route53;
mod rules;
mod s3;
mod secrets;
mod streams;
