//! What an API refuses, and what may come before that.

use std::sync::Arc;

use opsctl_api::{Answer, Cx, Fault, Hop, Identity, Preflight, Provider, Query, Reading, Value, Write, Written};

use super::actions_test::action;
use super::make_test::{Asked, WORLD, instances, is, refusals, state};
use super::*;
use crate::action::When;
use crate::state::Goal;

/// Says of whatever is asked about `edge`, and of any size, that this is wrong with it.
struct Refuses(Arc<dyn Provider>, Fault);

impl Provider for Refuses {
    fn identity<'a>(&'a self, cx: &'a Cx) -> Answer<'a, Result<Identity, Fault>> {
        self.0.identity(cx)
    }

    fn read<'a>(&'a self, cx: &'a Cx, ask: &'a [Query]) -> Answer<'a, Vec<Reading>> {
        self.0.read(cx, ask)
    }

    fn preflight<'a>(&'a self, _: &'a Cx, hops: &'a [Hop]) -> Answer<'a, Vec<Preflight>> {
        let wrong = |hop: &Hop| hop.at.path() == "edge" || hop.edits.iter().any(|edit| edit.setting == "size");
        let told = move |hop: &Hop| match wrong(hop) {
            true => Preflight::Refused(self.1.clone()),
            false => Preflight::Accepted,
        };
        Box::pin(async move { hops.iter().map(told).collect() })
    }

    fn write<'a>(&'a self, cx: &'a Cx, batch: &'a [Write]) -> Answer<'a, Vec<Written>> {
        self.0.write(cx, batch)
    }
}

/// A plan in which `edge` comes behind `origin`, and behind a call where one is made before it.
fn planned(fault: Fault, called: bool) -> Plan {
    let mut wanted = state(&[
        ("origin", "a:service/origin", &[("replicas", is(2))], &[]),
        ("edge", "a:service/edge", &[("replicas", is(3))], &["origin"]),
    ]);
    if called {
        wanted.actions = vec![action("publish", &["origin"], &[], When::Changes, None)];
    }
    let mut instances = instances(WORLD);
    let a = instances.0.get_mut("a").unwrap();
    a.provider = Arc::new(Refuses(a.provider.clone(), fault));
    Asked::new(&wanted).make(&instances).unwrap()
}

#[test]
fn test_what_an_earlier_step_may_mend_is_not_refused() {
    let plan = planned(Fault::Invalid("its class is too small".into()), false);
    assert_eq!(refusals(&plan), Vec::<String>::new());
    let why = "refused: its class is too small; an earlier step may mend that";
    assert!(plan.preflight.iter().any(|note| note.answer == Preflight::CannotTell(why.into())), "{:?}", plan.preflight);
}

#[test]
fn test_no_change_makes_what_is_not_there() {
    let missing = || Fault::Missing("no version 9".into());
    assert_eq!(refusals(&planned(missing(), false)), ["Preflight a:service/edge: not found: no version 9"]);
    // What is called before, however far, may publish one.
    assert_eq!(refusals(&planned(missing(), true)), Vec::<String>::new());
}

/// It is stopped, gets its size, and is started: the second call is the one that is refused.
#[test]
fn test_each_call_of_a_step_is_asked_about() {
    let size = Goal::Exact(Value::String("huge".into()));
    let wanted = state(&[("db", "a:machine/db", &[("size", size)], &[])]);
    let mut instances = instances("[resource.db]\nat = \"a:machine/db\"\nrunning = true\nsize = \"small\"\n");
    let a = instances.0.get_mut("a").unwrap();
    let simulated = a.provider.clone();
    a.provider = Arc::new(Refuses(simulated.clone(), Fault::Invalid("there is no such size".into())));
    let plan = Asked::new(&wanted).make(&instances).unwrap();
    assert_eq!(plan.preflight.iter().map(|note| note.hop).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(refusals(&plan), ["Preflight a:machine/db: refused: there is no such size"]);
    // Where a later one starts from what an earlier one leaves, that alone is no refusal.
    instances.0.get_mut("a").unwrap().provider = simulated;
    let plan = Asked::new(&wanted).make(&instances).unwrap();
    assert_eq!((plan.preflight.len(), refusals(&plan)), (3, Vec::new()));
}
