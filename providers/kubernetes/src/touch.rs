use opsctl_api::Touch;
use serde_json::Value as Json;

use crate::object::ManagedFields;
use crate::path::Path;

/// Who set each of these settings last, as far as `managedFields` tells.
///
/// The status is no setting: its managers are left out before anything of theirs is parsed.
pub(crate) fn touched(managed: &[ManagedFields], settings: &[(String, Vec<Path>)]) -> Vec<Touch> {
    let parsed: Vec<(&ManagedFields, Json)> = managed
        .iter()
        .filter(|entry| entry.subresource != "status")
        .filter_map(|entry| Some((entry, serde_json::from_str(entry.fields_v1.as_ref()?.get()).ok()?)))
        .collect();
    settings
        .iter()
        .filter_map(|(setting, paths)| {
            let (entry, _) = parsed
                .iter()
                .filter(|(_, fields)| paths.iter().any(|path| holds(fields, path)))
                .max_by_key(|(entry, _)| entry.time)?;
            Some(Touch { setting: setting.clone(), by: entry.manager.clone(), at: entry.time })
        })
        .collect()
}

fn holds(fields: &Json, path: &Path) -> bool {
    let mut steps = path.managed();
    steps.try_fold(fields, |at, step| at.get(step)).is_some()
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
        let image = Path::fields(&["spec", "template", "spec", "containers"]).named("ats").field("image");
        let touched = touched(
            &managed,
            &[
                ("replicas".to_owned(), vec![Path::fields(&["spec", "replicas"])]),
                ("image.ats".to_owned(), vec![image]),
                ("restart".to_owned(), vec![Path::fields(&["spec", "paused"])]),
            ],
        );
        let shown: Vec<_> = touched.iter().map(|touch| (touch.setting.as_str(), touch.by.as_str())).collect();
        assert_eq!(shown, [("replicas", "kubectl"), ("image.ats", "helm")]);
        assert_eq!(touched[0].at.unwrap().to_string(), "2026-11-02T08:00:00Z");
    }
}
