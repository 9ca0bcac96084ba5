use opsctl_api::{Setting, Type};
use serde_json::{Map, Value, json};

use crate::keys::{BOUNDS, SECRET};

/// A string that is computed.
const TEMPLATE: &str = r"\{[{%#]";
/// As the loader reads it, and nothing that it would take is refused: `90s`, `1h30m`, and also `2 minutes` and `PT2M`.
const DURATION: &str = r"^(\s*[Pp]|[^-{]*[0-9]\s*[hmsunµ:])";
const QUANTITY: &str = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$";

/// The bounds that are true or left out.
const YES: [&str; 2] = ["absent", "restore"];

/// How far a value may be from one of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// It stands as it is.
    Plain,
    /// A template may stand for it.
    Template,
}

/// A value of a type. Each keyword of a schema holds values of its own type alone, so that what is wrong with one is said as it is,
/// and not that it is none of several things.
pub(super) fn value(ty: &Type, form: Form) -> Map<String, Value> {
    let template = form == Form::Template;
    let or = |pattern: &str| if template { format!("{pattern}|{TEMPLATE}") } else { pattern.to_owned() };
    let schema = match ty {
        Type::Bool => json!({ "type": "boolean" }),
        Type::Integer { min, max } => {
            let mut schema = json!({ "type": "integer" });
            limit(&mut schema, "minimum", *min != i64::MIN, (*min).into());
            limit(&mut schema, "maximum", *max != i64::MAX, (*max).into());
            schema
        }
        Type::Number { min, max } => {
            let mut schema = json!({ "type": "number" });
            limit(&mut schema, "minimum", min.is_finite(), (*min).into());
            limit(&mut schema, "maximum", max.is_finite(), (*max).into());
            schema
        }
        Type::String | Type::Text => json!({ "type": "string" }),
        Type::OneOf(words) if !template => json!({ "type": "string", "enum": words }),
        Type::OneOf(words) => json!({ "type": "string", "pattern": or(&format!("^({})$", words.join("|"))) }),
        Type::Quantity => json!({ "type": ["integer", "string"], "pattern": or(QUANTITY) }),
        Type::Duration => json!({ "type": "string", "pattern": or(DURATION) }),
        Type::List | Type::Set => json!({ "type": "array", "items": { "type": "string" } }),
        Type::Secret => json!({ "type": "object" }),
    };
    let Value::Object(mut schema) = schema else { return Map::new() };
    if template && matches!(ty, Type::Bool | Type::Integer { .. } | Type::Number { .. }) {
        allow(&mut schema, "string");
        schema.insert("pattern".to_owned(), TEMPLATE.into());
    }
    schema
}

fn limit(schema: &mut Value, keyword: &str, is_one: bool, value: Value) {
    if is_one {
        schema[keyword] = value;
    }
}

/// Adds a type that is taken too.
fn allow(schema: &mut Map<String, Value>, ty: &str) {
    match schema.get_mut("type") {
        Some(Value::Array(types)) => types.push(ty.into()),
        Some(one) => *one = json!([one, ty]),
        None => {}
    }
}

/// A value of a setting, or a bound of one; `restore` where what was before may be meant.
pub(super) fn goal(setting: &Setting, restore: bool) -> Map<String, Value> {
    let mut schema = if setting.is_secret() { Map::new() } else { value(&setting.ty, Form::Template) };
    let mut words = bounds(setting, restore);
    if setting.is_secret() {
        schema.insert("type".to_owned(), "object".into());
        words.extend(
            SECRET.iter().map(|key| (key.name.to_owned(), json!({ "type": "string", "description": key.doc }))),
        );
        schema.insert("maxProperties".to_owned(), 1.into());
    } else {
        allow(&mut schema, "object");
    }
    schema.insert("properties".to_owned(), words.into());
    schema.insert("additionalProperties".to_owned(), false.into());
    schema.insert("minProperties".to_owned(), 1.into());
    schema
}

/// A bound, and no value.
pub(super) fn bound(setting: &Setting) -> Map<String, Value> {
    let mut schema = goal(setting, false);
    schema.insert("type".to_owned(), "object".into());
    schema.remove("pattern");
    schema
}

fn bounds(setting: &Setting, restore: bool) -> Map<String, Value> {
    let fitting = BOUNDS.iter().filter(|bound| bound.fits(setting) && (restore || bound.word != "restore"));
    fitting
        .map(|bound| {
            let schema = if YES.contains(&bound.word) {
                json!({ "$ref": format!("#/definitions/{}", bound.word) })
            } else {
                let mut schema = value(&setting.ty, Form::Template);
                schema.insert("description".to_owned(), bound.doc.into());
                schema.into()
            };
            (bound.word.to_owned(), schema)
        })
        .collect()
}

/// The bounds that are the same of every setting.
pub(super) fn shared() -> impl Iterator<Item = (String, Value)> {
    let same = BOUNDS.iter().filter(|bound| YES.contains(&bound.word));
    same.map(|bound| (bound.word.to_owned(), json!({ "const": true, "description": bound.doc })))
}
