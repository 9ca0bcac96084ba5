use opsctl_api::{Fault, Live, Write, Written};

use crate::kinds::served;
use crate::provider::Site;
use crate::read::Need;

/// Sends what may share a call.
pub(crate) async fn write(site: Site<'_>, batch: &[Write]) -> Vec<Written> {
    let Some(first) = batch.first() else { return Vec::new() };
    let Some(served) = served(first.hop.at.kind()) else {
        let none = Fault::Missing(format!("AWS has no kind `{}`", first.hop.at.kind()));
        return batch.iter().map(|_| Written::Refused(none.clone())).collect();
    };
    if served.calls.reads_by_itself {
        let batch: Vec<(&Write, &Live)> = batch.iter().map(|write| (write, &write.live)).collect();
        return (served.calls.write)(site, &batch).await;
    }
    // What an API cannot compare is read again right before. Who writes between that and the call is overwritten: each kind's
    // documentation says whether that race is left.
    let found = (served.calls.read)(site, &Need::of(batch)).await;
    let mut answers: Vec<Option<Written>> = Vec::with_capacity(batch.len());
    let mut go: Vec<(&Write, &Live)> = Vec::new();
    for write in batch {
        match found.one(write.hop.at.path()) {
            Err(Fault::Unreachable(why)) => {
                let why = format!("{why}, when it was read right before the write; nothing was sent");
                answers.push(Some(Written::Refused(Fault::Unreachable(why))));
            }
            Err(fault) => answers.push(Some(Written::Refused(fault))),
            Ok(live) if !holds(write, live) => answers.push(Some(Written::Conflict(Box::new(live.clone())))),
            Ok(live) => {
                go.push((write, live));
                answers.push(None);
            }
        }
    }
    let mut sent = if go.is_empty() { Vec::new() } else { (served.calls.write)(site, &go).await }.into_iter();
    let lost = || Written::Unknown(Fault::Unexpected("there is no answer of this one".to_owned()));
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| sent.next().unwrap_or_else(lost))).collect()
}

/// Whether what the hop starts from is what is there, by meaning.
pub(crate) fn holds(write: &Write, live: &Live) -> bool {
    write.hop.edits.iter().all(|edit| live.value(&edit.setting) == edit.from.as_ref())
}
