use std::collections::{BTreeMap, HashMap};

use opsctl_api::{Address, Kind, Pattern};

use super::Target;
use super::chain::Chain;
use super::layer::Names as Listed;
use super::part::Part;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::{Problems, list, pattern, unknown_instance};
use crate::instance::Catalogues;

/// What each name stands for: the same in all states of a repository.
pub(super) struct Names<'t>(HashMap<&'t str, Named<'t>>);

/// What one name stands for.
pub(super) struct Named<'t> {
    /// `None` where `at` is wrong, which was reported.
    pub(super) meaning: Option<Meaning>,
    /// The state that declares it first.
    pub(super) state: &'t str,
    at: &'t str,
    at_span: Span,
}

/// A target, and the kind of what it stands for.
#[derive(Clone)]
pub(super) struct Meaning {
    pub(super) target: Target,
    pub(super) kind: &'static Kind,
}

impl<'t> Names<'t> {
    /// Looks up all names of all states; names that mean two targets are reported, of two states where the one stands that is further from its root.
    pub(super) fn new(chains: &[Chain<'_, 't>], catalogues: &Catalogues, found: &mut Problems) -> Self {
        let count = chains.iter().map(|chain| chain.own().parts.len()).max();
        let mut names: HashMap<&'t str, Named<'t>> = HashMap::with_capacity(count.unwrap_or_default());
        let mut chains: Vec<&Chain<'_, 't>> = chains.iter().collect();
        chains.sort_by_key(|chain| chain.layers.len());
        for layer in chains.into_iter().map(Chain::own) {
            for listed in layer.tolerates_unreachable.iter().chain(&layer.allow_one_way).flatten() {
                pattern(*listed, catalogues.names(), found);
            }
            for part in &layer.parts {
                let Some((at, at_span)) = part.at else {
                    if !part.at_given {
                        narrowed(part, found);
                    }
                    continue;
                };
                if let Some(first) = names.get(part.name) {
                    if first.at != at {
                        found.push(two_targets(part.name, (at, at_span), first));
                        continue;
                    }
                    let same = match (&first.meaning, part.order().select.is_none() && part.order().except.is_none()) {
                        (Some(Meaning { target: Target::One(_), .. }), true) | (None, _) => true,
                        (Some(first), _) => {
                            target(part, at, at_span, catalogues, found).is_none_or(|this| this.target == first.target)
                        }
                    };
                    if !same {
                        let message = format!("`{}` is narrowed otherwise than in {}", part.name, first.state);
                        found.push(
                            Diagnostic::error(Code::TwoTargets, at_span, message).and(first.at_span, "").note(
                                "a name means one target in all states: leave `at`, `select` and `except` out here",
                            ),
                        );
                    }
                    continue;
                }
                let meaning = target(part, at, at_span, catalogues, found);
                let state = layer.name;
                names.insert(part.name, Named { meaning, state, at, at_span });
            }
        }
        Self(names)
    }

    /// What a name stands for; `None` where no state says.
    pub(super) fn get(&self, name: &str) -> Option<&Named<'t>> {
        self.0.get(name)
    }
}

fn two_targets(name: &str, (at, span): (&str, Span), first: &Named<'_>) -> Diagnostic {
    let message = format!("`{name}` is `{at}` here and `{}` in {}", first.at, first.state);
    Diagnostic::error(Code::TwoTargets, span, message)
        .and(first.at_span, "")
        .note("a name means one target in all states: choose another name here")
}

/// `select` and `except` belong to the target, so they stand beside `at`.
fn narrowed(part: &Part<'_>, found: &mut Problems) {
    let spans =
        [part.order().select.as_ref().map(|(_, span)| *span), part.order().except.as_ref().map(|(_, span)| *span)];
    for span in spans.into_iter().flatten() {
        let message = "`select` and `except` stand beside the `at` that they narrow";
        found.push(Diagnostic::error(Code::OnlyWildcards, span, message));
    }
}

fn target(part: &Part<'_>, at: &str, span: Span, catalogues: &Catalogues, found: &mut Problems) -> Option<Meaning> {
    let order = part.order();
    meaning((at, span), (order.select.as_ref(), order.except.as_ref()), catalogues, found)
}

/// Labels, and what else narrows a wildcard.
type Narrowed<'a> = (Option<&'a (BTreeMap<String, String>, Span)>, Option<&'a (Listed<'a>, Span)>);

