//! A plan is obeyed as it is, or not at all: what is not any more as it relies on it stops it before the first write.

use crate::harness::{Repository, Said};

const ORIGIN: &str = "k8s:deployment/data/origin";
const SPARE: &str = "k8s:deployment/cdn/spare";
const EDGE: &str = "k8s:deployment/cdn/edge";
const WEST: &str = "aws:route53-record/Z1/live.example.com/CNAME/west";

/// The small one, and a plan of a state that is made while all is well.
fn planned(state: &str) -> Repository {
    planned_in(Repository::small(), state)
}

fn planned_in(repository: Repository, state: &str) -> Repository {
    repository.write("states/new.toml", &format!("extends = \"baseline\"\n{state}"));
    repository.done(&["plan", "new", "--out", "plan.json"]);
    repository
}

#[track_caller]
fn refuses(repository: &Repository, exit: i32, why: &str) {
    let said: Said = repository.ends(exit, &["apply", "plan.json", "-y"]);
    assert!(said.err.contains(why) && said.err.contains("Nothing was changed."), "{said}");
}

#[test]
fn test_what_a_step_relies_on_failed_since() {
    let traffic =
        "[resource.spare]\nreplicas = { at_least = 1 }\n[resource.west]\nweight = 100\n[resource.east]\nweight = 0\n";
    let repository = Repository::small();
    repository.done(&["sim", "set", SPARE, "replicas=1"]);
    let repository = planned_in(repository, traffic);
    repository.done(&["sim", "set", SPARE, "sim.fail=CrashLoopBackOff", "restart=x"]);
    refuses(
        &repository,
        4,
        "k8s  deployment/cdn/spare  steps rely on it, and it does not serve any more: CrashLoopBackOff",
    );
    assert_eq!(repository.simulated(WEST, "weight"), 0);
}

#[test]
fn test_a_guard_that_was_set_since() {
    let repository = planned("[resource.origin]\nreplicas = 3\n");
    let before = std::fs::read_to_string(repository.path("opsctl.toml")).unwrap();
    repository.append("opsctl.toml", &format!("[guard]\nprotect = [\"{ORIGIN}\"]\n"));
    refuses(&repository, 3, "it is protected by");
    repository.write("opsctl.toml", &format!("{before}[guard]\nmax_resources = 0\n"));
    refuses(&repository, 3, "opsctl.toml allows 0 in one plan");
    repository.write("opsctl.toml", &before);
    repository.done(&["apply", "plan.json", "-y"]);
}

#[test]
fn test_an_owner_that_came_since() {
    let repository = planned("[resource.origin]\nreplicas = 3\n");
    repository.done(&["sim", "set", ORIGIN, "sim.owners=[{name=\"Argo CD\", reverts=true, soon=\"10s\"}]"]);
    refuses(&repository, 3, "Argo CD holds replicas");
}

#[test]
fn test_one_more_of_a_wildcard() {
    let repository = Repository::small();
    let state = |replicas| format!("[resource.all]\nat = \"k8s:deployment/cdn/*\"\nreplicas = {replicas}\n");
    for name in ["busy", "drained"] {
        std::fs::remove_file(repository.path(&format!("states/{name}.toml"))).unwrap();
    }
    repository.write("states/baseline.toml", &state(1));
    repository.write("states/new.toml", &state(3));
    repository.done(&["sim", "set", EDGE, "sim.missing=true"]);
    repository.done(&["plan", "new", "--out", "plan.json"]);
    repository.done(&["sim", "set", EDGE, "sim.missing=false"]);
    refuses(&repository, 4, "k8s  deployment/cdn/edge  is one of all by now, and not in the plan");
    assert_eq!(repository.simulated("k8s:deployment/cdn/spare", "replicas"), 0);
}

/// An autoscaler moves what it holds while an apply is under way; so it may between the plan and the apply.
#[test]
fn test_an_owner_that_moves_within_its_bounds_makes_nothing_stale() {
    let repository = Repository::small();
    repository.append(
        "world.toml",
        &format!("\n[resource.hpa]\nat = \"k8s:hpa/cdn/edge\"\nmin = 2\nmax = 9\nconfines = [\"{EDGE}\"]\n"),
    );
    repository.write("states/new.toml", "extends = \"baseline\"\n[resource.edge]\nreplicas = 6\n");
    repository.done(&["plan", "new", "--out", "plan.json"]);
    repository.done(&["sim", "set", EDGE, "replicas=4", "--by", "horizontal-pod-autoscaler"]);
    repository.done(&["apply", "plan.json", "-y"]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 6);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 4);
}
