use std::collections::BTreeMap;

use opsctl_api::{Address, Live, LiveSetting, Pattern, Readiness, Value};

use super::expand::{Expanded, Presence};
use super::{Skipped, SkippedWhy};
use crate::state::{Bound, Goal};

/// Two of the three values that going back compares; live is the third. `None` is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting3 {
    /// What it was before: where the way back leads, if live is as it was left.
    pub before: Option<Value>,
    /// What opsctl left.
    pub left: Left,
    /// Whether that was asked for and never seen to be true: it may yet become so.
    pub is_unseen: bool,
}

/// What opsctl left at a setting: what it observed last, or asked for where it never saw that settle. What else it may have left comes after that.
pub type Left = Vec<Option<Value>>;

/// What opsctl's history tells of each setting that it ever wrote: what it was before the latest unbroken run of operations, and
/// what that run left. By address and key.
pub type Past = BTreeMap<Address, BTreeMap<String, Setting3>>;

impl Setting3 {
    /// What was asked for, is not true, and may yet become so: the resource is on its way to something. The outer `None`: nothing.
    pub(super) fn under_way(&self, live: &Live, key: &str) -> Option<Option<&Value>> {
        let asked = self.left.first().filter(|_| self.is_unseen)?.as_ref();
        let is_moving = matches!(live.readiness, Readiness::Progressing { .. });
        let now = live.value(key);
        // Somebody else's value is no more on its way to that.
        let is_ours = self.left.iter().skip(1).any(|left| left.as_ref() == now);
        (is_moving && is_ours && now != asked).then_some(asked)
    }
}

/// Puts what the history tells in the place of each `restore`. What is not to be restored is left as it is, and told; then only
/// the other bounds count.
pub(super) fn resolve(expanded: &mut Expanded, past: &Past) {
    let mut skipped = Vec::new();
    for item in &mut expanded.items {
        let presence = &item.presence;
        let known = past.get(&item.at);
        item.goals.retain(|key, goal| {
            let Goal::Bound(bound) = &goal.goal else { return true };
            if !bound.restore || is_hidden(presence, key) {
                return true;
            }
            let rest = Bound { restore: false, ..bound.as_ref().clone() };
            let why = match verdict(presence, key, known.and_then(|known| known.get(key))) {
                Ok(setting) => match back(&rest, setting.before.as_ref()) {
                    Some(back) => {
                        (goal.goal, goal.restored) = (back, true);
                        return true;
                    }
                    None => None,
                },
                Err(why) => Some(why),
            };
            let at = item.at.to_string();
            skipped.extend(why.map(|why| Skipped { at, setting: Some(key.to_owned()), why }));
            let bound = rest != Bound::default();
            goal.goal = rest.into();
            bound
        });
    }
    let owed = std::mem::take(&mut expanded.skipped).into_iter().flat_map(|skipped| unlisted(skipped, past));
    skipped.extend(owed);
    expanded.skipped = skipped;
}

fn is_hidden(presence: &Presence, key: &str) -> bool {
    matches!(presence, Presence::Live(live) if matches!(live.settings.get(key), Some(LiveSetting::Hidden(_))))
}

/// Whether a setting is as opsctl left it, or as it was before, as far as that can be told.
fn verdict<'p>(presence: &Presence, key: &str, known: Option<&'p Setting3>) -> Result<&'p Setting3, SkippedWhy> {
    let Some(setting) = known else { return Err(SkippedWhy::NeverSet) };
    let Presence::Live(live) = presence else { return Ok(setting) };
    let is_back = live.value(key) == setting.before.as_ref();
    if is_back || is_as_left(live, key, &setting.left) {
        return Ok(setting);
    }
    let by = live.touched.iter().find(|touch| touch.setting == *key).map(|touch| touch.by.clone());
    Err(SkippedWhy::NotAsLeft { left: setting.left.first().cloned().flatten(), live: live.value(key).cloned(), by })
}

/// Whether a setting is what opsctl left, or a declared owner moved it from there within its bounds.
pub(super) fn is_as_left(live: &Live, key: &str, left: &Left) -> bool {
    let now = live.value(key);
    left.iter()
        .map(Option::as_ref)
        .any(|left| now == left || now.is_some_and(|now| live.mover(key, left, now).is_some()))
}

/// The value from before, or the nearest to it that meets the other bounds; `None` where those have nothing to begin with.
fn back(rest: &Bound, before: Option<&Value>) -> Option<Goal> {
    Some(match rest.resolve(before).ok()? {
        Some(value) => Goal::Exact(value),
        None => Bound { absent: true, ..Bound::default() }.into(),
    })
}

/// What is owed of a wildcard whose members are not known: of those that opsctl ever wrote it is known what to restore.
fn unlisted(skipped: Skipped, past: &Past) -> Vec<Skipped> {
    let (SkippedWhy::Owed { wants: Goal::Bound(bound), why }, Some(key)) = (&skipped.why, &skipped.setting) else {
        return vec![skipped];
    };
    if !bound.restore {
        return vec![skipped];
    }
    let rest = Bound { restore: false, ..bound.as_ref().clone() };
    let pattern = Pattern::new(&skipped.at);
    let members = past.iter().filter(|(at, _)| pattern.matches(at));
    let members = members.filter_map(|(at, settings)| Some((at, back(&rest, settings.get(key)?.before.as_ref())?)));
    let owed = |at: String, wants| {
        let why = SkippedWhy::Owed { wants, why: why.clone() };
        Skipped { at, setting: Some(key.clone()), why }
    };
    let mut all: Vec<Skipped> = members.map(|(at, wants)| owed(at.to_string(), wants)).collect();
    if rest != Bound::default() {
        all.push(owed(skipped.at.clone(), rest.into()));
    }
    all
}
