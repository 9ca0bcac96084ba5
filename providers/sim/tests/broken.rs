//! The conformance suite finds what is broken: a provider that neglects one duty fails the trial of that duty.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "conformance/own.rs"]
mod own;
#[path = "conformance/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opsctl_api::testkit::{Example, Harness, failures};
use opsctl_api::{
    Address, Answer, Catalogue, Cx, Fault, Hop, Identity, Kind, Live, Plain, Preflight, Provider, Query, Readiness,
    Reading, Selector, Value, Write, Written,
};

/// How a provider neglects its duty.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Not,
    AnswersBackwards,
    AsksOneByOne,
    CallsDeniedMissing,
    CallsUnreachableEmpty,
    CountsNothing,
    ForgetsASetting,
    IgnoresLabels,
    IsAnotherEachTime,
    ListsUnsorted,
    Meddles,
    NeverWrites,
    Overwrites,
    SaysReadyTooLate,
    ShowsSecrets,
    TakesEverythingInPreflight,
    TellsNothingOfAConflict,
    WritesInPreflight,
    WritesTwice,
}

struct Brittle {
    how: Broken,
    inner: Arc<dyn Provider>,
    asked: AtomicU64,
}

impl Provider for Brittle {
    fn identity<'a>(&'a self, cx: &'a Cx) -> Answer<'a, Result<Identity, Fault>> {
        Box::pin(async move {
            let mut identity = self.inner.identity(cx).await?;
            if self.how == Broken::IsAnotherEachTime {
                identity.id += &self.asked.fetch_add(1, Ordering::Relaxed).to_string();
            }
            Ok(identity)
        })
    }

    fn read<'a>(&'a self, cx: &'a Cx, ask: &'a [Query]) -> Answer<'a, Vec<Reading>> {
        Box::pin(async move {
            let mut ask = ask.to_vec();
            if self.how == Broken::IgnoresLabels {
                ask.iter_mut().for_each(|query| {
                    if let Selector::Many { labels, .. } = &mut query.at {
                        labels.clear();
                    }
                });
            }
            let mut answers = match self.how {
                Broken::AsksOneByOne => {
                    let mut answers = Vec::new();
                    for query in &ask {
                        answers.extend(self.inner.read(cx, std::slice::from_ref(query)).await);
                    }
                    answers
                }
                Broken::CountsNothing => self.inner.read(&Cx::new(cx.timeout), &ask).await,
                _ => self.inner.read(cx, &ask).await,
            };
            if self.how == Broken::AnswersBackwards {
                answers.reverse();
            }
            answers.into_iter().map(|answer| self.reading(answer)).collect()
        })
    }

    fn preflight<'a>(&'a self, cx: &'a Cx, hops: &'a [Hop]) -> Answer<'a, Vec<Preflight>> {
        Box::pin(async move {
            if self.how == Broken::WritesInPreflight {
                for hop in hops {
                    let live = Live::new(hop.at.clone());
                    let write = Write { hop: hop.clone(), live, idempotency_token: String::new() };
                    self.inner.write(cx, &[write]).await;
                }
            }
            match self.how {
                Broken::TakesEverythingInPreflight => hops.iter().map(|_| Preflight::Accepted).collect(),
                _ => self.inner.preflight(cx, hops).await,
            }
        })
    }

    fn write<'a>(&'a self, cx: &'a Cx, batch: &'a [Write]) -> Answer<'a, Vec<Written>> {
        Box::pin(async move {
            let sent = Written::Sent { receipt: None, version: None };
            if self.how == Broken::NeverWrites {
                return batch.iter().map(|_| sent.clone()).collect();
            }
            let mut batch = batch.to_vec();
            for write in &mut batch {
                if self.how == Broken::Overwrites {
                    let now =
                        self.inner.read(cx, &[Query::one(write.hop.at.clone())]).await.remove(0).into_one().unwrap();
                    let edits = write.hop.edits.iter_mut();
                    edits.for_each(|edit| edit.from = now.value(&edit.setting).cloned());
                }
                if self.how == Broken::Meddles {
                    let mut edit = write.hop.edits[0].clone();
                    edit.setting = "running".to_owned();
                    (edit.from, edit.to) = (Some(Value::Bool(true)), Some(Value::Bool(false)));
                    write.hop.edits.push(edit);
                }
                if self.how == Broken::WritesTwice
                    && let Some(Value::Integer(count)) = &mut write.hop.edits[0].to
                {
                    *count += self.asked.fetch_add(1, Ordering::Relaxed) as i64;
                    write.idempotency_token.clear();
                    let now =
                        self.inner.read(cx, &[Query::one(write.hop.at.clone())]).await.remove(0).into_one().unwrap();
                    write.hop.edits[0].from = now.value(&write.hop.edits[0].setting).cloned();
                }
            }
            let answers = self.inner.write(cx, &batch).await;
            let blank = |answer: Written| match answer {
                Written::Conflict(live) if self.how == Broken::TellsNothingOfAConflict => {
                    Written::Conflict(Box::new(Live::new(live.at)))
                }
                other => other,
            };
            answers.into_iter().map(blank).collect()
        })
    }
}

