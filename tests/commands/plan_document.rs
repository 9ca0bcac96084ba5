//! `opsctl plan --json`: all that the page says, in the shape that docs/schema/plan.json publishes.

use serde_json::Value;

use crate::harness::Repository;
use crate::json_schema::mismatches;
use crate::look_twice;
use crate::secrets;
use crate::stopped::signal;
use crate::ways;

const SCHEMA: &str = include_str!("../../docs/schema/plan.json");

#[track_caller]
fn document(repository: &Repository, arguments: &[&str]) -> Value {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let document = repository.json(arguments);
    let misses = mismatches(&schema, &document);
    assert!(misses.is_empty(), "opsctl {} --json: {}", arguments.join(" "), misses.join("\n"));
    document
}

#[test]
fn test_what_is_published_is_what_is_given() {
    let repository = Repository::small();
    for state in ["baseline", "busy", "drained"] {
        document(&repository, &["plan", state]);
    }
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=7", "--by", "kubectl-scale"]);
    document(&repository, &["plan", "drained", "--target", "east"]);
    document(&repository, &["plan", "@1"]);
    repository.append("opsctl.toml", "\n[guard]\nprotect = [\"aws:*\"]\nmax_resources = 1\n");
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    let refused = document(&repository, &["plan", "drained"]);
    assert!(!refused["plan"]["refusals"].as_array().unwrap().is_empty());
}

#[test]
fn test_what_is_not_published_is_found() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let repository = Repository::small();
    let mut document = document(&repository, &["plan", "drained"]);
    document["plan"]["steps"][0]["wave"] = "one".into();
    assert_eq!(mismatches(&schema, &document), ["/plan/steps/0/wave \"one\" is no integer"]);
    document["plan"]["steps"][0]["wave"] = 1.into();
    document["plan"]["more"] = 1.into();
    assert_eq!(mismatches(&schema, &document), ["/plan/more is not in the schema"]);
}

/// Each line of the page is in the document, under the name that is beside it here.
#[test]
fn test_every_fact_of_the_page_is_in_the_document() {
    let repository = Repository::small();
    repository.append(
        "states/drained.toml",
        "\n[check.ready]\nat = \"spare\"\nsetting = \"replicas\"\nis = 3\nwithin = \"1m\"\ngates = [\"west\"]\n",
    );
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["rollback", "-y"]);
    let page = repository.opsctl(&["plan", "drained", "-v"]).out;
    let document = document(&repository, &["plan", "drained"]);
    for (said, pointer, fact) in [
        ("drained   The spare serves", "/plan/intent/summary", "\"The spare serves\""),
        ("now: rollback of", "/last/kind", "\"rollback\""),
        ("by ana", "/last/operator", "\"ana\""),
        ("simulated aws", "/plan/instances/aws/identity/shown", "\"simulated aws\""),
        ("live moves: east 100 → 0", "/plan/traffic/0/pool", "\"live\""),
        ("deployment/cdn/spare", "/plan/steps/0/work/change/at", "\"k8s:deployment/cdn/spare\""),
        ("replicas   0 → 3", "/plan/steps/0/work/change/edits/0/to", "3"),
        ("  2 ? check ready: replicas 3, within 1m", "/plan/steps/1/work/check/name", "\"ready\""),
        ("check ready stands between", "/plan/steps/1/after/0/why/0/rule/gate", "\"ready\""),
        ("(states/drained.toml:", "/plan/steps/1/after/0/why/0/place/file", "\"states/drained.toml\""),
        ("check edge: k8s:deployment/cdn/spare", "/plan/checks/0/gate", "\"after\""),
        ("4 of 4 in a dry run", "/plan/preflight/3/answer", "\"accepted\""),
        ("RTO 10m", "/plan/intent/rto/secs", "600"),
        ("nothing tells of 3 of 5", "/plan/estimate/unknown", "3"),
        ("(2 runs", "/plan/estimate/runs", "2"),
        ("Way back  4 steps", "/plan/way_back/steps", "4"),
        ("nothing is irreversible", "/plan/way_back/irreversible", "{}"),
        ("4 to change", "/totals/edits", "4"),
        ("2 as they should be", "/totals/fine", "2"),
        ("GET identity", "/plan/instances/aws/calls/GET identity", "1"),
    ] {
        assert!(page.contains(said), "{said}\n{page}");
        assert_eq!(
            document.pointer(pointer).map(Value::to_string).as_deref(),
            Some(fact),
            "{pointer}\n{page}\n{document:#}"
        );
    }
    let digest = document["plan"]["digest"].as_str().unwrap();
    assert!(page.contains(&format!("Plan {}", &digest[..8])), "{page}");
    assert_eq!(document["situation"], serde_json::json!({ "open": null, "lock": null, "stands": { "state": null } }));
}

