use opsctl_api::{Setting, Type};

use super::Checks;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Data, Entry};
use crate::state::Goal;

/// What a check holds a measured number, time or amount against: the bounds of settings, of something that is none.
const fn measured(name: &'static str, ty: Type) -> Setting {
    Setting::new(name, ty, "What a check measures")
}

const NUMBER: Setting = measured("is", Type::Number { min: f64::NEG_INFINITY, max: f64::INFINITY });
const COUNT: Setting = measured("lines", Type::Integer { min: 0, max: i64::MAX });
const TIME: Setting = measured("age", Type::Duration);
const AMOUNT: Setting = measured("size", Type::Quantity);

impl Checks<'_, '_, '_> {
    /// A number, or a bound of one.
    pub(super) fn number_is(&mut self, entry: &Entry<'_>) -> Option<Goal> {
        self.bounded(entry, &NUMBER)
    }

    /// How many, or a bound of that.
    pub(super) fn count_is(&mut self, entry: &Entry<'_>) -> Option<Goal> {
        self.bounded(entry, &COUNT)
    }

    /// A bound of a time: nothing is exactly so old.
    pub(super) fn time_is(&mut self, entry: &Entry<'_>) -> Option<Goal> {
        if !matches!(entry.node.data, Data::Table(_)) {
            let message = format!("`{}` takes a bound, found {}", entry.key, entry.node.found());
            self.push(
                Diagnostic::error(Code::WrongType, entry.node.span, message)
                    .note(format!("as in {} = {{ at_most = \"24h\" }}", entry.key)),
            );
            return None;
        }
        self.bounded(entry, &TIME)
    }

    /// An amount, or a bound of one.
    pub(super) fn amount_is(&mut self, entry: &Entry<'_>) -> Option<Goal> {
        self.bounded(entry, &AMOUNT)
    }

    fn bounded(&mut self, entry: &Entry<'_>, as_if: &Setting) -> Option<Goal> {
        self.reading.alone(&entry.key, as_if, &entry.node)
    }
}
