use opsctl_api::{Cx, Direction, Fault, Hop, Live, Query, Receipt, Selector, Wanted, Written};
use serde::Deserialize;

use crate::client::Client;
use crate::fault::CallError;
use crate::read::{FEWER, read};
use crate::request::{Request, Stop};

/// Makes one hop: one PATCH that tests what it replaces, so nothing else is overwritten, and no race is left.
pub(crate) async fn write(client: &Client, cx: &Cx, instance: &str, hop: &Hop) -> Written {
    let now = Now { client, cx, instance, hop };
    let request = match Request::of(hop) {
        Ok(request) => request,
        Err(fault) => return Written::Refused(fault),
    };
    let body = match request.body(client, cx, true).await {
        Ok(body) => body,
        // Nothing but a read was sent.
        Err(Stop::Call(error)) => return Written::Refused(error.fault()),
        Err(Stop::Fault(fault)) => return Written::Refused(fault),
        Err(Stop::Moved) => return now.conflict(|| Fault::Busy("others change it all the time".to_owned())).await,
    };
    match client.call(cx, request.call(body, false)).await {
        Ok(answer) => {
            let fewer = hop.edits.iter().any(|edit| edit.direction(&request.served.kind) == Direction::Down);
            Written::Sent { receipt: fewer.then(|| Receipt(FEWER.to_owned())), version: version(&answer) }
        }
        Err(error) if error.may_be_a_failed_test() => now.conflict(|| error.fault()).await,
        Err(error) => unsuccessful(&error),
    }
}

fn unsuccessful(error: &CallError) -> Written {
    if error.did_nothing() { Written::Refused(error.fault()) } else { Written::Unknown(error.fault()) }
}

/// The object's version after the write; a Scale carries that of what it scales.
fn version(answer: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        metadata: Meta,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Meta {
        resource_version: Option<String>,
    }
    serde_json::from_slice::<Answer>(answer).ok()?.metadata.resource_version
}

/// What is there now, once a write has been refused.
struct Now<'a> {
    client: &'a Client,
    cx: &'a Cx,
    instance: &'a str,
    hop: &'a Hop,
}

impl Now<'_> {
    /// The server does not say why it refused a patch: another value than `from` is there, or else it was `otherwise`.
    async fn conflict(&self, otherwise: impl FnOnce() -> Fault) -> Written {
        let settings = self.hop.edits.iter().map(|edit| edit.setting.clone()).collect();
        let ask = Query { at: Selector::One(self.hop.at.clone()), settings: Wanted::Only(settings), receipt: None };
        let reading = read(self.client, self.cx, self.instance, &[ask]).await.pop();
        match reading.map(opsctl_api::Reading::into_one) {
            Some(Ok(live)) if self.has_moved(&live) => Written::Conflict(Box::new(live)),
            Some(Err(fault @ Fault::Missing(_))) => Written::Refused(fault),
            _ => Written::Refused(otherwise()),
        }
    }

    fn has_moved(&self, live: &Live) -> bool {
        self.hop.edits.iter().any(|edit| live.value(&edit.setting) != edit.from.as_ref())
    }
}
