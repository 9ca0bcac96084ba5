//! AWS for opsctl: one region of an account an instance.
//!
//! Without the feature `live` this crate is its [catalogue](catalogue()) alone: data and arithmetic, no client.
//!
//! # How it reads
//! Each kind by as few calls as its API has: a page of a list where a pattern asks, a describe of many ids where addresses do. Tags
//! are read with it, for `select`. What else sizes a resource (a scaling policy, a node group, a deployment tool) is read beside it
//! and named as its owner.
//!
//! # What it says before
//! Few APIs of AWS have a dry run. Where a read tells that a change would be refused (there is no such version, the instance has read
//! replicas), it is asked for, once for all that names the same; what may not be read is said, and refuses nothing.
//!
//! # How it writes
//! Most APIs of AWS compare nothing. The resource is read again right before each write, and a write whose `from` no longer holds is
//! not sent; who writes between that read and the call is overwritten. Where an API can compare (a record set is deleted exactly as
//! it was, an alias has a revision, an object an ETag, the label of a secret is moved from the version that has it), it does, and no race
//! is left. The SDK's own retries are off: a write whose answer is lost is told as unknown.

// What a kind knows of its resources stands beside its settings, and is used by the client alone.
#![cfg_attr(not(feature = "live"), allow(dead_code))]

#[cfg(feature = "live")]
mod call;
mod catalogue;
#[cfg(feature = "live")]
mod client;
#[cfg(feature = "live")]
mod config;
#[cfg(feature = "live")]
mod credentials;
#[cfg(feature = "live")]
mod direct;
#[cfg(feature = "live")]
mod fault;
#[cfg(feature = "live")]
mod identity;
mod kinds;
#[cfg(feature = "live")]
mod open;
#[cfg(feature = "live")]
mod owner;
#[cfg(feature = "live")]
mod pace;
#[cfg(feature = "live")]
mod preflight;
#[cfg(feature = "live")]
mod provider;
#[cfg(feature = "live")]
mod read;
#[cfg(feature = "live")]
mod value;
#[cfg(feature = "live")]
mod write;

pub use catalogue::catalogue;
#[cfg(feature = "live")]
pub use open::open;
