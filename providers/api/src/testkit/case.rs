use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use super::harness::{Example, Harness};
use crate::{
    Address, Change, Cx, Edit, Fault, Hop, Kind, Live, LiveSetting, Provider, Query, Readiness, Reading, Receipt,
    Setting, Value, Wanted, Write, Written,
};

/// Whether a duty was done.
pub(super) type Proof = Result<(), Failed>;

/// One duty: a trial of every case that it applies to.
pub(super) struct Duty {
    pub(super) name: &'static str,
    pub(super) applies: fn(&Case) -> bool,
    pub(super) prove: for<'a> fn(&'a Case) -> Pin<Box<dyn Future<Output = Proof> + 'a>>,
}

/// Names a duty after the function that proves it.
macro_rules! duty {
    ($prove:ident) => {
        duty!($prove, |_| true)
    };
    ($prove:ident, $applies:expr) => {
        $crate::testkit::case::Duty {
            name: stringify!($prove),
            applies: $applies,
            prove: |case| Box::pin($prove(case)),
        }
    };
}
pub(super) use duty;

/// Fails a proof where something does not hold.
macro_rules! hold {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err(libtest_mimic::Failed::from(format!($($why)+)));
        }
    };
}
pub(super) use hold;

/// What a duty is tried on: one kind.
pub(super) struct Case {
    pub(super) harness: Arc<dyn Harness>,
    pub(super) kind: &'static Kind,
    pub(super) examples: Vec<Example>,
}

impl Case {
    pub(super) fn new(harness: Arc<dyn Harness>, kind: &'static Kind) -> Self {
        let examples = harness.examples(kind);
        Self { harness, kind, examples }
    }

    pub(super) fn setting(&self, example: &Example) -> Result<&'static Setting, Failed> {
        let unknown = || format!("{} has no setting {}, of which there is an example", self.kind.name, example.setting);
        Ok(self.kind.setting(&example.setting).ok_or_else(unknown)?)
    }

    /// Two values of one setting, both other than what is there at first.
    pub(super) fn alternatives(&self) -> impl Iterator<Item = (&Example, &Example)> {
        self.examples.iter().enumerate().filter_map(|(index, one)| {
            let other = self.examples[index + 1..].iter().find(|other| other.setting == one.setting)?;
            let changeable = self.kind.setting(&one.setting).is_some_and(|setting| !setting.one_way);
            (one.to != other.to && changeable).then_some((one, other))
        })
    }

    /// Settings that are independent of each other: neither of one group nor coupled.
    pub(super) fn strangers(&self) -> impl Iterator<Item = (&Example, &Example)> {
        let group = |example: &Example| self.kind.setting(&example.setting).and_then(|setting| setting.group);
        self.examples.iter().flat_map(move |one| {
            self.examples.iter().filter_map(move |other| {
                let grouped = group(one).is_some() && group(one) == group(other);
                let apart = one.setting != other.setting && !grouped && !one.couples && !other.couples;
                apart.then_some((one, other))
            })
        })
    }
}

/// A case with a provider, and a context that counts.
pub(super) struct Desk<'a> {
    pub(super) case: &'a Case,
    pub(super) provider: Arc<dyn Provider>,
    pub(super) cx: Cx,
}

impl Case {
    pub(super) fn desk(&self) -> Desk<'_> {
        self.desk_of(self.harness.provider())
    }

    pub(super) fn desk_of(&self, provider: Arc<dyn Provider>) -> Desk<'_> {
        Desk { case: self, provider, cx: Cx::new(self.harness.timeout()) }
    }
}

