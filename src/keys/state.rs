use opsctl_api::Type;

use super::Takes::{Along, Anything, At, Command, Later, Needs, Plain, Strings, Template};
use super::{Key, LIST, TEXT, Table, Takes, key, words};
use crate::action::When;
use crate::state::OnFailure;

const FAILING: &[&str] = &words(&OnFailure::ALL);
const DUE: &[&str] = &words(&When::ALL);

/// The keys of a file of `states/`.
pub(crate) const STATE: &[Key] = &[
    key("extends", Plain(TEXT), "The state whose resources, checks and actions it has, but for what stands here."),
    key("summary", Plain(TEXT), "What it is, in one line."),
    key("rto", Plain(Type::Duration), "How long the way there may take."),
    key("confirm", Plain(Type::Bool), "true: the operator types the state's name."),
    key(
        "on_failure",
        Plain(Type::OneOf(FAILING)),
        "What a step that fails does to the rest: \"stop\" starts nothing new, \"continue\" goes on with what does not depend on \
         it, \"rollback\" takes back what was done.",
    ),
    key(
        "tolerates_unreachable",
        Plain(LIST),
        "Addresses without which it goes on; their steps are owed. `*` stands for anything.",
    ),
    key(
        "allow_one_way",
        Plain(LIST),
        "Addresses of which what cannot be changed back may be changed. `*` stands for anything.",
    ),
    key("vars", Anything, "Variables of its templates."),
    key(
        "resource",
        Takes::Tables(Table::Resource),
        "What is set, by name: a name means the same target in every state.",
    ),
    key("check", Takes::Tables(Table::Check), "What is measured, by name."),
    key(
        "over",
        Plain(TEXT),
        "Of an overlay: the state that it lies over, from which it has names, addresses, needs and pools.",
    ),
    key("action", Takes::Tables(Table::Action), "What is called and is no value, by name."),
];

/// The keys of a resource that are no settings.
pub(crate) const RESOURCE: &[Key] = &[
    key("at", At, "The address, instance:kind/path. With a `*` in the path it stands for many."),
    key(
        "needs",
        Needs,
        "The names of what it depends on to serve: first up after them, first down before them. Of a list within the list one is \
         enough.",
    ),
    key("pool", Plain(TEXT), "What it shares one traffic with: what grows has settled before anything shrinks."),
    key("after", Plain(LIST), "The names of what comes first, whatever changes there."),
    key("except", Plain(LIST), "Addresses that its wildcard leaves out. `*` stands for anything."),
    key("select", Strings, "Labels or tags that what its wildcard finds must have."),
    key("timeout", Plain(Type::Duration), "How long a change of it may take to be true and ready."),
    key("optional", Plain(Type::Bool), "true: it may be missing, and a wildcard may find nothing."),
    key(
        "enough",
        Plain(Type::Integer { min: 1, max: i64::MAX }),
        "On the way up, what needs it may go on when so many of each member are ready.",
    ),
    key(
        "drain_time",
        Plain(Type::Duration),
        "How long after a change anything may rely on it: a DNS TTL, a deregistration delay.",
    ),
    key(
        "restarts_with",
        Plain(LIST),
        "The names of resources with which it is started anew. They are among its needs.",
    ),
    key("pause_owners", Later, "Holds back what else sets its settings."),
];

/// The keys of an action.
pub(crate) const ACTION: &[Key] = &[
    key("http", Takes::Table(Table::Request), "The request that is sent."),
    key("run", Command, "Or the command that is run: a program and its arguments; no shell reads them."),
    key(
        "env",
        Along,
        "Variables of the environment of its command; a secret text comes from { env = \"NAME\" } or { file = \"PATH\" }.",
    ),
    key("before", Plain(LIST), "The names of resources or actions that it stands before."),
    key("after", Plain(LIST), "The names of resources or actions that it stands after."),
    key(
        "when",
        Plain(Type::OneOf(DUE)),
        "When it is due: one of those resources grows, shrinks or changes, or always. \"changes\" where nothing is said.",
    ),
    key("unless", Takes::Table(Table::Inline), "A check: where it holds there is nothing to do."),
    key("until", Takes::Table(Table::Inline), "A check: the action is done once it holds."),
    key("timeout", Plain(Type::Duration), "How long the call may take; 30 seconds where nothing is said."),
    key(
        "each",
        Plain(LIST),
        "Members that it is called for, one at a time: any words. `member` is a variable of its templates.",
    ),
];

/// The keys that only an action with `each` has.
pub(crate) const EACH: &[Key] = &[
    key("first", Takes::Table(Table::Inline), "A check: the members of which it holds go first."),
    key("last", Takes::Table(Table::Inline), "A check: the members of which it holds go last."),
    key(
        "between",
        Takes::Table(Table::Inline),
        "A check that must hold before the next member is called, and at the end.",
    ),
];

/// The keys of a request that say where it goes: it has one of them.
pub(crate) const METHODS: &[Key] = &[
    key("post", Template(TEXT), "The URL that it is posted to."),
    key("put", Template(TEXT), "The URL that it is put to."),
    key("patch", Template(TEXT), "The URL that it patches."),
    key("delete", Template(TEXT), "The URL that it deletes."),
];

/// The others of a request.
pub(crate) const REQUEST: &[Key] = &[
    key("header", Along, "Its headers; a secret text comes from { env = \"NAME\" } or { file = \"PATH\" }."),
    key("body", Template(TEXT), "What is sent."),
    key(
        "status",
        Plain(Type::Integer { min: 100, max: 599 }),
        "The status of the answer; any 2xx where nothing is said.",
    ),
];

/// Where the text of a secret comes from: one of them.
pub(crate) const SECRET: &[Key] = &[
    key("env", Plain(TEXT), "The variable of the environment that has the text."),
    key("file", Plain(TEXT), "The path of the file that has the text."),
];
