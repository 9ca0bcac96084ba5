use super::super::fixture::{PLAIN, at, change, edit, estimate, failover, moment, operation};
use super::*;
use crate::plan::{Leave, Position, Skipped};
use crate::snapshot::Outcome;
use opsctl_api::{Address, Edit, Value};

fn draw(plan: &Plan, screen: &Screen) -> String {
    let mut last = operation(Outcome::Done, &[]);
    last.name = "baseline".into();
    let now = Now { at: moment("2026-11-25T05:00:00Z"), last: Some(&last), ..Now::default() };
    page(plan, &now, screen)
}

#[test]
fn test_a_failover() {
    insta::assert_snapshot!(draw(&failover(), &PLAIN), @r#"
    dr-active   Primary region lost: the second one serves              now: baseline, 3 days ago by ana

      aws  aws        us-east-1  account 123456789012
      gke  kubernetes prod-west  cluster 7c1e02b4
      k8s  kubernetes prod-east  unreachable, tolerated: connect timed out after 10s

    Look twice
      traffic     live-dns moves: dns-west 0 → 100, dns-east 100 → 0
      owed        1 edit at k8s cannot be done now; `opsctl resume` does it when k8s is back
      owner       hpa/cdn/ats-edge holds replicas of gke:deployment/cdn/ats-edge in 2..6; its bounds are
                  moved first (step 1)
      left alone  gke:configmap/cdn/atc-topology data.shield.max-hosts = "0" is set by degraded;
                  dr-active says nothing about it

    Steps                                                                        waits until     after
      1 + gke  hpa/cdn/ats-edge                              max        6 → 12   ready
        + gke  deployment/data/minio                         replicas   1 → 4    ready
      2 + gke  deployment/cdn/ats-edge                       replicas   2 → 10   ready           1
      3 ? check edge-west: 200, within 2m                                                        2
      4 + aws  route53-record/…/live.example.com/CNAME/west  weight     0 → 100  ready, then 1m  2, 3
      5 - aws  route53-record/…/live.example.com/CNAME/east  weight   100 → 0    ready, then 1m  4
      … ! k8s  deployment/cdn/ats-edge                       replicas   ? → 0    owed: unreachable

    Then      check live: https://live.example.com/health is 200 for 1m, within 2m
    Accepted  3 of 5 in a dry run; 2 cannot be told: route53-record has no dry run
    If not    a step that fails stops only what depends on it: the rest goes on
    Time      about 6m (3 runs: 5m to 8m); RTO 15m
    Way back  7 steps, about 8m, nothing is irreversible

    5 to change, 1 owed, 1 as they should be.   5 API calls: aws 2, gke 3.   Plan 3f9c2ab1
    "#);
}

#[test]
fn test_a_failover_in_ascii() {
    let page = draw(&failover(), &Screen { unicode: false, ..PLAIN });
    assert!(page.is_ascii(), "{page}");
}

#[test]
fn test_a_failover_with_every_reason() {
    insta::assert_snapshot!(draw(&failover(), &Screen { verbose: true, ..PLAIN }), @r#"
    dr-active   Primary region lost: the second one serves              now: baseline, 3 days ago by ana

      aws  aws        us-east-1  account 123456789012
      gke  kubernetes prod-west  cluster 7c1e02b4
      k8s  kubernetes prod-east  unreachable, tolerated: connect timed out after 10s

    Look twice
      traffic     live-dns moves: dns-west 0 → 100, dns-east 100 → 0
      owed        1 edit at k8s cannot be done now; `opsctl resume` does it when k8s is back
      owner       hpa/cdn/ats-edge holds replicas of gke:deployment/cdn/ats-edge in 2..6; its bounds are
                  moved first (step 1)
      left alone  gke:configmap/cdn/atc-topology data.shield.max-hosts = "0" is set by degraded;
                  dr-active says nothing about it

    Steps                                                                              waits until     after
      1 + gke  hpa/cdn/ats-edge                                    max        6 → 12   ready
        + gke  deployment/data/minio                               replicas   1 → 4    ready
      2 + gke  deployment/cdn/ats-edge                             replicas   2 → 10   ready           1
                after 1 gke:hpa/cdn/ats-edge: edge-west needs minio-west (states/baseline.toml:34:9)
                after 1 gke:deployment/data/minio: edge-west needs minio-west
                (states/baseline.toml:34:9)
      3 ? check edge-west: 200, within 2m                                                              2
                after 2 gke:deployment/cdn/ats-edge: check edge-west stands between
                (states/baseline.toml:34:9)
      4 + aws  route53-record/Z123456/live.example.com/CNAME/west  weight     0 → 100  ready, then 1m  2, 3
                after 2 gke:deployment/cdn/ats-edge: dns-west needs edge-west
                (states/baseline.toml:34:9)
                after 3 check edge-west: dns-west needs edge-west (states/baseline.toml:34:9)
      5 - aws  route53-record/Z123456/live.example.com/CNAME/east  weight   100 → 0    ready, then 1m  4
                after 4 aws:route53-record/Z123456/live.example.com/CNAME/west: in pool live-dns the
                growing come before the shrinking (states/baseline.toml:34:9)
      … ! k8s  deployment/cdn/ats-edge                             replicas   ? → 0    owed: unreachable

    Then      check live: https://live.example.com/health is 200 for 1m, within 2m
    Accepted  3 of 5 in a dry run; 2 cannot be told: route53-record has no dry run
    If not    a step that fails stops only what depends on it: the rest goes on
    Time      about 6m (3 runs: 5m to 8m); RTO 15m
    Way back  7 steps, about 8m, nothing is irreversible

    5 to change, 1 owed, 1 as they should be. 5 API calls: aws 2 (2 LIST), gke 3 (3 LIST). Plan 3f9c2ab1
    "#);
}

#[test]
fn test_every_line_fits_the_page() {
    for line in draw(&failover(), &PLAIN).lines() {
        assert!(crate::view::words::width(line) <= crate::view::WIDTH, "{line}");
    }
}

/// A plan without anything but what a test adds.
fn bare() -> Plan {
    let mut plan = failover();
    plan.steps.clear();
    plan.skipped.clear();
    plan.traffic.clear();
    plan.owners.clear();
    plan.leaves.clear();
    plan.preflight.clear();
    plan.instances.remove("k8s");
    plan.resources.retain(|at, _| at.path() == "media/packager");
    plan
}

#[test]
fn test_nothing_to_do_is_one_line() {
    let mut plan = bare();
    insta::assert_snapshot!(draw(&plan, &PLAIN), @"dr-active: nothing to change. 1 setting of 1 resource read from gke is as it should be.");
    plan.leaves = vec![Leave {
        name: "x".into(),
        at: at("gke:configmap/cdn/x"),
        setting: "data.a".into(),
        live: None,
        set_by: vec!["degraded".into()],
    }];
    insta::assert_snapshot!(draw(&plan, &PLAIN), @"
    dr-active: nothing to change. 1 setting of 1 resource read from gke is as it should be.
    1 setting that other states set is left alone (-v lists them).
    ");
    insta::assert_snapshot!(draw(&plan, &Screen { verbose: true, ..PLAIN }), @"
    dr-active: nothing to change. 1 setting of 1 resource read from gke is as it should be.
    left alone  gke:configmap/cdn/x data.a = absent
    5 API calls: aws 2 (2 LIST), gke 3 (3 LIST).
    ");
}

#[test]
fn test_what_is_alike_is_told_once() {
    let mut plan = bare();
    let names = ["packager", "transcoder", "origin-a", "origin-b", "ingest"];
    plan.steps = names
        .iter()
        .map(|name| {
            change(&format!("gke:deployment/media/{name}"), Position::Down, vec![edit("replicas", 3, 1)], 0, 1, vec![])
        })
        .collect();
    plan.steps.push(change("gke:deployment/cdn/other", Position::Down, vec![edit("replicas", 4, 1)], 0, 1, vec![]));
    insta::assert_snapshot!(draw(&plan, &PLAIN), @"
    dr-active   Primary region lost: the second one serves              now: baseline, 3 days ago by ana

      aws  aws        us-east-1  account 123456789012
      gke  kubernetes prod-west  cluster 7c1e02b4

    Steps                                              waits until  after
      1 - gke  deployment/media/* (5)  replicas 3 → 1  ready
                packager, transcoder, origin-a, origin-b, ingest
        - gke  deployment/cdn/other    replicas 4 → 1  ready

    Then      check live: https://live.example.com/health is 200 for 1m, within 2m
    If not    a step that fails stops only what depends on it: the rest goes on
    Time      about 6m (3 runs: 5m to 8m); RTO 15m
    Way back  7 steps, about 8m, nothing is irreversible

    6 to change, 1 as they should be.   5 API calls: aws 2, gke 3.   Plan 3f9c2ab1
    ");
}

#[test]
fn test_long_values_and_texts_and_coupled_settings() {
    let mut plan = bare();
    let text = |text: &str| Some(Value::String(text.into()));
    let edits = vec![
        Edit { setting: "data.topology".into(), from: text("a: 1\nb: 2\n"), to: text("a: 1\nb: 3\n") },
        Edit {
            setting: "image".into(),
            from: text("registry.example.com/media/packager:1.41.0"),
            to: text("registry.example.com/media/packager:1.42.0"),
        },
        Edit { setting: "data.mode".into(), from: None, to: text("read-only") },
    ];
    plan.steps = vec![change("gke:configmap/media/settings", Position::Up, edits, 0, 1, vec![])];
    if let crate::plan::Work::Change { hops, .. } = &mut plan.steps[0].work {
        hops[0].coupled = vec![edit("desired", 2, 4)];
        hops.push(opsctl_api::Hop { coupled: vec![], ..hops[0].clone() });
    }
    insta::assert_snapshot!(draw(&plan, &PLAIN), @r#"
    dr-active   Primary region lost: the second one serves              now: baseline, 3 days ago by ana

      aws  aws        us-east-1  account 123456789012
      gke  kubernetes prod-west  cluster 7c1e02b4

    Steps                                                                      waits until  after
      1 ~ gke  configmap/media/settings  data.topology (text, 2 lines differ)  ready
                image "registry.example.com/media/packager:1.41.0"
                      → "registry.example.com/media/packager:1.42.0"
                                         data.mode     absent → "read-only"
                moves along: desired 2 → 4
                in 2 calls, one after the other

    Then      check live: https://live.example.com/health is 200 for 1m, within 2m
    If not    a step that fails stops only what depends on it: the rest goes on
    Time      about 6m (3 runs: 5m to 8m); RTO 15m
    Way back  7 steps, about 8m, nothing is irreversible

    3 to change, 1 as they should be.   5 API calls: aws 2, gke 3.   Plan 3f9c2ab1
    "#);
    insta::assert_snapshot!(draw(&plan, &Screen { verbose: true, ..PLAIN }), @r#"
    dr-active   Primary region lost: the second one serves              now: baseline, 3 days ago by ana

      aws  aws        us-east-1  account 123456789012
      gke  kubernetes prod-west  cluster 7c1e02b4

    Steps                                                                      waits until  after
      1 ~ gke  configmap/media/settings  data.topology (text, 2 lines differ)  ready
                @@ -1,2 +1,2 @@
                 a: 1
                -b: 2
                +b: 3
                image "registry.example.com/media/packager:1.41.0"
                      → "registry.example.com/media/packager:1.42.0"
                                         data.mode     absent → "read-only"
                moves along: desired 2 → 4
                in 2 calls, one after the other

    Then      check live: https://live.example.com/health is 200 for 1m, within 2m
    If not    a step that fails stops only what depends on it: the rest goes on
    Time      about 6m (3 runs: 5m to 8m); RTO 15m
    Way back  7 steps, about 8m, nothing is irreversible

    3 to change, 1 as they should be.   5 API calls: aws 2 (2 LIST), gke 3 (3 LIST).   Plan 3f9c2ab1
    "#);
}

#[test]
fn test_a_rollback_spares_what_others_changed() {
    let mut plan = bare();
    plan.intent.name = "rollback of 20261122-0412-ana".into();
    plan.intent.reverts = Some("20261122-0412-ana".into());
    let integer = |number| Some(Value::Integer(number));
    plan.skipped = vec![
        Skipped {
            at: "gke:deployment/cdn/ats-edge".into(),
            setting: Some("replicas".into()),
            why: SkippedWhy::ChangedSince {
                left: integer(10),
                live: integer(25),
                before: integer(2),
                by: Some("kubectl-edit".into()),
            },
        },
        Skipped {
            at: "aws:route53-record/Z1/live.example.com/CNAME/west".into(),
            setting: Some("weight".into()),
            why: SkippedWhy::HeldBack("it needs gke:deployment/cdn/ats-edge".into()),
        },
    ];
    insta::assert_snapshot!(draw(&plan, &PLAIN), @"
    rollback of 20261122-0412-ana   Primary region lost: the second one serves
    now: baseline, 3 days ago by ana

      aws  aws        us-east-1  account 123456789012
      gke  kubernetes prod-west  cluster 7c1e02b4

    Left alone
      gke  deployment/cdn/ats-edge  replicas  was 2, opsctl set 10, now 25: changed since by kubectl-edit
           opsctl rollback 20261122-0412-ana --force gke:deployment/cdn/ats-edge takes it back too
    Held back
      aws  route53-record/Z1/live.example.com/CNAME/west  weight  it needs gke:deployment/cdn/ats-edge

    0 to change, 1 as they should be.   5 API calls: aws 2, gke 3.   Plan 3f9c2ab1
    ");
}

#[test]
fn test_what_cannot_be_undone_is_said_twice() {
    let mut plan = bare();
    let replica: Address = at("aws:rds-instance/replica");
    plan.steps =
        vec![change(replica.as_str(), Position::Up, vec![edit("promoted", 0, 1), edit("size", 1, 2)], 0, 1, vec![])];
    plan.way_back.irreversible = [(replica, vec!["promoted".to_owned()])].into();
    let page = draw(&plan, &PLAIN);
    assert!(page.contains("one-way     aws:rds-instance/replica promoted 0 → 1: there is no way back"), "{page}");
    assert!(page.contains("cannot be taken back: aws:rds-instance/replica promoted"), "{page}");
}

#[test]
fn test_how_long_it_takes_and_how_sure_that_is() {
    let mut plan = failover();
    let time = |plan: &Plan| {
        let page = draw(plan, &PLAIN);
        page.lines().filter(|line| line.contains("RTO") || line.starts_with("Way back")).collect::<Vec<_>>().join("\n")
    };
    plan.estimate = Some(estimate(1080, 960, 1200));
    plan.way_back.estimate = None;
    insta::assert_snapshot!(time(&plan), @"
      time        about 18m, 3m over the RTO of 15m
    Time      about 18m (3 runs: 16m to 20m); RTO 15m
    Way back  7 steps, nothing is irreversible
    ");
    plan.estimate = Some(crate::plan::Estimate { alike: 2, ..estimate(360, 300, 960) });
    insta::assert_snapshot!(time(&plan), @"
      time        up to 16m where all is as slow as it once was: over the RTO of 15m
    Time      about 6m (3 runs: 5m to 16m); 2 of 6 steps told by others of their kind; RTO 15m
    Way back  7 steps, nothing is irreversible
    ");
    plan.estimate = Some(crate::plan::Estimate { runs: 1, unknown: 1, ..estimate(360, 360, 360) });
    insta::assert_snapshot!(time(&plan), @"
    Time      at least 6m (1 run); nothing tells of 1 of 6 steps; RTO 15m
    Way back  7 steps, nothing is irreversible
    ");
    plan.estimate = None;
    insta::assert_snapshot!(time(&plan), @"
    Time      unknown: no earlier operation tells; RTO 15m
    Way back  7 steps, nothing is irreversible
    ");
}

#[test]
fn test_look_twice_leaves_nothing_out_and_keeps_its_order() {
    let mut plan = failover();
    let edge = at("gke:deployment/cdn/ats-edge");
    plan.refusals = vec![crate::plan::Refusal {
        by: crate::plan::RefusedBy::Protect,
        at: edge.to_string(),
        why: "it is protected".into(),
        instead: String::new(),
    }];
    plan.way_back.irreversible = [(edge.clone(), vec!["replicas".to_owned()])].into();
    plan.estimate = Some(estimate(1080, 960, 1200));
    let seen = plan.resources.get_mut(&edge).unwrap();
    seen.readiness = opsctl_api::Readiness::Failed("CrashLoopBackOff".into());
    seen.settings.or_insert_with("image", || crate::plan::SeenSetting {
        live: None,
        hidden: Some("not allowed to read it".into()),
        goal: None,
    });
    plan.holes =
        vec![crate::plan::Hole { at: edge.clone(), setting: "image".into(), left_by: vec!["baseline".into()] }];
    let skipped = |at: &str, why| Skipped { at: at.into(), setting: Some("replicas".into()), why };
    plan.skipped.extend([
        skipped("gke:deployment/cdn/spare", SkippedWhy::Missing),
        skipped("gke:deployment/cdn/odd", SkippedWhy::NotAsLeft { left: None, live: None, by: None }),
        skipped("action drain", SkippedWhy::NothingToDo("it is empty".into())),
    ]);
    let page = draw(&plan, &PLAIN);
    let (_, block) = page.split_once("Look twice\n").unwrap();
    let (block, _) = block.split_once("\n\n").unwrap();
    let mut labels: Vec<&str> = block.lines().map(|line| line[..14].trim()).filter(|label| !label.is_empty()).collect();
    labels.dedup();
    assert_eq!(
        labels,
        [
            "refused",
            "traffic",
            "one-way",
            "owed",
            "owner",
            "time",
            "unready",
            "unread",
            "left alone",
            "hole",
            "restore",
            "missing",
            "actions"
        ]
    );
}

#[test]
fn test_what_this_build_cannot_measure_is_looked_at_twice() {
    let unbuilt = ["check live cannot be measured: this opsctl was built without `http`".to_owned()];
    let page = page(&failover(), &Now { unbuilt: &unbuilt, ..Now::default() }, &PLAIN);
    assert!(page.contains("  build       check live cannot be measured: "), "{page}");
}
