use camino::Utf8Path;
use opsctl_api::{Catalogue, Given, Kind, Secret, Settings};
use proptest::prelude::*;

use super::*;
use crate::instance::Catalogues;
use crate::state;

fn sim() -> &'static dyn Catalogue {
    opsctl_sim::catalogue()
}

fn resource(kind: &str, name: &str, settings: &[(&str, LiveSetting)]) -> Resource {
    let mut live = Live::new(Address::new("sim", kind, name).unwrap());
    live.settings = settings.iter().map(|(key, setting)| ((*key).to_owned(), setting.clone())).collect();
    Resource { name: name.replace('/', "-"), live, kind: sim().kind(kind).unwrap(), declared: Vec::new() }
}

fn is(value: Value) -> LiveSetting {
    LiveSetting::is(value, serde_json::Value::Null)
}

fn string(text: &str) -> LiveSetting {
    is(Value::String(text.to_owned()))
}

/// What a state loader makes of it.
fn loaded(text: &str) -> state::Loaded {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    std::fs::create_dir(root.join("states")).unwrap();
    std::fs::write(root.join("states/now.toml"), text).unwrap();
    let loaded = state::load(root, &Catalogues(BTreeMap::from([("sim".to_owned(), sim())])));
    assert!(loaded.report.diagnostics.is_empty(), "{:?}\n{text}", loaded.report.diagnostics);
    loaded
}

#[test]
fn test_the_whole_file() {
    let mut edge = resource(
        "service",
        "edge",
        &[
            ("config.log.level", string("{{ info }}")),
            ("config.api", LiveSetting::Hidden("no right\nto read".to_owned())),
            ("replicas", is(Value::Integer(3))),
            ("token", is(Value::from(Secret { reference: Some("v1".to_owned()), ..Secret::default() }))),
            ("running", is(Value::Bool(true))),
        ],
    );
    edge.live.relations =
        vec![Relation::Needs("sim:switch/main".parse().unwrap()), Relation::Needs("sim:switch/other".parse().unwrap())];
    let owner = |name: &str, setting: &str, within, does: &str| Owner {
        name: name.to_owned(),
        settings: vec![setting.to_owned()],
        within: Some(within),
        off_at: None,
        reverts: true,
        soon: None,
        does: does.to_owned(),
        instead: String::new(),
    };
    edge.live.owners = vec![
        owner("scaler/edge", "replicas", (Value::Integer(2), Value::Integer(6)), ""),
        owner("RDS", "running", (Value::Bool(true), Value::Bool(true)), "starts it by itself"),
    ];
    let page = resource(
        "document",
        "a/b",
        &[
            ("content", string("two\n\"lines\"\n")),
            ("flags", LiveSetting::Absent),
            ("promoted", is(Value::Bool(false))),
            ("ratio", is(Value::Number(7.0))),
        ],
    );
    let main = resource("switch", "main", &[("on", is(Value::Bool(true)))]);
    let captured = Captured {
        resources: vec![page, edge, main],
        beside: BTreeMap::new(),
        unread: vec![("sim:pool/*".to_owned(), "denied:\nno right".to_owned())],
    };
    let written = to_toml("now", &captured, "2026-11-22T04:12:00Z".parse().unwrap());
    insta::assert_snapshot!(written.text, @r#"
    # What was live on 2026-11-22 04:12 UTC, captured by opsctl. From now on the file is yours: opsctl does not write it again.
    #
    # Every setting that stands here is set by `opsctl apply now`, so take out what nobody should turn. Where an exact value is too
    # much, write a bound, such as { at_least = 2 }. `needs` names what a resource depends on to serve: first up after it, first
    # down before it, in every change and on its way back.

    summary = "What was live on 2026-11-22"

    # not read: sim:pool/*: denied: no right

    [resource.a-b]
    at = "sim:document/a/b"
    # needs = []
    content = """
    two
    \"lines\"
    """
    promoted = false    # it cannot be changed back
    # ratio = 7.0    # a state cannot say it: 7 is out of range: a number from 0 to 1

    [resource.edge]
    at = "sim:service/edge"
    # needs = ["main"]
    # it needs sim:switch/other, which is not captured here
    # config.api = …    # could not be read: no right to read
    config."log.level" = "{{ '{{' }} info }}"
    replicas = 3    # scaler/edge moves it within 2..6; { at_least = 2 } leaves that to it
    running = true    # RDS holds it at true and starts it by itself
    # token = { env = "TOKEN" }    # a secret: name where its text is, and never the text

    [resource.main]
    at = "sim:switch/main"
    # needs = []
    on = true
    "#);
    assert_eq!(written.settings, 6);
    assert_eq!(written.commented.len(), 3);
    assert_eq!(loaded(&written.text).states["now"].resources.len(), 3);
}

/// A value of a type, now and then one that no state can say.
fn value_of(ty: Type) -> BoxedStrategy<Value> {
    let text = || proptest::string::string_regex("[{}%#'\"\\\\a-cä\n\t\u{7f}\r]{0,8}").unwrap();
    let given = |ty: Type, text: String| ty.accept(Given::String(text)).unwrap();
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Integer { min, max } => (min.saturating_sub(1)..=max.saturating_add(1)).prop_map(Value::Integer).boxed(),
        Type::Number { min, max } => (min - 0.1..max + 0.1).prop_map(Value::Number).boxed(),
        Type::String | Type::Text => text().prop_map(Value::String).boxed(),
        Type::OneOf(words) => proptest::sample::select(words).prop_map(|word| Value::String(word.to_owned())).boxed(),
        Type::Quantity => (0_u32..100_000).prop_map(move |n| given(ty, format!("{n}m"))).boxed(),
        Type::Duration => (0_u64..9_999_999).prop_map(move |n| given(ty, format!("{n}ms"))).boxed(),
        Type::List => proptest::collection::vec(text(), 0..3).prop_map(Value::List).boxed(),
        Type::Set => proptest::collection::btree_set(text(), 0..3).prop_map(Value::Set).boxed(),
        Type::Secret => Just(Value::from(Secret::default())).boxed(),
    }
}

