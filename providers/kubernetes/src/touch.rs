use std::fmt;

use opsctl_api::Touch;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::object::ManagedFields;
use crate::path::Path;

/// Who set each of these settings last, as far as `managedFields` tells.
///
/// Of a thousand objects these are the larger part, so they are searched as they were read and never built.
pub(crate) fn touched(managed: &[ManagedFields], settings: &[String], paths: fn(&str) -> Vec<Path>) -> Vec<Touch> {
    settings
        .iter()
        .filter_map(|setting| {
            let places: Vec<Vec<String>> = paths(setting).iter().map(|path| path.managed().collect()).collect();
            let entry = managed
                .iter()
                // The status is no setting.
                .filter(|entry| entry.subresource != "status")
                .filter(|entry| places.iter().any(|place| entry.holds(place)))
                .max_by_key(|entry| entry.time)?;
            Some(Touch { setting: setting.clone(), by: entry.manager.clone(), at: entry.time })
        })
        .collect()
}

impl ManagedFields {
    fn holds(&self, place: &[String]) -> bool {
        let Some(fields) = self.fields_v1.as_ref().map(|fields| fields.get()) else { return false };
        // Most entries do not even have the name of the field in them.
        let plain = |name: &&String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-_./".contains(&byte));
        if place.last().filter(plain).is_some_and(|name| !fields.contains(name.as_str())) {
            return false;
        }
        Search(place).deserialize(&mut serde_json::Deserializer::from_str(fields)).unwrap_or(false)
    }
}

/// Whether objects within objects have these keys, one in the other.
struct Search<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(here) = map.next_key_seed(Is(self.0.first()))? {
            match self.0 {
                [_, rest @ ..] if here && !rest.is_empty() => found |= map.next_value_seed(Search(rest))?,
                _ => {
                    found |= here;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// Whether a key is this one.
struct Is<'a>(Option<&'a String>);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(self.0.is_some_and(|wanted| wanted == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_the_latest_manager_of_the_field() {
        let managed: Vec<ManagedFields> = serde_json::from_str(
            r#"[
            {"manager": "helm", "operation": "Update", "time": "2026-11-01T08:00:00Z",
             "fieldsV1": {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers":
               {"k:{\"name\":\"ats\"}": {".": {}, "f:image": {}}}}}}}},
            {"manager": "kubectl", "operation": "Update", "subresource": "scale", "time": "2026-11-02T08:00:00Z",
             "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
             "time": "2026-11-03T08:00:00Z", "fieldsV1": {"f:status": {"f:replicas": {}}}}
        ]"#,
        )
        .unwrap();
        let paths = |setting: &str| match setting.strip_prefix("image.") {
            Some(name) => vec![Path::fields(&["spec", "template", "spec", "containers"]).named(name).field("image")],
            None => vec![Path::fields(&["spec", setting])],
        };
        let touched = touched(&managed, &["replicas", "image.ats", "image.log", "paused"].map(str::to_owned), paths);
        let shown: Vec<_> = touched.iter().map(|touch| (touch.setting.as_str(), touch.by.as_str())).collect();
        assert_eq!(shown, [("replicas", "kubectl"), ("image.ats", "helm")]);
        assert_eq!(touched[0].at.unwrap().to_string(), "2026-11-02T08:00:00Z");
    }
}
