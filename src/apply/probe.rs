use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use super::event::{Event, What};
use super::say;
use crate::check::{Check, Verdict, await_check, measure};
use crate::instance::Instances;

/// How long is looked at a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Until it holds long enough, or its time is over.
    Until,
    /// Once: nothing comes that would make it true.
    Once,
}

/// Measures a check until it holds long enough or its time is over, and tells of each measurement.
pub(super) async fn measure_until(check: &Check, instances: &Instances, events: &UnboundedSender<Event>) -> Verdict {
    let tell = |verdict: &Verdict, last: bool| {
        let Verdict { holds, seen } = verdict.clone();
        say(events, What::Measured { check: check.name.clone(), holds, seen, last });
    };
    let verdict = await_check(check, instances, |verdict: &Verdict| tell(verdict, false)).await;
    tell(&verdict, true);
    verdict
}

async fn measure_once(check: &Check, instances: &Instances, events: &UnboundedSender<Event>) -> Verdict {
    let verdict = measure(check, instances).await;
    let Verdict { holds, seen } = verdict.clone();
    say(events, What::Measured { check: check.name.clone(), holds, seen, last: true });
    verdict
}

/// Measures several checks at once; those that do not hold, with what was seen.
pub(super) async fn measure_all(
    checks: &[Check],
    look: Look,
    instances: &Instances,
    events: &UnboundedSender<Event>,
) -> Vec<(String, String)> {
    let instances = Arc::new(instances.clone());
    let mut running = Vec::new();
    for check in checks {
        let (check, instances, events) = (check.clone(), Arc::clone(&instances), events.clone());
        let name = check.name.clone();
        let verdict = async move {
            match look {
                Look::Until => measure_until(&check, &instances, &events).await,
                Look::Once => measure_once(&check, &instances, &events).await,
            }
        };
        running.push((name, Task::spawn(verdict)));
    }
    let mut failed = Vec::new();
    for (name, mut task) in running {
        match (&mut task.0).await {
            Ok(Verdict { holds: true, .. }) => {}
            Ok(Verdict { seen, .. }) => failed.push((name, seen)),
            Err(error) => failed.push((name, format!("it could not be measured: {error}"))),
        }
    }
    failed
}

/// What is given up when nobody waits for it any more.
pub(super) struct Task<T = ()>(JoinHandle<T>);

impl<T: Send + 'static> Task<T> {
    pub(super) fn spawn(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
