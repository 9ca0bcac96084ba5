use std::collections::BTreeSet;

use opsctl_api::{Address, Query, Readiness, Reading, Relation, Wanted};

use super::settle::words;
use super::sight::Sight;
use crate::instance::Instances;
use crate::plan::{Plan, Position, SkippedWhy, Work};
use crate::state::{Declared, Target};

/// Why planning again may give another plan, though each edit would start from the same value.
#[derive(Debug, Clone, PartialEq)]
pub enum Overtaken {
    /// What a step relies on served when the plan was made, and does not any more.
    Unready {
        /// What is relied on.
        at: Address,
        /// How it is now, as a clause.
        now: String,
    },
    /// The provider knows of a neighbour of which it knew nothing then.
    Related {
        /// The resource.
        at: Address,
        /// What it has to do with the other one.
        relation: Relation,
    },
    /// A wildcard stands for one more.
    Joined {
        /// The resource.
        at: Address,
        /// The name that stands for it.
        name: String,
    },
}

/// What is not as the plan relies on it.
pub(super) fn overtaken(plan: &Plan, sight: &Sight) -> Vec<Overtaken> {
    let needs = Needs { plan, sight, made: plan.steps.iter().filter_map(|step| step.at()).collect() };
    let unready = needs.lost().into_iter().map(|at| Overtaken::Unready { at: at.clone(), now: needs.now(at) });
    unready.chain(related(plan, sight)).collect()
}

/// The resources that the plan's wildcards stand for and that were not there when it was made. A rollback restores what was.
pub(super) async fn joined(plan: &Plan, instances: &Instances) -> Vec<Overtaken> {
    let declared = plan.declared.iter().filter(|(name, declared)| {
        plan.intent.reverts.is_none() && matches!(declared.at, Target::Many { .. }) && is_set(plan, name, declared)
    });
    let declared: Vec<_> = declared.collect();
    let query = |declared: &Declared| Query {
        at: declared.at.selector(),
        settings: Wanted::Only(BTreeSet::new()),
        receipt: None,
    };
    let readings = instances.read(&declared.iter().map(|(_, declared)| query(declared)).collect::<Vec<_>>()).await;
    let mut joined = Vec::new();
    for ((name, declared), reading) in declared.into_iter().zip(readings) {
        let Reading::Members { found, .. } = reading else { continue };
        let new = found.into_iter().map(|live| live.at);
        let new = new.filter(|at| !declared.at.leaves_out(at) && !plan.resources.contains_key(at));
        joined.extend(new.map(|at| Overtaken::Joined { at, name: name.clone() }));
    }
    joined
}

/// Whether the plan's state sets anything of a wildcard; one that found nothing is told among what was skipped.
fn is_set(plan: &Plan, name: &String, declared: &Declared) -> bool {
    let Target::Many { pattern, .. } = &declared.at else { return false };
    let mut members = plan.resources.values().filter(|seen| seen.names.contains(name));
    members.any(|seen| seen.settings.iter().any(|(_, setting)| setting.goal.is_some()))
        || plan.skipped.iter().any(|skipped| skipped.why == SkippedWhy::Missing && skipped.at == pattern.to_string())
}

/// New relations of what is changed: the order was made without them.
fn related(plan: &Plan, sight: &Sight) -> Vec<Overtaken> {
    let changed: BTreeSet<&Address> = plan.steps.iter().filter_map(|step| step.at()).collect();
    let mut related = Vec::new();
    for (at, seen) in &plan.resources {
        let Some(live) = sight.found.get(at) else { continue };
        for relation in live.relations.iter().filter(|relation| !seen.relations.contains(relation)) {
            let (Relation::Needs(other) | Relation::Confines(other)) = relation;
            if changed.contains(at) || changed.contains(other) {
                related.push(Overtaken::Related { at: at.clone(), relation: relation.clone() });
            }
        }
    }
    related
}

/// What the steps of a plan rely on.
struct Needs<'a> {
    plan: &'a Plan,
    sight: &'a Sight,
    /// What has a step: that one sees to it that it serves.
    made: BTreeSet<&'a Address>,
}

