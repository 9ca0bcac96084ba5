use std::time::Duration;

use opsctl_api::{Plain, Source, format_duration};
use tokio::time::{Instant, timeout};

use super::patience::{Next, Patience};
use super::{Check, Probe, Untold, Verdict, dns, file, http, metric, promql, run, sent, setting, tcp, tls};
use crate::instance::Instances;

/// How long one measurement may take; a command may take as long as the check.
const LONGEST: Duration = Duration::from_secs(10);

/// How long the last measurement may take when the time is nearly over.
const SHORTEST: Duration = Duration::from_secs(1);

/// A check with the texts of its secrets, in memory alone.
///
/// # Errors
/// One cannot be had, so it does not hold.
pub fn revealed(
    check: &Check,
    secrets: &(dyn Fn(&Source) -> Result<Plain, String> + Send + Sync),
) -> Result<Check, Verdict> {
    let mut check = check.clone();
    sent::fill(check.probe.secrets_mut(), secrets).map_err(Verdict::no)?;
    Ok(check)
}

/// Measures a check once, whatever its times say. It changes nothing but what a command of the operator changes.
pub async fn measure(check: &Check, instances: &Instances) -> Verdict {
    once(&check.probe, instances, longest(check)).await
}

/// Measures a check until it holds, or its time is over: `every` so often, until it was true for `hold` without a break, for at
/// most `within` in all. Each measurement is told of; the last one decides.
///
/// What was true from the first measurement on is let to complete its `hold`, however short `within` is.
pub async fn await_check(check: &Check, instances: &Instances, mut on: impl FnMut(&Verdict)) -> Verdict {
    let mut patience = Patience::new(check, Instant::now().into_std());
    loop {
        let limit = patience.left(Instant::now().into_std()).clamp(SHORTEST, longest(check));
        let verdict = once(&check.probe, instances, limit).await;
        on(&verdict);
        match patience.saw(&verdict, Instant::now().into_std()) {
            Next::Ended(verdict) => return verdict,
            Next::Again(pause) => tokio::time::sleep(pause).await,
        }
    }
}

async fn once(probe: &Probe, instances: &Instances, limit: Duration) -> Verdict {
    let verdict = asked(probe, instances, limit).await;
    match probe.along() {
        Some(along) => Verdict { seen: Untold::of(along).out_of(&verdict.seen), ..verdict },
        None => verdict,
    }
}

async fn asked(probe: &Probe, instances: &Instances, limit: Duration) -> Verdict {
    match probe {
        Probe::Http { url, header, expect } => http::get(url, header, expect, limit).await,
        Probe::Tcp { address } => tcp::connect(address, limit).await,
        Probe::Run(run) => run::run(run, limit).await,
        Probe::Tls(tls) => tls::shake_hands(tls, limit).await,
        Probe::Dns(dns) => dns::resolve(dns, limit).await,
        Probe::Metric(metric) => metric::read(metric, limit).await,
        Probe::Promql(promql) => promql::query(promql, limit).await,
        Probe::File(file) => file::look(file, limit).await,
        Probe::Setting { at, setting, is } => match timeout(limit, setting::read(at, setting, is, instances)).await {
            Ok(verdict) => verdict,
            Err(_) => Verdict::no(format!("no answer within {}", format_duration(limit))),
        },
    }
}

fn longest(check: &Check) -> Duration {
    match check.probe {
        Probe::Run(_) => check.within.max(LONGEST),
        _ => LONGEST,
    }
}

impl Verdict {
    pub(super) fn yes(seen: impl Into<String>) -> Self {
        Self { holds: true, seen: seen.into() }
    }

    pub(super) fn no(seen: impl Into<String>) -> Self {
        Self { holds: false, seen: seen.into() }
    }
}
