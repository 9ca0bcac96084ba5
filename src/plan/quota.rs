use jiff::Timestamp;
use opsctl_api::{Change, Edit, Live, LiveSetting, Quota};

use super::expand::Expanded;
use super::request::Made;
use super::{QuotaNote, Refusal, RefusedBy, Step, Work};
use crate::instance::Catalogues;

/// What the plan, with its way back, uses of what the APIs allow in a time: of each such setting, how often it is set there and back.
pub(super) fn quotas(expanded: &Expanded, steps: &[Step], catalogues: &Catalogues, made: &Made) -> Vec<QuotaNote> {
    let mut notes = Vec::new();
    for step in steps {
        let Work::Change { at, edits, hops, .. } = &step.work else { continue };
        let Ok(item) = expanded.items.binary_search_by(|item| item.at.cmp(at)) else { continue };
        let item = &expanded.items[item];
        for edit in edits {
            let Some(quota) = item.kind.setting(&edit.setting).and_then(|setting| setting.quota) else { continue };
            let sets = |hops: &[opsctl_api::Hop]| {
                hops.iter().filter(|hop| hop.edits.iter().any(|other| other.setting == edit.setting)).count()
            };
            let catalogue = catalogues.0.get(at.instance());
            let back = Change {
                at: at.clone(),
                edits: vec![Edit { setting: edit.setting.clone(), from: edit.to.clone(), to: edit.from.clone() }],
            };
            let back = catalogue
                .zip(item.live())
                .and_then(|(catalogue, live)| catalogue.hops(&back, &predicted(live, edits)).ok());
            let there = sets(hops);
            let made = made.get(at).and_then(|made| made.get(&edit.setting)).map_or(&[][..], Vec::as_slice);
            notes.push(QuotaNote {
                at: at.clone(),
                setting: edit.setting.clone(),
                times: quota.times,
                per: quota.per,
                made: made.len(),
                free: free(made, there, quota),
                there,
                back: back.as_deref().map_or(0, sets),
            });
        }
    }
    notes
}

/// When so many of the calls that are made count no more that these have room. `None` where they have now, or never will.
fn free(made: &[Timestamp], there: usize, quota: Quota) -> Option<Timestamp> {
    let over = (made.len() + there).checked_sub(quota.times as usize)?;
    let mut made = made.to_vec();
    made.sort_unstable();
    made.get(over.checked_sub(1)?)?.checked_add(quota.per).ok()
}

/// Ways that are longer than an API allows in its time.
pub(super) fn exceeded(notes: &[QuotaNote]) -> Vec<Refusal> {
    let exceeded = notes.iter().filter(|note| note.made + note.there > note.times as usize);
    exceeded
        .map(|note| Refusal {
            by: RefusedBy::Quota,
            at: note.at.to_string(),
            why: format!(
                "{} takes {} to get there, and the API takes {}",
                note.setting,
                calls(note.there),
                note.limit()
            ),
            instead: match note.free {
                None => "set a value that is nearer, and the rest another day".to_owned(),
                Some(free) => {
                    let free = free.strftime("%Y-%m-%d %H:%M");
                    format!("there is room for that after {free} UTC; leave it out until then: --exclude {}", note.at)
                }
            },
        })
        .collect()
}

fn calls(count: usize) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{count} calls") }
}

fn predicted(live: &Live, edits: &[Edit]) -> Live {
    let mut live = live.clone();
    for edit in edits {
        let setting = match &edit.to {
            Some(value) => LiveSetting::is(value.clone(), serde_json::Value::Null),
            None => LiveSetting::Absent,
        };
        live.settings.insert(edit.setting.clone(), setting);
    }
    live
}
