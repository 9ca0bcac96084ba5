use std::collections::HashMap;

use super::layer::Layer;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Problems, list};

/// A state with all that it extends, the root first; or an overlay behind the state that it lies over, with all that this one
/// extends.
pub(super) struct Chain<'l, 't> {
    pub(super) layers: Vec<&'l Layer<'t>>,
    /// Whether a part of it is missing, which was reported.
    pub(super) broken: bool,
}

impl<'l, 't> Chain<'l, 't> {
    /// The file that the state is named after.
    pub(super) fn own(&self) -> &'l Layer<'t> {
        self.layers[self.layers.len() - 1]
    }

    /// The state's name.
    pub(super) fn name(&self) -> &'l str {
        self.own().name
    }

    /// Whether it extends nothing and lies over nothing.
    pub(super) fn is_root(&self) -> bool {
        self.own().extends.is_none() && !self.is_overlay()
    }

    /// Whether it lies over a state.
    pub(super) fn is_overlay(&self) -> bool {
        self.own().over.is_some()
    }

    /// The files that give values: of an overlay its own alone. The others of an overlay declare what there is.
    pub(super) fn values(&self) -> &[&'l Layer<'t>] {
        let from = if self.is_overlay() { self.layers.len() - 1 } else { 0 };
        &self.layers[from..]
    }

    /// The files that declare what an overlay may set; none of a state.
    pub(super) fn beneath(&self) -> &[&'l Layer<'t>] {
        &self.layers[..self.layers.len() - self.values().len()]
    }
}

/// The chain of each file; unknown states and loops are reported.
pub(super) fn chains<'l, 't>(layers: &'l [Layer<'t>], found: &mut Problems) -> Vec<Chain<'l, 't>> {
    let by_name: HashMap<&str, usize> = layers.iter().enumerate().map(|(at, layer)| (layer.name, at)).collect();
    let parents: Vec<Option<usize>> = layers.iter().map(|layer| parent(layer, layers, &by_name, found)).collect();
    loops(layers, &parents, found);
    (0..layers.len()).map(|at| chain(layers, &parents, at)).collect()
}

/// What a file extends or lies over; `None` where that is nothing, or mistaken, which is reported.
fn parent(
    layer: &Layer<'_>,
    layers: &[Layer<'_>],
    by_name: &HashMap<&str, usize>,
    found: &mut Problems,
) -> Option<usize> {
    let (parent, span) = layer.over.or(layer.extends)?;
    if let (Some((_, over)), Some((_, extends))) = (layer.over, layer.extends) {
        let message = "an overlay extends nothing: it has `over` or `extends`, not both";
        found.push(Diagnostic::error(Code::OverlayBase, over, message).and(extends, ""));
    }
    let known = by_name.get(parent).copied();
    let Some(at) = known else {
        let message = format!("there is no state `{}`", parent.escape_debug());
        let mut diagnostic = Diagnostic::error(Code::UnknownState, span, message);
        let whole = || layers.iter().filter(|layer| layer.over.is_none()).map(|layer| layer.name);
        // A state is named as it is typed, and not by its file.
        let stem = parent.rsplit('/').next().unwrap_or(parent);
        if let Some(meant) = found.guess(stem.trim_end_matches(".toml"), whole()) {
            diagnostic = diagnostic.here(format!("did you mean `{meant}`?"));
        }
        found.push(diagnostic.note(format!("states: {}", list(whole()))));
        return None;
    };
    let base = &layers[at];
    if base.over.is_some() {
        let message = match (layer.over.is_some(), base.name == layer.name) {
            (true, true) => "an overlay cannot lie over itself".to_owned(),
            (true, false) => format!("`{parent}` is an overlay, and an overlay lies over a state"),
            (false, _) => format!("`{parent}` is an overlay, and a state extends a state"),
        };
        let note = match layer.over {
            Some(_) => {
                "name the state that declares the resources; overlays come together on the command line, as in opsctl plan STATE+OVERLAY+OVERLAY"
            }
            None => "lay it over this state on the command line: opsctl plan STATE+OVERLAY",
        };
        found.push(Diagnostic::error(Code::OverlayBase, span, message).note(note));
        return None;
    }
    known
}

fn chain<'l, 't>(layers: &'l [Layer<'t>], parents: &[Option<usize>], leaf: usize) -> Chain<'l, 't> {
    let mut found = vec![&layers[leaf]];
    let mut at = leaf;
    while let Some(parent) = parents[at] {
        if found.len() > layers.len() {
            // A loop: its states stand alone.
            return Chain { layers: vec![&layers[leaf]], broken: true };
        }
        found.push(&layers[parent]);
        at = parent;
    }
    let broken = layers[at].extends.is_some() || layers[at].over.is_some() || found.iter().any(|layer| layer.broken);
    found.reverse();
    Chain { layers: found, broken }
}

/// Reports each loop once, with each of its edges.
fn loops(layers: &[Layer<'_>], parents: &[Option<usize>], found: &mut Problems) {
    let mut seen = vec![0_usize; layers.len()];
    for start in 0..layers.len() {
        let mut path = Vec::new();
        let mut at = Some(start);
        while let Some(here) = at.filter(|&here| seen[here] == 0) {
            seen[here] = start + 1;
            path.push(here);
            at = parents[here];
        }
        let Some(first) = at.filter(|&here| seen[here] == start + 1) else { continue };
        let from = path.iter().position(|&here| here == first).unwrap_or(0);
        let mut diagnostic: Option<Diagnostic> = None;
        for &here in &path[from..] {
            let Some((parent, span)) = layers[here].extends else { continue };
            let text = format!("{} extends {parent}", layers[here].name);
            diagnostic = Some(match diagnostic {
                None => Diagnostic::error(Code::ExtendsLoop, span, "these extend each other in a circle").here(text),
                Some(diagnostic) => diagnostic.and(span, text),
            });
        }
        if let Some(diagnostic) = diagnostic {
            found.push(diagnostic);
        }
    }
}
