use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::answer::{Answer, Refusal};
use crate::call::Call;
use crate::proxy::Proxy;

pub(crate) type Answering = Box<dyn Fn(&Call) -> Answer + Send + Sync>;
pub(crate) type Altering = Box<dyn Fn(&Call, &mut Answer) + Send + Sync>;
type Test = Box<dyn Fn(&Call) -> bool + Send + Sync>;

/// Which calls a rule is for. Made by [`Proxy::when`]; its last word says what happens to them.
#[must_use = "it is a rule only once it says what happens"]
pub struct When<'a> {
    proxy: &'a Proxy,
    which: Which,
    times: Times,
}

/// A rule of a proxy.
#[derive(Clone)]
pub struct Rule(Arc<Inner>);

struct Inner {
    which: Which,
    times: Times,
    effect: Effect,
    state: Mutex<State>,
}

struct Which {
    service: String,
    operation: String,
    tests: Vec<Test>,
    after: Option<String>,
}

#[derive(Clone, Copy)]
enum Times {
    Always,
    Next(usize),
    For(Duration),
}

struct State {
    /// Since when it holds; a rule that waits for a call does not hold yet.
    since: Option<Instant>,
    /// Calls since then.
    used: usize,
    /// Calls in all.
    hits: usize,
    ended: bool,
}

/// What happens to a call.
pub(crate) enum Effect {
    /// It waits, and goes on.
    Delay(Duration),
    /// It is answered, and moto never hears of it.
    Answer(Answering),
    /// The connection is closed, and moto never hears of it.
    Close,
    /// moto's answer is altered.
    Alter(Altering),
    /// moto does it, and its answer is lost.
    LoseAnswer,
}

impl<'a> When<'a> {
    pub(crate) fn new(proxy: &'a Proxy, service: &str, operation: &str) -> Self {
        let (service, operation) = (service.to_owned(), operation.to_owned());
        Self { proxy, which: Which { service, operation, tests: Vec::new(), after: None }, times: Times::Always }
    }

    /// Only calls with this text in the path or the body.
    pub fn says(self, text: &str) -> Self {
        let text = text.to_owned();
        self.is(move |call| call.path.contains(&text) || call.text().contains(&text))
    }

    /// Only calls of which this is true.
    pub fn is(mut self, test: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        self.which.tests.push(Box::new(test));
        self
    }

    /// Not before a call of this operation of the same service has been done, and anew after each: what `times` and
    /// `lasting` say counts from there.
    pub fn after(mut self, operation: &str) -> Self {
        self.which.after = Some(operation.to_owned());
        self
    }

    /// Only the next so many calls. Without this and `lasting` it is all of them.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Times::Next(times);
        self
    }

    /// Only calls in the time from now on.
    pub fn lasting(mut self, time: Duration) -> Self {
        self.times = Times::For(time);
        self
    }

    /// The service says that it is asked too often, by its own code.
    pub fn throttle(self) -> Rule {
        self.answer(|call| Answer::refused(call, &Refusal::throttled(&call.service)))
    }

    /// The service refuses, in its own protocol. moto never hears of it.
    pub fn refuse(self, refusal: Refusal) -> Rule {
        self.answer(move |call| Answer::refused(call, &refusal))
    }

    /// It is answered by this. moto never hears of it.
    pub fn answer(self, answer: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Rule {
        self.rule(Effect::Answer(Box::new(answer)))
    }

    /// The answer is altered by this.
    pub fn alter(self, alter: impl Fn(&Call, &mut Answer) + Send + Sync + 'static) -> Rule {
        self.rule(Effect::Alter(Box::new(alter)))
    }

    /// It goes on only after this time.
    pub fn delay(self, time: Duration) -> Rule {
        self.rule(Effect::Delay(time))
    }

    /// It is done, but the connection is closed instead of an answer.
    pub fn lose_answer(self) -> Rule {
        self.rule(Effect::LoseAnswer)
    }

    /// The connection is closed. moto never hears of it.
    pub fn close(self) -> Rule {
        self.rule(Effect::Close)
    }

    fn rule(self, effect: Effect) -> Rule {
        let since = self.which.after.is_none().then(Instant::now);
        let state = Mutex::new(State { since, used: 0, hits: 0, ended: false });
        let rule = Rule(Arc::new(Inner { which: self.which, times: self.times, effect, state }));
        self.proxy.add(rule.clone());
        rule
    }
}

impl Rule {
    /// How many calls it has applied to.
    pub fn hits(&self) -> usize {
        self.locked().hits
    }

    /// It applies to no further call.
    pub fn end(&self) {
        self.locked().ended = true;
    }

    pub(crate) fn effect(&self) -> &Effect {
        &self.0.effect
    }

    /// Whether it applies to a call, which is then one of its times.
    pub(crate) fn takes(&self, call: &Call) -> bool {
        let which = &self.0.which;
        let fits = |wanted: &str, given: &str| wanted == "*" || wanted == given;
        if !fits(&which.service, &call.service)
            || !fits(&which.operation, &call.operation)
            || !which.tests.iter().all(|test| test(call))
        {
            return false;
        }
        let mut held = self.locked();
        let Some(since) = held.since.filter(|_| !held.ended) else { return false };
        let open = match self.0.times {
            Times::Always => true,
            Times::Next(times) => held.used < times,
            Times::For(time) => since.elapsed() < time,
        };
        if open {
            held.used += 1;
            held.hits += 1;
        }
        open
    }

    /// A call has been done.
    pub(crate) fn saw(&self, call: &Call) {
        let which = &self.0.which;
        if which.after.as_deref() == Some(&call.operation) && [call.service.as_str(), "*"].contains(&&*which.service) {
            let mut held = self.locked();
            held.since = Some(Instant::now());
            held.used = 0;
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
