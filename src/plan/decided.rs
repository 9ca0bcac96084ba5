use std::collections::BTreeSet;

use opsctl_api::{Address, Pattern};

use super::{Plan, Seen, Skipped, SkippedWhy};

impl Plan {
    /// What a plan has a goal for, changed or not; what it leaves to others is not decided by it.
    pub fn decided(&self) -> BTreeSet<(Address, String)> {
        let skipped = self.skipped.iter().filter(|skipped| match skipped.why {
            SkippedWhy::NotTargeted
            | SkippedWhy::Owed { .. }
            | SkippedWhy::ChangedSince { .. }
            | SkippedWhy::HeldBack(_) => true,
            SkippedWhy::Missing
            | SkippedWhy::MissingUnasked
            | SkippedWhy::OwnNeed { .. }
            | SkippedWhy::GatesNothing
            | SkippedWhy::NeverSet
            | SkippedWhy::NotAsLeft { .. }
            | SkippedWhy::NothingToDo(_)
            | SkippedWhy::NotUndone => false,
        });
        let left: BTreeSet<(&str, Option<&str>)> =
            skipped.map(|skipped| (skipped.at.as_str(), skipped.setting.as_deref())).collect();
        // What is to be restored and is not opsctl's to restore shall be as it is.
        let as_it_is = |skipped: &Skipped| match skipped.why {
            SkippedWhy::NeverSet | SkippedWhy::NotAsLeft { .. } => {
                Some((skipped.at.parse().ok()?, skipped.setting.clone()?))
            }
            _ => None,
        };
        let mut decided: BTreeSet<(Address, String)> = self.skipped.iter().filter_map(as_it_is).collect();
        for (at, seen) in &self.resources {
            for (key, setting) in &seen.settings {
                let is_left = left.contains(&(at.as_str(), Some(key.as_str())));
                if setting.goal.is_some() && !is_left && self.is_meant(at, seen) {
                    decided.insert((at.clone(), key.clone()));
                }
            }
        }
        decided
    }

    /// Whether it decides on a resource: the plan of a part does on what it names or changes.
    pub fn is_meant(&self, at: &Address, seen: &Seen) -> bool {
        let part = &self.intent.part;
        let names = |pattern: &Pattern| pattern.matches(at) || seen.names.iter().any(|name| pattern.matches_text(name));
        let is_named = part.target.is_empty() || part.target.iter().any(names);
        (is_named && !part.exclude.iter().any(names)) || self.steps.iter().any(|step| step.at() == Some(at))
    }
}
