use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use opsctl_api::{Address, Catalogue, Hop, Kind, Value};

use crate::digest::digest;
use crate::entry::{Entry, Spent, Turned, Wrote};
use crate::knobs::{Chance, Knobs, Scope};
use crate::moment::Moment;
use crate::resource::{Key, Resource};

/// A simulated instance: what its file says, and what happened since. A pure fold: the same file, entries and time have the
/// same answer, in whichever process and however often it is asked.
pub(crate) struct World {
    pub(crate) catalogue: &'static dyn Catalogue,
    pub(crate) resources: BTreeMap<Address, Resource>,
    /// Of the whole world file, and of this instance.
    pub(crate) everywhere: Knobs,
    pub(crate) here: Knobs,
    /// Which scalers confine a resource.
    pub(crate) scalers: HashMap<Address, Vec<Address>>,
    /// Idempotency tokens of the writes that were done.
    pub(crate) tokens: HashMap<String, Before>,
    /// What the entries said of resources and settings that the file no longer has.
    pub(crate) dropped: u64,
    /// Names that touched something, shared.
    names: HashMap<String, Arc<str>>,
}

/// A write that was done under a token.
pub(crate) struct Before {
    /// The version after it.
    pub(crate) version: u64,
    on: Address,
    /// What it set, as digests.
    set: BTreeMap<String, u64>,
}

impl Before {
    /// Whether that write was this one.
    pub(crate) fn was(&self, hop: &Hop) -> bool {
        let mut edits = hop.edits.iter().filter(|edit| edit.from != edit.to);
        self.on == hop.at && edits.all(|edit| self.set.get(&edit.setting) == Some(&likeness(edit.to.as_ref())))
    }
}

/// Of a secret nothing: its version is given by the write itself.
fn likeness(value: Option<&Value>) -> u64 {
    value.map_or(0, |value| digest(&[&value.to_string()]))
}

impl World {
    /// A world as its file has it, long since come to rest.
    pub(crate) fn new(
        catalogue: &'static dyn Catalogue,
        resources: BTreeMap<Address, Resource>,
        everywhere: Knobs,
        here: Knobs,
    ) -> Self {
        let mut scalers: HashMap<Address, Vec<Address>> = HashMap::new();
        for (at, resource) in &resources {
            for target in &resource.confines {
                scalers.entry(target.clone()).or_default().push(at.clone());
            }
        }
        let mut world = Self {
            catalogue,
            resources,
            everywhere,
            here,
            scalers,
            tokens: HashMap::new(),
            dropped: 0,
            names: HashMap::new(),
        };
        world.come_to_rest();
        world
    }

