use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use opsctl_api::{Address, Fault, Identity, Live, Query, Reading, Settings, Wanted};

use crate::instance::{Catalogues, Instances};
use crate::state::{Declared, Scope};

/// What was live when all instances were asked at once.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// By instance: what it really talks to, or why it did not say.
    pub identities: BTreeMap<String, Result<Identity, Fault>>,
    /// All resources that were found.
    pub found: BTreeMap<Address, Arc<Live>>,
    /// By name: what it stands for, or why that could not be read.
    pub names: BTreeMap<String, Result<Members, Fault>>,
}

/// What a name stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// Sorted.
    pub found: Vec<Address>,
    /// False where there are more that could not be read.
    pub complete: bool,
}

/// Reads every setting that any state sets, from all instances at once.
pub async fn observe(scope: &Scope, instances: &Instances) -> Observation {
    let asked: Vec<(&String, &Arc<Declared>)> = scope.declared.iter().collect();
    let nothing = Settings::new();
    let catalogues = instances.catalogues();
    let queries: Vec<Query> = asked
        .iter()
        .map(|(name, declared)| Query {
            at: declared.at.selector(),
            settings: Wanted::Only(wanted(scope.settings.get(*name).unwrap_or(&nothing).keys(), declared, &catalogues)),
            receipt: None,
        })
        .collect();
    let used: BTreeSet<&str> = queries.iter().filter_map(|query| query.at.instance()).collect();
    let used: Vec<&str> = used.into_iter().collect();
    let (identities, readings) = tokio::join!(instances.identities(&used), instances.read(&queries));

    let mut observation = Observation { identities, ..Observation::default() };
    for ((name, declared), reading) in asked.into_iter().zip(readings) {
        let members = match reading {
            Reading::Fault(fault) => Err(fault),
            Reading::Members { found, complete } => {
                let mut members = Members { found: Vec::with_capacity(found.len()), complete };
                for live in found.into_iter().filter(|live| !declared.at.leaves_out(&live.at)) {
                    members.found.push(live.at.clone());
                    merge(&mut observation.found, live);
                }
                members.found.sort();
                members.found.dedup();
                Ok(members)
            }
        };
        observation.names.insert(name.clone(), members);
    }
    observation
}

/// The keys that a state sets, and what the way of a change of them depends on.
fn wanted<'a>(
    keys: impl Iterator<Item = &'a String>,
    declared: &Declared,
    catalogues: &Catalogues,
) -> BTreeSet<String> {
    let at = declared.at.selector();
    let kind = at.instance().zip(at.kind()).and_then(|(instance, kind)| catalogues.kind(instance, kind));
    let mut wanted = BTreeSet::new();
    for key in keys {
        let with = kind.and_then(|kind| kind.setting(key)).map_or(&[][..], |setting| setting.read_with);
        wanted.extend(with.iter().map(|other| (*other).to_owned()));
        wanted.insert(key.clone());
    }
    wanted
}

/// One resource may be read under several names, each with settings of its own.
fn merge(found: &mut BTreeMap<Address, Arc<Live>>, live: Live) {
    match found.get_mut(&live.at) {
        None => {
            found.insert(live.at.clone(), Arc::new(live));
        }
        Some(known) => {
            let known = Arc::make_mut(known);
            known.settings.extend(live.settings);
            for owner in live.owners {
                if !known.owners.contains(&owner) {
                    known.owners.push(owner);
                }
            }
            for relation in live.relations {
                if !known.relations.contains(&relation) {
                    known.relations.push(relation);
                }
            }
            for touch in live.touched {
                if !known.touched.contains(&touch) {
                    known.touched.push(touch);
                }
            }
            known.readiness = live.readiness;
            known.version = live.version;
        }
    }
}
