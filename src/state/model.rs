use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opsctl_api::{Address, Pattern, Selector, Setting, Settings};
use serde::{Deserialize, Serialize};

use super::Goal;
use crate::action::Action;
use crate::check::Check;
use crate::diagnostic::Place;

/// A state as it is meant: extended, rendered, validated, frozen. Made from files, or from a snapshot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// `dr-active`; with overlays `dr-active+db-maintenance`; of a snapshot its name in the history, `@3`.
    pub name: String,
    /// Of an overlay: the state that it lies over, whose names it has and whose values it has not.
    pub over: Option<String>,
    /// One line for the eye.
    pub summary: String,
    /// sha256 over what the state means, in hex: equal for the same meaning.
    pub digest: String,
    /// How long a transition to it may take.
    pub rto: Option<Duration>,
    /// Whether the operator must type the state's name.
    pub confirm: bool,
    /// What an apply does when a step fails; `None` where nothing is said.
    pub on_failure: Option<OnFailure>,
    /// What may be unreachable.
    pub tolerates_unreachable: Vec<Pattern>,
    /// Of what one-way settings may change.
    pub allow_one_way: Vec<Pattern>,
    /// By name.
    pub resources: BTreeMap<String, Resource>,
    /// Sorted by name.
    pub checks: Vec<Check>,
    /// Sorted by name.
    pub actions: Vec<Action>,
    /// What overlays said that were laid over it.
    pub overlaid: Overlaid,
    /// Where what it says of itself was written, by key: `rto`, `on_failure`; empty of a snapshot.
    pub places: BTreeMap<&'static str, Place>,
}

/// Which overlay said what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlaid {
    /// By name of the resource and key of the setting.
    pub settings: BTreeMap<(String, String), String>,
    /// By name of the check.
    pub checks: BTreeMap<String, String>,
    /// By name of the action.
    pub actions: BTreeMap<String, String>,
    /// How long a transition may take.
    pub rto: Option<String>,
    /// What an apply does when a step fails.
    pub on_failure: Option<String>,
}

/// What an apply does when a step fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Starts nothing new, lets what runs end.
    #[default]
    Stop,
    /// Goes on with what does not depend on it.
    Continue,
    /// Takes back what was done.
    Rollback,
}

impl OnFailure {
    /// All of them, with the words of a state.
    pub const ALL: [(&'static str, Self); 3] =
        [("stop", Self::Stop), ("continue", Self::Continue), ("rollback", Self::Rollback)];
}

/// One resource of a state, or many by a wildcard: what was declared of it, and what its settings shall be.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// All but the settings.
    pub declared: Arc<Declared>,
    /// By setting's key.
    pub wants: Settings<Want>,
}

/// What is declared of a resource beside its settings. A name means the same target in all states of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// What it stands for.
    pub at: Target,
    /// Where it was declared; `None` of a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What it depends on to serve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// The pool whose members hold one traffic together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// What comes first, whatever changes there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<After>,
    /// Whether a wildcard may find nothing, and an address may be missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// How long a change of it may take to settle; `None` for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How long after it became true before anything may rely on it.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub drain_time: Duration,
    /// How many of each member are enough to be ready before what needs it may go on, on the way up; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enough: Option<u64>,
    /// What it is started anew with. These are among its needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts_with: Option<RestartsWith>,
}

impl Declared {
    /// Of a target alone.
    pub fn alone(at: Target) -> Self {
        Self {
            at,
            place: None,
            needs: Vec::new(),
            pool: None,
            after: Vec::new(),
            optional: false,
            timeout: None,
            drain_time: Duration::ZERO,
            enough: None,
            restarts_with: None,
        }
    }
}

/// A resource is started anew when what these come to is something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestartsWith {
    /// Names of resources.
    pub names: Vec<String>,
    /// The setting of the kind that carries what they come to.
    pub carried_by: String,
}

/// One address, or many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// This one.
    One(Address),
    /// All that match.
    Many {
        /// Bound to one instance and one kind.
        pattern: Pattern,
        /// Labels or tags that they must have.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        select: BTreeMap<String, String>,
        /// But not these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        except: Vec<Pattern>,
    },
}

/// What a setting shall be, and where that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Want {
    /// The value or bound.
    pub goal: Goal,
    /// What the kind knows of the setting.
    pub setting: &'static Setting,
    /// Where; `None` of a snapshot.
    pub place: Option<Place>,
}

/// One of these must serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Names of resources; one for a plain need, several for any-of.
    pub any_of: Vec<String>,
    /// Where; `None` of a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Comes first, whatever changes there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The name of a resource.
    pub name: String,
    /// Where; `None` of a snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Every setting that any state sets: what is observed, and what a snapshot holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope {
    /// All resources of all states by name; of several declarations the one of the first state by name.
    pub declared: BTreeMap<String, Arc<Declared>>,
    /// By resource name, then by key of the setting: the states that set it, and to what.
    pub settings: BTreeMap<String, Settings<Vec<(String, Goal)>>>,
    /// The states that extend nothing and lie over nothing: the ways back. What one of them does not set, it leaves.
    pub roots: Vec<String>,
}

impl Overlaid {
    /// The overlay that set a setting.
    pub fn of(&self, name: &str, key: &str) -> Option<&String> {
        if self.settings.is_empty() {
            return None;
        }
        self.settings.get(&(name.to_owned(), key.to_owned()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(at) => at.fmt(f),
            Self::Many { pattern, select, except } => {
                pattern.fmt(f)?;
                let select = select.iter().map(|(name, value)| format!("{name}={value}"));
                let except = except.iter().map(|pattern| format!("not {pattern}"));
                let narrowed: Vec<String> = select.chain(except).collect();
                if narrowed.is_empty() { Ok(()) } else { write!(f, " ({})", narrowed.join(", ")) }
            }
        }
    }
}

impl Target {
    /// Whether it leaves out a resource that its pattern matches.
    pub(crate) fn leaves_out(&self, at: &Address) -> bool {
        matches!(self, Self::Many { except, .. } if except.iter().any(|pattern| pattern.matches(at)))
    }

    /// What its addresses look like.
    pub(crate) fn pattern(&self) -> Pattern {
        match self {
            Self::One(at) => Pattern::new(at.as_str()),
            Self::Many { pattern, .. } => pattern.clone(),
        }
    }

    /// The question that asks for it.
    pub fn selector(&self) -> Selector {
        match self {
            Self::One(at) => Selector::One(at.clone()),
            Self::Many { pattern, select, .. } => Selector::Many { pattern: pattern.clone(), labels: select.clone() },
        }
    }
}