    /// The world at a time. Nothing is changed by looking.
    pub(crate) fn at(&self, now: Timestamp) -> Moment<'_> {
        Moment::new(self, now)
    }

    /// Takes in one entry; entries come in the order in which they were written.
    pub(crate) fn fold(&mut self, entry: Entry) {
        match entry {
            Entry::Begun(_) => {}
            Entry::Wrote(wrote) => self.wrote(wrote),
            Entry::Turned(turned) => self.turned(turned),
        }
    }

    /// The kind of an address.
    pub(crate) fn kind(&self, at: &Address) -> Option<&'static Kind> {
        self.catalogue.kind(at.kind())
    }

    /// What a knob says of a resource: the resource's own word, or its instance's, or the world's.
    pub(crate) fn knob<T>(&self, resource: Option<&Resource>, get: impl Fn(&Knobs) -> Option<T>) -> Option<T> {
        let own = resource.and_then(|resource| resource.knobs.as_deref()).and_then(&get);
        own.or_else(|| get(&self.here)).or_else(|| get(&self.everywhere))
    }

    fn wrote(&mut self, wrote: Wrote) {
        let Some(kind) = self.kind(&wrote.on) else {
            self.dropped += 1;
            return;
        };
        self.advance(&wrote.on, wrote.at);
        let set = wrote.set.iter().map(|(key, value)| (key.clone(), likeness(value.as_ref())));
        let before = wrote.token.is_some().then(|| set.collect());
        let by = self.name(&wrote.by);
        let Some(resource) = self.resources.get_mut(&wrote.on) else {
            self.dropped += 1;
            return;
        };
        resource.version += 1;
        for (key, value) in wrote.set {
            let fits = match (kind.setting(&key), &value) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(setting), Some(value)) => setting.ty.check(value).is_ok(),
            };
            match key_of(kind, key).filter(|_| fits) {
                Some(key) => resource.put(key, value, wrote.at, &by),
                None => self.dropped += 1,
            }
        }
        let version = resource.version;
        if let (Some(token), Some(set)) = (wrote.token, before) {
            self.tokens.insert(token, Before { version, on: wrote.on.clone(), set });
        }
        for spent in wrote.spent {
            self.spend(&wrote.on, spent);
        }
    }

    fn turned(&mut self, turned: Turned) {
        let (knobs, scope) = match &turned.on {
            None => (&mut self.here, Scope::Instance),
            Some(at) => {
                self.advance(at, turned.at);
                match self.resources.get_mut(at) {
                    Some(resource) => (&mut **resource.knobs.get_or_insert_default(), Scope::Resource),
                    None => {
                        self.dropped += 1;
                        return;
                    }
                }
            }
        };
        for (name, to) in turned.knobs {
            // What was written was valid then; a knob that is gone since is as good as never turned.
            self.dropped += u64::from(knobs.turn(scope, &name, to).is_err());
        }
        if let Some(resource) = turned.on.and_then(|at| self.resources.get_mut(&at)) {
            resource.keep();
        }
    }

    /// Brings a resource, and all that moves it or is moved by it, to how it is at a time.
    fn advance(&mut self, at: &Address, now: Timestamp) {
        let mut around = vec![at.clone()];
        around.extend(self.resources.get(at).into_iter().flat_map(|resource| resource.confines.iter().cloned()));
        for at in around {
            let moved = self.at(now).moved(&at);
            for (at, resource) in moved.unwrap_or_default() {
                self.resources.insert(at, resource);
            }
        }
    }

    /// What the scalers would have done long before the world was first looked at.
    fn come_to_rest(&mut self) {
        let mut rest: Vec<(Address, &'static str, Value)> = Vec::new();
        for target in self.scalers.keys() {
            rest.extend(self.at(Timestamp::MIN).rest_of(target).map(|(key, value)| (target.clone(), key, value)));
        }
        for (at, key, value) in rest {
            if let Some(resource) = self.resources.get_mut(&at) {
                resource.begin_with(key, value);
                resource.kept.clear();
                resource.keep();
            }
        }
    }

    /// The knob at `once` that was used is off from now on, where it was said.
    fn spend(&mut self, at: &Address, spent: Spent) {
        fn get(knobs: &mut Knobs, spent: Spent) -> &mut Option<Chance> {
            match spent {
                Spent::Conflict => &mut knobs.conflict,
                Spent::LoseAnswer => &mut knobs.lose_answer,
            }
        }
        let own = self.resources.get_mut(at).and_then(|resource| resource.knobs.as_deref_mut());
        for knobs in own.into_iter().chain([&mut self.here, &mut self.everywhere]) {
            let chance = get(knobs, spent);
            if chance.is_some() {
                *chance = Some(Chance::Rate(0.0));
                return;
            }
        }
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(shared) = self.names.get(name) {
            return shared.clone();
        }
        let shared: Arc<str> = name.into();
        self.names.insert(name.to_owned(), shared.clone());
        shared
    }
}

/// A key of a kind, borrowed from the catalogue where it is one of its settings whole.
pub(crate) fn key_of(kind: &'static Kind, key: String) -> Option<Key> {
    let setting = kind.setting(&key)?;
    Some(if setting.key.is_none() { Key::Borrowed(setting.name) } else { Key::Owned(key) })
}
