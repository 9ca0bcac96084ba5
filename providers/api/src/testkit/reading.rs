//! What `read` owes.

use std::collections::BTreeSet;

use super::case::{Case, Desk, Duty, Proof, duty, hold, unchanged};
use crate::{Fault, Live, LiveSetting, Pattern, Query, Reading, Relation, Selector, Wanted};

pub(super) const OF_KINDS: &[Duty] = &[
    duty!(read_changes_nothing),
    duty!(answers_come_in_the_order_of_the_questions),
    duty!(the_order_of_the_questions_does_not_matter),
    duty!(what_is_missing_is_missing),
    duty!(a_kind_that_is_not_there_is_missing),
    duty!(all_means_every_setting, |case| case.kind.settings.iter().any(|setting| setting.key.is_none())),
    duty!(values_are_of_their_types),
    duty!(some_settings_are_read_as_among_all),
    duty!(a_key_that_is_not_there_is_absent, |case| case.kind.settings.iter().any(|setting| setting.key.is_some())),
    duty!(a_wildcard_finds_what_single_reads_find),
    duty!(labels_choose, |case| case.harness.labels(case.kind).is_some()),
    duty!(drift_is_seen, |case| !case.examples.is_empty()),
    duty!(who_confines_is_told, |case| case.kind.confines.is_some()),
];

/// `read`: changes nothing.
async fn read_changes_nothing(case: &Case) -> Proof {
    let desk = case.desk();
    let before = desk.fresh().await?;
    unchanged(&before, &desk.live(&before.at).await?, &case.harness.restless(case.kind))
}

/// Answers come in the order of the questions, one for each.
async fn answers_come_in_the_order_of_the_questions(case: &Case) -> Proof {
    let desk = case.desk();
    let (one, other) = (desk.fresh().await?.at, desk.fresh().await?.at);
    let missing = case.harness.missing(case.kind);
    let asked = [&other, &missing, &one, &other];
    let answers = desk.ask(&asked.map(|at| Query::one(at.clone()))).await?;
    for (at, answer) in asked.into_iter().zip(answers) {
        match answer.into_one() {
            Ok(live) => hold!(live.at == *at, "{at} was asked, and {} answered", live.at),
            Err(fault) => hold!(*at == missing && matches!(fault, Fault::Missing(_)), "{at}: {fault}"),
        }
    }
    Ok(())
}

/// Order of the input does not matter.
async fn the_order_of_the_questions_does_not_matter(case: &Case) -> Proof {
    let desk = case.desk();
    let ask = [desk.fresh().await?.at, desk.fresh().await?.at, case.harness.missing(case.kind)].map(Query::one);
    let backwards: Vec<Query> = ask.iter().rev().cloned().collect();
    let forwards = desk.ask(&ask).await?;
    let backwards = desk.ask(&backwards).await?;
    for (one, other) in forwards.into_iter().zip(backwards.into_iter().rev()) {
        match (one.into_one(), other.into_one()) {
            (Ok(one), Ok(other)) => unchanged(&one, &other, &case.harness.restless(case.kind))?,
            (one, other) => hold!(one.is_err() && other.is_err(), "{one:?} and {other:?}"),
        }
    }
    Ok(())
}

/// `read`: a missing resource is `Missing`.
async fn what_is_missing_is_missing(case: &Case) -> Proof {
    let at = case.harness.missing(case.kind);
    hold!(case.kind.accepts_path(at.path()), "{at} is not well formed");
    let read = case.desk().read(&at).await?;
    hold!(matches!(read, Err(Fault::Missing(_))), "{read:?}");
    Ok(())
}

/// `Fault::Missing`: the resource, or its kind, is not there.
async fn a_kind_that_is_not_there_is_missing(case: &Case) -> Proof {
    let missing = case.harness.missing(case.kind);
    let at = crate::Address::new(missing.instance(), "no-such-kind", missing.path())?;
    let read = case.desk().read(&at).await?;
    hold!(matches!(read, Err(Fault::Missing(_))), "{read:?}");
    Ok(())
}

/// `Live::settings`: all of the kind where all were asked for. What is not there is said to be absent.
async fn all_means_every_setting(case: &Case) -> Proof {
    let live = case.desk().fresh().await?;
    for setting in case.kind.settings.iter().filter(|setting| setting.key.is_none()) {
        hold!(live.settings.contains_key(setting.name), "{} is not in {:#?}", setting.name, live.settings);
    }
    for key in live.settings.keys() {
        hold!(case.kind.setting(key).is_some(), "{key} is no setting of it");
    }
    Ok(())
}

/// `Setting::ty`: the type with its range.
async fn values_are_of_their_types(case: &Case) -> Proof {
    let live = case.desk().fresh().await?;
    for (key, setting) in &live.settings {
        if let (Some(value), Some(declared)) = (setting.value(), case.kind.setting(key)) {
            declared.ty.check(value).map_err(|mismatch| format!("{key}: {mismatch}"))?;
        }
    }
    Ok(())
}