impl Brittle {
    fn reading(&self, reading: Reading) -> Reading {
        match (self.how, reading) {
            (Broken::CallsDeniedMissing, Reading::Fault(Fault::Denied(why))) => Reading::Fault(Fault::Missing(why)),
            (Broken::CallsUnreachableEmpty, Reading::Fault(Fault::Unreachable(_))) => {
                Reading::Members { found: Vec::new(), complete: true }
            }
            (_, Reading::Members { mut found, complete }) => {
                if self.how == Broken::ListsUnsorted {
                    found.reverse();
                }
                found.iter_mut().for_each(|live| self.live(live));
                Reading::Members { found, complete }
            }
            (_, reading) => reading,
        }
    }

    fn live(&self, live: &mut Live) {
        match self.how {
            Broken::ForgetsASetting => {
                live.settings.remove("token");
            }
            Broken::SaysReadyTooLate if !live.touched.is_empty() => live.readiness = Readiness::Unknown,
            Broken::ShowsSecrets => {
                if let Some(Value::Secret(secret)) = live.value("token") {
                    live.version = secret.plain.as_ref().map(Plain::expose).map(str::to_owned);
                }
            }
            _ => {}
        }
    }
}

/// The harness of the simulated provider, with a broken one in its place.
struct Breaking {
    whole: Arc<world::Simulated>,
    how: Broken,
}

impl Breaking {
    fn brittle(&self, inner: Arc<dyn Provider>) -> Arc<dyn Provider> {
        Arc::new(Brittle { how: self.how, inner, asked: AtomicU64::new(1) })
    }
}

impl Harness for Breaking {
    fn catalogue(&self) -> &'static dyn Catalogue {
        self.whole.catalogue()
    }
    fn provider(&self) -> Arc<dyn Provider> {
        self.brittle(self.whole.provider())
    }
    fn fresh<'a>(&'a self, kind: &'static Kind) -> Answer<'a, Result<Address, String>> {
        self.whole.fresh(kind)
    }
    fn examples(&self, kind: &'static Kind) -> Vec<Example> {
        self.whole.examples(kind)
    }
    fn illegal(&self, kind: &'static Kind) -> Vec<Example> {
        self.whole.illegal(kind)
    }
    fn disturb<'a>(
        &'a self,
        at: &'a Address,
        setting: &'a str,
        to: Option<&'a Value>,
    ) -> Answer<'a, Result<(), String>> {
        self.whole.disturb(at, setting, to)
    }
    fn missing(&self, kind: &'static Kind) -> Address {
        self.whole.missing(kind)
    }
    fn labels(&self, kind: &'static Kind) -> Option<BTreeMap<String, String>> {
        self.whole.labels(kind)
    }
    fn denied_reads(&self) -> Option<Arc<dyn Provider>> {
        self.whole.denied_reads().map(|inner| self.brittle(inner))
    }
    fn denied_writes(&self) -> Option<Arc<dyn Provider>> {
        self.whole.denied_writes().map(|inner| self.brittle(inner))
    }
    fn unreachable(&self) -> Option<Arc<dyn Provider>> {
        self.whole.unreachable().map(|inner| self.brittle(inner))
    }
    fn settles_within(&self) -> Duration {
        Duration::from_millis(500)
    }
}

const NEGLECTED: &[(Broken, &str)] = &[
    (Broken::AnswersBackwards, "service::answers_come_in_the_order_of_the_questions"),
    (Broken::AsksOneByOne, "service::many_reads_are_few_calls"),
    (Broken::CallsDeniedMissing, "service::what_may_not_be_read_is_denied"),
    (Broken::CallsUnreachableEmpty, "service::what_does_not_answer_is_unreachable"),
    (Broken::CountsNothing, "service::calls_are_counted"),
    (Broken::ForgetsASetting, "service::all_means_every_setting"),
    (Broken::IgnoresLabels, "service::labels_choose"),
    (Broken::IsAnotherEachTime, "all::identity_is_one_call_and_the_same_each_time"),
    (Broken::ListsUnsorted, "service::a_wildcard_finds_what_single_reads_find"),
    (Broken::Meddles, "service::a_write_leaves_other_settings_alone"),
    (Broken::NeverWrites, "service::what_is_written_becomes_true_and_ready"),
    (Broken::Overwrites, "service::a_stale_write_is_a_conflict_and_changes_nothing"),
    (Broken::Overwrites, "service::a_stale_write_with_a_fresh_reading_is_a_conflict"),
    (Broken::SaysReadyTooLate, "service::what_is_written_becomes_true_and_ready"),
    (Broken::ShowsSecrets, "service::a_secrets_text_is_never_shown"),
    (Broken::TakesEverythingInPreflight, "scaler::what_is_illegal_is_refused_and_not_done"),
    (Broken::TellsNothingOfAConflict, "service::a_stale_write_is_a_conflict_and_changes_nothing"),
    (Broken::WritesInPreflight, "service::preflight_changes_nothing"),
    (Broken::WritesTwice, "number::the_same_token_again_changes_nothing"),
];

#[test]
fn test_each_neglected_duty_is_found() {
    let whole = Arc::new(world::Simulated::new(&own::Own));
    let failing = |how, name: &str| {
        let harness: Arc<dyn Harness> = Arc::new(Breaking { whole: whole.clone(), how });
        failures(&harness, |trial| trial == name).unwrap()
    };
    for (how, name) in NEGLECTED {
        assert_eq!(failing(Broken::Not, name), [""; 0], "nothing is neglected");
        assert_eq!(failing(*how, name), [*name], "{how:?}");
    }
}
