//! The kinds, one file each. A new kind is a file and its lines in this one.

mod configmap;
mod deployment;
mod hpa;

use opsctl_api::{Change, Hop, Kind, NoWay, Segment, Value, shell_word};
use serde_json::Value as Json;

/// All kinds as the catalogue shows them, sorted by name.
pub(crate) static KINDS: &[Kind] = &[configmap::SERVED.kind, deployment::SERVED.kind, hpa::SERVED.kind];

static ALL: &[&Served] = &[&configmap::SERVED, &deployment::SERVED, &hpa::SERVED];

/// Every kind here is addressed so.
const NAMESPACED: &[Segment] = &[Segment::One("NAMESPACE"), Segment::One("NAME")];

/// A kind, and how it is served by the Kubernetes API.
pub(crate) struct Served {
    /// Its path and settings.
    pub(crate) kind: Kind,
    /// Refuses what the API would never take, whatever is live.
    pub(crate) lawful: fn(&Change) -> Result<(), NoWay>,
    /// The kubectl line of a hop.
    pub(crate) by_hand: fn(&Hop) -> String,
}

/// The kind of this name.
pub(crate) fn served(kind: &str) -> Option<&'static Served> {
    ALL.iter().copied().find(|served| served.kind.name == kind)
}

fn always_lawful(_change: &Change) -> Result<(), NoWay> {
    Ok(())
}

/// `kubectl VERB KIND/NAME -n NAMESPACE REST`; of a path with other parts, as much as it has.
fn kubectl(verb: &str, hop: &Hop, rest: &str) -> String {
    let mut parts = hop.at.segments();
    let namespace = shell_word(parts.next().unwrap_or_default());
    let name = shell_word(parts.next().unwrap_or_default());
    format!("kubectl {verb} {}/{name} -n {namespace} {rest}", hop.at.kind())
}

fn kubectl_patch(hop: &Hop, merge: bool, patch: &Json) -> String {
    let merge = if merge { "--type=merge " } else { "" };
    kubectl("patch", hop, &format!("{merge}-p {}", shell_word(&patch.to_string())))
}

/// A value as Kubernetes writes it; absent is null.
fn plain(value: Option<&Value>) -> Json {
    match value {
        None => Json::Null,
        Some(Value::Integer(number)) => Json::from(*number),
        Some(Value::Bool(value)) => Json::from(*value),
        Some(Value::String(text)) => Json::from(text.as_str()),
        Some(Value::Quantity(quantity)) => Json::from(quantity.as_str()),
        Some(other) => Json::from(other.to_string()),
    }
}
