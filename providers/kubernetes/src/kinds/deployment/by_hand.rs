use std::collections::BTreeMap;

use opsctl_api::{Edit, Hop, shell_word};

use super::super::{Served, command, kubectl_patch};
use super::{REPLICAS, resource};

/// What a person would type. A hop of several settings is several commands, each of which rolls the pods that it is about.
///
/// A patch would have to say whether a container is one of the initial ones, which a hop does not tell; `kubectl set` looks in
/// both lists.
pub(super) fn by_hand(served: &Served, hop: &Hop, kubectl: &str) -> String {
    let mut commands = Vec::new();
    let mut images = Vec::new();
    let mut amounts: BTreeMap<&str, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    let mut gone = Vec::new();
    let mut others: Vec<Edit> = Vec::new();
    for edit in &hop.edits {
        let (name, container) = edit.setting.split_once('.').unwrap_or((&edit.setting, ""));
        match (name, resource(name), &edit.to) {
            (name, _, Some(to)) if name == REPLICAS.name => {
                let current = edit.from.as_ref().map(|from| format!("--current-replicas={from} ")).unwrap_or_default();
                commands.push(command(kubectl, "scale", hop, &format!("{current}--replicas={to}")));
            }
            ("image", _, Some(to)) => {
                images.push(shell_word(&format!("{container}={}", to.as_str().unwrap_or_default())));
            }
            (_, Some((list, key)), Some(to)) => {
                amounts.entry(container).or_default().entry(list).or_default().push(format!("{key}={to}"));
            }
            (_, Some((list, key)), None) => gone.push(format!("{list}.{key} of container {container}")),
            _ => others.push(edit.clone()),
        }
    }
    if !images.is_empty() {
        commands.push(command(kubectl, "set image", hop, &images.join(" ")));
    }
    for (container, lists) in amounts {
        let lists = lists.iter().rev().map(|(list, amounts)| shell_word(&format!("--{list}={}", amounts.join(","))));
        let rest = format!("-c {} {}", shell_word(container), lists.collect::<Vec<_>>().join(" "));
        commands.push(command(kubectl, "set resources", hop, &rest));
    }
    if !others.is_empty() {
        commands.push(kubectl_patch(served, &Hop { at: hop.at.clone(), edits: others, coupled: Vec::new() }, kubectl));
    }
    if !gone.is_empty() {
        commands.push(command(kubectl, "edit", hop, &format!("# take away {}", gone.join(", "))));
    }
    commands.join(" && ")
}
