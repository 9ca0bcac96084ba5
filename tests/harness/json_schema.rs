//! As much of JSON Schema as the published schemas use.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};

/// What of a document is not as a schema has it, each with the path there.
pub(crate) fn mismatches(schema: &Value, found: &Value) -> Vec<String> {
    let mut misses = Vec::new();
    Look { root: schema, path: String::new(), misses: &mut misses }.at(schema, found);
    misses
}

/// The keywords that hold nothing.
const SAID: [&str; 6] = ["$schema", "$id", "$defs", "definitions", "title", "description"];

struct Look<'a> {
    root: &'a Value,
    path: String,
    misses: &'a mut Vec<String>,
}

impl Look<'_> {
    fn at(&mut self, schema: &Value, found: &Value) {
        let keywords = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return self.miss("is not in the schema".to_owned()),
            Value::Object(keywords) => keywords,
            other => panic!("{other} is no schema"),
        };
        for (keyword, value) in keywords.iter().filter(|(keyword, _)| !SAID.contains(&keyword.as_str())) {
            self.hold(keyword, value, keywords, found);
        }
    }

    fn hold(&mut self, keyword: &str, value: &Value, beside: &Map<String, Value>, found: &Value) {
        match keyword {
            "$ref" => {
                let name = value.as_str().unwrap();
                let named = self.root.pointer(name.trim_start_matches('#'));
                self.at(named.unwrap_or_else(|| panic!("{name} is not there")), found);
            }
            "type" => {
                self.require(any(value).any(|name| is(name, found)), || format!("{found} is no {}", words(value)))
            }
            "const" => self.require(value == found, || format!("{found} is not {value}")),
            "enum" => self.require(any(value).any(|one| one == found), || format!("{found} is none of {value}")),
            "allOf" => any(value).for_each(|one| self.at(one, found)),
            "anyOf" | "oneOf" => {
                let misses: Vec<Vec<String>> = any(value).map(|one| self.tried(one, found)).collect();
                let held = misses.iter().filter(|misses| misses.is_empty()).count();
                let wanted = held == 1 || (held > 1 && keyword == "anyOf");
                self.require(wanted, || format!("{found} is {held} of these: {}", misses.concat().join("; ")));
            }
            "not" => {
                let holds = self.tried(value, found).is_empty();
                self.require(!holds, || format!("{found} is as it must not be"));
            }
            "if" if self.tried(value, found).is_empty() => {
                beside.get("then").into_iter().for_each(|then| self.at(then, found))
            }
            "if" | "then" => {}
            "minimum" => self.number(found, |number| number >= value.as_f64().unwrap()),
            "maximum" => self.number(found, |number| number <= value.as_f64().unwrap()),
            "pattern" => {
                let holds = found.as_str().is_none_or(|text| matches(value.as_str().unwrap(), text));
                self.require(holds, || format!("{found} is not as {value}"));
            }
            "items" => {
                for (index, item) in found.as_array().into_iter().flatten().enumerate() {
                    self.below(&index.to_string(), value, item);
                }
            }
            "minItems" => self.size(found.as_array().map(Vec::len), |size| size >= value.as_u64().unwrap()),
            "minProperties" => self.size(found.as_object().map(Map::len), |size| size >= value.as_u64().unwrap()),
            "maxProperties" => self.size(found.as_object().map(Map::len), |size| size <= value.as_u64().unwrap()),
            "required" => self.fields(value, found),
            "dependencies" => {
                let there = value.as_object().unwrap().iter().filter(|(name, _)| found.get(name.as_str()).is_some());
                for (_, needed) in there {
                    self.fields(needed, found);
                }
            }
            "properties" => {
                for (name, field) in found.as_object().into_iter().flatten() {
                    value.get(name).into_iter().for_each(|schema| self.below(name, schema, field));
                }
            }
            "patternProperties" => {
                for (name, field) in found.as_object().into_iter().flatten() {
                    let named = value.as_object().unwrap().iter().filter(|(pattern, _)| matches(pattern, name));
                    named.for_each(|(_, schema)| self.below(name, schema, field));
                }
            }
            "additionalProperties" => {
                let patterns = beside.get("patternProperties").and_then(Value::as_object);
                for (name, field) in found.as_object().into_iter().flatten() {
                    let named = beside.get("properties").is_some_and(|properties| properties.get(name).is_some());
                    if !named && !patterns.into_iter().flatten().any(|(pattern, _)| matches(pattern, name)) {
                        self.below(name, value, field);
                    }
                }
            }
            other => panic!("{other} is not looked at"),
        }
    }

    fn below(&mut self, name: &str, schema: &Value, found: &Value) {
        let path = format!("{}/{name}", self.path);
        Look { root: self.root, path, misses: &mut *self.misses }.at(schema, found);
    }

    fn tried(&self, schema: &Value, found: &Value) -> Vec<String> {
        let mut misses = Vec::new();
        Look { root: self.root, path: self.path.clone(), misses: &mut misses }.at(schema, found);
        misses
    }

    fn fields(&mut self, names: &Value, found: &Value) {
        let Some(fields) = found.as_object() else { return };
        for missing in any(names).filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
            self.miss(format!("has no {missing}"));
        }
    }

    fn number(&mut self, found: &Value, holds: impl Fn(f64) -> bool) {
        self.require(found.as_f64().is_none_or(holds), || format!("{found} is out of range"));
    }

    fn size(&mut self, size: Option<usize>, holds: impl Fn(u64) -> bool) {
        self.require(size.is_none_or(|size| holds(size as u64)), || format!("has {size:?} entries"));
    }

    fn require(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.miss(what());
        }
    }

    fn miss(&mut self, what: String) {
        self.misses.push(format!("{} {what}", self.path));
    }
}

/// The items of a list; of anything else itself.
fn any(value: &Value) -> std::slice::Iter<'_, Value> {
    match value {
        Value::Array(all) => all.iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

fn words(value: &Value) -> String {
    any(value).filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
}

thread_local! {
    /// Each is compiled once.
    static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::default();
}

fn matches(pattern: &str, text: &str) -> bool {
    PATTERNS.with_borrow_mut(|known| {
        known.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap()).is_match(text)
    })
}

fn is(name: &Value, found: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => found.is_null(),
        "boolean" => found.is_boolean(),
        "integer" => found.is_i64() || found.is_u64(),
        "number" => found.is_number(),
        "string" => found.is_string(),
        "array" => found.is_array(),
        "object" => found.is_object(),
        other => panic!("{other} is no type"),
    }
}
