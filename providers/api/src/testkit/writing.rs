//! What `write` owes where nobody is in its way.

use std::collections::BTreeSet;

use super::case::{Case, Duty, Proof, apart_from, duty, hold, shown};
use crate::{Fault, Setting, Type};

pub(super) const OF_KINDS: &[Duty] = &[
    duty!(what_is_written_becomes_true_and_ready),
    duty!(a_write_leaves_other_settings_alone),
    duty!(there_and_back_again),
    duty!(an_absent_setting_is_made_and_taken_away, |case| case.kind.settings.iter().any(comes_and_goes)),
    duty!(what_is_missing_is_not_made, |case| !case.examples.is_empty()),
];

/// Whether a setting can be made and taken away. A switch of something that has a name (a rule) is there with it, or not at all.
fn comes_and_goes(setting: &Setting) -> bool {
    setting.optional && (setting.key.is_none() || setting.ty != Type::Bool)
}

/// Read after write equals what was asked, once it has settled; the resource becomes ready.
async fn what_is_written_becomes_true_and_ready(case: &Case) -> Proof {
    let desk = case.desk();
    for example in &case.examples {
        let live = desk.fresh_for(example).await?;
        // `go` reads until it is so, by a provider that knows nothing of the write.
        desk.go(&live, example).await?;
        let seen = case.desk().live(&live.at).await?;
        hold!(seen.value(&example.setting) == example.to.as_ref(), "{}: {:#?}", shown(example), seen.settings);
    }
    Ok(())
}

/// `write`: sets only what the hop names.
async fn a_write_leaves_other_settings_alone(case: &Case) -> Proof {
    let desk = case.desk();
    for example in &case.examples {
        let before = desk.fresh_for(example).await?;
        let hops = desk.hops(&before, example)?;
        let mut named: BTreeSet<String> = case.harness.restless(case.kind).into_iter().collect();
        named.extend(hops.iter().flat_map(|hop| &hop.edits).map(|edit| edit.setting.clone()));
        named.extend(hops.iter().flat_map(|hop| &hop.coupled).map(|edit| edit.setting.clone()));
        let after = desk.go(&before, example).await?;
        hold!(
            apart_from(&before, &named) == apart_from(&after, &named),
            "{} changed others: {:#?}\nis now {:#?}",
            shown(example),
            before.settings,
            after.settings
        );
    }
    Ok(())
}

/// A change of a setting that is not one-way can be changed back, and then all is as it was.
async fn there_and_back_again(case: &Case) -> Proof {
    let desk = case.desk();
    for example in &case.examples {
        let setting = case.setting(example)?;
        let before = desk.fresh_for(example).await?;
        let no_way_back = !setting.optional && before.value(&example.setting).is_none();
        if setting.one_way || example.couples || no_way_back {
            continue;
        }
        let there = desk.go(&before, example).await?;
        let back = super::Example { to: before.value(&example.setting).cloned(), ..example.clone() };
        let after = desk.go(&there, &back).await?;
        hold!(after.value(&back.setting) == back.to.as_ref(), "{} is not back", shown(&back));
    }
    Ok(())
}

/// `Setting::optional`: it can be taken away, and made again.
async fn an_absent_setting_is_made_and_taken_away(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    let optional = case.examples.iter().filter(|example| {
        case.kind.setting(&example.setting).is_some_and(|setting| setting.optional)
            && (example.to.is_none() || live.value(&example.setting).is_none())
    });
    let mut tried = 0;
    for example in optional {
        let live = desk.fresh_for(example).await?;
        let there = desk.go(&live, example).await?;
        let back = super::Example { to: live.value(&example.setting).cloned(), ..example.clone() };
        desk.go(&there, &back).await?;
        tried += 1;
    }
    hold!(tried > 0, "no example makes an optional setting that is absent at first, or takes one away");
    Ok(())
}

/// A write to what is not there is refused as missing: opsctl creates nothing.
async fn what_is_missing_is_not_made(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    let Some(example) = case.examples.first() else { return Err("there is no example".into()) };
    let mut hop = desk.hops(&live, example)?.remove(0);
    hop.at = case.harness.missing(case.kind);
    let live = crate::Live { at: hop.at.clone(), ..live };
    let written = desk.send(&hop, &live, &super::case::token(&hop.at)).await?;
    let missing = matches!(written, crate::Written::Refused(Fault::Missing(_)));
    hold!(missing, "{written:#?}");
    let read = desk.read(&hop.at).await?;
    hold!(matches!(read, Err(Fault::Missing(_))), "{read:?}");
    Ok(())
}
