use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use opsctl_api::Secret;
use serde::{Deserialize, Serialize};

use crate::check::{Along, Check, Sent, command_line, request_line};
use crate::diagnostic::Place;

/// One action of a state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Its name in the state.
    pub name: String,
    /// What is called, one at a time: one without a name, or in the rolling form one for each name of `each`. Never empty.
    pub members: Vec<Member>,
    /// What it comes before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Beside>,
    /// What it comes after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Beside>,
    /// When it is due.
    pub when: When,
    /// How long a call may take.
    pub timeout: Duration,
    /// Where it was written; `None` of a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// One call of an action, with what is measured around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name in `each`; `None` where the action is one call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What goes out.
    pub call: Call,
    /// Where this holds there is nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<Check>,
    /// It is done when this holds; where there is none, once the call was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Check>,
    /// It is called before those of which this does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Check>,
    /// It is called behind those of which this does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Check>,
    /// What must hold after it, before the next one is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<Check>,
    /// The operation of which this is the rest has done it: it is not called again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done: bool,
}

/// What goes out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A request. It is not repeated, and no redirect is followed.
    Http {
        /// `POST`, `PUT`, `PATCH` or `DELETE`.
        method: String,
        /// `http://` or `https://`.
        url: String,
        /// By name, in lower case.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        header: Along,
        /// What is sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// The status that it must be answered with; any 2xx where none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// A command, without a shell; it must exit with 0.
    Run {
        /// The program and its arguments.
        argv: Vec<String>,
        /// Variables of its environment, beside those of opsctl's own.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        env: Along,
    },
}

/// When an action is due: what a plan changes of the resources that it is before or after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// One of them grows.
    Grows,
    /// One of them shrinks.
    Shrinks,
    /// Anything of them is changed.
    #[default]
    Changes,
    /// In every plan.
    Always,
}

impl When {
    /// All of them, with the words of a state.
    pub const ALL: [(&'static str, Self); 4] =
        [("grows", Self::Grows), ("shrinks", Self::Shrinks), ("changes", Self::Changes), ("always", Self::Always)];
}

/// What an action comes before or after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// The name of a resource or of an action.
    pub name: String,
    /// Where; `None` of a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl Action {
    /// Whether it has members that are called one at a time.
    pub fn is_rolling(&self) -> bool {
        self.members.iter().any(|member| member.name.is_some())
    }

    /// How long it may take in all.
    pub fn longest(&self) -> Duration {
        let checks = |member: &Member| {
            let within = |check: &Option<Check>| check.as_ref().map_or(Duration::ZERO, |check| check.within);
            self.timeout.saturating_add(within(&member.until)).saturating_add(within(&member.between))
        };
        self.members.iter().fold(Duration::ZERO, |all, member| all.saturating_add(checks(member)))
    }
}

impl Member {
    /// What goes along with its call, and with what is measured around it.
    pub(crate) fn along(&self) -> impl Iterator<Item = &Along> {
        std::iter::once(self.call.along()).chain(self.checks().filter_map(|check| check.probe.along()))
    }

    /// All secrets that its call is sent with, and what is measured around it.
    pub(crate) fn secrets_mut(&mut self) -> impl Iterator<Item = &mut Secret> {
        let Self { name: _, call, unless, until, first, last, between, done: _ } = self;
        let checks = [unless, until, first, last, between].into_iter().flatten();
        call.secrets_mut().chain(checks.flat_map(|check| check.probe.secrets_mut()))
    }

    /// All that is measured around its call.
    pub(crate) fn checks(&self) -> impl Iterator<Item = &Check> {
        let Self { name: _, call: _, unless, until, first, last, between, done: _ } = self;
        [unless, until, first, last, between].into_iter().flatten()
    }

    /// All that is measured around its call.
    pub fn checks_mut(&mut self) -> impl Iterator<Item = &mut Check> {
        let Self { name: _, call: _, unless, until, first, last, between, done: _ } = self;
        [unless, until, first, last, between].into_iter().flatten()
    }
}

impl Call {
    /// A command that finds in its environment what opsctl found there.
    pub fn run(argv: Vec<String>) -> Self {
        Self::Run { argv, env: Along::new() }
    }

    /// What goes along with it.
    pub fn along(&self) -> &Along {
        let (Self::Http { header: along, .. } | Self::Run { env: along, .. }) = self;
        along
    }

    fn secrets_mut(&mut self) -> impl Iterator<Item = &mut Secret> {
        let (Self::Http { header: along, .. } | Self::Run { env: along, .. }) = self;
        along.values_mut().filter_map(Sent::secret_mut)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { method, url, header, .. } => write!(f, "{method} {}", request_line(url, header)),
            Self::Run { argv, env } => f.write_str(&command_line(argv, env)),
        }
    }
}
