use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable};
use futures_util::future::join_all;
use opsctl_api::{Address, Fault, Hop, Identity, Preflight, Query, Reading, Selector};

use super::{Instance, Instances};

impl Instances {
    /// Reads from all instances at once; answers in the order of the questions. Passing faults are asked again.
    pub async fn read(&self, ask: &[Query]) -> Vec<Reading> {
        let mut by_instance: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut answers: Vec<Option<Reading>> = Vec::new();
        answers.resize_with(ask.len(), || None);
        for (index, query) in ask.iter().enumerate() {
            match query.at.instance().filter(|name| self.0.contains_key(*name)) {
                Some(name) => by_instance.entry(name).or_default().push(index),
                None => answers[index] = Some(Reading::Fault(no_instance(&query.at))),
            }
        }
        let asked = by_instance.into_iter().filter_map(|(name, indexes)| {
            let instance = self.0.get(name)?;
            let queries: Vec<Query> = indexes.iter().map(|&index| ask[index].clone()).collect();
            Some(async move { (indexes, instance.read(queries).await) })
        });
        for (indexes, readings) in join_all(asked).await {
            for (index, reading) in indexes.into_iter().zip(readings) {
                answers[index] = Some(reading);
            }
        }
        let missing = || Reading::Fault(Fault::Unexpected("the provider gave fewer answers than questions".to_owned()));
        answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
    }

    /// The identities of the named instances, all at once.
    pub async fn identities(&self, names: &[&str]) -> BTreeMap<String, Result<Identity, Fault>> {
        let asked = names.iter().filter_map(|name| self.0.get(*name)).map(|instance| async move {
            let once = || async { instance.provider.identity(&instance.cx).await };
            (instance.name.clone(), again(once).await)
        });
        join_all(asked).await.into_iter().collect()
    }

    /// Asks each hop's instance whether it would be taken; answers in the order of the hops. What was accepted a moment ago is not
    /// asked again.
    pub async fn preflight(&self, hops: &[Hop]) -> Vec<Preflight> {
        let mut by_instance: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, hop) in hops.iter().enumerate() {
            by_instance.entry(hop.at.instance()).or_default().push(index);
        }
        let mut answers = vec![Preflight::CannotTell("no answer".to_owned()); hops.len()];
        let asked = by_instance.into_iter().filter_map(|(name, indexes)| {
            let instance = self.0.get(name)?;
            let hops: Vec<&Hop> = indexes.iter().map(|&index| &hops[index]).collect();
            Some(async move { (indexes, instance.preflight(&hops).await) })
        });
        for (indexes, said) in join_all(asked).await {
            for (index, answer) in indexes.into_iter().zip(said) {
                answers[index] = answer;
            }
        }
        answers
    }
}

impl Instance {
    async fn preflight(&self, hops: &[&Hop]) -> Vec<Preflight> {
        let now = Instant::now();
        // The hops of a resource are one question: what a later one starts from is what the earlier ones leave.
        let open: BTreeSet<&Address> =
            hops.iter().filter(|hop| !self.accepted.has(hop, now)).map(|hop| &hop.at).collect();
        let known: Vec<bool> = hops.iter().map(|hop| !open.contains(&hop.at)).collect();
        let asked: Vec<Hop> =
            hops.iter().zip(&known).filter(|(_, known)| !**known).map(|(hop, _)| (*hop).clone()).collect();
        let mut said = match asked.is_empty() {
            true => Vec::new().into_iter(),
            false => self.provider.preflight(&self.cx, &asked).await.into_iter(),
        };
        let answers = hops.iter().zip(known).map(|(hop, known)| {
            if known {
                return Preflight::Accepted;
            }
            let answer = said.next().unwrap_or_else(|| Preflight::CannotTell("no answer".to_owned()));
            if answer == Preflight::Accepted {
                self.accepted.remember(hop, now);
            }
            answer
        });
        answers.collect()
    }

    /// Reads; what failed in passing is asked again a few times, and nothing else is.
    async fn read(&self, queries: Vec<Query>) -> Vec<Reading> {
        let began = Instant::now();
        let mut answers = self.provider.read(&self.cx, &queries).await;
        for pause in pauses() {
            let hopeful = began.elapsed() < PATIENCE;
            let again = |reading: &Reading| match reading {
                Reading::Fault(Fault::Throttled { .. }) => true,
                Reading::Fault(fault) => hopeful && fault.is_passing(),
                Reading::Members { .. } => false,
            };
            let open: Vec<usize> = (0..answers.len()).filter(|&index| again(&answers[index])).collect();
            if open.is_empty() {
                break;
            }
            tokio::time::sleep(asked_pause(&answers, &open).unwrap_or(pause)).await;
            let ask: Vec<Query> = open.iter().map(|&index| queries[index].clone()).collect();
            let more = self.provider.read(&self.cx, &ask).await;
            for (index, reading) in open.into_iter().zip(more) {
                answers[index] = reading;
            }
        }
        answers
    }
}

/// What took longer than this to be unreachable has had its time, and is not asked again.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest pause that a throttled answer asked for, up to ten seconds.
fn asked_pause(answers: &[Reading], open: &[usize]) -> Option<Duration> {
    open.iter()
        .filter_map(|&index| match &answers[index] {
            Reading::Fault(Fault::Throttled { after, .. }) => *after,
            _ => None,
        })
        .max()
        .map(|pause| pause.min(Duration::from_secs(10)))
}

fn pauses() -> impl Iterator<Item = Duration> {
    [100, 400, 1_600].into_iter().map(Duration::from_millis)
}

async fn again<T, F, Fut>(once: F) -> Result<T, Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Fault>>,
{
    let policy = ExponentialBuilder::default().with_min_delay(Duration::from_millis(100)).with_max_times(3);
    let began = Instant::now();
    once.retry(policy).when(|fault| fault.is_passing() && began.elapsed() < PATIENCE).await
}

fn no_instance(at: &Selector) -> Fault {
    Fault::Invalid(format!("`{at}` names no configured provider instance"))
}