/// What an address or a wildcard means; what is wrong with it is reported.
pub(super) fn meaning(
    (at, span): (&str, Span),
    (select, except): Narrowed<'_>,
    catalogues: &Catalogues,
    found: &mut Problems,
) -> Option<Meaning> {
    let (instance, kind, path) = split(at, span, found)?;
    let many = Pattern::is_pattern(at);
    if !many {
        narrowed_one(select.map(|(_, span)| *span), except.map(|(_, span)| *span), found);
    }
    if instance.contains('*') || kind.contains('*') {
        let what = "a wildcard stands in the path, behind one instance and one kind";
        found.push(Diagnostic::error(Code::LooseWildcard, span, what).note("write one for each of them"));
        return None;
    }
    let kind = known_kind((instance, kind), span, catalogues, found)?;
    if !many && !kind.accepts_path(path) {
        let what = format!("`{path}` is no path of kind {}", kind.name);
        let form = format!("write {instance}:{}/{}", kind.name, kind.path_form());
        found.push(Diagnostic::error(Code::PathForm, span, what).note(form));
        return None;
    }
    let target = if many {
        let select = select.map(|(labels, _)| labels.clone()).unwrap_or_default();
        let except = except.map_or(&[][..], |(patterns, _)| patterns);
        let except = except.iter().map(|except| excepted(at, *except, catalogues, found)).collect();
        Target::Many { pattern: Pattern::new(at), select, except }
    } else {
        Target::One(address(at, span, found)?)
    };
    Some(Meaning { target, kind })
}

fn narrowed_one(select: Option<Span>, except: Option<Span>, found: &mut Problems) {
    for (key, span) in [("select", select), ("except", except)] {
        if let Some(span) = span {
            let what = format!("`{key}` narrows a wildcard, and this is one address");
            found.push(Diagnostic::error(Code::OnlyWildcards, span, what));
        }
    }
}

/// Instance, kind and path of an address or a pattern.
fn split<'a>(at: &'a str, span: Span, found: &mut Problems) -> Option<(&'a str, &'a str, &'a str)> {
    if Pattern::is_pattern(at) {
        // A pattern has the form of an address in which `*` may stand for any part.
        if at.replace('*', "x").parse::<Address>().is_err() {
            found.push(
                Diagnostic::error(Code::NotAnAddress, span, format!("`{}` is no wildcard", at.escape_debug()))
                    .note("a wildcard is instance:kind/path with `*` in the path, as in k8s:deployment/media/*"),
            );
            return None;
        }
    } else {
        address(at, span, found)?;
    }
    let (instance, local) = at.split_once(':')?;
    let (kind, path) = local.split_once('/')?;
    Some((instance, kind, path))
}

fn address(at: &str, span: Span, found: &mut Problems) -> Option<Address> {
    match at.parse() {
        Ok(address) => Some(address),
        Err(error) => {
            found.push(
                Diagnostic::error(Code::NotAnAddress, span, format!("{error}"))
                    .note("an address is instance:kind/path, as in k8s:deployment/cdn/ats-edge"),
            );
            None
        }
    }
}

/// Reports an instance or kind that does not exist.
fn known_kind(
    (instance, kind): (&str, &str),
    span: Span,
    catalogues: &Catalogues,
    found: &mut Problems,
) -> Option<&'static Kind> {
    let Some(catalogue) = catalogues.0.get(instance) else {
        unknown_instance(instance, span, catalogues.names(), found);
        return None;
    };
    if let Some(kind) = catalogue.kind(kind) {
        return Some(kind);
    }
    let names = || catalogue.kinds().iter().map(|kind| kind.name);
    let at = 1 + instance.len() + 1;
    let message = format!("unknown kind `{kind}` of {}", catalogue.provider());
    let mut diagnostic = Diagnostic::error(Code::UnknownKind, span.within(at..at + kind.len()), message);
    if let Some(meant) = found.guess(kind, names()) {
        diagnostic = diagnostic.here(format!("did you mean `{meant}`?"));
    }
    found.push(diagnostic.note(format!("kinds of {}: {} (opsctl kinds)", catalogue.provider(), list(names()))));
    None
}

/// A pattern that a wildcard leaves out.
fn excepted(at: &str, (text, span): (&str, Span), catalogues: &Catalogues, found: &mut Problems) -> Pattern {
    let known = text.split_once(':').is_none_or(|(instance, _)| catalogues.0.contains_key(instance));
    if known && (text.contains(':') || text.contains('*')) && !may_meet(at, text) {
        let what = format!("`{}` leaves nothing out of {at}", text.escape_debug());
        found.push(Diagnostic::error(Code::Reach, span, what).note("the wildcard finds nothing that it matches"));
    }
    pattern((text, span), catalogues.names(), found)
}

/// Whether an address could match two patterns: they agree up to the first `*` of either, and behind the last.
fn may_meet(a: &str, b: &str) -> bool {
    let Some((front, _)) = b.split_once('*') else { return Pattern::new(a).matches_text(b) };
    let Some((other_front, _)) = a.split_once('*') else { return Pattern::new(b).matches_text(a) };
    let (back, other_back) = (behind_last_star(b), behind_last_star(a));
    (front.starts_with(other_front) || other_front.starts_with(front))
        && (back.ends_with(other_back) || other_back.ends_with(back))
}

fn behind_last_star(text: &str) -> &str {
    text.rsplit('*').next().unwrap_or_default()
}
