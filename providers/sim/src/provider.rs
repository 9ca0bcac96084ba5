use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{
    Address, Answer, Cx, Fault, Hop, Identity, Limits, Pattern, Preflight, Provider, Query, Reading, Selector, Wanted,
    Write, Written,
};

use crate::knobs::{Deny, Time};
use crate::luck::Luck;
use crate::resource::Resource;
use crate::sim::Sim;
use crate::world::World;
use crate::{LogError, write};

/// Up to so many resources of a kind are asked for one by one; more are listed.
const FEW: usize = 3;

impl Provider for Sim {
    fn identity<'a>(&'a self, cx: &'a Cx) -> Answer<'a, Result<Identity, Fault>> {
        Box::pin(async move {
            cx.calls.count("GET identity");
            self.call(
                cx,
                |world| latency(world, []),
                |world, _, _| {
                    whole(world)?;
                    let shown = format!("simulated {}", self.instance);
                    Ok(match world.knob(None, |knobs| knobs.identity.clone()) {
                        Some(id) => Identity { shown: format!("{shown} ({id})"), id },
                        None => Identity { id: format!("sim-{}", self.fingerprint()), shown },
                    })
                },
            )
            .await
            .and_then(|answer| answer)
        })
    }

    fn read<'a>(&'a self, cx: &'a Cx, ask: &'a [Query]) -> Answer<'a, Vec<Reading>> {
        Box::pin(async move {
            let named = || {
                ask.iter().filter_map(|query| match &query.at {
                    Selector::One(at) => Some(at),
                    Selector::Many { .. } => None,
                })
            };
            let calls = calls(ask);
            for call in calls.values() {
                (0..call.count).for_each(|_| cx.calls.count(&call.verb));
            }
            let read = self.call(
                cx,
                |world| latency(world, named()),
                |world, luck, now| {
                    let throttled: BTreeMap<&str, Option<&str>> = calls
                        .iter()
                        .map(|(kind, call)| {
                            let chance = world.knob(None, |knobs| knobs.throttle);
                            let is_throttled = luck.happens(seed(world), chance, "throttle a read", &call.verb);
                            (*kind, is_throttled.then_some(call.verb.as_str()))
                        })
                        .collect();
                    ask.iter()
                        .map(|query| match throttled.get(query.at.kind().unwrap_or_default()) {
                            Some(Some(call)) => Reading::Fault(Fault::throttled(*call, None)),
                            _ => answer(world, now, query).unwrap_or_else(Reading::Fault),
                        })
                        .collect()
                },
            );
            read.await.unwrap_or_else(|fault| ask.iter().map(|_| Reading::Fault(fault.clone())).collect())
        })
    }

    fn preflight<'a>(&'a self, cx: &'a Cx, hops: &'a [Hop]) -> Answer<'a, Vec<Preflight>> {
        Box::pin(async move {
            // A later hop of the same change comes behind the first in one and the same question.
            let later = |nth: usize| nth > 0 && hops[nth - 1].at == hops[nth].at;
            let firsts = hops.iter().enumerate().filter(|(nth, _)| !later(*nth));
            firsts.for_each(|(_, hop)| cx.calls.count(&format!("DRYRUN {}", hop.at.kind())));
            let asked = self.call(
                cx,
                |world| latency(world, hops.iter().map(|hop| &hop.at)),
                |world, _, now| {
                    let told = |(nth, hop)| write::preflight(world, now, hop, later(nth));
                    hops.iter().enumerate().map(told).collect()
                },
            );
            asked.await.unwrap_or_else(|fault| hops.iter().map(|_| Preflight::Refused(fault.clone())).collect())
        })
    }

    fn write<'a>(&'a self, cx: &'a Cx, batch: &'a [Write]) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            let Some(first) = batch.first() else { return Vec::new() };
            cx.calls.count(&format!("PATCH {}", first.hop.at.kind()));
            let all = |answer: Written| batch.iter().map(|_| answer.clone()).collect::<Vec<_>>();
            let latency = match self.look(|held, _| latency(&held.world, batch.iter().map(|write| &write.hop.at))) {
                Ok(latency) => latency,
                Err(error) => return all(Written::Refused(kept(&error))),
            };
            let latency = Latency::new(latency, cx.timeout);
            latency.there().await;
            let done = self.act(|held, now| {
                let done = write::write(&mut held.world, &mut held.luck, now, batch);
                Ok::<_, LogError>(done)
            });
            match (latency.back().await, done) {
                (_, Err(error)) => all(Written::Unknown(kept(&error))),
                (Ok(()), Ok(answers)) => answers,
                // Done or not, nobody heard of it.
                (Err(fault), Ok(_)) => all(Written::Unknown(fault)),
            }
        })
    }

    fn limits(&self) -> Limits {
        let limits = self.look(|held, _| Limits {
            writes_at_once: held.world.knob(None, |knobs| knobs.writes_at_once).unwrap_or(64),
            writes_per_second: held.world.knob(None, |knobs| knobs.writes_per_second),
        });
        limits.unwrap_or_default()
    }
}

impl Sim {
    /// One call that changes nothing.
    async fn call<T>(
        &self,
        cx: &Cx,
        latency: impl FnOnce(&World) -> Duration,
        see: impl FnOnce(&World, &mut Luck, Timestamp) -> T,
    ) -> Result<T, Fault> {
        let latency = self.look(|held, _| latency(&held.world)).map_err(|error| kept(&error))?;
        let latency = Latency::new(latency, cx.timeout);
        latency.there().await;
        let seen = self.look(|held, now| see(&held.world, &mut held.luck, now)).map_err(|error| kept(&error))?;
        latency.back().await?;
        Ok(seen)
    }
}

