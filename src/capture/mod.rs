//! From what is live to a state that a person goes on with: names, and the text of the file.

mod names;
mod toml;

use std::collections::BTreeMap;
use std::sync::Arc;

use opsctl_api::{Kind, Live};

pub use self::names::names;
pub use self::toml::to_toml;
use crate::state::Declared;

/// What was read, each resource under its name.
#[derive(Debug, Default)]
pub struct Captured {
    /// In the order in which they are written.
    pub resources: Vec<Resource>,
    /// What is named beside them, for these need it or come after it, as the states declare it.
    pub beside: BTreeMap<String, Arc<Declared>>,
    /// What could not be read, and why.
    pub unread: Vec<(String, String)>,
}

/// One resource as it is live.
#[derive(Debug)]
pub struct Resource {
    /// Its name in the state.
    pub name: String,
    /// What was read.
    pub live: Live,
    /// What it is.
    pub kind: &'static Kind,
    /// What the states declare of it, by its own name and by wildcards.
    pub declared: Vec<Arc<Declared>>,
}

/// What became of a capture.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text of the file.
    pub text: String,
    /// How many settings stand in it.
    pub settings: usize,
    /// What stands in it as a comment only, as `address setting`, and why.
    pub commented: Vec<(String, String)>,
}
