//! Planning without asking anybody: the last snapshot answers in place of each instance.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use opsctl_api::{
    Address, Answer, Cx, Fault, Hop, Identity, Live, LiveSetting, Preflight, Provider, Query, Readiness, Reading,
    Relation, Selector, Wanted, Write, Written,
};

use super::failure::Failure;
use super::registry;
use super::repository::Repository;
use crate::instance::{Instance, Instances};
use crate::snapshot::Store;
use crate::state::{Goal, State, Target};

/// What the last snapshot has.
#[derive(Debug)]
pub(super) struct Offline {
    /// Its commit, in short.
    pub(super) snapshot: String,
    /// When its values were read.
    pub(super) taken_at: Timestamp,
    resources: BTreeMap<Address, Live>,
    /// What was looked for then, found or not.
    declared: BTreeSet<Address>,
    /// What could not be read then, and why: by address, by wildcard, or by address and setting.
    unread: BTreeMap<String, String>,
}

/// How a snapshot begins the line that says what could not be read.
const UNREAD: &str = "# not read: ";

impl Offline {
    /// Reads the last snapshot.
    ///
    /// # Errors
    /// There is none, it is damaged, or it has what this opsctl does not know.
    pub(super) fn last(repository: &Repository, store: &Store) -> Result<Self, Failure> {
        if store.history()?.is_empty() {
            return Err(Failure::Unknown {
                what: "there is no snapshot to plan against".to_owned(),
                hint: "every apply takes one, and so does opsctl snapshot take; both ask what is live".to_owned(),
            });
        }
        let stored = store.read("@")?;
        let state = repository.snapshot_state(store, "@", &stored)?;
        let mut resources: BTreeMap<Address, Live> = BTreeMap::new();
        let mut declared = BTreeSet::new();
        for resource in state.resources.values() {
            let Target::One(at) = &resource.declared.at else { continue };
            declared.insert(at.clone());
            // What was not found has nothing but its address.
            if resource.wants.is_empty() {
                continue;
            }
            let mut live = Live { readiness: Readiness::Unknown, ..Live::new(at.clone()) };
            for (key, want) in &resource.wants {
                let setting = match &want.goal {
                    Goal::Exact(value) => LiveSetting::is(value.clone(), serde_json::Value::Null),
                    Goal::Bound(_) => LiveSetting::Absent,
                };
                live.settings.insert(key.clone(), setting);
            }
            resources.insert(at.clone(), live);
        }
        for (at, confined) in confines(&stored.live_toml) {
            if let Some(live) = resources.get_mut(&at) {
                live.relations.push(Relation::Confines(confined));
            }
        }
        let unread = stored.live_toml.lines().filter_map(|line| line.strip_prefix(UNREAD)?.split_once(": "));
        let unread = unread.map(|(what, why)| (written(what, &state), why.to_owned())).collect();
        Ok(Self { snapshot: stored.entry.commit.short(), taken_at: stored.entry.at, resources, declared, unread })
    }

    /// All instances, each answering from the snapshot.
    pub(super) fn instances(self: &Arc<Self>, repository: &Repository) -> Instances {
        let configured = repository.config.providers.iter();
        let instances = configured.filter_map(|(name, provider)| {
            let instance = Instance {
                name: name.clone(),
                provider_type: provider.provider_type.clone(),
                target: registry::target(provider),
                catalogue: repository.catalogues.0.get(name).copied()?,
                provider: Arc::new(Recorded(Arc::clone(self))),
                cx: Cx::new(registry::TIMEOUT),
                accepted: Default::default(),
            };
            Some((name.clone(), instance))
        });
        Instances(instances.collect())
    }

    fn answer(&self, query: &Query) -> Reading {
        match &query.at {
            Selector::One(at) => match self.resources.get(at) {
                Some(live) => Reading::Members { found: vec![self.shown(live, &query.settings)], complete: true },
                None if self.was_missing(at, &query.settings) => {
                    Reading::Fault(Fault::Missing(format!("snapshot {} did not find it", self.snapshot)))
                }
                None => {
                    let nothing = Live { readiness: Readiness::Unknown, ..Live::new(at.clone()) };
                    Reading::Members { found: vec![self.shown(&nothing, &query.settings)], complete: true }
                }
            },
            Selector::Many { labels, .. } if !labels.is_empty() => Reading::Fault(Fault::Invalid(
                "a snapshot keeps no labels, so nobody can tell what `select` finds".to_owned(),
            )),
            Selector::Many { pattern, .. } => {
                let found = self.resources.iter().filter(|(at, _)| pattern.matches(at));
                Reading::Members {
                    found: found.map(|(_, live)| self.shown(live, &query.settings)).collect(),
                    complete: !self.unread.contains_key(pattern.as_str()),
                }
            }
        }
    }

