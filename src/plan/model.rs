use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Address, Identity, Owner, Pattern, Readiness, Relation, Settings, Value, shell_word};
use serde::{Deserialize, Serialize};

use super::estimate::Estimate;
use super::part::Part;
use super::said::{
    FailedNeed, Hole, Leave, OwnerNote, PreflightNote, QuotaNote, Refusal, Restart, Skipped, SkippedWhy, TrafficMove,
    WayBack,
};
use super::step::{Step, Work};
use super::undercut::Undercut;
use crate::action::Action;
use crate::check::Check;
use crate::state::{Declared, Goal, OnFailure};

/// The version of the plan's format: another one with every change of what a plan file has in it.
pub const FORMAT: u32 = 8;

/// Changes in an order, with the live values that they were made from. Plain data; apply obeys it and decides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT`] of the opsctl that made it.
    pub format: u32,
    /// sha256 over all that follows from the same input: without versions, times, calls and estimates. In hex.
    pub digest: String,
    /// What it is for.
    pub intent: Intent,
    /// The instances that were asked, by name.
    pub instances: BTreeMap<String, InstanceSeen>,
    /// What was declared of each resource, by name.
    pub declared: BTreeMap<String, Arc<Declared>>,
    /// All that was observed, by address.
    pub resources: BTreeMap<Address, Seen>,
    /// What is to be done. A step's id is its index; the order of the list is a legal order.
    #[serde(deserialize_with = "super::step::in_order")]
    pub steps: Vec<Step>,
    /// What was looked at and is no step, and why.
    pub skipped: Vec<Skipped>,
    /// What else holds a setting that the plan changes.
    pub owners: Vec<OwnerNote>,
    /// Where users are moved.
    pub traffic: Vec<TrafficMove>,
    /// What restarts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restarts: Vec<Restart>,
    /// What another state set and this one says nothing about.
    pub leaves: Vec<Leave>,
    /// What it changes and no state that all extend would change back.
    pub holes: Vec<Hole>,
    /// What failed and is needed by something that shrinks.
    pub failed_needs: Vec<FailedNeed>,
    /// What something that it needs is taken from under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undercuts: Vec<Undercut>,
    /// What the API said of each hop.
    pub preflight: Vec<PreflightNote>,
    /// What it uses of what the APIs allow in a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotas: Vec<QuotaNote>,
    /// Why an apply of it would be refused; empty where it would not.
    pub refusals: Vec<Refusal>,
    /// Checks before, between and after; those between are steps too.
    pub checks: Vec<Check>,
    /// The actions that are steps, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// How long it should take, from earlier operations.
    pub estimate: Option<Estimate>,
    /// The way back from the predicted outcome.
    pub way_back: WayBack,
}

/// What a plan is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// `dr-active`; `rollback of 20261122-0412-ana`; `@3`.
    pub name: String,
    /// The state's own line.
    pub summary: String,
    /// The digest of the state.
    pub state_digest: String,
    /// The operation that is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<String>,
    /// The operation of which this is the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_of: Option<String>,
    /// When the time that it may take began to run, where that was before it began: with the operation of which it is the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Of an overlay alone: the state that it says to lie over. It leaves what stands beneath it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// How much of the state.
    #[serde(default, skip_serializing_if = "Part::is_whole")]
    pub part: Part,
    /// Whether the operator must type the name.
    pub confirm: bool,
    /// How long it may take; a part of a state has no such time, nor has the rest of what came to its end.
    pub rto: Option<Duration>,
    /// What an apply does when a step fails.
    pub on_failure: OnFailure,
    /// What may be unreachable.
    pub tolerates_unreachable: Vec<Pattern>,
}

/// An instance as it answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceSeen {
    /// The `type` in `opsctl.toml`.
    pub provider: String,
    /// What it was configured to talk to, for the eye: `prod-east`.
    pub target: String,
    /// What it really talks to; `None` where it did not answer.
    pub identity: Option<Identity>,
    /// Why it did not answer.
    pub unreachable: Option<String>,
    /// How many calls were made to plan, by verb.
    pub calls: BTreeMap<String, u64>,
}

/// A resource as it was observed, beside what it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The names in the states that stand for it: its own, and those of wildcards.
    pub names: Vec<String>,
    /// By key, every setting that any state sets.
    pub settings: Settings<SeenSetting>,
    /// Whether it did what its settings said.
    pub readiness: Readiness,
    /// What the provider knows of its neighbours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<Relation>,
    /// What else holds its settings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
}

/// One observed setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenSetting {
    /// Its value; `None` is absent.
    pub live: Option<Value>,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
    /// What it should be; `None` where the state says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
}

impl Intent {
    /// What plans it anew, as it is typed.
    pub fn again(&self) -> String {
        match (&self.reverts, &self.rest_of) {
            (Some(operation), _) => self.in_part(format!("opsctl rollback {operation}")),
            (None, Some(_)) => "opsctl resume".to_owned(),
            (None, None) => self.in_part(format!("opsctl plan {}", shell_word(&self.name))),
        }
    }

    /// What applies it anew, as it is typed.
    pub fn applied(&self) -> String {
        self.in_part(format!("opsctl apply {}", shell_word(&self.name)))
    }

    fn in_part(&self, command: String) -> String {
        if self.part.is_whole() { command } else { format!("{command} {}", self.part.flags()) }
    }

    /// Whether it is all of a state, which takes the place of what stands. An overlay, a part and a rest leave that beneath them.
    pub fn takes_the_place(&self) -> bool {
        let is_apply = self.reverts.is_none() && self.rest_of.is_none();
        is_apply && self.over.is_none() && self.part.is_whole()
    }

    /// The command that plans it once more, and changes nothing before that is agreed to.
    pub fn command(&self) -> String {
        let command = match (&self.reverts, &self.rest_of) {
            (Some(operation), _) => format!("opsctl rollback {operation}"),
            (None, Some(_)) => "opsctl resume".to_owned(),
            (None, None) => format!("opsctl plan {}", shell_word(&self.name)),
        };
        format!("{command} {}", self.part.flags()).trim_end().to_owned()
    }
}

impl Plan {
    /// The steps that do something.
    pub fn work(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.iter().enumerate().filter(|(_, step)| !matches!(step.work, Work::Joint { .. }))
    }

    /// The resources that it looked at or changes; one may come twice.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.resources.keys().chain(self.steps.iter().filter_map(Step::at))
    }

    /// The action of a step.
    pub fn action(&self, step: usize) -> Option<&Action> {
        let Work::Action { name } = &self.steps.get(step)?.work else { return None };
        self.actions.iter().find(|action| action.name == *name)
    }

    /// What the instances are that it was made for, as far as they said.
    pub fn targets(&self) -> impl Iterator<Item = (&String, &Identity)> {
        self.instances.iter().filter_map(|(name, seen)| Some((name, seen.identity.as_ref()?)))
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.work().next().is_none()
    }

    /// Whether carrying it out is an operation: something is to be done, or stays owed. The rest of an operation that still cannot
    /// be done is owed by that one already.
    pub fn is_operation(&self) -> bool {
        let owes = || self.skipped.iter().any(|skipped| matches!(skipped.why, SkippedWhy::Owed { .. }));
        !self.is_empty() || (self.intent.rest_of.is_none() && owes())
    }
}
