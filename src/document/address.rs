use opsctl_api::Pattern;

use super::{Problems, list};
use crate::diagnostic::{Code, Diagnostic, Span};

/// A pattern of addresses. One that could match none would protect, tolerate or except nothing, and nobody would notice before
/// it counts: it is reported.
pub(crate) fn pattern<'a, I: Iterator<Item = &'a str> + Clone>(
    (text, span): (&str, Span),
    instances: I,
    found: &mut Problems,
) -> Pattern {
    match text.split_once(':') {
        Some((instance, _)) if instance.contains('*') || instances.clone().any(|known| known == instance) => {}
        Some((instance, _)) => unknown_instance(instance, span, instances, found),
        None if text.contains('*') => {}
        None => found.push(
            Diagnostic::error(Code::Reach, span, format!("`{}` matches no address", text.escape_debug()))
                .note("an address is instance:kind/path, and `*` stands for any part of it"),
        ),
    }
    Pattern::new(text)
}

/// Reports an instance at the beginning of a string that `opsctl.toml` does not have.
pub(crate) fn unknown_instance<'a, I: Iterator<Item = &'a str> + Clone>(
    instance: &str,
    span: Span,
    instances: I,
    found: &mut Problems,
) {
    let message = format!("unknown provider instance `{}`", instance.escape_debug());
    let mut diagnostic = Diagnostic::error(Code::UnknownInstance, span.within(1..1 + instance.len()), message);
    if let Some(meant) = found.guess(instance, instances.clone()) {
        diagnostic = diagnostic.here(format!("did you mean `{meant}`?"));
    }
    found.push(diagnostic.note(format!("instances in opsctl.toml: {}", list(instances))));
}
