use std::collections::{BTreeMap, BTreeSet};

use super::layer::Layer;
use super::{Scope, Target};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::document::Problems;

/// Warns of a pool that only one resource is in: it orders nothing, and keeps no traffic for it. Most often its name is
/// misspelt. What a wildcard finds is not known yet.
pub(super) fn warn(layers: &[Layer<'_>], scope: &Scope, found: &mut Problems) {
    let mut pools: BTreeMap<&str, (BTreeSet<&str>, Span)> = BTreeMap::new();
    for part in layers.iter().flat_map(|layer| &layer.parts) {
        if let Some((pool, span)) = part.order().pool {
            pools.entry(pool).or_insert_with(|| (BTreeSet::new(), span)).0.insert(part.name);
        }
    }
    for (pool, (names, span)) in &pools {
        let mut names = names.iter();
        let (Some(name), None) = (names.next(), names.next()) else { continue };
        if !matches!(scope.declared.get(*name).map(|declared| &declared.at), Some(Target::One(_))) {
            continue;
        }
        let message = format!("{name} is alone in the pool {pool}: nothing else holds its traffic");
        let mut warning = Diagnostic::warning(Code::LonePool, *span, message);
        if let Some(meant) = found.guess(pool, pools.keys().copied().filter(|other| other != pool)) {
            warning = warning.here(format!("did you mean `{meant}`?"));
        }
        found.push(warning.note("write the same `pool` at all that hold one traffic together, or take it out"));
    }
}
