//! The kinds, one file each. A new kind is a file, and a line in [`ALL`].

mod configmap;
mod deployment;
mod hpa;

use opsctl_api::{Change, Hop, Kind, Live, NoWay, Segment, Value, shell_word};
use serde_json::Value as Json;

use crate::object::Api;
use crate::path::Path;

#[cfg(feature = "live")]
pub(crate) use hpa::Hpa;

/// All kinds, sorted by name.
const ALL: &[&Served] = &[&configmap::SERVED, &deployment::SERVED, &hpa::SERVED];

/// The same, as the catalogue shows them.
pub(crate) static KINDS: &[Kind] = &{
    let mut kinds = [ALL[0].kind; ALL.len()];
    let mut index = 0;
    while index < kinds.len() {
        kinds[index] = ALL[index].kind;
        index += 1;
    }
    kinds
};

/// The kind that says which replicas are an autoscaler's.
pub(crate) static HPA: Served = hpa::SERVED;

/// Every kind here is addressed so.
const NAMESPACED: &[Segment] = &[Segment::One("NAMESPACE"), Segment::One("NAME")];

/// A kind, and how it is served by the Kubernetes API.
pub(crate) struct Served {
    /// Its path and settings.
    pub(crate) kind: Kind,
    /// Where the API has it.
    pub(crate) api: Api,
    /// Its name where objects refer to each other: `Deployment`.
    pub(crate) refers: &'static str,
    /// The setting that the subresource `scale` carries, and that an autoscaler may hold.
    pub(crate) scale: Option<&'static str>,
    /// Where a setting stands in the object: at the first of these that leads anywhere.
    pub(crate) paths: fn(&str) -> Vec<Path>,
    /// Refuses what the API would never take of what is live.
    pub(crate) lawful: fn(&Change, &Live) -> Result<(), NoWay>,
    /// The kubectl line of a hop.
    pub(crate) by_hand: fn(&Served, &Hop, &str) -> String,
}

/// The kind of this name.
pub(crate) fn served(kind: &str) -> Option<&'static Served> {
    ALL.iter().copied().find(|served| served.kind.name == kind)
}

/// A value as Kubernetes writes it.
pub(crate) fn plain(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::Integer(number) => Json::from(*number),
        Value::Number(number) => Json::from(*number),
        Value::String(text) => Json::from(text.as_str()),
        Value::Quantity(quantity) => Json::from(quantity.as_str()),
        Value::Duration(_) | Value::List(_) | Value::Set(_) | Value::Secret(_) => Json::from(value.to_string()),
    }
}

fn always_lawful(_change: &Change, _live: &Live) -> Result<(), NoWay> {
    Ok(())
}

/// `kubectl VERB KIND/NAME -n NAMESPACE REST`, where `kubectl` says which cluster is meant; of a path with other parts, as much as it has.
fn command(kubectl: &str, verb: &str, hop: &Hop, rest: &str) -> String {
    let mut parts = hop.at.segments();
    let namespace = shell_word(parts.next().unwrap_or_default());
    let name = shell_word(parts.next().unwrap_or_default());
    format!("{kubectl} {verb} {}/{name} -n {namespace} {rest}", hop.at.kind())
}

/// A strategic merge patch by kubectl, which finds the elements of lists by their names.
fn kubectl_patch(served: &Served, hop: &Hop, kubectl: &str) -> String {
    let mut patch = Json::Null;
    for edit in &hop.edits {
        if let Some(path) = (served.paths)(&edit.setting).first() {
            path.merge_into(&mut patch, edit.to.as_ref().map_or(Json::Null, plain));
        }
    }
    command(kubectl, "patch", hop, &format!("-p {}", shell_word(&patch.to_string())))
}