impl Desk<'_> {
    /// A fresh resource, once it is ready.
    pub(super) async fn fresh(&self) -> Result<Live, Failed> {
        let at = self.case.harness.fresh(self.case.kind).await?;
        self.until(&at, "be ready after it was made", |live| live.readiness == Readiness::Ready).await
    }

    /// A fresh resource that takes an example.
    pub(super) async fn fresh_for(&self, example: &Example) -> Result<Live, Failed> {
        self.taking(&self.fresh().await?, example).await
    }

    /// A fresh resource, or in its place another one that takes an example.
    pub(super) async fn taking(&self, fresh: &Live, example: &Example) -> Result<Live, Failed> {
        match &example.given {
            Some(first) => self.disturb(&self.fresh().await?.at, first).await,
            None => Ok(fresh.clone()),
        }
    }

    pub(super) async fn ask(&self, ask: &[Query]) -> Result<Vec<Reading>, Failed> {
        let readings = self.provider.read(&self.cx, ask).await;
        hold!(readings.len() == ask.len(), "{} questions had {} answers", ask.len(), readings.len());
        Ok(readings)
    }

    pub(super) async fn read(&self, at: &Address) -> Result<Result<Live, Fault>, Failed> {
        self.read_of(at, Wanted::All).await
    }

    pub(super) async fn read_of(&self, at: &Address, settings: Wanted) -> Result<Result<Live, Fault>, Failed> {
        let query = Query { settings, ..Query::one(at.clone()) };
        let reading = self.ask(&[query]).await?.into_iter().next();
        Ok(reading.ok_or("no answer")?.into_one())
    }

    /// A resource that is there.
    pub(super) async fn live(&self, at: &Address) -> Result<Live, Failed> {
        Ok(self.read(at).await?.map_err(|fault| format!("{at} cannot be read: {fault}"))?)
    }

    /// Reads until something is so, or the time to settle is over.
    pub(super) async fn until(&self, at: &Address, what: &str, so: impl Fn(&Live) -> bool) -> Result<Live, Failed> {
        self.until_read(&Query::one(at.clone()), what, so).await
    }

    async fn until_read(&self, query: &Query, what: &str, so: impl Fn(&Live) -> bool) -> Result<Live, Failed> {
        let deadline = Instant::now() + self.case.harness.settles_within();
        let mut pause = Duration::from_millis(10);
        loop {
            let reading = self.ask(std::slice::from_ref(query)).await?.into_iter().next().ok_or("no answer")?;
            let live = reading.into_one().map_err(|fault| format!("{} cannot be read: {fault}", query.at))?;
            if so(&live) {
                return Ok(live);
            }
            hold!(Instant::now() < deadline, "{} did not {what} in time: {live:#?}", query.at);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// The way from how a resource is to an example.
    pub(super) fn hops(&self, live: &Live, example: &Example) -> Result<Vec<Hop>, Failed> {
        let edit = Edit {
            setting: example.setting.clone(),
            from: live.value(&example.setting).cloned(),
            to: example.to.clone(),
        };
        let change = Change { at: live.at.clone(), edits: vec![edit] };
        let hops = self.case.harness.catalogue().hops(&change, live);
        let hops = hops.map_err(|no_way| format!("there is no way to {}: {no_way}", shown(example)))?;
        hold!(!hops.is_empty(), "the way to {} has no hop", shown(example));
        Ok(hops)
    }

    pub(super) async fn send(&self, hop: &Hop, live: &Live, token: &str) -> Result<Written, Failed> {
        let write = Write { hop: hop.clone(), live: live.clone(), idempotency_token: token.to_owned() };
        let written = self.provider.write(&self.cx, std::slice::from_ref(&write)).await;
        hold!(written.len() == 1, "one write had {} answers", written.len());
        Ok(written.into_iter().next().ok_or("no answer")?)
    }

    /// A write that the API takes, and what to ask about it by.
    pub(super) async fn make(&self, hop: &Hop, live: &Live) -> Result<Option<Receipt>, Failed> {
        match self.send(hop, live, &token(&hop.at)).await? {
            Written::Sent { receipt, .. } => Ok(receipt),
            other => Err(format!("{} was not taken: {other:#?}", hop.at).into()),
        }
    }

    /// All hops to an example, each once the one before has settled.
    pub(super) async fn go(&self, live: &Live, example: &Example) -> Result<Live, Failed> {
        let mut live = live.clone();
        for hop in self.hops(&live, example)? {
            let receipt = self.make(&hop, &live).await?;
            live = self.settled_by(&hop, receipt).await?;
        }
        Ok(live)
    }

    /// Reads until a hop has become true and the resource is ready.
    pub(super) async fn settled(&self, hop: &Hop) -> Result<Live, Failed> {
        self.settled_by(hop, None).await
    }

    /// The same, asked about that very write.
    async fn settled_by(&self, hop: &Hop, receipt: Option<Receipt>) -> Result<Live, Failed> {
        let query = Query { receipt, ..Query::one(hop.at.clone()) };
        self.until_read(&query, &format!("become {:?}", hop.edits), |live| is_true(live, hop)).await
    }

    pub(super) async fn disturb(&self, at: &Address, example: &Example) -> Result<Live, Failed> {
        self.case.harness.disturb(at, &example.setting, example.to.as_ref()).await?;
        self.until(at, &format!("show what another operator did, {}", shown(example)), |live| {
            live.value(&example.setting) == example.to.as_ref() && live.readiness == Readiness::Ready
        })
        .await
    }
}

/// Whether what a hop asks for, and what it says is moved along, is there, and the resource ready.
pub(super) fn is_true(live: &Live, hop: &Hop) -> bool {
    let mut edits = hop.edits.iter().chain(&hop.coupled);
    live.readiness == Readiness::Ready && edits.all(|edit| live.value(&edit.setting) == edit.to.as_ref())
}

/// The settings of a resource but for some, to compare two readings by.
pub(super) fn apart_from<'a>(live: &'a Live, but: &BTreeSet<String>) -> Vec<(&'a String, Option<&'a Value>)> {
    let there = live.settings.iter().filter(|(_, setting)| !matches!(setting, LiveSetting::Absent));
    there.filter(|(key, _)| !but.contains(*key)).map(|(key, setting)| (key, setting.value())).collect()
}

/// The same settings, to the letter.
pub(super) fn unchanged(before: &Live, after: &Live, restless: &[String]) -> Proof {
    let restless = restless.iter().cloned().collect();
    hold!(
        apart_from(before, &restless) == apart_from(after, &restless),
        "it was changed: {:#?}\nis now {:#?}",
        before.settings,
        after.settings
    );
    Ok(())
}

/// An example for a message; of a secret nothing but the name.
pub(super) fn shown(example: &Example) -> String {
    match &example.to {
        Some(value) => format!("{} = {value}", example.setting),
        None => format!("{} taken away", example.setting),
    }
}

/// A token that no other write has.
pub(super) fn token(at: &Address) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("testkit-{}-{}-{at}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
