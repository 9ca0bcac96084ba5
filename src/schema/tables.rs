use opsctl_api::Catalogue;
use serde_json::{Value, json};

use super::field::{Field, closed, of_key, refers};
use super::kinds;
use super::value::{Form, value};
use super::variants::{Variant, variants};
use crate::keys::{
    ACTION, CHECK, EACH, GATES, GUARD, INSTANCE, Key, METHODS, PROBES, REQUEST, RESOURCE, SNAPSHOTS, Table,
};

/// The schema of a table.
pub(super) fn table(table: Table, catalogues: &[(&str, &dyn Catalogue)]) -> Value {
    match table {
        Table::Resource => resource(catalogues),
        Table::Check => check(),
        Table::Inline => json!({ "allOf": [refers(Table::Check)], "properties": { GATES.name: false } }),
        Table::Action => action(),
        Table::Request => request(),
        Table::Instance => instance(catalogues),
        Table::Snapshots => closed(&fields(SNAPSHOTS)),
        Table::Guard => closed(&fields(GUARD)),
    }
}

fn fields(keys: &[Key]) -> Vec<Field> {
    keys.iter().filter_map(of_key).collect()
}

/// What is asked of a table: one of these keys.
fn one_of<'a>(keys: impl Iterator<Item = &'a str>) -> Value {
    keys.map(|key| json!({ "required": [key] })).collect()
}

fn resource(catalogues: &[(&str, &dyn Catalogue)]) -> Value {
    let kinds = kinds::by_name(catalogues);
    let mut shared = fields(RESOURCE);
    for at in shared.iter_mut().filter(|field| field.name == "at") {
        at.schema.insert("pattern".to_owned(), kinds::address(kinds.keys().copied()).into());
        let said = format!("{}\n\n{}", at.doc(), kinds::said(&kinds));
        at.schema.insert("description".to_owned(), said.into());
    }
    let sorts: Vec<Variant> = kinds.iter().map(|(name, kinds)| kinds::variant(name, kinds)).collect();
    variants(&shared, &sorts)
}

fn check() -> Value {
    let sorts: Vec<Variant> = PROBES
        .iter()
        .map(|probe| Variant {
            when: json!({ "required": [probe.key.name] }),
            fields: of_key(&probe.key).into_iter().chain(fields(probe.own)).collect(),
            required: probe.required,
        })
        .collect();
    let mut schema = variants(&fields(CHECK), &sorts);
    schema["anyOf"] = one_of(PROBES.iter().map(|probe| probe.key.name));
    schema
}

fn action() -> Value {
    let mut schema = closed(&[fields(ACTION), fields(EACH)].concat());
    schema["oneOf"] = one_of(["http", "run"].into_iter());
    let dependencies = EACH.iter().map(|key| (key.name.to_owned(), json!(["each"])));
    schema["dependencies"] = dependencies.collect::<serde_json::Map<_, _>>().into();
    schema
}

fn request() -> Value {
    let mut schema = closed(&[fields(METHODS), fields(REQUEST)].concat());
    schema["oneOf"] = one_of(METHODS.iter().map(|key| key.name));
    schema
}

fn instance(catalogues: &[(&str, &dyn Catalogue)]) -> Value {
    let mut shared = fields(INSTANCE);
    for of_type in shared.iter_mut().filter(|field| field.name == "type") {
        of_type.schema.insert("enum".to_owned(), catalogues.iter().map(|(name, _)| *name).collect());
    }
    let sorts: Vec<Variant> = catalogues
        .iter()
        .map(|(name, catalogue)| Variant {
            when: json!({ "required": ["type"], "properties": { "type": { "const": name } } }),
            fields: catalogue
                .config()
                .iter()
                .map(|key| Field::new(key.name, value(&key.ty, Form::Plain), key.doc))
                .collect(),
            required: &[],
        })
        .collect();
    let mut schema = variants(&shared, &sorts);
    schema["required"] = json!(["type"]);
    schema
}
