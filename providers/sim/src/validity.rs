use std::cmp::Ordering;

use opsctl_api::{Edit, Fault, Hop, Kind, Value};

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
            None if !setting.optional => return invalid(format!("{key}: it cannot be absent")),
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

/// A value that somebody else might have put there: of the same type, and neither of these.
pub(crate) fn another(kind: &Kind, key: &str, now: Option<&Value>, not: Option<&Value>) -> Option<Value> {
    use opsctl_api::Type;
    let setting = kind.setting(key)?;
    let candidates: Vec<Value> = match &setting.ty {
        Type::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Type::Integer { min, max } => {
            let now = now.and_then(Value::as_integer).unwrap_or(*min);
            [now.saturating_add(1), now.saturating_add(2), now.saturating_sub(1), now.saturating_sub(2)]
                .into_iter()
                .filter(|number| (*min..=*max).contains(number))
                .map(Value::Integer)
                .collect()
        }
        Type::Number { min, max } => [*min, *max, (min + max) / 2.0].into_iter().map(Value::Number).collect(),
        Type::OneOf(words) => words.iter().map(|word| Value::String((*word).to_owned())).collect(),
        Type::String | Type::Text => {
            ["theirs", "theirs too", "theirs again"].map(|word| Value::String(word.into())).into()
        }
        Type::Quantity => ["1", "2", "3"].iter().filter_map(|text| text.parse().ok()).map(Value::Quantity).collect(),
        Type::Duration => [1, 2, 3].map(|secs| Value::Duration(std::time::Duration::from_secs(secs))).into(),
        Type::List => [vec![], vec!["theirs".to_owned()], vec!["theirs".to_owned(); 2]].map(Value::List).into(),
        Type::Set => ["theirs", "theirs-too", "theirs-again"].map(|word| Value::Set([word.to_owned()].into())).into(),
        Type::Secret => Vec::new(),
    };
    candidates.into_iter().find(|value| Some(value) != now && Some(value) != not && setting.ty.check(value).is_ok())
}
