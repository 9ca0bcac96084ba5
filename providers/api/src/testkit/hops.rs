//! The ways that a catalogue knows.

use super::case::{Case, Duty, Proof, duty, hold, shown};
use crate::{Change, Edit};

pub(super) const OF_KINDS: &[Duty] = &[
    duty!(hops_lead_there_without_a_gap),
    duty!(hops_touch_nothing_else),
    duty!(hops_are_the_same_for_the_same_question),
    duty!(a_hop_is_one_call_by_itself),
    duty!(what_is_coupled_is_named, |case| case.examples.iter().any(|example| example.couples)),
    duty!(there_is_a_way_by_hand),
    duty!(a_one_way_setting_has_no_way_back, one_way),
];

fn one_way(case: &Case) -> bool {
    case.examples.iter().any(|example| case.kind.setting(&example.setting).is_some_and(|setting| setting.one_way))
}

/// `hops`: they lead each edit from its `from` to its `to` without a gap.
async fn hops_lead_there_without_a_gap(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    for example in &case.examples {
        let live = desk.taking(&live, example).await?;
        let mut at = live.value(&example.setting).cloned();
        for hop in desk.hops(&live, example)? {
            hold!(hop.at == live.at, "a hop is at {} and not at {}", hop.at, live.at);
            for edit in hop.edits.iter().filter(|edit| edit.setting == example.setting) {
                hold!(edit.from == at, "{}: a hop begins at {:?}, not at {at:?}", example.setting, edit.from);
                at = edit.to.clone();
            }
        }
        hold!(at == example.to, "the way to {} ends at {at:?}", shown(example));
    }
    Ok(())
}

/// `hops`: they touch no other setting, but for those that they bring back and the `coupled` ones that they name.
async fn hops_touch_nothing_else(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    for example in &case.examples {
        let live = desk.taking(&live, example).await?;
        let mut moved = std::collections::BTreeMap::new();
        for hop in desk.hops(&live, example)? {
            hold!(!hop.edits.is_empty(), "a hop to {} sets nothing", shown(example));
            for edit in hop.edits.iter().filter(|edit| edit.setting != example.setting) {
                let at = moved.entry(edit.setting.clone()).or_insert_with(|| live.value(&edit.setting).cloned());
                hold!(*at == edit.from, "the way to {} moves {} from {:?}", shown(example), edit.setting, edit.from);
                at.clone_from(&edit.to);
            }
            for edit in &hop.coupled {
                let known = case.kind.setting(&edit.setting).is_some() && edit.setting != example.setting;
                hold!(known, "{} is coupled with {}", edit.setting, example.setting);
            }
        }
        for (setting, at) in moved {
            hold!(at.as_ref() == live.value(&setting), "the way to {} leaves {setting} at {at:?}", shown(example));
        }
    }
    Ok(())
}

/// `hops`: the same question has the same answer.
async fn hops_are_the_same_for_the_same_question(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    for example in &case.examples {
        let live = desk.taking(&live, example).await?;
        hold!(desk.hops(&live, example)? == desk.hops(&live, example)?, "two ways to {}", shown(example));
    }
    Ok(())
}

/// `hops`: one atomic call a hop. So the way of what one hop sets is that hop.
async fn a_hop_is_one_call_by_itself(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    for example in &case.examples {
        let live = desk.taking(&live, example).await?;
        let Some(hop) = desk.hops(&live, example)?.into_iter().next() else { continue };
        let change = Change { at: hop.at.clone(), edits: hop.edits.clone() };
        let again = case.harness.catalogue().hops(&change, &live);
        let again = again.map_err(|no_way| format!("the first hop to {} has no way: {no_way}", shown(example)))?;
        hold!(again == [hop], "the first hop to {} is not its own way: {again:#?}", shown(example));
    }
    Ok(())
}

/// `Hop::coupled`: what the API moves along with it, predicted.
async fn what_is_coupled_is_named(case: &Case) -> Proof {
    let desk = case.desk();
    for example in case.examples.iter().filter(|example| example.couples) {
        let live = desk.fresh().await?;
        let hops = desk.hops(&live, example)?;
        hold!(hops.iter().any(|hop| !hop.coupled.is_empty()), "{} couples nothing", shown(example));
        // `go` waits until what is coupled is as it was predicted.
        desk.go(&live, example).await?;
    }
    Ok(())
}

/// `by_hand`: what a person would type instead.
async fn there_is_a_way_by_hand(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    for example in &case.examples {
        let live = desk.taking(&live, example).await?;
        for hop in desk.hops(&live, example)? {
            let by_hand = case.harness.catalogue().by_hand(&hop, &crate::Config::new());
            hold!(!by_hand.trim().is_empty(), "there is nothing to type for {}", shown(example));
        }
    }
    Ok(())
}

/// `Setting::one_way`: there is no way back, by the catalogue or at the latest by the API.
async fn a_one_way_setting_has_no_way_back(case: &Case) -> Proof {
    let desk = case.desk();
    for example in &case.examples {
        if !case.setting(example)?.one_way {
            continue;
        }
        let before = desk.fresh().await?;
        let after = desk.go(&before, example).await?;
        let back = Edit {
            setting: example.setting.clone(),
            from: after.value(&example.setting).cloned(),
            to: before.value(&example.setting).cloned(),
        };
        let change = Change { at: after.at.clone(), edits: vec![back] };
        let Ok(hops) = case.harness.catalogue().hops(&change, &after) else { continue };
        for hop in hops {
            let written = desk.send(&hop, &after, &super::case::token(&hop.at)).await?;
            hold!(matches!(written, crate::Written::Refused(_)), "the way back was taken: {written:#?}");
        }
        super::case::unchanged(&after, &desk.live(&after.at).await?, &case.harness.restless(case.kind))?;
    }
    Ok(())
}
