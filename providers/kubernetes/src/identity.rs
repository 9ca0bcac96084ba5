use http::Method;
use opsctl_api::{Cx, Fault, Identity};
use serde::Deserialize;

use crate::client::{Call, Client};
use crate::fault::CallError;

/// A cluster is its `kube-system` namespace: that cannot be deleted, so its UID lives as long as the cluster's own data.
pub(crate) async fn identity(client: &Client, cx: &Cx) -> Result<Identity, Fault> {
    #[derive(Deserialize)]
    struct Namespace {
        metadata: Meta,
    }
    #[derive(Deserialize)]
    struct Meta {
        uid: String,
    }
    let action = "get namespaces kube-system".to_owned();
    let call = Call {
        verb: "GET namespaces".to_owned(),
        action: action.clone(),
        method: Method::GET,
        uri: "/api/v1/namespaces/kube-system".to_owned(),
        patch: None,
    };
    let body = client.call(cx, call).await.map_err(|error| error.fault())?;
    let namespace: Namespace =
        serde_json::from_slice(&body).map_err(|source| CallError::Garbled { action, source }.fault())?;
    let id = namespace.metadata.uid;
    let shown = format!("cluster {}", id.split('-').next().unwrap_or_default());
    Ok(Identity { id, shown })
}