/// `Wanted::Only`: these keys, as they are among all.
async fn some_settings_are_read_as_among_all(case: &Case) -> Proof {
    let desk = case.desk();
    let all = desk.fresh().await?;
    let restless = case.harness.restless(case.kind);
    for (key, expected) in all.settings.iter().filter(|(key, _)| !restless.contains(key)) {
        let some = desk.read_of(&all.at, Wanted::Only(BTreeSet::from([key.clone()]))).await??;
        hold!(
            some.settings.keys().eq([key]),
            "{key} was asked for, and {:?} answered",
            some.settings.keys().collect::<Vec<_>>()
        );
        hold!(some.settings.get(key) == Some(expected), "{key} is {:?}, not {expected:?}", some.settings.get(key));
    }
    Ok(())
}

/// `Wanted::Only`: one that is not there is answered as absent; as hidden where it could not be made either, as of a container
/// that is not there.
async fn a_key_that_is_not_there_is_absent(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    for setting in case.kind.settings.iter().filter(|setting| setting.key.is_some()) {
        let key = format!("{}.no-such-key", setting.name);
        let read = desk.read_of(&live.at, Wanted::Only(BTreeSet::from([key.clone()]))).await??;
        let told = matches!(read.settings.get(&key), Some(LiveSetting::Absent | LiveSetting::Hidden(_)));
        hold!(told, "{key} is {:?}", read.settings.get(&key));
    }
    Ok(())
}

async fn listed(
    desk: &Desk<'_>,
    pattern: Pattern,
    labels: &[(&str, &str)],
) -> Result<Vec<Live>, libtest_mimic::Failed> {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let query = Query { at: Selector::Many { pattern, labels }, settings: Wanted::All, receipt: None };
    match desk.ask(&[query]).await?.remove(0) {
        Reading::Members { found, complete } => {
            hold!(complete, "the answer is not complete");
            hold!(found.is_sorted_by(|one, other| one.at < other.at), "it is not sorted by address, or has one twice");
            Ok(found)
        }
        Reading::Fault(fault) => Err(fault.into()),
    }
}

/// A wildcard finds the same as reading each.
async fn a_wildcard_finds_what_single_reads_find(case: &Case) -> Proof {
    let desk = case.desk();
    let mut single = Vec::new();
    for _ in 0..3 {
        single.push(desk.fresh().await?);
    }
    let found = listed(&desk, case.harness.pattern(case.kind), &[]).await?;
    for live in &single {
        let Some(member) = found.iter().find(|member| member.at == live.at) else {
            return Err(format!("{} was not found", live.at).into());
        };
        unchanged(live, member, &case.harness.restless(case.kind))?;
    }
    let none = Pattern::new(format!("{}-*", case.harness.missing(case.kind)));
    let found = listed(&desk, none.clone(), &[]).await?;
    hold!(found.is_empty(), "{none} found {:?}", found.iter().map(|live| &live.at).collect::<Vec<_>>());
    Ok(())
}

/// `Selector::Many`: all of the labels must be there.
async fn labels_choose(case: &Case) -> Proof {
    let desk = case.desk();
    let live = desk.fresh().await?;
    let labels = case.harness.labels(case.kind).unwrap_or_default();
    let labels: Vec<(&str, &str)> = labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    hold!(!labels.is_empty(), "the harness names no labels");
    let found = listed(&desk, case.harness.pattern(case.kind), &labels).await?;
    hold!(found.iter().any(|member| member.at == live.at), "{} was not found by its labels", live.at);
    let others: Vec<(&str, &str)> = labels.iter().map(|(key, _)| (*key, "no-such-value")).collect();
    let found = listed(&desk, case.harness.pattern(case.kind), &others).await?;
    hold!(found.is_empty(), "{} was found by a label that it has not", found.len());
    Ok(())
}

/// `read` is the only way to see: what another operator changed is seen.
async fn drift_is_seen(case: &Case) -> Proof {
    let desk = case.desk();
    for example in &case.examples {
        let live = desk.fresh_for(example).await?;
        // `disturb` reads until it is seen.
        desk.disturb(&live.at, example).await?;
    }
    Ok(())
}

/// `Relation::Confines` and `Live::owners`: what bounds a setting says of what, and what is bounded says by what.
async fn who_confines_is_told(case: &Case) -> Proof {
    let Some(confines) = case.kind.confines else { return Ok(()) };
    let desk = case.desk();
    let live = desk.fresh().await?;
    let target = live.relations.iter().find_map(|relation| match relation {
        Relation::Confines(target) => Some(target),
        Relation::Needs(_) => None,
    });
    let target = target.ok_or("it does not say what it confines")?;
    let setting = confines.of.iter().find(|(kind, _)| *kind == target.kind());
    let (_, setting) = setting.ok_or_else(|| format!("{target} is of no kind that it confines"))?;
    let bounds = live.value(confines.floor).cloned().zip(live.value(confines.ceiling).cloned());
    let confined = desk.live(target).await?;
    let told = confined.owners_of(setting).any(|owner| owner.reverts && owner.within == bounds);
    hold!(told, "{target} does not say that {} holds {setting} in {bounds:?}: {:#?}", live.at, confined.owners);
    Ok(())
}
