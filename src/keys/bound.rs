use opsctl_api::{Setting, Type};

/// A word of a bound: what it asks of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounding {
    pub(crate) word: &'static str,
    of: Of,
    /// One sentence.
    pub(crate) doc: &'static str,
}

/// Which settings a bound can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Those whose values have an order.
    Ordered,
    /// Lists and sets.
    Many,
    /// Those that may be absent.
    Optional,
    /// All.
    All,
}

/// All of them.
pub(crate) const BOUNDS: &[Bounding] = &[
    Bounding { word: "at_least", of: Of::Ordered, doc: "No less than this; what is more stays as it is." },
    Bounding { word: "at_most", of: Of::Ordered, doc: "No more than this; what is less stays as it is." },
    Bounding { word: "includes", of: Of::Many, doc: "These are among the members; the others stay." },
    Bounding { word: "excludes", of: Of::Many, doc: "None of these is among the members; the others stay." },
    Bounding { word: "absent", of: Of::Optional, doc: "It is not there." },
    Bounding { word: "restore", of: Of::All, doc: "What it was before opsctl changed it." },
];

impl Bounding {
    /// Whether it can be of a setting.
    pub(crate) fn fits(&self, setting: &Setting) -> bool {
        match self.of {
            Of::Ordered => {
                matches!(setting.ty, Type::Integer { .. } | Type::Number { .. } | Type::Quantity | Type::Duration)
            }
            Of::Many => matches!(setting.ty, Type::List | Type::Set),
            Of::Optional => setting.optional,
            Of::All => true,
        }
    }

    /// What its setting would have to be, where it does not fit.
    pub(crate) fn needs(&self) -> &'static str {
        match self.of {
            Of::Ordered => "a type with an order",
            Of::Many => "a list or a set",
            Of::Optional => "a setting that may be absent",
            Of::All => "any setting",
        }
    }
}
