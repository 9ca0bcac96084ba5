use opsctl_api::{Setting, Type};
use serde_json::{Map, Value, json};

use super::value::{Form, bound, goal, value};
use crate::keys::{Key, QUESTION, SECRET, Table, Takes};

/// A key of a table, as a schema has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    /// Whether what is behind the first dot of the key is free: `data.KEY`.
    pub(super) keyed: bool,
    pub(super) schema: Map<String, Value>,
}

impl Field {
    /// A field, with what is said of it.
    pub(super) fn new(name: &str, mut schema: Map<String, Value>, doc: &str) -> Self {
        schema.insert("description".to_owned(), doc.into());
        Self { name: name.to_owned(), keyed: false, schema }
    }

    /// The name alone, of which the rest is said elsewhere.
    pub(super) fn bare(&self) -> Self {
        Self { schema: Map::new(), ..self.clone() }
    }

    /// The same without what is said of it.
    pub(super) fn unsaid(&self) -> Self {
        let mut field = self.clone();
        field.schema.remove("description");
        field
    }

    /// What is said of it, and nothing else.
    pub(super) fn only_said(&self) -> Self {
        Self { name: self.name.clone(), keyed: false, ..Self::new(&self.name, Map::new(), self.doc()) }
    }

    /// What is said of it.
    pub(super) fn doc(&self) -> &str {
        self.schema.get("description").and_then(Value::as_str).unwrap_or_default()
    }
}

/// The field of a key; `None` of one that cannot be used yet.
pub(super) fn of_key(key: &Key) -> Option<Field> {
    let as_if = |ty: Type| Setting::new(key.name, ty, key.doc);
    let schema = match key.takes {
        Takes::Plain(ty) => value(&ty, Form::Plain),
        Takes::Template(ty) => value(&ty, Form::Template),
        Takes::Goal(ty) => goal(&as_if(ty), false),
        Takes::Bound(ty) => bound(&as_if(ty)),
        Takes::AnyGoal => object(json!({})),
        Takes::At
        | Takes::Command
        | Takes::Needs
        | Takes::Strings
        | Takes::Templates
        | Takes::Along
        | Takes::Question
        | Takes::Anything => object(of_its_own(key.takes)),
        // Beside a `$ref` nothing counts in this version of JSON Schema.
        Takes::Table(table) => object(json!({ "allOf": [refers(table)] })),
        Takes::Tables(table) => object(json!({ "type": "object", "additionalProperties": refers(table) })),
        Takes::Later => return None,
    };
    Some(Field::new(key.name, schema, key.doc))
}

/// What only one key takes.
fn of_its_own(takes: Takes) -> Value {
    match takes {
        Takes::At => json!({ "type": "string" }),
        Takes::Command => json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
        Takes::Needs => json!({
            "type": "array",
            "items": { "type": ["string", "array"], "items": { "type": "string" }, "minItems": 1 },
        }),
        Takes::Strings | Takes::Templates => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Takes::Question => {
            let fields: Vec<Field> = QUESTION.iter().filter_map(of_key).collect();
            let mut question = closed(&fields);
            question["type"] = json!(["string", "object"]);
            question["required"] = json!(["get"]);
            question
        }
        Takes::Along => {
            let fields: Vec<Field> = SECRET.iter().filter_map(of_key).collect();
            let mut secret = closed(&fields);
            secret["type"] = json!(["string", "object"]);
            secret["minProperties"] = 1.into();
            secret["maxProperties"] = 1.into();
            json!({ "type": "object", "additionalProperties": secret })
        }
        _ => json!({ "type": "object" }),
    }
}

/// A table that is described once.
pub(super) fn refers(table: Table) -> Value {
    json!({ "$ref": format!("#/definitions/{}", table.name()) })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// A table that has these fields and no others.
pub(super) fn closed(fields: &[Field]) -> Value {
    let mut schema = open(fields);
    schema["additionalProperties"] = false.into();
    schema
}

/// A table that may have these fields.
pub(super) fn open(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    let mut patterns = Map::new();
    for field in fields {
        if field.schema.is_empty() {
            properties.insert(field.name.clone(), true.into());
            if field.keyed {
                patterns.insert(format!("^{}\\.", field.name), true.into());
            }
        } else if field.keyed {
            let mut keys = object(json!({ "type": "object", "additionalProperties": field.schema }));
            keys.extend(field.schema.get("description").map(|said| ("description".to_owned(), said.clone())));
            properties.insert(field.name.clone(), keys.into());
            patterns.insert(format!("^{}\\.", field.name), field.schema.clone().into());
        } else {
            properties.insert(field.name.clone(), field.schema.clone().into());
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if !patterns.is_empty() {
        schema["patternProperties"] = patterns.into();
    }
    schema
}
