//! What `preflight` owes.

use super::case::{Case, Duty, Proof, duty, hold, shown, token, unchanged};
use crate::{Fault, Preflight, Written};

pub(super) const OF_KINDS: &[Duty] = &[
    duty!(preflight_changes_nothing, |case| !case.examples.is_empty()),
    duty!(preflight_does_not_refuse_what_is_taken, |case| !case.examples.is_empty()),
    duty!(what_is_illegal_is_refused_and_not_done, |case| !case.harness.illegal(case.kind).is_empty()),
];

/// `preflight`: changes nothing; answers in the order of the questions, one for each.
async fn preflight_changes_nothing(case: &Case) -> Proof {
    let desk = case.desk();
    let before = desk.fresh().await?;
    let mut hops = Vec::new();
    for example in case.examples.iter().filter(|example| example.given.is_none()) {
        hops.extend(desk.hops(&before, example)?);
    }
    let answers = desk.provider.preflight(&desk.cx, &hops).await;
    hold!(answers.len() == hops.len(), "{} questions had {} answers", hops.len(), answers.len());
    unchanged(&before, &desk.live(&before.at).await?, &case.harness.restless(case.kind))
}

/// `preflight`: whether the API would take each hop.
async fn preflight_does_not_refuse_what_is_taken(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    for example in &case.examples {
        let live = desk.taking(&live, example).await?;
        let hops = desk.hops(&live, example)?;
        let answers = desk.provider.preflight(&desk.cx, &hops[..1]).await;
        let refused = matches!(answers[..], [Preflight::Accepted | Preflight::CannotTell(_)]);
        hold!(refused, "{}: {answers:?}", shown(example));
    }
    Ok(())
}

/// `preflight`: never `Accepted` for what the API would not take; `Written::Refused` only where nothing was done.
async fn what_is_illegal_is_refused_and_not_done(case: &Case) -> Proof {
    let desk = case.desk();
    for example in case.harness.illegal(case.kind) {
        let live = desk.fresh().await?;
        let edit = crate::Edit {
            setting: example.setting.clone(),
            from: live.value(&example.setting).cloned(),
            to: example.to.clone(),
        };
        let hop = crate::Hop { at: live.at.clone(), edits: vec![edit], coupled: Vec::new() };
        let answers = desk.provider.preflight(&desk.cx, std::slice::from_ref(&hop)).await;
        hold!(answers != [Preflight::Accepted], "{} was accepted", shown(&example));
        let written = desk.send(&hop, &live, &token(&hop.at)).await?;
        hold!(
            matches!(written, Written::Refused(Fault::Invalid(_) | Fault::Missing(_))),
            "{}: {written:#?}",
            shown(&example)
        );
        unchanged(&live, &desk.live(&live.at).await?, &case.harness.restless(case.kind))?;
    }
    Ok(())
}
