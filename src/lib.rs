//! opsctl: operational states of live infrastructure, planned, applied in order, snapshotted and rolled back.
//!
//! Data flows one way: [`state`] → [`plan`] → [`apply`] → [`snapshot`]. The engine returns values and sends events; only
//! [`view`] draws, and only [`cli`] reads arguments and the environment.

pub mod action;
pub mod apply;
pub mod capture;
pub mod check;
pub mod cli;
pub mod config;
pub mod diagnostic;
mod digest;
mod document;
mod http;
pub mod init;
pub mod instance;
mod keys;
pub mod plan;
pub mod schema;
pub mod snapshot;
pub mod state;
pub mod view;
