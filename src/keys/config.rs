use opsctl_api::Type;

use super::Takes::{Later, Plain};
use super::{Key, LIST, TEXT, Table, Takes, key};

/// The keys of `opsctl.toml`.
pub(crate) const FILE: &[Key] = &[
    key("provider", Takes::Tables(Table::Instance), "What opsctl talks to, by the name that begins each address."),
    key("snapshots", Takes::Table(Table::Snapshots), "Where what was live is kept."),
    key("guard", Takes::Table(Table::Guard), "What no plan may do, whoever asks for it."),
    key("lock", Later, "Who may apply at one time."),
];

/// The key of every instance; the others are its provider's.
pub(crate) const INSTANCE: &[Key] = &[key("type", Plain(TEXT), "The provider.")];

/// The keys of `[snapshots]`.
pub(crate) const SNAPSHOTS: &[Key] = &[
    key(
        "path",
        Plain(TEXT),
        "The folder of the git repository, made on first use; \"snapshots\" where nothing is said.",
    ),
    key("push", Later, "A remote of the snapshot repository."),
];

/// The keys of `[guard]`.
pub(crate) const GUARD: &[Key] = &[
    key("protect", Plain(LIST), "Addresses that no plan may change. `*` stands for anything."),
    key("max_resources", Plain(Type::Integer { min: 0, max: i64::MAX }), "How many resources one plan may change."),
    key(
        "timeout",
        Plain(Type::Duration),
        "How long a change may take to settle where its resource does not say; 10 minutes where nothing is said.",
    ),
];
