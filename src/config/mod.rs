//! `opsctl.toml`: the provider instances, where snapshots are, and what guards an apply.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camino::Utf8PathBuf;
use opsctl_api::Pattern;

use crate::diagnostic::Span;

mod load;

pub use load::{load, salvage};

/// `opsctl.toml`, read and validated but for what each provider reads of its own.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that it stands in: the operations repository. All its paths are relative to it.
    pub root: Utf8PathBuf,
    /// The instances that have mistakes and are not among the others; none of a configuration that is valid.
    pub mistaken: BTreeSet<String>,
    /// By instance name.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// Where snapshots are.
    pub snapshots: SnapshotsConfig,
    /// What stops an apply.
    pub guard: GuardConfig,
}

/// `[provider.NAME]`.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// `type`.
    pub provider_type: String,
    /// Where `type` was written.
    pub span: Span,
    /// All other keys, as JSON, with where each was written.
    pub options: BTreeMap<String, (serde_json::Value, Span)>,
}

/// `[snapshots]`.
#[derive(Debug, Clone)]
pub struct SnapshotsConfig {
    /// The folder of the snapshot repository; `snapshots` by default.
    pub path: Utf8PathBuf,
}

/// `[guard]`.
#[derive(Debug, Clone, Default)]
pub struct GuardConfig {
    /// What no plan may change.
    pub protect: Vec<Pattern>,
    /// How many resources a plan may change; `None` for no limit.
    pub max_resources: Option<usize>,
    /// How long a change may take to settle where nothing else is said; `None` for ten minutes.
    pub timeout: Option<Duration>,
}
