//! The commands, as an operator runs them: the real binary in a repository of its own, everything it says in one text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod actions;
mod apply;
mod capture;
mod check;
mod completions;
mod endings;
mod exit_codes;
mod forty;
mod halfway;
#[path = "../harness/mod.rs"]
mod harness;
mod history;
mod init;
#[path = "../harness/json_schema.rs"]
mod json_schema;
mod kinds;
mod look_twice;
mod man;
mod offline;
mod overlays;
mod overtaken;
mod owed;
mod parts;
mod plan;
mod plan_document;
mod put_back;
mod readme;
mod repository;
mod rollback;
mod schema;
mod secrets;
mod selection;
mod servers;
mod serving;
mod sim;
mod small;
mod snapshot;
mod spared;
mod stands;
mod states;
mod status;
mod stopped;
#[cfg(unix)]
mod terminal;
mod unwound;
mod usage;
mod ways;
