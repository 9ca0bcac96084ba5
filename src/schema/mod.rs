//! The JSON Schemas of opsctl's files, for editors: made of the lists of keys that the loader goes by, and of the catalogues.
//!
//! They take all that the loader takes, and find what can be seen in one place: a key that is not known, a value of the wrong
//! type or out of its range, a setting that the kind does not have. What is said in two places is the loader's.

mod field;
mod kinds;
mod lines;
mod tables;
mod value;
mod variants;

use opsctl_api::Catalogue;
use serde_json::{Map, Value, json};

use crate::keys::{FILE, Key, STATE, Table};
use field::{closed, of_key};

pub use lines::lines;

/// The version of JSON Schema that most editors know.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of a file of `states/`.
pub fn state(catalogues: &[(&str, &dyn Catalogue)]) -> Value {
    let definitions = [Table::Check, Table::Inline, Table::Action, Table::Request, Table::Resource];
    document("A state of opsctl: states/NAME.toml", STATE, &definitions, catalogues)
}

/// The schema of `opsctl.toml`.
pub fn config(catalogues: &[(&str, &dyn Catalogue)]) -> Value {
    let definitions = [Table::Instance, Table::Snapshots, Table::Guard];
    let mut schema = document("The configuration of opsctl: opsctl.toml", FILE, &definitions, catalogues);
    schema["required"] = json!(["provider"]);
    schema
}

/// The published shape of `opsctl plan --json`, as it stands in docs.
pub const PLAN: &str = include_str!("../../docs/schema/plan.json");

fn document(title: &str, keys: &'static [Key], definitions: &[Table], catalogues: &[(&str, &dyn Catalogue)]) -> Value {
    let mut schema = closed(&keys.iter().filter_map(of_key).collect::<Vec<_>>());
    schema["$schema"] = DRAFT.into();
    schema["title"] = title.into();
    let tables = definitions.iter().map(|table| (table.name().to_owned(), tables::table(*table, catalogues)));
    schema["definitions"] = tables.chain(value::shared()).collect::<Map<_, _>>().into();
    schema
}

#[cfg(test)]
mod tests;
