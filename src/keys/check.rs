use opsctl_api::Type;

use super::Takes::{Along, AnyGoal, Anything, Bound, Command, Goal, Plain, Question, Strings, Template, Templates};
use super::{Key, LIST, TEXT, key, words};
use crate::check::Record;

const NUMBER: Type = Type::Number { min: f64::NEG_INFINITY, max: f64::INFINITY };
const COUNT: Type = Type::Integer { min: 0, max: i64::MAX };
const RECORDS: &[&str] = &words(&Record::ALL);

/// Something that can be measured: the key that says what, and those that go with it.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) key: Key,
    pub(crate) own: &'static [Key],
    /// Those of them that cannot be left out.
    pub(crate) required: &'static [&'static str],
}

/// The keys of every check.
pub(crate) const CHECK: &[Key] = &[
    key("within", Plain(Type::Duration), "How long it may take until it holds; at once where nothing is said."),
    key("for", Plain(Type::Duration), "How long it must hold without a break."),
    key("every", Plain(Type::Duration), "How often it is measured; every two seconds where nothing is said."),
    GATES,
];

/// Which a check inside of something else does not have.
pub(crate) const GATES: Key = key(
    "gates",
    Plain(LIST),
    "The resources whose steps wait for it; [\"*\"] is before anything is changed, and without it comes after all changes.",
);

/// What is asked, and what is sent along with the question.
pub(crate) const QUESTION: &[Key] = &[
    key("get", Template(TEXT), "The URL that is asked for."),
    key("header", Along, "Headers of the request; a secret text comes from { env = \"NAME\" } or { file = \"PATH\" }."),
];

/// All that can be measured.
pub(crate) const PROBES: &[Probe] = &[
    Probe {
        key: key(
            "http",
            Question,
            "A URL that is asked for, or { get = URL, header = { … } } with what is sent along.",
        ),
        own: &[
            key(
                "status",
                Plain(Type::Integer { min: 100, max: 599 }),
                "The status of the answer; any 2xx where nothing is said.",
            ),
            key("header", Templates, "Headers that the answer has."),
            key("body", Template(TEXT), "A text that the answer contains."),
            key("json", Anything, "Values at JSON pointers of the answer, as in { \"/status\" = \"up\" }."),
        ],
        required: &[],
    },
    Probe { key: key("tcp", Template(TEXT), "A host:port that takes a connection."), own: &[], required: &[] },
    Probe {
        key: key("tls", Template(TEXT), "A host:port whose certificate is looked at."),
        own: &[
            key("days_left", Plain(Type::Integer { min: 0, max: 3650 }), "So many days it must still be valid."),
            key("server_name", Template(TEXT), "The name that is asked for, where that is not the host."),
            key("trusted", Plain(Type::Bool), "false: whoever signed it."),
        ],
        required: &[],
    },
    Probe {
        key: key("dns", Template(TEXT), "A name whose records are asked for."),
        own: &[
            key(
                "type",
                Plain(Type::OneOf(RECORDS)),
                "The type of the records; addresses of both families where nothing is said.",
            ),
            key("has", Template(LIST), "These are among the records."),
            key("is", Template(LIST), "These and no others; [] where there shall be none."),
            key("server", Template(TEXT), "Who is asked, as in \"10.0.0.2:53\"; else the servers of the system."),
        ],
        required: &[],
    },
    Probe {
        key: key("metrics", Question, "The URL of an exporter's page, or { get = URL, header = { … } }."),
        own: &[
            key("metric", Template(TEXT), "The name of the metric."),
            key("labels", Templates, "Labels that its samples have."),
            key("is", Goal(NUMBER), "What all of its samples must be: a number, or a bound such as { at_most = 4 }."),
        ],
        required: &["is", "metric"],
    },
    Probe {
        key: key("promql", Template(TEXT), "A query for a Prometheus, or for what answers like one."),
        own: &[
            key("server", Question, "Its URL, as in \"http://prometheus:9090\", or { get = URL, header = { … } }."),
            key(
                "is",
                Goal(NUMBER),
                "What all series of the answer must be: a number, or a bound such as { at_most = 4 }.",
            ),
            key("empty", Plain(Type::Bool), "true: an empty answer holds."),
        ],
        required: &["is", "server"],
    },
    Probe {
        key: key("file", Template(TEXT), "A file on this machine; of a pattern the file that was changed last."),
        own: &[
            key("age", Bound(Type::Duration), "How old it may be, as in { at_most = \"24h\" }."),
            key("size", Goal(Type::Quantity), "How large it must be, as in { at_least = \"1Mi\" }."),
        ],
        required: &[],
    },
    Probe {
        key: key("run", Command, "A program and its arguments; no shell reads them."),
        own: &[
            key(
                "env",
                Along,
                "Variables of its environment; a secret text comes from { env = \"NAME\" } or { file = \"PATH\" }.",
            ),
            key(
                "exit",
                Plain(Type::Integer { min: 0, max: 255 }),
                "The status that it ends with; 0 where nothing is said.",
            ),
            key("output", Template(TEXT), "A text that its output contains."),
            key("lines", Goal(COUNT), "How many lines with something in them it gives, as in { at_least = 1 }."),
            key("number", Goal(NUMBER), "All that it gives, as one number, as in { at_most = 10 }."),
        ],
        required: &[],
    },
    Probe {
        key: key("setting", Plain(TEXT), "A setting of a resource: its key, as in \"replicas\"."),
        own: &[
            key(
                "at",
                Plain(TEXT),
                "The name of the resource, its address, or a wildcard: then each member is measured.",
            ),
            key("select", Strings, "Labels or tags that what the wildcard finds must have."),
            key("except", Plain(LIST), "Addresses that the wildcard leaves out. `*` stands for anything."),
            key("is", AnyGoal, "What the setting must be: a value, or a bound such as { at_least = 2 }."),
        ],
        required: &["at", "is"],
    },
];

/// What is measured by this key.
pub(crate) fn probe(name: &str) -> Option<&'static Probe> {
    PROBES.iter().find(|probe| probe.key.name == name)
}
