use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Address, Confines, Live, LiveSetting, Owner, Relation, Secret, Touch, Value, Wanted};

use crate::knobs::Time;
use crate::readiness::readiness;
use crate::resource::{Key, Resource};
use crate::world::World;

/// A world at one time: what its owners and scalers did since the last entry is done.
pub(crate) struct Moment<'a> {
    world: &'a World,
    now: Timestamp,
}

/// How many moves of owners and scalers are followed between two entries. Two that want different things would go on for ever.
const MOST_MOVES: usize = 1_000;

/// Something that happens by itself.
struct Move {
    at: Timestamp,
    by: Arc<str>,
    on: Address,
    key: Key,
    to: Option<Value>,
}

impl<'a> Moment<'a> {
    pub(crate) fn new(world: &'a World, now: Timestamp) -> Self {
        Self { world, now }
    }

    /// A resource as it is now.
    pub(crate) fn resource(&self, at: &Address) -> Option<Cow<'a, Resource>> {
        let resource = self.world.resources.get(at)?;
        if self.is_missing(resource) {
            return None;
        }
        match self.moved(at) {
            None => Some(Cow::Borrowed(resource)),
            Some(mut moved) => moved.remove(at).map(Cow::Owned),
        }
    }

    /// A resource as a provider reads it.
    pub(crate) fn live(&self, at: &Address, wanted: &Wanted) -> Option<Live> {
        let resource = self.resource(at)?;
        let kind = self.world.kind(at)?;
        let mut live = Live::new(at.clone());
        let hidden = self.world.knob(Some(&resource), |knobs| knobs.hidden.clone()).unwrap_or_default();
        let shown = |key: &str, value: Option<&Value>| match value {
            _ if hidden.iter().any(|name| name == key) => LiveSetting::Hidden("it is hidden in this world".to_owned()),
            None => LiveSetting::Absent,
            Some(value) => LiveSetting::is(read(value), serde_json::Value::Null),
        };
        match wanted {
            Wanted::Only(keys) => {
                live.settings = keys.iter().map(|key| (key.clone(), shown(key, resource.value(key)))).collect();
            }
            Wanted::All => {
                let unkeyed = kind.settings.iter().filter(|setting| setting.key.is_none());
                let keyed = resource.slots().iter().filter(|slot| matches!(slot.key, Key::Owned(_)));
                let keys = unkeyed
                    .map(|setting| setting.name)
                    .chain(keyed.filter(|slot| slot.value.is_some()).map(|slot| &*slot.key));
                live.settings = keys.map(|key| (key.to_owned(), shown(key, resource.value(key)))).collect();
            }
        }
        live.version = Some(resource.version.to_string());
        live.readiness = readiness(self.world, kind, &resource, self.now);
        live.owners = self.owners(at, &resource, wanted);
        live.relations = resource.confines.iter().cloned().map(Relation::Confines).collect();
        if let Some(needs) = resource.knobs.as_ref().and_then(|knobs| knobs.needs.as_ref()) {
            live.relations.extend(needs.iter().cloned().map(Relation::Needs));
        }
        live.touched = resource
            .slots()
            .iter()
            .filter(|slot| wanted.wants(&slot.key))
            .filter_map(|slot| {
                let past = slot.past.as_ref()?;
                Some(Touch { setting: slot.key.to_string(), by: past.by.to_string(), at: Some(past.at) })
            })
            .collect();
        Some(live)
    }

    fn is_missing(&self, resource: &Resource) -> bool {
        resource.knobs.as_ref().and_then(|knobs| knobs.missing) == Some(true)
    }

    /// The resource and its scalers as they are now; `None` where nothing of it moves by itself.
    pub(crate) fn moved(&self, at: &Address) -> Option<BTreeMap<Address, Resource>> {
        let scalers = self.world.scalers.get(at).map(Vec::as_slice).unwrap_or_default();
        let resource = self.world.resources.get(at)?;
        if scalers.is_empty() && resource.kept.is_empty() {
            return None;
        }
        let mut around = BTreeMap::from([(at.clone(), resource.clone())]);
        for scaler in scalers {
            around.extend(self.world.resources.get(scaler).map(|resource| (scaler.clone(), resource.clone())));
        }
        for _ in 0..MOST_MOVES {
            let mut moves = self.moves(at, &around);
            moves.retain(|one| one.at <= self.now);
            let Some(next) = moves.into_iter().min_by(|a, b| (a.at, &a.by).cmp(&(b.at, &b.by))) else { break };
            if let Some(resource) = around.get_mut(&next.on) {
                resource.version += 1;
                resource.put(next.key, next.to, next.at, &next.by);
            }
        }
        Some(around)
    }

    /// All that will happen by itself to a resource and its scalers, if nothing else does.
    fn moves(&self, target: &Address, around: &BTreeMap<Address, Resource>) -> Vec<Move> {
        let mut moves = Vec::new();
        for (at, resource) in around {
            let keepers = resource.knobs.as_ref().and_then(|knobs| knobs.owners.as_deref()).unwrap_or_default();
            for keeper in keepers.iter().filter(|keeper| keeper.reverts) {
                for (key, kept) in &resource.kept {
                    let changed = resource.changed(key);
                    if let (true, false, Some(changed)) =
                        (keeper.holds(key), resource.value(key) == kept.as_ref(), changed)
                    {
                        let by = keeper.name.as_str().into();
                        let at_time = later(changed, keeper.soon());
                        moves.push(Move { at: at_time, by, on: at.clone(), key: key.clone(), to: kept.clone() });
                    }
                }
            }
            if let Some((key, value, changed)) = self.pull(at, resource, target, around.get(target)) {
                let sync = self.sync(resource);
                moves.push(Move {
                    at: changed.map_or(Timestamp::MIN, |changed| later(changed, sync)),
                    by: at.local().into(),
                    on: target.clone(),
                    key: Key::Borrowed(key),
                    to: Some(value),
                });
            }
        }
        moves
    }

    /// Where a scaler wants the setting that it confines, and since when; `None` where that is well.
    fn pull(
        &self,
        scaler: &Address,
        bounds: &Resource,
        target: &Address,
        confined: Option<&Resource>,
    ) -> Option<(&'static str, Value, Option<Timestamp>)> {
        let (confines, key) = self.confined(scaler, bounds, target)?;
        let confined = confined?;
        let value = confined.value(key)?;
        let (floor, ceiling) = (bounds.value(confines.floor)?, bounds.value(confines.ceiling)?);
        // At 0 it is switched off, as a HorizontalPodAutoscaler is.
        if value.as_integer() == Some(0) {
            return None;
        }
        let wanted = if value.compare(floor).is_some_and(std::cmp::Ordering::is_lt) {
            floor
        } else if value.compare(ceiling).is_some_and(std::cmp::Ordering::is_gt) {
            ceiling
        } else {
            return None;
        };
        let changed = [confined.changed(key), bounds.changed(confines.floor), bounds.changed(confines.ceiling)];
        Some((key, wanted.clone(), changed.into_iter().flatten().max()))
    }

    /// What a scaler would put its target to before anybody looked.
    pub(crate) fn rest_of(&self, target: &Address) -> Option<(&'static str, Value)> {
        let confined = self.world.resources.get(target);
        let scalers = self.world.scalers.get(target)?;
        scalers.iter().find_map(|scaler| {
            let bounds = self.world.resources.get(scaler)?;
            self.pull(scaler, bounds, target, confined).map(|(key, value, _)| (key, value))
        })
    }

    fn confined(&self, scaler: &Address, bounds: &Resource, target: &Address) -> Option<(Confines, &'static str)> {
        let confines = self.world.kind(scaler)?.confines?;
        let (_, key) = confines.of.iter().find(|(kind, _)| *kind == target.kind())?;
        (bounds.confines.contains(target) && !self.is_missing(bounds)).then_some((confines, *key))
    }

    fn sync(&self, scaler: &Resource) -> Duration {
        self.world.knob(Some(scaler), |knobs| knobs.sync).map_or(Duration::from_secs(1), |Time(sync)| sync)
    }

    fn owners(&self, at: &Address, resource: &Resource, wanted: &Wanted) -> Vec<Owner> {
        let keepers = resource.knobs.as_ref().and_then(|knobs| knobs.owners.as_deref()).unwrap_or_default();
        let keepers = keepers.iter().map(|keeper| Owner {
            name: keeper.name.clone(),
            settings: keeper.settings.clone(),
            within: None,
            off_at: None,
            reverts: keeper.reverts,
            soon: keeper.reverts.then(|| keeper.soon()),
            does: if keeper.reverts {
                "puts it back".to_owned()
            } else {
                "leaves it alone until its next run".to_owned()
            },
            instead: keeper.instead.clone(),
        });
        let scalers = self.world.scalers.get(at).map(Vec::as_slice).unwrap_or_default();
        let scalers = scalers.iter().filter_map(|scaler| {
            // With what keeps the bounds themselves, which may have put them back.
            let bounds = self.resource(scaler)?;
            let (confines, key) = self.confined(scaler, &bounds, at)?;
            let (floor, ceiling) = (bounds.value(confines.floor)?, bounds.value(confines.ceiling)?);
            Some(Owner {
                name: scaler.local().to_owned(),
                settings: vec![key.to_owned()],
                within: Some((floor.clone(), ceiling.clone())),
                off_at: Some(Value::Integer(0)),
                reverts: true,
                soon: Some(self.sync(&bounds)),
                does: "moves it there".to_owned(),
                instead: format!("set {} and {} of {}", confines.floor, confines.ceiling, scaler.local()),
            })
        });
        keepers
            .chain(scalers)
            .filter(|owner| owner.settings.is_empty() || owner.settings.iter().any(|setting| wanted.wants(setting)))
            .collect()
    }
}

/// A value as an API tells it: where the text of a secret came from it does not know.
fn read(value: &Value) -> Value {
    match value {
        Value::Secret(secret) if secret.plain.is_some() => Secret { source: None, ..Secret::clone(secret) }.into(),
        value => value.clone(),
    }
}

/// A time and a length later; the last time that there is where that would be beyond it.
pub(crate) fn later(time: Timestamp, by: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(by).ok().and_then(|by| time.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}
