//! A TOML file with places: read, parsed, and taken apart key by key with all mistakes at once.

mod address;
mod node;
mod open;
mod parse;
mod parts;
mod problems;
mod read;
mod similar;
mod twice;
mod want;

pub(crate) use address::{pattern, unknown_instance};
pub(crate) use node::{Data, Entry, Node, Table, short};
pub(crate) use parse::parse;
pub(crate) use problems::Problems;
pub(crate) use read::{plainly, read};
pub(crate) use similar::{list, similar};
pub(crate) use want::{boolean, duration, integer, known, line, plain, some_time, string, strings, table, unknown_key};
