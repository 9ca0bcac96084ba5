//! The keys of opsctl's files, each with what it takes and what it says: their one home. The loader takes no key that is not
//! listed here, and the published schemas are made of the same lists.

use opsctl_api::Type;

mod bound;
mod check;
mod config;
mod state;

pub(crate) use bound::BOUNDS;
pub(crate) use check::{CHECK, GATES, PROBES, QUESTION, probe};
pub(crate) use config::{FILE, GUARD, INSTANCE, SNAPSHOTS};
pub(crate) use state::{ACTION, EACH, METHODS, REQUEST, RESOURCE, SECRET, STATE};

/// A key that a table may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    /// One sentence.
    pub(crate) doc: &'static str,
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    /// A value of this type, as it stands.
    Plain(Type),
    /// The same, and its strings may be templates.
    Template(Type),
    /// A program and its arguments, which may be templates.
    Command,
    /// A value of this type or a bound, as a setting takes it.
    Goal(Type),
    /// A bound of this type.
    Bound(Type),
    /// What the setting takes that the check names.
    AnyGoal,
    /// An address, or a wildcard.
    At,
    /// Names, and lists of which one suffices.
    Needs,
    /// A table of strings.
    Strings,
    /// A table of strings that may be templates.
    Templates,
    /// A table of strings that may be templates, and of secrets by reference.
    Along,
    /// A URL, or a table that says what is sent along.
    Question,
    /// A table of anything.
    Anything,
    /// A table with these keys.
    Table(Table),
    /// A table of such tables, by name.
    Tables(Table),
    /// What the language has and this version cannot do: it is known, so that this can be said.
    Later,
}

/// What a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    Resource,
    Check,
    /// A check inside of something else, which gates nothing.
    Inline,
    Action,
    Request,
    Instance,
    Snapshots,
    Guard,
}

impl Table {
    /// Its name in a schema.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Check => "check",
            Self::Inline => "inline-check",
            Self::Action => "action",
            Self::Request => "request",
            Self::Instance => "instance",
            Self::Snapshots => "snapshots",
            Self::Guard => "guard",
        }
    }
}

pub(crate) const TEXT: Type = Type::String;
pub(crate) const LIST: Type = Type::List;

/// A key of a list.
const fn key(name: &'static str, takes: Takes, doc: &'static str) -> Key {
    Key { name, takes, doc }
}

/// The words of a list of words and what they mean.
const fn words<T: Copy, const N: usize>(all: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut index = 0;
    while index < N {
        words[index] = all[index].0;
        index += 1;
    }
    words
}

/// The key of this name.
pub(crate) fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}

/// The names of all keys, as they are told to who wrote another.
pub(crate) fn names(keys: &'static [Key]) -> impl Iterator<Item = &'static str> + Clone {
    keys.iter().map(|key| key.name)
}