impl<'a> Needs<'a> {
    /// What served when the plan was made and does not now, where something relies on it.
    fn lost(&self) -> BTreeSet<&'a Address> {
        let mut lost = BTreeSet::new();
        let mut names: Vec<&str> = self.relying();
        let mut met: BTreeSet<&str> = names.iter().copied().collect();
        while let Some(name) = names.pop() {
            let Some(declared) = self.plan.declared.get(name) else { continue };
            for need in &declared.needs {
                let any = |serves: &dyn Fn(&Address, Option<u64>) -> bool| {
                    need.any_of.iter().any(|name| self.serve_all(name, serves))
                };
                if any(&|at, enough| self.served(at, enough)) && !any(&|at, enough| self.serves(at, enough)) {
                    let members = need.any_of.iter().flat_map(|name| self.members(name));
                    lost.extend(members.filter(|at| self.served(at, None) && !self.serves(at, None)));
                }
                names.extend(need.any_of.iter().map(String::as_str).filter(|name| met.insert(name)));
            }
        }
        for at in &self.made {
            let relations = self.plan.resources.get(*at).into_iter().flat_map(|seen| &seen.relations);
            lost.extend(relations.filter_map(|relation| match relation {
                Relation::Needs(other) => Some(other).filter(|at| self.served(at, None) && !self.serves(at, None)),
                Relation::Confines(_) => None,
            }));
        }
        lost
    }

    /// The names of what grows, and of what keeps the traffic that others of its pool give up.
    fn relying(&self) -> Vec<&'a str> {
        let mut relying = BTreeSet::new();
        for step in &self.plan.steps {
            let Work::Change { at, position, .. } = &step.work else { continue };
            let names = self.plan.resources.get(at).into_iter().flat_map(|seen| &seen.names);
            for name in names {
                let pool = self.plan.declared.get(name).and_then(|declared| declared.pool.as_ref());
                match position {
                    Position::Up => drop(relying.insert(name.as_str())),
                    Position::Down => relying.extend(
                        self.plan
                            .declared
                            .iter()
                            .filter(|(other, declared)| {
                                *other != name && pool.is_some() && declared.pool.as_ref() == pool
                            })
                            .map(|(other, _)| other.as_str()),
                    ),
                }
            }
        }
        relying.into_iter().collect()
    }

    fn members(&self, name: &str) -> impl Iterator<Item = &'a Address> {
        let resources = self.plan.resources.iter();
        resources.filter(move |(_, seen)| seen.names.iter().any(|other| other == name)).map(|(at, _)| at)
    }

    fn serve_all(&self, name: &str, serves: &dyn Fn(&Address, Option<u64>) -> bool) -> bool {
        let enough = self.plan.declared.get(name).and_then(|declared| declared.enough);
        let mut members = self.members(name).peekable();
        members.peek().is_some() && members.all(|at| serves(at, enough))
    }

    fn served(&self, at: &Address, enough: Option<u64>) -> bool {
        self.made.contains(at) || self.plan.resources.get(at).is_some_and(|seen| is_up(&seen.readiness, enough))
    }

    fn serves(&self, at: &Address, enough: Option<u64>) -> bool {
        self.made.contains(at) || self.sight.found.get(at).is_some_and(|live| is_up(&live.readiness, enough))
    }

    fn now(&self, at: &Address) -> String {
        match (self.sight.found.get(at), self.sight.faults.get(at)) {
            (Some(live), _) => words(&live.readiness),
            (None, Some(fault)) => fault.to_string(),
            (None, None) => "not read".to_owned(),
        }
    }
}

/// Whether it serves, as far as the API tells.
fn is_up(readiness: &Readiness, enough: Option<u64>) -> bool {
    match readiness {
        Readiness::Ready | Readiness::Unknown => true,
        Readiness::Progressing { .. } => enough.is_some_and(|enough| readiness.has(enough)),
        Readiness::Failed(_) => false,
    }
}