fn live_setting(ty: Type) -> impl Strategy<Value = LiveSetting> {
    prop_oneof![
        8 => value_of(ty).prop_map(is),
        1 => Just(LiveSetting::Absent),
        1 => ".{0,4}".prop_map(LiveSetting::Hidden),
    ]
}

/// A live resource of a kind, each of its settings there or not.
fn any_resource(kind: &'static Kind) -> impl Strategy<Value = Resource> {
    let settings: Vec<_> = kind
        .settings
        .iter()
        .filter(|setting| !setting.observed)
        .map(|setting| {
            let key = if setting.key.is_some() { "[a-b.\"\\\\ä]{1,4}" } else { "x" };
            (Just(setting), key, live_setting(setting.ty)).prop_map(|(setting, key, live)| {
                let name =
                    if setting.key.is_some() { format!("{}.{key}", setting.name) } else { setting.name.to_owned() };
                (name, live)
            })
        })
        .collect();
    settings.prop_map(move |settings| {
        let mut live = Live::new(Address::new("sim", kind.name, "one").unwrap());
        live.settings = settings.into_iter().collect::<Settings<LiveSetting>>();
        Resource { name: kind.name.to_owned(), live, kind, declared: Vec::new() }
    })
}

proptest! {
    /// All that a state can say is in it and holds, so that a plan of it is empty; all else is a comment.
    #[test]
    fn test_what_was_captured_holds(resources in sim().kinds().iter().map(any_resource).collect::<Vec<_>>()) {
        let unread = vec![("a\u{1}".to_owned(), "b\n[c".to_owned())];
        let captured = Captured { resources, beside: BTreeMap::new(), unread };
        let written = to_toml("now", &captured, Timestamp::UNIX_EPOCH);
        let loaded = loaded(&written.text);
        let mut settings = 0;
        for resource in &captured.resources {
            let wants = &loaded.states["now"].resources[&resource.name].wants;
            settings += wants.len();
            for (key, want) in wants {
                prop_assert!(want.goal.holds(resource.live.value(key)), "{} {key}\n{}", resource.name, written.text);
            }
            for (key, setting) in &resource.live.settings {
                let known = resource.kind.setting(key).unwrap();
                let says = setting.value().is_some_and(|value| !value.is_secret() && known.ty.check(value).is_ok());
                prop_assert_eq!(says, wants.get(key).is_some(), "{}\n{}", key, written.text);
            }
        }
        prop_assert_eq!(settings, written.settings);
    }
}
