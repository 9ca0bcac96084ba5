use std::collections::BTreeMap;

use futures_util::future::join_all;
use opsctl_api::{Hop, Preflight};

use crate::kinds::served;
use crate::provider::Site;

/// Asks where the API has a dry run; most of AWS has none.
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
