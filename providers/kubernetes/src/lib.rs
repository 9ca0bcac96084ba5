//! Kubernetes for opsctl: the kinds `configmap`, `deployment` and `hpa`.
//!
//! Without the feature `live` this crate is its [catalogue](catalogue()) alone: data and arithmetic, no client.

// What a kind knows of its objects stands beside its settings, and is used by the client alone.
#![cfg_attr(not(feature = "live"), allow(dead_code))]

mod catalogue;
#[cfg(feature = "live")]
mod client;
mod condition;
#[cfg(feature = "live")]
mod config;
#[cfg(feature = "live")]
mod fault;
#[cfg(feature = "live")]
mod fetch;
#[cfg(feature = "live")]
mod identity;
#[cfg(feature = "live")]
mod keeper;
mod kinds;
mod object;
#[cfg(feature = "live")]
mod open;
#[cfg(feature = "live")]
mod owner;
mod patch;
mod path;
#[cfg(feature = "live")]
mod pods;
#[cfg(feature = "live")]
mod preflight;
#[cfg(feature = "live")]
mod read;
#[cfg(feature = "live")]
mod request;
mod selector;
mod touch;
#[cfg(feature = "live")]
mod write;

pub use catalogue::catalogue;
#[cfg(feature = "live")]
pub use open::open;