/// How long a call takes: half on the way there, half on the way back.
struct Latency {
    half: Duration,
    timeout: Option<Duration>,
}

impl Latency {
    fn new(whole: Duration, timeout: Duration) -> Self {
        Self { half: whole.min(timeout) / 2, timeout: (whole > timeout).then_some(timeout) }
    }

    async fn there(&self) {
        if !self.half.is_zero() {
            tokio::time::sleep(self.half).await;
        }
    }

    async fn back(&self) -> Result<(), Fault> {
        self.there().await;
        match self.timeout {
            None => Ok(()),
            Some(timeout) => {
                Err(Fault::Unreachable(format!("no answer within {}", opsctl_api::format_duration(timeout))))
            }
        }
    }
}

/// The longest of what the knobs say of these resources, and of the instance.
fn latency<'a>(world: &World, named: impl IntoIterator<Item = &'a Address>) -> Duration {
    let own = |at: &Address| world.resources.get(at)?.knobs.as_deref()?.latency;
    let named = named.into_iter().filter_map(own).max();
    named.or_else(|| world.knob(None, |knobs| knobs.latency)).map_or(Duration::ZERO, |Time(latency)| latency)
}

fn seed(world: &World) -> u64 {
    world.knob(None, |knobs| knobs.seed).unwrap_or(0)
}

fn kept(error: &LogError) -> Fault {
    let why = std::error::Error::source(error).map(|why| format!(": {why}")).unwrap_or_default();
    Fault::Unexpected(format!("{error}{why}"))
}

/// The calls that questions of one kind take.
struct Calls {
    verb: String,
    count: usize,
}

fn calls(ask: &[Query]) -> BTreeMap<&str, Calls> {
    let mut kinds: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    for query in ask {
        let (count, listed) = kinds.entry(query.at.kind().unwrap_or("everything")).or_default();
        *count += 1;
        *listed |= matches!(query.at, Selector::Many { .. });
    }
    let calls = kinds.into_iter().map(|(kind, (count, listed))| {
        let calls = if listed || count > FEW {
            Calls { verb: format!("LIST {kind}"), count: 1 }
        } else {
            Calls { verb: format!("GET {kind}"), count }
        };
        (kind, calls)
    });
    calls.collect()
}

/// Whether the instance as a whole can be asked at all.
fn whole(world: &World) -> Result<(), Fault> {
    may_read(world, None, "anything")
}

fn may_read(world: &World, resource: Option<&Resource>, what: &str) -> Result<(), Fault> {
    if let Some(why) = world.knob(resource, |knobs| knobs.unreachable.clone()).and_then(|it| it.why("nobody answers")) {
        return Err(Fault::Unreachable(why));
    }
    let denied = || Fault::Denied(format!("may not read {what}"));
    match world.knob(resource, |knobs| knobs.deny) {
        // Credentials that may read nothing say the same of everything.
        Some(Deny::All) if resource.is_some() => Err(whole(world).err().unwrap_or_else(denied)),
        Some(Deny::All) => Err(denied()),
        _ => Ok(()),
    }
}

fn answer(world: &World, now: Timestamp, query: &Query) -> Result<Reading, Fault> {
    match &query.at {
        Selector::One(at) => {
            may_read(world, world.resources.get(at), at.local())?;
            let live = world.at(now).live(at, &query.settings);
            let live = live.ok_or_else(|| Fault::Missing(format!("there is no {}", at.local())))?;
            Ok(Reading::Members { found: vec![live], complete: true })
        }
        Selector::Many { pattern, labels } => many(world, now, pattern, labels, &query.settings),
    }
}

fn many(
    world: &World,
    now: Timestamp,
    pattern: &Pattern,
    labels: &BTreeMap<String, String>,
    wanted: &Wanted,
) -> Result<Reading, Fault> {
    whole(world)?;
    if let Some(kind) = pattern.kind()
        && world.catalogue.kind(kind).is_none()
    {
        return Err(Fault::Missing(format!("there is no kind {kind}")));
    }
    let mut complete = world.knob(None, |knobs| knobs.incomplete) != Some(true);
    let mut found = Vec::new();
    for (at, resource) in matching(world, pattern) {
        let own = resource.knobs.as_ref().and_then(|knobs| knobs.labels.as_ref());
        let carries = |(key, value)| own.is_some_and(|own| own.get(key) == Some(value));
        if !labels.iter().all(carries) {
            continue;
        }
        match may_read(world, Some(resource), at.local()) {
            Ok(()) => found.extend(world.at(now).live(at, wanted)),
            Err(_) => complete = false,
        }
    }
    Ok(Reading::Members { found, complete })
}

/// The resources that a pattern stands for, sorted. Of one kind no others are looked at.
pub(crate) fn matching<'w>(world: &'w World, pattern: &Pattern) -> impl Iterator<Item = (&'w Address, &'w Resource)> {
    let bound = pattern.instance().zip(pattern.kind());
    // No path begins with anything below `!`.
    let from = bound.and_then(|(instance, kind)| Address::new(instance, kind, "!").ok());
    let kind = from.as_ref().map(|from| from.kind().to_owned());
    let all = match from {
        Some(from) => world.resources.range(from..),
        None => world.resources.range::<Address, _>(..),
    };
    all.take_while(move |(at, _)| kind.as_ref().is_none_or(|kind| kind == at.kind()))
        .filter(|(at, _)| pattern.matches(at))
}
