use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use minijinja::Environment;
use opsctl_api::Pattern;
use opsctl_api::Settings;

use super::chain::Chain;
use super::checks::Checks;
use super::layer::{Layer, Names as Listed};
use super::names::{Meaning, Names};
use super::part::Part;
use super::template::{Renderer, variables};
use super::value::{Reading, Written};
use super::written::written;
use super::{
    After, Declared, Need, OnFailure, Overlaid, Resource, RestartsWith, State, Target, Want, actions, digest, loops,
};
use crate::diagnostic::{Code, Diagnostic, Place, Sources, Span};
use crate::document::{Problems, list};
use crate::instance::Catalogues;

/// What all states of a run are made with.
pub(super) struct Workshop<'a, 't> {
    pub(super) names: &'a Names<'t>,
    pub(super) catalogues: &'a Catalogues,
    pub(super) sources: &'a Sources,
    pub(super) environment: &'a Environment<'static>,
    /// Whether it is a snapshot that is read: no templates, no bounds, no places.
    pub(super) literal: bool,
}

/// What the files of a chain say of each resource by name, the root first.
pub(super) type Stacks<'l, 't> = BTreeMap<&'t str, &'l [&'l Part<'t>]>;

impl<'t> Workshop<'_, 't> {
    /// The state that a chain means; of a mistaken one as much as can be had, and the mistakes reported.
    pub(super) fn state(&self, chain: &Chain<'_, 't>, found: &mut Problems) -> State {
        let layers = chain.values();
        let vars = variables(layers.iter().map(|layer| layer.vars), found);
        let renderer = Renderer::new(self.environment, &vars, self.sources, chain);
        let mut parts: Vec<&Part<'t>> = chain.layers.iter().flat_map(|layer| &layer.parts).collect();
        // Stable: what extends stays behind what it extends.
        parts.sort_by_key(|part| part.name);
        let stacks: Stacks<'_, 't> =
            parts.chunk_by(|a, b| a.name == b.name).map(|stack| (stack[0].name, stack)).collect();
        declared_beneath(chain, found);
        // Collected in order, a map's nodes are full.
        let resources: BTreeMap<String, Resource> = stacks
            .iter()
            .filter_map(|(name, stack)| {
                if !chain.broken {
                    known_names(&stacks, stack, found);
                }
                let meaning = self.meaning(chain, name, stack, found)?;
                let declared = self.declared(meaning, stack, found);
                let wants = self.wants(&renderer, meaning, giving(chain, name, stack), found);
                Some(((*name).to_owned(), Resource { declared: Arc::new(declared), wants }))
            })
            .collect();
        self.one_name_an_address(&stacks, &resources, found);
        super::wildcards::overlaps(&resources, |name| stacks[name][0].span, found);
        loops::report(&stacks, found);
        let failing = layers.iter().rev().find_map(|layer| layer.on_failure);
        let tolerated = layers.iter().rev().find_map(|layer| layer.tolerates_unreachable.as_ref());
        cannot_go_back(failing, tolerated, found);
        let reading = Reading { renderer: self.templates(&renderer), literal: self.literal, alone: false, found };
        let named = chain.layers.iter().flat_map(|layer| layer.actions).map(|entry| entry.key.as_ref()).collect();
        let mut checks = Checks { reading, workshop: self, stacks: &stacks, actions: &named, broken: chain.broken };
        let actions = actions::merged(&mut checks, &renderer, layers.iter().map(|layer| layer.actions));
        let checks = checks.merged(layers.iter().map(|layer| layer.checks));
        let mut state = State {
            name: chain.name().to_owned(),
            over: chain.own().over.map(|(state, _)| state.to_owned()),
            summary: chain.own().summary.unwrap_or_default().to_owned(),
            digest: String::new(),
            rto: layers.iter().rev().find_map(|layer| layer.rto),
            confirm: layers.iter().rev().find_map(|layer| layer.confirm).unwrap_or_default(),
            on_failure: failing.map(|(failing, _)| failing),
            tolerates_unreachable: patterns(layers, |layer| layer.tolerates_unreachable.as_ref()),
            allow_one_way: patterns(layers, |layer| layer.allow_one_way.as_ref()),
            resources,
            checks,
            actions,
            overlaid: Overlaid::default(),
            places: self.places(layers),
        };
        state.digest = digest::of(&state);
        state
    }

    /// Where a state's own keys were written; an extending file's count.
    fn places(&self, layers: &[&Layer<'t>]) -> BTreeMap<&'static str, Place> {
        let keys = layers.iter().flat_map(|layer| &layer.keys);
        keys.filter_map(|(key, span)| Some((*key, self.place(*span)?))).collect()
    }

    /// What a name stands for in this state; a name that is declared nowhere is reported.
    fn meaning(
        &self,
        chain: &Chain<'_, 't>,
        name: &str,
        stack: &[&Part<'t>],
        found: &mut Problems,
    ) -> Option<&Meaning> {
        let named = self.names.get(name);
        if stack.iter().any(|part| part.at_given) {
            return named?.meaning.as_ref();
        }
        if chain.broken {
            return None;
        }
        let mut diagnostic = Diagnostic::error(Code::MissingKey, stack.first()?.span, format!("`{name}` has no `at`"));
        if let Some(named) = named {
            let link = if chain.is_overlay() { "lie over" } else { "extend" };
            let note = format!("{} declares it, and {} does not {link} that state", named.state, chain.name());
            diagnostic = diagnostic.note(note);
        } else {
            let parts = chain.layers.iter().flat_map(|layer| &layer.parts);
            let names = parts.filter(|part| part.at.is_some()).map(|part| part.name);
            if let Some(meant) = found.guess(name, names) {
                diagnostic = diagnostic.here(format!("did you mean `{meant}`?"));
            }
            diagnostic = diagnostic.note("a new resource says where it is: at = \"instance:kind/path\"");
        }
        found.push(diagnostic);
        None
    }

    fn declared(&self, meaning: &Meaning, stack: &[&Part<'t>], found: &mut Problems) -> Declared {
        let place = |span: Span| self.place(span);
        let needs = stack.iter().rev().find_map(|part| part.order().needs.as_ref()).map_or(&[][..], Vec::as_slice);
        let after = stack.iter().rev().find_map(|part| part.order().after.as_ref()).map_or(&[][..], Vec::as_slice);
        let need = |any: &Vec<(&str, Span)>| Need {
            any_of: any.iter().map(|(name, _)| (*name).to_owned()).collect(),
            place: any.first().and_then(|(_, span)| place(*span)),
        };
        let restarts = stack.iter().rev().find_map(|part| part.order().restarts_with.as_ref());
        let restarts = restarts.filter(|(names, _)| !names.is_empty());
        let started_with = restarts.iter().flat_map(|(names, _)| names);
        let started_with =
            started_with.map(|(name, span)| Need { any_of: vec![(*name).to_owned()], place: place(*span) });
        let declaring = stack.iter().find(|part| part.at.is_some());
        Declared {
            at: meaning.target.clone(),
            place: declaring.and_then(|part| place(part.span)),
            needs: needs.iter().map(need).chain(started_with).collect(),
            pool: stack.iter().rev().find_map(|part| part.order().pool).map(|(pool, _)| pool.to_owned()),
            after: after.iter().map(|(name, span)| After { name: (*name).to_owned(), place: place(*span) }).collect(),
            optional: stack.iter().rev().find_map(|part| part.order().optional).unwrap_or_default(),
            timeout: stack.iter().rev().find_map(|part| part.order().timeout),
            drain_time: stack.iter().rev().find_map(|part| part.order().drain_time).unwrap_or_default(),
            enough: stack.iter().rev().find_map(|part| part.order().enough),
            restarts_with: restarts.and_then(|(names, span)| restarts_with(meaning, names, *span, found)),
        }
    }

    fn wants(
        &self,
        renderer: &Renderer<'_>,
        meaning: &Meaning,
        stack: &[&Part<'t>],
        found: &mut Problems,
    ) -> Settings<Want> {
        let mut all: Vec<Written<'_>> =
            stack.iter().flat_map(|part| written(meaning.kind, &part.settings, found)).collect();
        // Stable: what an extending file says of a setting stays behind what it extends.
        all.sort_by(|a, b| a.key.cmp(&b.key));
        let mut reading = Reading { renderer: self.templates(renderer), literal: self.literal, alone: false, found };
        let want = |chain: &[Written<'_>]| {
            let goal = reading.goal(chain)?;
            let last = chain.last()?;
            Some((last.key.to_string(), Want { goal, setting: last.setting, place: self.place(last.key_span) }))
        };
        all.chunk_by(|a, b| a.key == b.key).filter_map(want).collect()
    }

    fn templates<'r>(&self, renderer: &'r Renderer<'r>) -> Option<&'r Renderer<'r>> {
        (!self.literal).then_some(renderer)
    }

    /// A place for the eye; a snapshot has none.
    pub(super) fn place(&self, span: Span) -> Option<Place> {
        (!self.literal).then(|| self.sources.place(span))
    }

    fn one_name_an_address(
        &self,
        stacks: &Stacks<'_, 't>,
        resources: &BTreeMap<String, Resource>,
        found: &mut Problems,
    ) {
        let mut names: HashMap<&str, &str> = HashMap::with_capacity(resources.len());
        for (name, resource) in resources {
            let Target::One(at) = &resource.declared.at else { continue };
            if let Some(other) = names.insert(at.as_str(), name) {
                let declared = |name: &str| {
                    let part = stacks.get(name)?.iter().find(|part| part.at.is_some())?;
                    Some((part.span, part.at?.1))
                };
                let (Some((_, here)), Some((there, _))) = (declared(name), declared(other)) else { continue };
                let message = format!("`{name}` and `{other}` are one resource: {at}");
                found.push(Diagnostic::error(Code::TwoNames, here, message).and(there, ""));
            }
        }
    }
}

/// Which setting carries what a resource is started with.
fn restarts_with(meaning: &Meaning, names: &[(&str, Span)], span: Span, found: &mut Problems) -> Option<RestartsWith> {
    let Some(setting) = meaning.kind.carries() else {
        let message = format!("opsctl cannot start a {} anew", meaning.kind.name);
        let note = "no setting of that kind carries what it is started with: restart it with an action, or by a setting of its own";
        found.push(Diagnostic::error(Code::NoRestart, span, message).note(note));
        return None;
    };
    let names = names.iter().map(|(name, _)| (*name).to_owned()).collect();
    Some(RestartsWith { names, carried_by: setting.name.to_owned() })
}

/// What gives the settings of a resource: all files of a state, and of an overlay its own.
fn giving<'s, 'l, 't>(chain: &Chain<'l, 't>, name: &str, stack: &'s [&'l Part<'t>]) -> &'s [&'l Part<'t>] {
    let own = || chain.own().parts.binary_search_by(|part| part.name.cmp(name)).is_ok();
    match stack {
        [.., _] if chain.is_overlay() && own() => &stack[stack.len() - 1..],
        _ if chain.is_overlay() => &[],
        _ => stack,
    }
}

/// The patterns that the last file to speak of them gives.
fn patterns<'l, 't>(layers: &[&'l Layer<'t>], of: impl Fn(&'l Layer<'t>) -> Option<&'l Listed<'t>>) -> Vec<Pattern> {
    let texts = layers.iter().rev().find_map(|layer| of(layer));
    texts.into_iter().flatten().map(|(text, _)| Pattern::new(*text)).collect()
}

/// Reports what an overlay declares anew of a resource of the state beneath: how resources stand to each other is the same
/// whatever is laid over them.
fn declared_beneath(chain: &Chain<'_, '_>, found: &mut Problems) {
    let beneath = |name: &&str| {
        let has = |layer: &&Layer<'_>| layer.parts.binary_search_by(|part| part.name.cmp(name)).is_ok();
        chain.beneath().iter().any(has)
    };
    let Some((state, _)) = chain.own().over else { return };
    for (name, keys) in chain.own().declares.iter().filter(|(name, _)| beneath(name)) {
        for (key, span) in keys {
            let message = format!("`{key}` of `{name}` is what {state} says, and an overlay takes it from there");
            let diagnostic = Diagnostic::error(Code::OverlayDeclares, *span, message);
            found.push(diagnostic.note(format!("an overlay sets values: write it into {state}")));
        }
    }
}

/// What is not reached cannot be taken back.
fn cannot_go_back(failing: Option<(OnFailure, Span)>, tolerated: Option<&Vec<(&str, Span)>>, found: &mut Problems) {
    if let (Some((OnFailure::Rollback, here)), Some((_, there))) = (failing, tolerated.and_then(|names| names.first()))
    {
        let message = "a state that goes on without what is unreachable cannot take all back";
        let diagnostic = Diagnostic::error(Code::NotTakenBack, here, message).and(*there, "");
        found.push(diagnostic.note("on_failure = \"stop\" or \"continue\", or tolerates_unreachable = []"));
    }
}

/// Reports names in `needs` and `after` that the state does not have.
fn known_names(stacks: &Stacks<'_, '_>, stack: &[&Part<'_>], found: &mut Problems) {
    for part in stack {
        let needs = part.order().needs.iter().flatten().flatten();
        let started_with = part.order().restarts_with.iter().flat_map(|(names, _)| names);
        for (name, span) in needs.chain(part.order().after.iter().flatten()).chain(started_with) {
            if !stacks.contains_key(name) {
                let diagnostic = unknown_name(stacks, name, *span, found);
                found.push(diagnostic);
            }
        }
    }
}

/// A name that the state does not have.
pub(super) fn unknown_name(stacks: &Stacks<'_, '_>, name: &str, span: Span, found: &mut Problems) -> Diagnostic {
    let message = format!("there is no resource `{}`", name.escape_debug());
    let diagnostic = Diagnostic::error(Code::UnknownName, span, message);
    if let Some(meant) = found.guess(name, stacks.keys().copied()) {
        return diagnostic.here(format!("did you mean `{meant}`?"));
    }
    let by_address = |part: &&&Part<'_>| part.at.is_some_and(|(at, _)| at == name);
    if name.contains(':')
        && let Some(part) = stacks.values().copied().flatten().find(by_address)
    {
        return diagnostic.note(format!("names stand here, not addresses: `{}`", part.name));
    }
    if stacks.is_empty() || stacks.len() > 12 {
        diagnostic
    } else {
        diagnostic.note(format!("resources: {}", list(stacks.keys().copied())))
    }
}
