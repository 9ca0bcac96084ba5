//! The contract between opsctl and its providers: the words of the domain as types, and two traits.
//!
//! A provider crate implements [`Catalogue`] (data and arithmetic, always compiled) and, behind its feature `live`,
//! [`Provider`] (one configured instance that talks to the real thing). The engine knows nothing else of it.
//!
//! Every duty that the documentation of these traits names is a trial of the `testkit`.

mod address;
mod catalogue;
mod change;
mod config;
mod context;
mod duration;
mod fault;
mod kind;
mod live;
mod pattern;
mod provider;
mod quantity;
mod secret;
mod settings;
mod shell;
mod types;
mod value;

#[cfg(feature = "testkit")]
pub mod testkit;

pub use address::{Address, AddressError};
pub use catalogue::{Batch, Catalogue, NoWay};
pub use change::{Change, Edit, Hop};
pub use config::{Config, ConfigKey, ConfigProblem};
pub use context::{Calls, Cx};
pub use duration::{format_duration, parse_duration};
pub use fault::Fault;
pub use kind::{Confines, Direction, Effect, Kind, Quota, Rate, Segment, Setting};
pub use live::{Live, LiveSetting, Owner, Raw, Readiness, Receipt, Relation, Touch};
pub use pattern::Pattern;
pub use provider::{Answer, Identity, Limits, Preflight, Provider, Query, Reading, Selector, Wanted, Write, Written};
pub use quantity::{Quantity, QuantityError};
pub use secret::{Plain, Secret, Source};
pub use settings::{Settings, SettingsIter};
pub use shell::{program, shell_word};
pub use types::{Given, Mismatch, Type};
pub use value::Value;