    /// Whether a resource was looked for and not there. Of one that is only named nothing is told either way.
    fn was_missing(&self, at: &Address, wanted: &Wanted) -> bool {
        let only_named = matches!(wanted, Wanted::Only(keys) if keys.is_empty());
        self.declared.contains(at) && !self.unread.contains_key(at.as_str()) && !only_named
    }

    /// A resource with what is asked for; what the snapshot does not have is not taken for absent.
    fn shown(&self, live: &Live, wanted: &Wanted) -> Live {
        let mut live = live.clone();
        if let Wanted::Only(keys) = wanted {
            live.settings.retain(|key, _| keys.contains(key));
            for key in keys.iter().filter(|key| !live.settings.contains_key(key)).cloned().collect::<Vec<_>>() {
                let why = self.lacks(&live.at, &key);
                live.settings.insert(key, LiveSetting::Hidden(why));
            }
        }
        live
    }

    /// Why the snapshot does not have a setting.
    fn lacks(&self, at: &Address, key: &str) -> String {
        let unread = [format!("{at} {key}"), at.to_string()];
        match unread.iter().find_map(|what| self.unread.get(what)) {
            Some(why) => format!("it could not be read for snapshot {}: {why}", self.snapshot),
            None => format!("snapshot {} does not have it", self.snapshot),
        }
    }
}

/// What a snapshot says could not be read: of a name what it stands for.
fn written(what: &str, state: &State) -> String {
    match state.resources.get(what).map(|resource| &resource.declared.at) {
        Some(Target::One(at)) => at.to_string(),
        Some(Target::Many { pattern, .. }) => pattern.to_string(),
        None => what.to_owned(),
    }
}

/// Who confines whom. A plan asks that of the provider, so a state passes it over.
fn confines(live_toml: &str) -> Vec<(Address, Address)> {
    let Ok(table) = live_toml.parse::<toml::Table>() else { return Vec::new() };
    let resources = table.get("resource").and_then(toml::Value::as_table).into_iter().flatten();
    let mut all = Vec::new();
    for (_, resource) in resources {
        let address = |value: &toml::Value| value.as_str().and_then(|text| text.parse::<Address>().ok());
        let Some(at) = resource.get("at").and_then(address) else { continue };
        let confined = resource.get("confines").and_then(toml::Value::as_array).into_iter().flatten();
        all.extend(confined.filter_map(address).map(|confined| (at.clone(), confined)));
    }
    all
}

/// Answers from the snapshot, and takes nothing.
struct Recorded(Arc<Offline>);

impl Provider for Recorded {
    /// No instance is ever this one, so no apply obeys what was planned here.
    fn identity<'a>(&'a self, _: &'a Cx) -> Answer<'a, Result<Identity, Fault>> {
        let identity = Identity {
            id: format!("offline-{}", self.0.snapshot),
            shown: format!("not asked: snapshot {}", self.0.snapshot),
        };
        Box::pin(async move { Ok(identity) })
    }

    fn read<'a>(&'a self, _: &'a Cx, ask: &'a [Query]) -> Answer<'a, Vec<Reading>> {
        let readings = ask.iter().map(|query| self.0.answer(query)).collect();
        Box::pin(async move { readings })
    }

    fn preflight<'a>(&'a self, _: &'a Cx, hops: &'a [Hop]) -> Answer<'a, Vec<Preflight>> {
        let answers = hops.iter().map(|_| Preflight::CannotTell("not asked (offline)".to_owned())).collect();
        Box::pin(async move { answers })
    }

    fn write<'a>(&'a self, _: &'a Cx, batch: &'a [Write]) -> Answer<'a, Vec<Written>> {
        let refused = || Written::Refused(Fault::Invalid("offline: a snapshot cannot be changed".to_owned()));
        let answers = batch.iter().map(|_| refused()).collect();
        Box::pin(async move { answers })
    }
}
