use opsctl_api::{Cx, Fault, Identity};

use crate::call::call;
use crate::client::Client;

/// The account by STS, with the region.
pub(crate) async fn identity(client: &Client, cx: &Cx) -> Result<Identity, Fault> {
    let sts = client.sts().await;
    let caller = call(cx, "sts:GetCallerIdentity", sts.get_caller_identity().send()).await?;
    let account = caller.account().ok_or_else(|| Fault::Unexpected("STS names no account".to_owned()))?;
    Ok(Identity { id: format!("{account}/{}", client.options().region), shown: format!("account {account}") })
}