/// Whatever is to be looked at twice is in the document.
#[test]
fn test_what_to_look_at_twice_is_in_the_document() {
    let (locked, mut child) = look_twice::locked();
    let small = Repository::small();
    let undercut = Repository::small();
    undercut.done(&["sim", "set", "k8s:deployment/cdn/spare", "replicas=2"]);
    undercut.done(&["sim", "set", "aws:route53-record/Z1/live.example.com/CNAME/west", "weight=10"]);
    undercut.write("states/patch.toml", "over = \"baseline\"\n[resource.edge]\nreplicas = 0\n");
    for (repository, state, facts) in [
        (&small, "drained", &[("/plan/traffic/0/name", "\"east\""), ("/plan/traffic/1/edit/to", "100")][..]),
        (
            &look_twice::one_way(),
            "promoted",
            &[
                ("/plan/way_back/irreversible/lab:document~1standby/0", "\"promoted\""),
                ("/plan/owners/0/owner/name", "\"Argo CD application shop\""),
                ("/plan/owners/0/setting", "\"replicas\""),
            ],
        ),
        (
            &look_twice::hole(),
            "busy",
            &[("/plan/holes/0/setting", "\"data.shield\""), ("/plan/holes/0/left_by/0", "\"baseline\"")],
        ),
        (
            &look_twice::left_alone(),
            "baseline",
            &[
                ("/plan/leaves/0/setting", "\"data.shield\""),
                ("/plan/leaves/0/set_by/0", "\"busy\""),
                ("/situation/drifts/0/live", "3"),
            ],
        ),
        (
            &look_twice::unreachable(),
            "drained",
            &[
                ("/plan/instances/k8s/unreachable", "\"unreachable: nobody answers\""),
                ("/plan/skipped/0/why/owed/why", "\"nobody answers\""),
                ("/plan/refusals/0/by", "\"need\""),
                ("/totals/owed", "4"),
            ],
        ),
        (
            &look_twice::over_the_rto(),
            "drained",
            &[("/plan/estimate/about/secs", "2400"), ("/plan/intent/rto/secs", "600")],
        ),
        (
            &look_twice::failed(),
            "less",
            &[
                ("/plan/failed_needs/0/at", "\"k8s:deployment/data/origin\""),
                ("/plan/failed_needs/0/why", "\"no quota\""),
                ("/plan/failed_needs/0/needed_by", "[\"edge\"]"),
            ],
        ),
        (&look_twice::called(), "stopped", &[("/plan/way_back/actions/0", "\"drain-4\"")]),
        (
            &small,
            "drained --exclude east --exclude west",
            &[
                ("/plan/refusals/0/at", "\"aws:route53-record/Z1/live.example.com/CNAME/east\""),
                ("/plan/refusals/0/by", "\"need\""),
            ],
        ),
        (
            &undercut,
            "patch",
            &[
                ("/plan/undercuts/0/at", "\"aws:route53-record/Z1/live.example.com/CNAME/east\""),
                ("/plan/undercuts/0/needs", "\"edge\""),
                ("/plan/undercuts/0/nothing", "\"replicas is 0\""),
            ],
        ),
        (
            &ways::repository(),
            "peak",
            &[
                ("/interrupts/0/at", "\"lab:machine/box\""),
                ("/interrupts/0/setting", "\"running\""),
                ("/interrupts/0/through", "false"),
                ("/interrupts/0/of", "\"size\""),
                ("/plan/quotas/0/there", "5"),
                ("/plan/quotas/0/times", "10"),
            ],
        ),
        (
            &look_twice::moved_along(),
            "more",
            &[
                ("/plan/steps/0/work/change/hops/0/coupled/0/to", "3"),
                ("/plan/holes/0/setting", "\"desired\""),
                ("/plan/intent/on_failure", "\"rollback\""),
            ],
        ),
        (
            &look_twice::content(),
            "baseline",
            &[
                ("/plan/leaves/0/live", "6"),
                ("/plan/resources/lab:service~1web/settings/replicas/goal/bound/at_least", "2"),
                ("/plan/skipped/0/at", "\"lab:service/ghost\""),
                ("/plan/skipped/0/why", "\"missing\""),
            ],
        ),
        (
            &look_twice::not_as_left(),
            "baseline",
            &[("/plan/skipped/1/why/not_as_left/left", "6"), ("/plan/skipped/1/why/not_as_left/live", "7")],
        ),
        (
            &look_twice::failed(),
            "baseline",
            &[("/plan/resources/k8s:deployment~1data~1origin/readiness/failed", "\"no quota\"")],
        ),
        (&secrets::repository(), "busy", &[("/situation/lacking/0", "\"$PASSWORD: environment variable not found\"")]),
    ] {
        let document = document(repository, &[&["plan"][..], &state.split(' ').collect::<Vec<_>>()].concat());
        for (pointer, fact) in facts {
            let found = document.pointer(pointer).map(Value::to_string);
            assert_eq!(found.as_deref(), Some(*fact), "{pointer}\n{document:#}");
        }
    }
    let document = document(&look_twice::open(), &["plan", "baseline"]);
    assert!(document["situation"]["open"].as_str().unwrap().ends_with("-ana"), "{document:#}");
    let document = self::document(&locked, &["plan", "drained"]);
    signal(&child, "KILL");
    child.wait().unwrap();
    assert!(document["situation"]["lock"].as_str().unwrap().starts_with("ana on a17"), "{document:#}");
}
