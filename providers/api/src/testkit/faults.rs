//! Errors map to the right class.

use super::case::{Case, Duty, Proof, duty, hold, token, unchanged};
use crate::{Fault, Preflight, Written};

pub(super) const OF_KINDS: &[Duty] = &[
    duty!(what_may_not_be_read_is_denied, |case| case.harness.denied_reads().is_some()),
    duty!(what_may_not_be_written_is_denied, |case| {
        case.harness.denied_writes().is_some() && !case.examples.is_empty()
    }),
    duty!(what_does_not_answer_is_unreachable, |case| {
        case.harness.unreachable().is_some() && !case.examples.is_empty()
    }),
];

/// `Fault::Denied`: the credentials do not allow it. Never `Missing`, and never empty.
async fn what_may_not_be_read_is_denied(case: &Case) -> Proof {
    let live = case.desk().fresh().await?;
    let Some(provider) = case.harness.denied_reads() else { return Err("the harness denies nothing".into()) };
    let desk = case.desk_of(provider);
    let read = desk.read(&live.at).await?;
    hold!(matches!(read, Err(Fault::Denied(_))), "{read:?}");
    Ok(())
}

/// `Fault::Denied` of a write and of its preflight: refused, so nothing was done.
async fn what_may_not_be_written_is_denied(case: &Case) -> Proof {
    let live = case.desk().fresh().await?;
    let Some(provider) = case.harness.denied_writes() else { return Err("the harness denies nothing".into()) };
    let desk = case.desk_of(provider);
    let hop = desk.hops(&live, &case.examples[0])?.remove(0);
    let told = desk.provider.preflight(&desk.cx, std::slice::from_ref(&hop)).await;
    let warned = matches!(told[..], [Preflight::Refused(Fault::Denied(_)) | Preflight::CannotTell(_)]);
    hold!(warned, "{told:?}");
    let written = desk.send(&hop, &live, &token(&hop.at)).await?;
    hold!(matches!(written, Written::Refused(Fault::Denied(_))), "{written:#?}");
    unchanged(&live, &case.desk().live(&live.at).await?, &case.harness.restless(case.kind))
}

/// `Fault::Unreachable`: nobody answered. Never `Missing`, and a write is refused or unknown.
async fn what_does_not_answer_is_unreachable(case: &Case) -> Proof {
    let live = case.desk().fresh().await?;
    let Some(provider) = case.harness.unreachable() else { return Err("the harness reaches everything".into()) };
    let desk = case.desk_of(provider);
    let read = desk.read(&live.at).await?;
    hold!(matches!(read, Err(Fault::Unreachable(_))), "{read:?}");
    let hop = desk.hops(&live, &case.examples[0])?.remove(0);
    let told = desk.provider.preflight(&desk.cx, std::slice::from_ref(&hop)).await;
    hold!(told != [Preflight::Accepted], "{told:?}");
    let written = desk.send(&hop, &live, &token(&hop.at)).await?;
    let (Written::Refused(fault) | Written::Unknown(fault)) = written else {
        return Err(format!("{written:#?}").into());
    };
    hold!(matches!(fault, Fault::Unreachable(_)), "{fault:?}");
    Ok(())
}
