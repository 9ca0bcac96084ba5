use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use opsctl_api::{Address, Edit, Fault, Given, Kind, Live, Pattern, Plain, Secret, Setting, Type, Value, Wanted};
use toml::de::DeValue;

use crate::entry::{Entry, Turned, Wrote};
use crate::given::{given, json};
use crate::knobs::{Knobs, Scope};
use crate::log::LogError;
use crate::provider::matching;
use crate::sim::{Held, Sim};
use crate::validity::valid;
use crate::write::stored;

/// What another operator sets: a setting (`replicas=3`), or with `sim.` in front a knob (`sim.settle=5s`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The setting's key, or `sim.KNOB`.
    pub key: String,
    /// As it was typed; `None` takes a setting away, and turns a knob back.
    pub value: Option<String>,
}

/// Reads `KEY=VALUE`, or `KEY` alone for what shall be taken away.
impl FromStr for Assignment {
    type Err = SetError;

    fn from_str(text: &str) -> Result<Self, SetError> {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (text, None),
        };
        if key.is_empty() {
            return Err(SetError::NoKey(text.to_owned()));
        }
        Ok(Self { key: key.to_owned(), value })
    }
}

/// Whose settings or knobs are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The whole instance: knobs alone.
    Instance,
    /// All resources that the pattern stands for.
    Resources(Pattern),
}

/// Why nothing was set.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// Nothing stands before the `=`.
    #[error("`{0}` names nothing: write KEY=VALUE")]
    NoKey(String),
    /// No resource of the world matches.
    #[error("no resource matches {0}")]
    Nothing(Pattern),
    /// A setting was given for a whole instance.
    #[error("`{0}` is a setting: say of which resource (of an instance write sim.KNOB=VALUE)")]
    NoResource(String),
    /// The knob or its value is wrong.
    #[error("sim.{name}: {why}")]
    Knob {
        /// The knob.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// The setting or its value is wrong.
    #[error("{at}: {why}")]
    Setting {
        /// The resource.
        at: Address,
        /// What is wrong.
        why: String,
    },
    /// It could not be kept.
    #[error("cannot keep the simulated world")]
    Kept(#[from] LogError),
}

/// What was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// `None` is the instance.
    pub on: Option<Address>,
    /// Settings that are other than before.
    pub edits: Vec<Edit>,
    /// Knobs that were turned, with what they say now; `None` is nothing any more.
    pub knobs: Vec<(String, Option<String>)>,
}

/// One resource of a world, with how it behaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// As a provider reads it.
    pub live: Live,
    /// What its own knobs say, by name.
    pub knobs: Vec<(String, String)>,
}

impl Sim {
    /// The resources that a pattern stands for, with what was said of each one's behaviour.
    ///
    /// # Errors
    /// What was kept cannot be read.
    pub fn show(&self, which: &Pattern) -> Result<Vec<Shown>, LogError> {
        self.look(|held, now| {
            let moment = held.world.at(now);
            matching(&held.world, which)
                .filter_map(|(at, resource)| {
                    let live = moment.live(at, &Wanted::All)?;
                    Some(Shown { live, knobs: resource.knobs.as_deref().map(said).unwrap_or_default() })
                })
                .collect()
        })
    }

    /// What was said of the whole instance's behaviour, by name; what the world file says of all instances included.
    ///
    /// # Errors
    /// What was kept cannot be read.
    pub fn behaviour(&self) -> Result<Vec<(String, String)>, LogError> {
        self.look(|held, _| {
            let mut all: BTreeMap<String, String> = said(&held.world.everywhere).into_iter().collect();
            all.extend(said(&held.world.here));
            all.into_iter().collect()
        })
    }

    /// Sets settings as another operator would, or turns knobs, on all that is meant or on none of it. Types are those of the
    /// catalogue; a secret is given as its text.
    ///
    /// # Errors
    /// Nothing was done: nothing matches, a key or value is wrong, or it could not be kept.
    pub fn set(&self, target: &Target, assignments: &[Assignment], by: &str) -> Result<Vec<Done>, SetError> {
        self.act(|held, now| {
            let (mut done, mut entries) = (Vec::new(), Vec::new());
            let on = match target {
                Target::Instance => vec![None],
                Target::Resources(pattern) => matching(&held.world, pattern).map(|(at, _)| Some(at.clone())).collect(),
            };
            if let (Target::Resources(pattern), true) = (target, on.is_empty()) {
                return Err(SetError::Nothing(pattern.clone()));
            }
            for on in on {
                let (knobs, settings): (Vec<_>, Vec<_>) =
                    assignments.iter().partition(|assignment| assignment.key.starts_with("sim."));
                let knobs = turned(held, on.as_ref(), &knobs)?;
                let edits = match &on {
                    Some(at) => edits(held, now, at, &settings)?,
                    None => match settings.first() {
                        Some(setting) => return Err(SetError::NoResource(setting.key.clone())),
                        None => Vec::new(),
                    },
                };
                if !knobs.is_empty() {
                    entries.push(Entry::Turned(Turned { at: now, on: on.clone(), knobs: knobs.clone() }));
                }
                if let (Some(at), false) = (&on, edits.is_empty()) {
                    let set = edits.iter().map(|edit| (edit.setting.clone(), edit.to.clone())).collect();
                    let (on, by) = (at.clone(), by.to_owned());
                    entries.push(Entry::Wrote(Wrote { at: now, on, by, set, token: None, spent: Vec::new() }));
                }
                let knobs = knobs.into_iter().map(|(name, value)| (name, text(&value))).collect();
                done.push(Done { on, edits, knobs });
            }
            entries.iter().for_each(|entry| held.world.fold(entry.clone()));
            Ok((done, entries))
        })
    }
}

