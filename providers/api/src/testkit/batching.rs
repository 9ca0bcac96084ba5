//! How many calls it takes.

use super::case::{Case, Duty, Proof, duty, hold, token};
use crate::{Hop, Query, Write, Written};

/// Of how many resources a provider must not read each by itself.
const MANY: usize = 50;

pub(super) const OF_KINDS: &[Duty] = &[
    duty!(calls_are_counted, |case| !case.examples.is_empty()),
    duty!(many_reads_are_few_calls),
    duty!(what_may_share_a_call_is_answered_one_by_one, batches),
];

fn batches(case: &Case) -> bool {
    let catalogue = case.harness.catalogue();
    let hop = Hop { at: case.harness.missing(case.kind), edits: Vec::new(), coupled: Vec::new() };
    !case.examples.is_empty() && catalogue.batch(&hop).is_some()
}

/// Every call to the API is counted in `Cx::calls`.
async fn calls_are_counted(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    let before = desk.cx.calls.total();
    let live = desk.live(&live.at).await?;
    let read = desk.cx.calls.total();
    hold!(read > before, "a read was not counted");
    for hop in desk.hops(&live, &case.examples[0])?.iter().take(1) {
        desk.make(hop, &live).await?;
    }
    hold!(desk.cx.calls.total() > read, "a write was not counted: {:?}", desk.cx.calls.by_verb());
    Ok(())
}

/// `read`: batches, never one call a resource where the API has a list.
async fn many_reads_are_few_calls(case: &Case) -> Proof {
    let mut ask = Vec::new();
    for _ in 0..MANY {
        ask.push(Query::one(case.harness.fresh(case.kind).await?));
    }
    let desk = case.desk();
    for (query, answer) in ask.iter().zip(desk.ask(&ask).await?) {
        answer.into_one().map_err(|fault| format!("{}: {fault}", query.at))?;
    }
    let (calls, most) = (desk.cx.calls.total(), case.harness.most_calls(case.kind, MANY));
    hold!(calls <= most, "{MANY} resources took {calls} calls, not {most}: {:?}", desk.cx.calls.by_verb());
    Ok(())
}

/// `write`: sends what may share one call, and answers each.
async fn what_may_share_a_call_is_answered_one_by_one(case: &Case) -> Proof {
    let desk = case.desk();
    let mut batch = Vec::new();
    for _ in 0..2 {
        let live = desk.fresh().await?;
        let hop = desk.hops(&live, &case.examples[0])?.remove(0);
        batch.push(Write { idempotency_token: token(&hop.at), hop, live });
    }
    let keys: Vec<_> = batch.iter().map(|write| case.harness.catalogue().batch(&write.hop)).collect();
    hold!(keys[0] == keys[1], "two fresh resources may not share a call: {keys:?}");
    let written = desk.provider.write(&desk.cx, &batch).await;
    hold!(written.len() == batch.len(), "{} writes had {} answers", batch.len(), written.len());
    for (write, written) in batch.iter().zip(written) {
        hold!(matches!(written, Written::Sent { .. }), "{}: {written:#?}", write.hop.at);
        desk.settled(&write.hop).await?;
    }
    Ok(())
}
