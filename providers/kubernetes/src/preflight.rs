use opsctl_api::{Cx, Fault, Hop, Preflight};

use crate::client::Client;
use crate::fault::CallError;
use crate::request::{Request, Stop};

/// Asks the API server to make a hop without storing it (`dryRun=All`): it then asks RBAC, validation and admission as it would
/// for the write. Whether `from` still holds is not asked: an earlier hop may be there to bring it about.
pub(crate) async fn preflight(client: &Client, cx: &Cx, hop: &Hop) -> Preflight {
    let request = match Request::of(hop) {
        Ok(request) => request,
        Err(fault) => return Preflight::Refused(fault),
    };
    let body = match request.body(client, cx, false).await {
        Ok(body) => body,
        Err(Stop::Call(error)) => return judged(&error),
        Err(Stop::Fault(fault)) => return Preflight::Refused(fault),
        Err(Stop::Moved) => return Preflight::CannotTell("it has just been changed".to_owned()),
    };
    match client.call(cx, request.call(body, true)).await {
        Ok(_) => Preflight::Accepted,
        Err(error) => judged(&error),
    }
}

/// Only an answer of the API refuses; what keeps it from answering tells nothing.
fn judged(error: &CallError) -> Preflight {
    match error.fault() {
        _ if error.may_be_a_failed_test() => Preflight::CannotTell("it has just been changed".to_owned()),
        fault @ (Fault::Missing(_) | Fault::Denied(_) | Fault::Invalid(_)) => Preflight::Refused(fault),
        fault => Preflight::CannotTell(fault.to_string()),
    }
}
