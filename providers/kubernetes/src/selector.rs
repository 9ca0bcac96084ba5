use std::collections::BTreeMap;

use serde::Deserialize;

/// A label selector as objects hold it.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LabelSelector {
    match_labels: BTreeMap<String, String>,
    match_expressions: Vec<Requirement>,
}

#[derive(Deserialize)]
struct Requirement {
    key: String,
    operator: String,
    #[serde(default)]
    values: Vec<String>,
}

impl LabelSelector {
    /// As a LIST takes it; `None` where it selects nothing, or in a way that is not known here.
    pub(crate) fn written(&self) -> Option<String> {
        let mut parts = vec![written(&self.match_labels)];
        for Requirement { key, operator, values } in &self.match_expressions {
            let values = values.join(",");
            parts.push(match operator.as_str() {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "Exists" => key.clone(),
                "DoesNotExist" => format!("!{key}"),
                _ => return None,
            });
        }
        parts.retain(|part| !part.is_empty());
        (!parts.is_empty()).then(|| parts.join(","))
    }
}

/// Labels that must all be there, as a LIST takes them.
pub(crate) fn written(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_written() {
        let written = |json: &str| serde_json::from_str::<LabelSelector>(json).unwrap().written();
        assert_eq!(written("{}"), None);
        assert_eq!(written(r#"{"matchLabels": {"app": "edge", "tier": "cdn"}}"#).unwrap(), "app=edge,tier=cdn");
        assert_eq!(
            written(
                r#"{"matchLabels": {"app": "edge"}, "matchExpressions": [
                    {"key": "track", "operator": "NotIn", "values": ["canary", "test"]},
                    {"key": "zone", "operator": "Exists"}, {"key": "old", "operator": "DoesNotExist"}]}"#
            )
            .unwrap(),
            "app=edge,track notin (canary,test),zone,!old"
        );
    }
}
