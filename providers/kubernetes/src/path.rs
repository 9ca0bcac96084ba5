use serde_json::{Map, Value as Json, json};

/// Where a setting stands in an object, said once: its JSON pointer, its place in `managedFields` and the merge patch that a
/// person would type all follow from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into a field of an object.
    Field(String),
    /// To the element of a list that has this `name`.
    Named(String),
}

impl Path {
    /// Fields within fields.
    pub(crate) fn fields(names: &[&str]) -> Self {
        Self(names.iter().map(|name| Step::Field((*name).to_owned())).collect())
    }

    /// And there, of a list, the element of this name.
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.0.push(Step::Named(name.to_owned()));
        self
    }

    /// And there a field.
    pub(crate) fn field(mut self, name: &str) -> Self {
        self.0.push(Step::Field(name.to_owned()));
        self
    }

    /// The steps, from the object down.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Its JSON pointer; `None` where that depends on the order of a list.
    pub(crate) fn pointer(&self) -> Option<String> {
        self.0.iter().try_fold(String::new(), |pointer, step| match step {
            Step::Field(name) => Some(format!("{pointer}/{}", escaped(name))),
            Step::Named(_) => None,
        })
    }

    /// The same steps as `managedFields` names them.
    pub(crate) fn managed(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|step| match step {
            Step::Field(name) => format!("f:{name}"),
            Step::Named(name) => format!("k:{}", json!({ "name": name })),
        })
    }

    /// Puts a value into a merge patch, strategic where there are lists.
    pub(crate) fn merge_into(&self, patch: &mut Json, value: Json) {
        let mut at = patch;
        for step in &self.0 {
            at = match step {
                Step::Field(name) => {
                    if !at.is_object() {
                        *at = Json::Object(Map::new());
                    }
                    &mut at[name.as_str()]
                }
                Step::Named(name) => {
                    if !at.is_array() {
                        *at = json!([]);
                    }
                    element(at, name)
                }
            };
        }
        *at = value;
    }
}

/// The element of a list that has this name, added where there is none.
fn element<'a>(list: &'a mut Json, name: &str) -> &'a mut Json {
    let count = list.as_array().map_or(0, Vec::len);
    let index = index_of(list, name).unwrap_or(count);
    if let Json::Array(elements) = list
        && index == count
    {
        elements.push(json!({ "name": name }));
    }
    &mut list[index]
}

/// Where in a list the element of this name is.
pub(crate) fn index_of(list: &Json, name: &str) -> Option<usize> {
    list.as_array()?.iter().position(|element| element["name"] == name)
}

/// A part of a JSON pointer.
pub(crate) fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_one_path_in_three_languages() {
        let path = Path::fields(&["spec", "containers"]).named("ats").field("image");
        assert_eq!(path.pointer(), None);
        assert_eq!(path.managed().collect::<Vec<_>>(), ["f:spec", "f:containers", r#"k:{"name":"ats"}"#, "f:image"]);
        let mut patch = Json::Null;
        path.merge_into(&mut patch, json!("ats:10"));
        Path::fields(&["spec", "containers"]).named("ats").field("tty").merge_into(&mut patch, json!(true));
        Path::fields(&["spec", "containers"]).named("log").field("image").merge_into(&mut patch, Json::Null);
        assert_eq!(
            patch,
            json!({"spec": {"containers": [
                {"name": "ats", "image": "ats:10", "tty": true}, {"name": "log", "image": null},
            ]}})
        );
    }

    #[test]
    fn test_pointer_escapes() {
        assert_eq!(Path::fields(&["data", "a/b~c"]).pointer().unwrap(), "/data/a~1b~0c");
    }
}
