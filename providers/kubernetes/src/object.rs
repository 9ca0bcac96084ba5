use std::any::Any;

use jiff::Timestamp;
use opsctl_api::{Address, Given, LiveSetting, Readiness, Relation, Setting, Type};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::value::RawValue;

/// An object as it was read: a small struct of its kind, which holds only what opsctl looks at.
pub(crate) trait Object: Any + Send + Sync {
    /// What every object has.
    fn meta(&self) -> &Meta;

    /// One setting of the kind.
    fn setting(&self, _key: &str) -> LiveSetting {
        LiveSetting::Absent
    }

    /// The keys of all settings that it has, and of those that it may have without a key of their own.
    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether it does what its settings say: a function of the object alone, and of whether the question is about a write
    /// that made it fewer.
    fn readiness(&self, _settling_down: bool) -> Readiness {
        Readiness::Ready
    }

    /// What it tells of its neighbours, which are at the same instance.
    fn relations(&self, _at: &Address) -> Vec<Relation> {
        Vec::new()
    }

    /// The label selector of its pods, where these may tell why it is not ready.
    fn pods(&self) -> Option<String> {
        None
    }
}

/// One page of a LIST.
pub(crate) struct Page {
    /// The objects on it.
    pub(crate) items: Vec<Box<dyn Object>>,
    /// The token of the next page.
    pub(crate) next: Option<String>,
    /// How many objects there are on pages to come, as far as the server tells.
    pub(crate) remaining: Option<u64>,
}

/// How a kind of object is served.
pub(crate) struct Api {
    /// The path of its group and version: `/apis/apps/v1`.
    pub(crate) base: &'static str,
    /// Its name in paths and rules: `deployments`.
    pub(crate) plural: &'static str,
    /// Reads one object.
    pub(crate) one: fn(&[u8]) -> serde_json::Result<Box<dyn Object>>,
    /// Reads a page of them.
    pub(crate) page: fn(&[u8]) -> serde_json::Result<Page>,
}

impl Api {
    /// The API of a type of object.
    pub(crate) const fn of<T: Object + DeserializeOwned>(base: &'static str, plural: &'static str) -> Self {
        Self { base, plural, one: one::<T>, page: page::<T> }
    }
}

fn one<T: Object + DeserializeOwned>(json: &[u8]) -> serde_json::Result<Box<dyn Object>> {
    serde_json::from_slice::<T>(json).map(|object| Box::new(object) as Box<dyn Object>)
}

fn page<T: Object + DeserializeOwned>(json: &[u8]) -> serde_json::Result<Page> {
    #[derive(Deserialize)]
    struct List<T> {
        #[serde(default)]
        metadata: ListMeta,
        items: Option<Vec<T>>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default, rename_all = "camelCase")]
    struct ListMeta {
        r#continue: Option<String>,
        remaining_item_count: Option<u64>,
    }
    let list: List<T> = serde_json::from_slice(json)?;
    Ok(Page {
        items: list.items.into_iter().flatten().map(|item| Box::new(item) as Box<dyn Object>).collect(),
        next: list.metadata.r#continue.filter(|token| !token.is_empty()),
        remaining: list.metadata.remaining_item_count,
    })
}

/// `metadata` of an object; of labels and annotations those that tell of an owner.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Meta {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) resource_version: Option<String>,
    pub(crate) generation: i64,
    pub(crate) labels: Labels,
    pub(crate) annotations: Annotations,
    pub(crate) owner_references: Vec<OwnerReference>,
    pub(crate) managed_fields: Vec<ManagedFields>,
}

/// The labels that tell of an owner.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Labels {
    #[serde(rename = "app.kubernetes.io/instance")]
    pub(crate) instance: Option<String>,
    #[serde(rename = "app.kubernetes.io/managed-by")]
    pub(crate) managed_by: Option<String>,
    #[serde(rename = "kustomize.toolkit.fluxcd.io/name")]
    pub(crate) kustomization: Option<String>,
    #[serde(rename = "kustomize.toolkit.fluxcd.io/namespace")]
    pub(crate) kustomization_namespace: Option<String>,
    #[serde(rename = "helm.toolkit.fluxcd.io/name")]
    pub(crate) helm_release: Option<String>,
    #[serde(rename = "helm.toolkit.fluxcd.io/namespace")]
    pub(crate) helm_release_namespace: Option<String>,
}

/// The annotations that tell of an owner.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Annotations {
    #[serde(rename = "argocd.argoproj.io/tracking-id")]
    pub(crate) argo_tracking: Option<String>,
    #[serde(rename = "kustomize.toolkit.fluxcd.io/reconcile")]
    pub(crate) flux_reconcile: Option<String>,
    #[serde(rename = "meta.helm.sh/release-name")]
    pub(crate) helm_release: Option<String>,
}

/// Another object that this one belongs to.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct OwnerReference {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) controller: bool,
}

/// Which fields one manager set last, and when.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManagedFields {
    #[serde(default)]
    pub(crate) manager: String,
    pub(crate) time: Option<Timestamp>,
    #[serde(default)]
    pub(crate) subresource: String,
    /// Parsed only where somebody asks who set a field.
    pub(crate) fields_v1: Option<Box<RawValue>>,
}

/// What a field of the object says as a setting of this type; `None` is absent.
pub(crate) fn live_setting(setting: &Setting, raw: Option<Json>) -> LiveSetting {
    let Some(raw) = raw.filter(|raw| !raw.is_null()) else { return LiveSetting::Absent };
    let given = match (&setting.ty, &raw) {
        (_, Json::Bool(value)) => Given::Bool(*value),
        // A quantity may be written as a number, `0.5` too.
        (Type::Quantity, Json::Number(number)) => Given::String(number.to_string()),
        (_, Json::Number(number)) => match number.as_i64() {
            Some(number) => Given::Integer(number),
            None => Given::Number(number.as_f64().unwrap_or(f64::NAN)),
        },
        (_, Json::String(text)) => Given::String(text.clone()),
        _ => return LiveSetting::Hidden("the API has something else there than a value".to_owned()),
    };
    match setting.ty.accept(given) {
        Ok(value) => LiveSetting::is(value, raw),
        Err(mismatch) => LiveSetting::Hidden(mismatch.to_string()),
    }
}