fn said(knobs: &Knobs) -> Vec<(String, String)> {
    knobs.said().into_iter().filter_map(|(name, value)| Some((name, text(&value)?))).collect()
}

fn text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The knobs among what was typed, found to be right.
fn turned(
    held: &Held,
    on: Option<&Address>,
    assignments: &[&Assignment],
) -> Result<BTreeMap<String, serde_json::Value>, SetError> {
    let (scope, mut knobs) = match on.and_then(|at| held.world.resources.get(at)) {
        None => (Scope::Instance, held.world.here.clone()),
        Some(resource) => (Scope::Resource, resource.knobs.as_deref().cloned().unwrap_or_default()),
    };
    let mut turned = BTreeMap::new();
    for assignment in assignments {
        let name = assignment.key.trim_start_matches("sim.").to_owned();
        let typed = assignment.value.as_deref().filter(|value| !value.is_empty());
        // A word such as `5s` or `once` is no TOML, and stands for itself.
        let value = typed.map_or(serde_json::Value::Null, |typed| match DeValue::parse(typed) {
            Ok(value) => json(value.get_ref()),
            Err(_) => typed.into(),
        });
        knobs.turn(scope, &name, value.clone()).map_err(|why| SetError::Knob { name: name.clone(), why })?;
        turned.insert(name, value);
    }
    Ok(turned)
}

/// The settings among what was typed, as edits from what is there now.
fn edits(held: &Held, now: jiff::Timestamp, at: &Address, assignments: &[&Assignment]) -> Result<Vec<Edit>, SetError> {
    let wrong = |why: String| SetError::Setting { at: at.clone(), why };
    let gone = || wrong("it is not there".to_owned());
    let kind: &'static Kind = held.world.kind(at).ok_or_else(gone)?;
    if assignments.is_empty() {
        return Ok(Vec::new());
    }
    let resource = held.world.at(now).resource(at).ok_or_else(gone)?;
    let mut edits = Vec::new();
    for assignment in assignments {
        let key = &assignment.key;
        let setting = kind.setting(key).ok_or_else(|| {
            let instead = crate::mistake::did_you_mean(key, kind.settings.iter().map(|setting| setting.name));
            wrong(format!("unknown setting `{key}` of kind {} {instead}", kind.name).trim_end().to_owned())
        })?;
        let to = match &assignment.value {
            None => None,
            Some(typed) => {
                let value = typed_value(setting, typed).map_err(|why| wrong(format!("{key}: {why}")))?;
                Some(stored(&resource, key, value).map_err(|fault| wrong(format!("{key}: {fault}")))?)
            }
        };
        let from = resource.value(key).cloned();
        if from != to {
            edits.push(Edit { setting: key.clone(), from, to });
        }
    }
    edits.sort_by(|a, b| a.setting.cmp(&b.setting));
    valid(kind, &resource, &edits).map_err(|fault| match fault {
        Fault::Invalid(why) => wrong(why),
        other => wrong(other.to_string()),
    })?;
    Ok(edits)
}

fn typed_value(setting: &Setting, typed: &str) -> Result<Value, String> {
    match setting.ty {
        Type::Secret => Ok(Secret { plain: Some(Plain::new(Arc::from(typed))), ..Secret::default() }.into()),
        Type::List | Type::Set => {
            let list = match DeValue::parse(typed) {
                Ok(value) if value.get_ref().is_array() => given(value.get_ref())?,
                // `a,b` is quicker to type than `["a", "b"]`.
                _ => Given::List(
                    typed
                        .split(',')
                        .filter(|item| !item.is_empty())
                        .map(|item| Given::String(item.to_owned()))
                        .collect(),
                ),
            };
            setting.ty.accept(list).map_err(|mismatch| mismatch.to_string())
        }
        _ => setting.ty.parse(typed).map_err(|mismatch| mismatch.to_string()),
    }
}
