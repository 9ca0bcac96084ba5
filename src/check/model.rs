use std::collections::BTreeMap;
use std::time::Duration;

use opsctl_api::Secret;
use serde::{Deserialize, Serialize};

use super::{Along, Dns, File, Metric, Promql, Run, Tls};
use crate::diagnostic::Place;
use crate::state::{Goal, Target};

/// One check of a state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name in the state.
    pub name: String,
    /// What is measured, against what.
    pub probe: Probe,
    /// How long it may take to become true.
    pub within: Duration,
    /// How long it must stay true without a break.
    pub hold: Duration,
    /// How often it is measured.
    pub every: Duration,
    /// When it is measured.
    pub gate: Gate,
    /// Where it was written; `None` of a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// When a check is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// `gates = ["*"]`: before anything is changed.
    Before,
    /// `gates = ["replica"]`: these resources' steps wait for it.
    Between(Vec<String>),
    /// After all changes.
    After,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// A GET of a URL.
    Http {
        /// `http://` or `https://`.
        url: String,
        /// What is sent along, by name in lower case.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        header: Along,
        /// What the answer must have.
        expect: Expectation,
    },
    /// A connection to `host:port`.
    Tcp {
        /// `host:port`.
        address: String,
    },
    /// A command, without a shell.
    Run(Run),
    /// A certificate.
    Tls(Tls),
    /// Records of a name.
    Dns(Dns),
    /// What an exporter shows of a metric.
    Metric(Metric),
    /// What a Prometheus answers.
    Promql(Promql),
    /// A file on this machine.
    File(File),
    /// A live value.
    Setting {
        /// The resource, or all that a wildcard finds: at least one, and each of them is as it must be.
        at: Target,
        /// The key of the setting.
        setting: String,
        /// What it must be.
        is: Goal,
    },
}

impl Probe {
    /// What is sent along with the question.
    pub(crate) fn along(&self) -> Option<&Along> {
        match self {
            Self::Http { header, .. } | Self::Metric(Metric { header, .. }) | Self::Promql(Promql { header, .. }) => {
                Some(header)
            }
            Self::Run(Run { env, .. }) => Some(env),
            Self::Tcp { .. } | Self::Tls(_) | Self::Dns(_) | Self::File(_) | Self::Setting { .. } => None,
        }
    }

    /// The secrets that are sent along.
    pub(crate) fn secrets_mut(&mut self) -> impl Iterator<Item = &mut Secret> {
        let along = match self {
            Self::Http { header, .. } | Self::Metric(Metric { header, .. }) | Self::Promql(Promql { header, .. }) => {
                Some(header)
            }
            Self::Run(Run { env, .. }) => Some(env),
            Self::Tcp { .. } | Self::Tls(_) | Self::Dns(_) | Self::File(_) | Self::Setting { .. } => None,
        };
        along.into_iter().flat_map(BTreeMap::values_mut).filter_map(super::Sent::secret_mut)
    }
}

/// What an HTTP answer must have. All that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expectation {
    /// The status; any 2xx where nothing is named.
    pub status: Option<u16>,
    /// Headers with these values; names in lower case.
    pub header: BTreeMap<String, String>,
    /// A text that the body contains.
    pub body: Option<String>,
    /// Values at JSON pointers of the body (RFC 6901).
    pub json: BTreeMap<String, serde_json::Value>,
}

/// What one measurement said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether it is as expected.
    pub holds: bool,
    /// What was seen, as a clause: `status 503`, `connection refused`.
    pub seen: String,
}
