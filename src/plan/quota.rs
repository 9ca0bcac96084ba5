use opsctl_api::{Change, Edit, Live, LiveSetting};

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
            notes.push(QuotaNote {
                at: at.clone(),
                setting: edit.setting.clone(),
                times: quota.times,
                per: quota.per,
                made: made.get(at).and_then(|made| made.get(&edit.setting)).copied().unwrap_or_default(),
                there: sets(hops),
                back: back.as_deref().map_or(0, sets),
            });
        }
    }
    notes
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
            instead: match note.made {
                0 => "set a value that is nearer, and the rest another day".to_owned(),
                _ => format!("leave it out until then: --exclude {}", note.at),
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
