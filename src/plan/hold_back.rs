use super::diff::{Edits, Slot};
use super::expand::Expanded;
use super::reliance::{Gone, relying_on};
use super::{Skipped, SkippedWhy};
use crate::state::State;

/// Takes out the ups of all that needs these, directly or through others, and what would raise it from above; `why` says so of the one
/// of these that it was found from, where that is an item.
pub(super) fn hold_back<'a>(
    state: &State,
    expanded: &mut Expanded,
    edits: &mut Edits,
    gone: impl Into<Gone<'a>>,
    why: impl Fn(Option<usize>) -> String,
) {
    let relying = relying_on(state, expanded, gone);
    if relying.is_empty() {
        return;
    }
    let confiners = super::order::confiners(expanded);
    for (item, gone) in relying {
        take_out(item, |slot| slot.is_up(), &why(gone), expanded, edits);
        for &confiner in confiners.get(&item).into_iter().flatten() {
            let why = format!("it would raise {}, which is held back", expanded.items[item].at.local());
            take_out(confiner, |slot| slot == Slot::FloorUp, &why, expanded, edits);
        }
    }
}

fn take_out(item: usize, which: impl Fn(Slot) -> bool, why: &str, expanded: &mut Expanded, edits: &mut Edits) {
    for (_, taken) in edits[item].extract_if(.., |slot, _| which(*slot)) {
        expanded.skipped.extend(taken.into_iter().map(|edit| Skipped {
            at: expanded.items[item].at.to_string(),
            setting: Some(edit.setting),
            why: SkippedWhy::HeldBack(why.to_owned()),
        }));
    }
}
