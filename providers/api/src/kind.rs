use std::cmp::Ordering;
use std::time::Duration;

use crate::{Type, Value};

/// What a provider knows of one type of resource: its path and its settings. Static data.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The word in the address: `deployment`.
    pub name: &'static str,
    /// One sentence for `opsctl kinds`.
    pub doc: &'static str,
    /// The parts of the path behind the kind.
    pub path: &'static [Segment],
    /// What can be read and set.
    pub settings: &'static [Setting],
    /// For a kind that bounds a setting of other resources (an HPA, a scalable target): which, and by what.
    pub confines: Option<Confines>,
    /// How fast the API takes writes to resources of this kind, where it has a limit of its own.
    pub rate: Option<Rate>,
}

/// How fast an API takes calls: a bucket of tokens, as the documentation of most of them puts it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// How many at once, from rest.
    pub burst: u32,
    /// How many in a second after that.
    pub per_second: f64,
}

/// How often an API lets something be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// So many calls, of one resource,
    pub times: u32,
    /// in so long.
    pub per: Duration,
}

/// One part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// Exactly one part: `NAMESPACE`.
    One(&'static str),
    /// One part at the end that may be left out: `[SETID]`.
    Optional(&'static str),
    /// All the rest, `/` included: `KEY…`.
    Rest(&'static str),
}

/// How a kind bounds a setting of what it scales.
#[derive(Debug, Clone, Copy)]
pub struct Confines {
    /// The setting that is the least.
    pub floor: &'static str,
    /// The setting that is the most.
    pub ceiling: &'static str,
    /// The kinds that can be confined, each with the setting that is.
    pub of: &'static [(&'static str, &'static str)],
}

/// One field of a resource that opsctl reads and sets. Built as a constant:
/// `Setting::new("replicas", Type::Integer { min: 0, max: 100 }, "How many pods").capacity()`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// The key in a state: `replicas`; of a keyed setting the part before the first dot: `data`.
    pub name: &'static str,
    /// What the part behind the dot names, where the setting is one per key: `KEY` of `data.KEY`.
    pub key: Option<&'static str>,
    /// The type with its range.
    pub ty: Type,
    /// One sentence.
    pub doc: &'static str,
    /// What a change of it does.
    pub effect: Effect,
    /// Whether it counts what serves, so that nothing does at 0.
    pub count: bool,
    /// Whether it can be taken away (`{ absent = true }`). True of keyed settings.
    pub optional: bool,
    /// Whether there is no way back.
    pub one_way: bool,
    /// Whether a change restarts the resource while it runs, all of it at once, so that it does not serve for a while.
    pub restarts: bool,
    /// Settings of one resource with the same group must be carried by one call.
    pub group: Option<&'static str>,
    /// Whether it carries what `restarts_with` comes to: a word that starts the resource anew when it is another one.
    pub carries: bool,
    /// Whether it is only read: a check measures it, and no state sets it.
    pub observed: bool,
    /// How often the API lets it be changed.
    pub quota: Option<Quota>,
    /// The other settings that the way of a change depends on, which are read with it.
    pub read_with: &'static [&'static str],
}

/// What changing a setting does, and so at which position it stands in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// More of it is up.
    Capacity,
    /// True is up.
    Power,
    /// False is up: a `suspend` switch.
    PowerInverted,
    /// More of it is up, and moves users.
    Traffic,
    /// No direction.
    Config,
}

/// Where a change leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It grows.
    Up,
    /// It shrinks.
    Down,
    /// Neither.
    Level,
}

impl Kind {
    /// The setting that a state's key names: `replicas`, or `data.shield.max-hosts` of the keyed setting `data`.
    pub fn setting(&self, key: &str) -> Option<&'static Setting> {
        self.settings.iter().find(|setting| setting.covers(key))
    }

    /// The setting that starts a resource anew with others; `None` where nothing does.
    pub fn carries(&self) -> Option<&'static Setting> {
        self.settings.iter().find(|setting| setting.carries)
    }

    /// Whether a path (without the kind) has the parts that the kind wants.
    pub fn accepts_path(&self, path: &str) -> bool {
        let parts = path.split('/').count();
        let least = self.path.iter().filter(|segment| !matches!(segment, Segment::Optional(_))).count();
        let open = matches!(self.path.last(), Some(Segment::Rest(_)));
        parts >= least && (open || parts <= self.path.len())
    }

    /// The path as documentation shows it: `NAMESPACE/NAME`.
    pub fn path_form(&self) -> String {
        let parts: Vec<String> = self
            .path
            .iter()
            .map(|segment| match segment {
                Segment::One(name) => (*name).to_owned(),
                Segment::Optional(name) => format!("[{name}]"),
                Segment::Rest(name) => format!("{name}…"),
            })
            .collect();
        parts.join("/")
    }
}

impl Setting {
    /// A setting without direction, which cannot be absent and can be changed back.
    pub const fn new(name: &'static str, ty: Type, doc: &'static str) -> Self {
        Self {
            name,
            key: None,
            ty,
            doc,
            effect: Effect::Config,
            count: false,
            optional: false,
            one_way: false,
            restarts: false,
            group: None,
            carries: false,
            observed: false,
            quota: None,
            read_with: &[],
        }
    }

