use serde_json::{Value as Json, json};

use crate::path::{Path, Step, escaped, index_of};

/// A JSON Patch that is compare-and-set: what it replaces it tests first, to the letter of the object that it was made from.
///
/// Kubernetes refuses the whole with 422 where a test fails (RFC 6902).
#[derive(Debug)]
pub(crate) struct Patch {
    object: Json,
    operations: Vec<Json>,
}

/// A setting has no place in the object, such as that of a container that is not there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {0} in it")]
pub(crate) struct NoPlace(String);

impl Patch {
    /// A patch of this object that does nothing yet.
    pub(crate) fn of(object: Json) -> Self {
        Self { object, operations: Vec::new() }
    }

    /// Sets what stands at the first of these paths that leads anywhere; `None` takes it away.
    pub(crate) fn set(&mut self, paths: &[Path], to: Option<&Json>) -> Result<(), NoPlace> {
        let mut missing = NoPlace("such field".to_owned());
        for path in paths {
            match self.set_at(path, to) {
                Ok(()) => return Ok(()),
                Err(no_place) => missing = no_place,
            }
        }
        Err(missing)
    }

    /// As the body of a request.
    pub(crate) fn into_operations(self) -> Vec<Json> {
        self.operations
    }

    fn set_at(&mut self, path: &Path, to: Option<&Json>) -> Result<(), NoPlace> {
        let mut pointer = String::new();
        let mut tests = Vec::new();
        for (depth, step) in path.steps().iter().enumerate() {
            let here = self.object.pointer(&pointer).unwrap_or(&Json::Null);
            match step {
                Step::Named(name) => {
                    let index = index_of(here, name).ok_or_else(|| NoPlace(format!("`{name}`")))?;
                    pointer = format!("{pointer}/{index}");
                    // The list may have been reordered since it was read.
                    tests.push(test(&format!("{pointer}/name"), &json!(name)));
                }
                Step::Field(name) => {
                    pointer = format!("{pointer}/{}", escaped(name));
                    if here.get(name).is_none_or(Json::is_null) {
                        return self.add(pointer, tests, &path.steps()[depth + 1..], to);
                    }
                }
            }
        }
        let Some(raw) = self.object.pointer(&pointer) else { return Ok(()) };
        tests.push(test(&pointer, raw));
        tests.push(match to {
            Some(to) => json!({ "op": "replace", "path": pointer, "value": to }),
            None => json!({ "op": "remove", "path": pointer }),
        });
        self.apply(&pointer, to);
        self.operations.append(&mut tests);
        Ok(())
    }

    /// Adds a field that is not there, with all that leads on from it.
    fn add(&mut self, pointer: String, tests: Vec<Json>, rest: &[Step], to: Option<&Json>) -> Result<(), NoPlace> {
        let Some(to) = to else { return Ok(()) };
        let mut value = to.clone();
        for step in rest.iter().rev() {
            match step {
                Step::Field(name) => value = json!({ name: value }),
                Step::Named(name) => return Err(NoPlace(format!("`{name}`"))),
            }
        }
        self.operations.extend(tests);
        self.operations.push(test(&pointer, &Json::Null));
        self.operations.push(json!({ "op": "add", "path": pointer, "value": value }));
        self.apply(&pointer, Some(&value));
        Ok(())
    }

    /// Keeps the object as the patch so far leaves it: the next edit may stand in what this one added.
    fn apply(&mut self, pointer: &str, to: Option<&Json>) {
        let Some((parent, last)) = pointer.rsplit_once('/') else { return };
        let Some(Json::Object(parent)) = self.object.pointer_mut(parent) else { return };
        let key = last.replace("~1", "/").replace("~0", "~");
        match to {
            Some(to) => parent.insert(key, to.clone()),
            None => parent.remove(&key),
        };
    }
}

/// A test; null is true of what is absent.
pub(crate) fn test(pointer: &str, value: &Json) -> Json {
    json!({ "op": "test", "path": pointer, "value": value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(field: &[&str]) -> Vec<Path> {
        ["containers", "initContainers"]
            .map(|list| field.iter().fold(Path::fields(&["spec", list]).named("ats"), |path, name| path.field(name)))
            .to_vec()
    }

    #[test]
    fn test_a_present_value_is_tested_to_the_letter() {
        let mut patch = Patch::of(json!({"spec": {"containers": [{"name": "log"}, {"name": "ats", "cpu": "0.1"}]}}));
        patch.set(&container(&["cpu"]), Some(&json!("200m"))).unwrap();
        assert_eq!(
            patch.into_operations(),
            [
                json!({"op": "test", "path": "/spec/containers/1/name", "value": "ats"}),
                json!({"op": "test", "path": "/spec/containers/1/cpu", "value": "0.1"}),
                json!({"op": "replace", "path": "/spec/containers/1/cpu", "value": "200m"}),
            ]
        );
    }

    #[test]
    fn test_two_edits_share_the_parent_that_the_first_one_adds() {
        let mut patch = Patch::of(json!({"spec": {"initContainers": [{"name": "ats", "resources": {}}]}}));
        patch.set(&container(&["resources", "limits", "cpu"]), Some(&json!("1"))).unwrap();
        patch.set(&container(&["resources", "limits", "memory"]), Some(&json!("1Gi"))).unwrap();
        let limits = "/spec/initContainers/0/resources/limits";
        let name = json!({"op": "test", "path": "/spec/initContainers/0/name", "value": "ats"});
        assert_eq!(
            patch.into_operations(),
            [
                name.clone(),
                json!({"op": "test", "path": limits, "value": null}),
                json!({"op": "add", "path": limits, "value": {"cpu": "1"}}),
                name,
                json!({"op": "test", "path": format!("{limits}/memory"), "value": null}),
                json!({"op": "add", "path": format!("{limits}/memory"), "value": "1Gi"}),
            ]
        );
    }

    #[test]
    fn test_taking_away() {
        let mut patch = Patch::of(json!({"data": {"a/b": "1"}}));
        patch.set(&[Path::fields(&["data", "a/b"])], None).unwrap();
        patch.set(&[Path::fields(&["data", "gone"])], None).unwrap();
        assert_eq!(
            patch.into_operations(),
            [json!({"op": "test", "path": "/data/a~1b", "value": "1"}), json!({"op": "remove", "path": "/data/a~1b"}),]
        );
    }

    #[test]
    fn test_a_container_that_is_not_there_is_not_added() {
        let mut patch = Patch::of(json!({"spec": {"containers": [{"name": "log"}]}}));
        assert_eq!(patch.set(&container(&["image"]), Some(&json!("x"))), Err(NoPlace("`ats`".to_owned())));
        assert!(patch.into_operations().is_empty());
    }
}
