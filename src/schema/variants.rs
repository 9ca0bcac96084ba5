use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::field::{Field, closed, open};

/// What a table has besides, where it is of one sort.
pub(super) struct Variant {
    /// How that is told.
    pub(super) when: Value,
    pub(super) fields: Vec<Field>,
    /// What cannot be left out.
    pub(super) required: &'static [&'static str],
}

/// A table that has the shared fields, and those of its sort; where that is not told, those of all sorts.
///
/// Editors offer what stands first, and look at no condition: there all fields are, each with what is said of it.
pub(super) fn variants(shared: &[Field], variants: &[Variant]) -> Value {
    let mut sorts: BTreeMap<&str, Vec<&Field>> = BTreeMap::new();
    for field in variants.iter().flat_map(|variant| &variant.fields) {
        sorts.entry(&field.name).or_default().push(field);
    }
    let merged: Vec<Field> = sorts.values().map(|fields| merge(fields)).collect();
    let is_told = |name: &str| sorts.get(name).is_some_and(|fields| alike(fields));

    let first = merged.iter().map(|field| if is_told(&field.name) { field.clone() } else { field.only_said() });
    let mut all = vec![open(&shared.iter().cloned().chain(first).collect::<Vec<_>>())];
    let has = |own: &[Field]| {
        let own = own.iter().map(|field| if is_told(&field.name) { field.bare() } else { field.unsaid() });
        closed(&shared.iter().map(Field::bare).chain(own).collect::<Vec<_>>())
    };
    for variant in variants {
        let mut then = has(&variant.fields);
        if !variant.required.is_empty() {
            then["required"] = json!(variant.required);
        }
        all.push(json!({ "if": variant.when, "then": then }));
    }
    let told: Vec<&Value> = variants.iter().map(|variant| &variant.when).collect();
    all.push(json!({ "if": { "not": { "anyOf": told } }, "then": has(&merged) }));
    json!({ "allOf": all })
}

/// Fields of one name as one.
pub(super) fn merge(fields: &[&Field]) -> Field {
    let Some((first, _)) = fields.split_first() else {
        return Field { name: String::new(), keyed: false, schema: Map::new() };
    };
    if alike(fields) {
        return (*first).clone();
    }
    let docs: Vec<&str> = fields.iter().map(|field| field.doc()).collect();
    let mut any: Vec<Value> = Vec::new();
    for field in fields {
        let schema = Value::from(field.unsaid().schema);
        if !any.contains(&schema) {
            any.push(schema);
        }
    }
    let schema = Map::from_iter([("anyOf".to_owned(), json!(any))]);
    Field { keyed: fields.iter().any(|field| field.keyed), ..Field::new(&first.name, schema, &docs.join("\n\n")) }
}

fn alike(fields: &[&Field]) -> bool {
    fields.windows(2).all(|pair| pair[0] == pair[1])
}
