use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use opsctl_api::{Fault, Hop, Preflight};

use crate::call::{Failed, few_at_once};
use crate::kinds::{Told, served};
use crate::provider::Site;

/// Asks where the API has a dry run, or a read that tells what it would refuse; most of AWS has none.
pub(crate) async fn preflight(site: Site<'_>, hops: &[Hop]) -> Vec<Preflight> {
    let mut by_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, hop) in hops.iter().enumerate() {
        by_kind.entry(hop.at.kind()).or_default().push(index);
    }
    let asked = join_all(by_kind.into_iter().map(|(kind, indexes)| async move {
        let of: Vec<&Hop> = indexes.iter().map(|&index| &hops[index]).collect();
        let told = match served(kind) {
            Some(served) => (served.calls.preflight)(site, &of).await,
            None => Vec::new(),
        };
        (indexes, told)
    }));
    let mut answers = vec![Preflight::CannotTell("the API has no dry run of this".to_owned()); hops.len()];
    for (indexes, told) in asked.await {
        for (index, answer) in indexes.into_iter().zip(told) {
            if let Some(answer) = answer {
                answers[index] = answer;
            }
        }
    }
    answers
}

/// What is told of the things that hops name (a version, a class), of which each is asked for once, however many hops name it.
pub(crate) async fn each_thing<T: Ord + Clone, F: Future<Output = Told>>(
    hops: &[&Hop],
    named: impl Fn(&Hop) -> Vec<T>,
    ask: impl Fn(T) -> F,
) -> Vec<Told> {
    let named: Vec<Vec<T>> = hops.iter().map(|hop| named(hop)).collect();
    let things: Vec<T> = named.iter().flatten().cloned().collect::<BTreeSet<T>>().into_iter().collect();
    let told = few_at_once(things.iter().cloned().map(ask).collect()).await;
    let told: BTreeMap<T, Told> = things.into_iter().zip(told).collect();
    named.iter().map(|of| of.iter().find_map(|thing| told.get(thing)?.clone())).collect()
}

/// A change names something that is not there.
pub(crate) fn not_there(what: String) -> Told {
    Some(Preflight::Refused(Fault::Missing(what)))
}

/// Whether it is there could not be read. That says nothing of the write, for which other rights are needed.
pub(crate) fn unread(what: &str, failed: Failed) -> Told {
    Some(Preflight::CannotTell(format!("whether there is {what} could not be read: {}", failed.fault)))
}
