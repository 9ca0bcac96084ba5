use std::cmp::Ordering;
use std::time::Duration;

use opsctl_api::{Edit, Fault, Hop, Kind, Type, Value};

use crate::resource::Resource;

/// Whether the simulated API would take these edits by itself, whatever is there now.
pub(crate) fn valid(kind: &Kind, resource: &Resource, edits: &[Edit]) -> Result<(), Fault> {
    for edit in edits {
        let key = &edit.setting;
        let invalid = |what: String| Err(Fault::Invalid(what));
        let Some(setting) = kind.setting(key) else {
            return invalid(format!("kind {} has no setting `{key}`", kind.name));
        };
        let back = setting.one_way
            && match (resource.value(key), &edit.to) {
                (Some(now), Some(to)) => to.compare(now) == Some(Ordering::Less),
                (Some(_), None) => true,
                (None, _) => false,
            };
        if back {
            return invalid(format!("{key}: there is no way back"));
        }
        match &edit.to {
            None if !setting.optional && !setting.observed => return invalid(format!("{key}: it cannot be absent")),
            None => {}
            Some(value) => setting.ty.check(value).or_else(|mismatch| invalid(format!("{key}: {mismatch}")))?,
        }
    }
    let Some(confines) = kind.confines else { return Ok(()) };
    let after = |key: &str| match edits.iter().find(|edit| edit.setting == key) {
        Some(edit) => edit.to.as_ref(),
        None => resource.value(key),
    };
    match (after(confines.floor), after(confines.ceiling)) {
        (Some(floor), Some(ceiling)) if floor.compare(ceiling) == Some(Ordering::Greater) => {
            Err(Fault::Invalid(format!("{} {floor} would be above {} {ceiling}", confines.floor, confines.ceiling)))
        }
        _ => Ok(()),
    }
}

/// Whether what a hop starts from is what is there, by meaning.
pub(crate) fn holds(resource: &Resource, hop: &Hop) -> bool {
    hop.edits.iter().all(|edit| resource.value(&edit.setting) == edit.from.as_ref())
}

/// What somebody else might do to a setting that is about to be changed: legal, and neither what is there nor what shall be.
pub(crate) fn another(kind: &Kind, resource: &Resource, edit: &Edit) -> Option<Edit> {
    let now = resource.value(&edit.setting);
    let others = candidates(&kind.setting(&edit.setting)?.ty, now);
    let theirs = others.into_iter().map(|value| Edit { from: now.cloned(), to: Some(value), ..edit.clone() });
    theirs
        .filter(|theirs| theirs.to.as_ref() != now && theirs.to != edit.to)
        .find(|theirs| valid(kind, resource, std::slice::from_ref(theirs)).is_ok())
}

fn candidates(ty: &Type, now: Option<&Value>) -> Vec<Value> {
    match ty {
        Type::Bool => [false, true].map(Value::Bool).into(),
        Type::Integer { min, .. } => {
            let now = now.and_then(Value::as_integer).unwrap_or(*min);
            [1, 2, -1, -2].map(|by| Value::Integer(now.saturating_add(by))).into()
        }
        Type::Number { min, max } => [*min, *max, (min + max) / 2.0].map(Value::Number).into(),
        Type::OneOf(words) => words.iter().map(|word| Value::String((*word).to_owned())).collect(),
        Type::String | Type::Text => {
            ["theirs", "theirs too", "theirs again"].map(|word| Value::String(word.into())).into()
        }
        Type::Quantity => ["1", "2", "3"].iter().filter_map(|text| text.parse().ok()).map(Value::Quantity).collect(),
        Type::Duration => [1, 2, 3].map(|secs| Value::Duration(Duration::from_secs(secs))).into(),
        Type::List => [vec![], vec!["theirs".to_owned()], vec!["theirs".to_owned(); 2]].map(Value::List).into(),
        Type::Set => ["theirs", "theirs-too", "theirs-again"].map(|word| Value::Set([word.to_owned()].into())).into(),
        Type::Secret => Vec::new(),
    }
}
