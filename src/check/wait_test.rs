//! Checks against a simulated instance and a server that comes up.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use opsctl_api::{Cx, Pattern, Value};
use opsctl_sim::{Options, WorldFile};

use super::{Check, Gate, Probe, Verdict, await_check, measure};
use crate::instance::{Instance, Instances};
use crate::state::{Bound, Goal, Target};

const WORLD: &str = r#"
[resource.edge]
at = "sim:service/edge"
replicas = 3
version = "1"
sim = { hidden = ["version"] }
[resource.m1]
at = "sim:service/media-1"
replicas = 2
version = "1"
[resource.m2]
at = "sim:service/media-2"
replicas = 3
version = "1"
[resource.m3]
at = "sim:service/media-3"
replicas = 0
sim = { hidden = ["version"] }
"#;

fn instances() -> Instances {
    let catalogue = opsctl_sim::catalogue();
    let world = Some(WorldFile { path: "world.toml".into(), text: WORLD.into() });
    let sim = opsctl_sim::open(Options { instance: "sim".into(), catalogue, world, kept: None }).unwrap();
    let instance = Instance {
        name: "sim".into(),
        provider_type: "sim".into(),
        target: "sim".into(),
        catalogue,
        provider: Arc::new(sim),
        cx: Cx::new(Duration::from_secs(1)),
        accepted: Default::default(),
    };
    Instances(BTreeMap::from([("sim".to_owned(), instance)]))
}

fn check(probe: Probe) -> Check {
    Check {
        name: "edge".to_owned(),
        probe,
        within: Duration::from_secs(60),
        hold: Duration::ZERO,
        every: Duration::from_millis(50),
        gate: Gate::After,
        place: None,
    }
}

fn target(at: &str) -> Target {
    match Pattern::is_pattern(at) {
        true => Target::Many { pattern: Pattern::new(at), select: BTreeMap::new(), except: Vec::new() },
        false => Target::One(at.parse().unwrap()),
    }
}

async fn setting(at: &str, setting: &str, is: Goal) -> Verdict {
    let probe = Probe::Setting { at: target(at), setting: setting.to_owned(), is };
    measure(&check(probe), &instances()).await
}

#[tokio::test]
async fn test_a_live_setting() {
    let edge = "sim:service/edge";
    let exact = |n| Goal::Exact(Value::Integer(n));
    assert_eq!(setting(edge, "replicas", exact(3)).await, Verdict::yes("replicas = 3"));
    assert_eq!(setting(edge, "replicas", exact(4)).await, Verdict::no("replicas = 3"));
    let bound = Bound { at_least: Some(Value::Integer(2)), ..Bound::default() };
    assert!(setting(edge, "replicas", bound.into()).await.holds);
    assert_eq!(setting(edge, "config.a", exact(1)).await, Verdict::no("config.a is absent"));
    let absent = Goal::from(Bound { absent: true, ..Bound::default() });
    assert_eq!(setting(edge, "config.a", absent.clone()).await, Verdict::yes("config.a is absent"));
    // What cannot be read is never taken as absent.
    let hidden = setting(edge, "version", absent.clone()).await;
    assert!(!hidden.holds && hidden.seen.starts_with("version cannot be read: "), "{}", hidden.seen);
    let missing = setting("sim:service/none", "config.a", absent.clone()).await;
    assert!(!missing.holds && missing.seen.starts_with("not found: "), "{}", missing.seen);
    assert!(!setting("other:service/edge", "config.a", absent).await.holds);
}

#[tokio::test]
async fn test_what_is_absent_is_not_as_it_must_be() {
    let excludes = Bound { excludes: vec!["a".to_owned()], ..Bound::default() };
    assert_eq!(setting("sim:service/edge", "config.a", excludes.into()).await, Verdict::no("config.a is absent"));
}

#[tokio::test]
async fn test_all_members_must_be_as_it_says() {
    let at_least = |least| Goal::from(Bound { at_least: Some(Value::Integer(least)), ..Bound::default() });
    let media = "sim:service/media-*";
    assert_eq!(setting(media, "replicas", at_least(0)).await, Verdict::yes("3 of 3 are so"));
    assert_eq!(setting(media, "replicas", at_least(1)).await, Verdict::no("media-3 replicas = 0 (1 of 3)"));
    let two = setting(media, "replicas", at_least(3)).await;
    assert_eq!(two, Verdict::no("media-1 replicas = 2, media-3 replicas = 0 (2 of 3)"));
    let version = Goal::Exact(Value::String("1".to_owned()));
    let hidden = setting(media, "version", version.clone()).await;
    assert!(!hidden.holds && hidden.seen.starts_with("media-3 version cannot be read: "), "{}", hidden.seen);
    let except =
        Target::Many { pattern: Pattern::new(media), select: BTreeMap::new(), except: vec![Pattern::new("*-3")] };
    let probe = Probe::Setting { at: except, setting: "version".to_owned(), is: version };
    assert_eq!(measure(&check(probe), &instances()).await, Verdict::yes("version = \"1\", 2 of 2"));
    // Nothing is not healthy.
    assert_eq!(setting("sim:service/none-*", "replicas", at_least(0)).await, Verdict::no("nothing found"));
    assert!(!setting("other:service/*", "replicas", at_least(0)).await.holds);
}

#[tokio::test]
async fn test_it_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut seen = Vec::new();
    let mut up = None;
    let probe = Probe::Tcp { address: address.to_string() };
    let verdict = await_check(&check(probe), &instances(), |verdict| {
        seen.push(verdict.clone());
        if seen.len() == 3 {
            up = Some(TcpListener::bind(address).unwrap());
        }
    })
    .await;
    assert_eq!(verdict, Verdict::yes("connected"));
    assert_eq!(seen.iter().map(|verdict| verdict.holds).collect::<Vec<_>>(), [false, false, false, true]);
}
