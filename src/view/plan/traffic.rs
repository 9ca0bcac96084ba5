use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::Screen;
use super::super::value::way;
use super::super::words::{and, clean, count};
use crate::plan::{Plan, SkippedWhy};
use crate::state::{Declared, Target};

/// Where users are moved.
pub(super) fn moved(plan: &Plan, screen: &Screen) -> Vec<String> {
    let mut pools: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut alone = Vec::new();
    for moved in &plan.traffic {
        let edit = &moved.edit;
        let text = if edit.setting == "weight" {
            format!("{} {}", moved.name, way(edit, screen))
        } else {
            format!("{} {} {}", moved.name, edit.setting, way(edit, screen))
        };
        match &moved.pool {
            Some(pool) => pools.entry(pool).or_default().push(text),
            None => alone.push(text),
        }
    }
    pools.into_iter().map(|(pool, texts)| format!("{pool} moves: {}", texts.join(", "))).chain(alone).collect()
}

/// Traffic that stays where it is, for what holds it cannot be reached.
pub(super) fn unmoved(plan: &Plan) -> Vec<String> {
    let mut pools: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for skipped in plan.skipped.iter().filter(|skipped| matches!(skipped.why, SkippedWhy::Owed { .. })) {
        let is_it = |declared: &&Arc<Declared>| match &declared.at {
            Target::One(at) => at.as_str() == skipped.at,
            Target::Many { pattern, .. } => pattern.as_str() == skipped.at,
        };
        if let Some(pool) = plan.declared.values().filter(is_it).find_map(|declared| declared.pool.as_deref()) {
            let (edits, instances) = pools.entry(pool).or_default();
            *edits += 1;
            instances.extend(skipped.at.split_once(':').map(|(instance, _)| instance));
        }
    }
    let line = |(pool, (edits, instances)): (&str, (usize, BTreeSet<&str>))| {
        let moves = plan.traffic.iter().any(|moved| moved.pool.as_deref() == Some(pool));
        let how = if moves { "moves in part" } else { "does not move" };
        let instances: Vec<&str> = instances.into_iter().collect();
        format!("{} {how}: {} at {} cannot be read or set now", clean(pool), count(edits, "setting"), and(&instances))
    };
    pools.into_iter().map(line).collect()
}
