//! What `write` owes where somebody else was faster.

use super::Example;
use super::case::{Case, Duty, Proof, duty, hold, shown, token, unchanged};
use crate::{Hop, Written};

pub(super) const OF_KINDS: &[Duty] = &[
    duty!(a_stale_write_is_a_conflict_and_changes_nothing, |case| case.alternatives().next().is_some()),
    duty!(a_stale_write_with_a_fresh_reading_is_a_conflict, |case| case.alternatives().next().is_some()),
    duty!(the_same_write_again_changes_nothing),
    duty!(the_same_token_again_changes_nothing),
    duty!(another_setting_is_no_conflict, |case| case.strangers().next().is_some()),
];

/// The first hop, where it is about the example: a way may have to lead through another setting first.
fn first(hops: Vec<Hop>, example: &Example) -> Option<Hop> {
    hops.into_iter().next().filter(|hop| hop.edits.iter().any(|edit| edit.setting == example.setting))
}

/// `write`: only if `from` still holds. `Written::Conflict`: nothing was done, and this is there now.
async fn a_stale_write_is_a_conflict_and_changes_nothing(case: &Case) -> Proof {
    let desk = case.desk();
    for (ours, theirs) in case.alternatives() {
        let live = desk.fresh_for(ours).await?;
        let Some(hop) = first(desk.hops(&live, ours)?, ours) else { continue };
        let disturbed = desk.disturb(&live.at, theirs).await?;
        match desk.send(&hop, &live, &token(&hop.at)).await? {
            Written::Conflict(now) => {
                let told = now.value(&theirs.setting) == theirs.to.as_ref();
                hold!(now.at == live.at && told, "{} is there, and {:?} was told", shown(theirs), now.settings);
            }
            other => return Err(format!("{} over {}: {other:#?}", shown(ours), shown(theirs)).into()),
        }
        unchanged(&disturbed, &desk.live(&live.at).await?, &case.harness.restless(case.kind))?;
    }
    Ok(())
}

/// `write`: `from` is what counts, also where the reading that came with it is newer.
async fn a_stale_write_with_a_fresh_reading_is_a_conflict(case: &Case) -> Proof {
    let desk = case.desk();
    for (ours, theirs) in case.alternatives() {
        let live = desk.fresh_for(ours).await?;
        let Some(hop) = first(desk.hops(&live, ours)?, ours) else { continue };
        let disturbed = desk.disturb(&live.at, theirs).await?;
        let written = desk.send(&hop, &disturbed, &token(&hop.at)).await?;
        hold!(matches!(written, Written::Conflict(_)), "{} over {}: {written:#?}", shown(ours), shown(theirs));
        unchanged(&disturbed, &desk.live(&live.at).await?, &case.harness.restless(case.kind))?;
    }
    Ok(())
}

/// A second apply does nothing: what is already there is a conflict, or taken without effect.
async fn the_same_write_again_changes_nothing(case: &Case) -> Proof {
    again(case, false).await
}

/// `Write::idempotency_token`: the same over a resume of the same step; it is not done twice.
async fn the_same_token_again_changes_nothing(case: &Case) -> Proof {
    again(case, true).await
}

async fn again(case: &Case, same_token: bool) -> Proof {
    let desk = case.desk();
    for example in &case.examples {
        let live = desk.fresh_for(example).await?;
        let hop = desk.hops(&live, example)?.remove(0);
        let first = token(&hop.at);
        let written = desk.send(&hop, &live, &first).await?;
        hold!(matches!(written, Written::Sent { .. }), "{}: {written:#?}", shown(example));
        let after = desk.settled(&hop).await?;
        let second = if same_token { first } else { token(&hop.at) };
        let written = desk.send(&hop, &live, &second).await?;
        let nothing = matches!(written, Written::Sent { .. } | Written::Conflict(_));
        hold!(nothing, "{} again: {written:#?}", shown(example));
        unchanged(&after, &desk.live(&live.at).await?, &case.harness.restless(case.kind))?;
    }
    Ok(())
}

/// `write`: compares only what the hop names. What another operator did to another setting is no conflict, and stays.
async fn another_setting_is_no_conflict(case: &Case) -> Proof {
    let desk = case.desk();
    // One pair a setting of ours is enough: the rest would tell nothing new.
    let mut seen = std::collections::BTreeSet::new();
    for (ours, theirs) in case.strangers() {
        if !seen.insert(&ours.setting) {
            continue;
        }
        let live = desk.fresh_for(ours).await?;
        let Some(hop) = first(desk.hops(&live, ours)?, ours) else { continue };
        desk.disturb(&live.at, theirs).await?;
        desk.make(&hop, &live).await?;
        let after = desk.settled(&hop).await?;
        let stays = after.value(&theirs.setting) == theirs.to.as_ref();
        hold!(stays, "{} was undone by {}: {:#?}", shown(theirs), shown(ours), after.settings);
    }
    Ok(())
}
