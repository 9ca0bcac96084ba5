use std::collections::HashMap;

use super::layer::Layer;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Problems, list};

/// A state with all that it extends, the root first.
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

    /// Whether it extends nothing.
    pub(super) fn is_root(&self) -> bool {
        self.own().extends.is_none()
    }
}

/// The chain of each file; unknown states and loops are reported.
pub(super) fn chains<'l, 't>(layers: &'l [Layer<'t>], found: &mut Problems) -> Vec<Chain<'l, 't>> {
    let by_name: HashMap<&str, usize> = layers.iter().enumerate().map(|(at, layer)| (layer.name, at)).collect();
    let parents: Vec<Option<usize>> = layers
        .iter()
        .map(|layer| {
            let (parent, span) = layer.extends?;
            let known = by_name.get(parent).copied();
            if known.is_none() {
                let message = format!("there is no state `{}`", parent.escape_debug());
                let mut diagnostic = Diagnostic::error(Code::UnknownState, span, message);
                if let Some(meant) = found.guess(parent, layers.iter().map(|layer| layer.name)) {
                    diagnostic = diagnostic.here(format!("did you mean `{meant}`?"));
                }
                let names = list(layers.iter().map(|layer| layer.name));
                found.push(diagnostic.note(format!("states: {names}")));
            }
            known
        })
        .collect();
    loops(layers, &parents, found);
    (0..layers.len()).map(|at| chain(layers, &parents, at)).collect()
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
    let broken = layers[at].extends.is_some() || found.iter().any(|layer| layer.broken);
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
