//! Draws what the engine gives: values and events in, text out. Nothing here reads, decides or prints.

pub(crate) mod action;
mod address;
pub mod blame;
pub mod capture;
pub mod check;
pub mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod fold;
pub mod init;
pub mod json;
pub mod kinds;
mod log;
pub mod plan;
mod probe;
pub mod progress;
mod record;
mod rto;
mod screen;
pub mod show;
pub mod sim;
pub mod snapshots;
mod stale;
mod stands;
pub mod states;
pub mod status;
mod summary;
mod table;
mod time;
pub mod unfinished;
mod unread;
mod value;
mod words;

pub use fold::fold;
pub use log::log;
pub use record::Ways;
pub use rto::Rto;
pub use screen::{Ink, Screen, Sign, WIDTH};
pub use stands::Stands;
pub use summary::{failed, let_go, let_go_with, summary, to_let_go};