    /// One value per key: `data.KEY`. A key may be absent.
    pub const fn keyed(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self.optional = true;
        self
    }

    /// More of it is up.
    pub const fn capacity(mut self) -> Self {
        self.effect = Effect::Capacity;
        self
    }

    /// It counts what serves: more of it is up, and at 0 nothing serves.
    pub const fn count(mut self) -> Self {
        self.count = true;
        self.capacity()
    }

    /// True is up.
    pub const fn power(mut self) -> Self {
        self.effect = Effect::Power;
        self
    }

    /// False is up.
    pub const fn power_inverted(mut self) -> Self {
        self.effect = Effect::PowerInverted;
        self
    }

    /// More of it is up, and users move with it.
    pub const fn traffic(mut self) -> Self {
        self.effect = Effect::Traffic;
        self
    }

    /// It may be absent.
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// There is no way back.
    pub const fn one_way(mut self) -> Self {
        self.one_way = true;
        self
    }

    /// A change restarts the resource.
    pub const fn restarts(mut self) -> Self {
        self.restarts = true;
        self
    }

    /// It carries what `restarts_with` comes to. At most one of a kind does; it is a text, and optional.
    pub const fn carries(mut self) -> Self {
        self.carries = true;
        self.optional = true;
        self
    }

    /// It is only read: a check measures it, and no state sets it.
    pub const fn observed(mut self) -> Self {
        self.observed = true;
        self
    }

    /// The API lets it be changed so many times in so long.
    pub const fn quota(mut self, times: u32, per: Duration) -> Self {
        self.quota = Some(Quota { times, per });
        self
    }

    /// The way of a change depends on these other settings of the resource, so that they are read with it.
    pub const fn read_with(mut self, settings: &'static [&'static str]) -> Self {
        self.read_with = settings;
        self
    }

    /// Carried by one call together with the others of this group.
    pub const fn group(mut self, group: &'static str) -> Self {
        self.group = Some(group);
        self
    }

    /// Whether a state's key is this setting, or one key of it.
    pub fn covers(&self, key: &str) -> bool {
        match self.key {
            None => key == self.name,
            Some(_) => {
                key.strip_prefix(self.name).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| !rest.is_empty())
            }
        }
    }

    /// The key as documentation shows it: `data.KEY`.
    pub fn form(&self) -> String {
        match self.key {
            None => self.name.to_owned(),
            Some(key) => format!("{}.{key}", self.name),
        }
    }

    /// Whether its values are secrets.
    pub fn is_secret(&self) -> bool {
        matches!(self.ty, Type::Secret)
    }
}

impl Effect {
    /// Where a change from one value to another leads; absent and unordered values have no direction.
    pub fn direction(self, from: Option<&Value>, to: Option<&Value>) -> Direction {
        let ordering = match (self, from, to) {
            (Self::Config, _, _) | (_, None, _) | (_, _, None) => None,
            (Self::PowerInverted, Some(from), Some(to)) => from.compare(to),
            (_, Some(from), Some(to)) => to.compare(from),
        };
        match ordering {
            Some(Ordering::Greater) => Direction::Up,
            Some(Ordering::Less) => Direction::Down,
            _ => Direction::Level,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind {
        name: "thing",
        doc: "",
        path: &[Segment::One("ZONE"), Segment::One("NAME"), Segment::Optional("SET")],
        settings: &[
            Setting::new("data", Type::Text, "").keyed("KEY"),
            Setting::new("replicas", Type::Integer { min: 0, max: 9 }, "").capacity(),
        ],
        confines: None,
        rate: None,
    };

    #[test]
    fn test_a_key_may_have_dots() {
        assert_eq!(KIND.setting("data.shield.max-hosts").unwrap().form(), "data.KEY");
        assert!(KIND.setting("data").is_none());
        assert!(KIND.setting("data.").is_none());
        assert!(KIND.setting("replicas.x").is_none());
    }

    #[test]
    fn test_path() {
        assert_eq!(KIND.path_form(), "ZONE/NAME/[SET]");
        assert!(KIND.accepts_path("a/b") && KIND.accepts_path("a/b/c"));
        assert!(!KIND.accepts_path("a") && !KIND.accepts_path("a/b/c/d"));
    }

    #[test]
    fn test_direction() {
        let (zero, one) = (Value::Integer(0), Value::Integer(1));
        assert_eq!(Effect::Capacity.direction(Some(&zero), Some(&one)), Direction::Up);
        assert_eq!(Effect::Traffic.direction(Some(&one), Some(&zero)), Direction::Down);
        assert_eq!(Effect::Config.direction(Some(&one), Some(&zero)), Direction::Level);
        assert_eq!(Effect::PowerInverted.direction(Some(&Value::Bool(true)), Some(&Value::Bool(false))), Direction::Up);
        assert_eq!(Effect::Capacity.direction(None, Some(&zero)), Direction::Level);
    }
}
