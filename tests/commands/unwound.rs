//! What several operations have done is taken back as one.

use crate::harness::Repository;

impl Repository {
    /// The id of an operation; 0 is the last one.
    pub(crate) fn operation(&self, back: usize) -> String {
        self.json(&["log"])["operations"][back]["id"].as_str().unwrap().to_owned()
    }
}

/// A group and a map of keys, of which the states set a part.
fn of_aws(baseline: &str, up: &str) -> Repository {
    Repository::of(&[
        (
            "opsctl.toml",
            "[provider.aws]\ntype = \"sim\"\nemulates = \"aws\"\nworld = \"world.toml\"\n
             [provider.k8s]\ntype = \"sim\"\nemulates = \"kubernetes\"\nworld = \"world.toml\"\n",
        ),
        (
            "world.toml",
            "[resource.web]\nat = \"aws:asg/web\"\nmin = 1\ndesired = 2\nmax = 10\n
             [resource.settings]\nat = \"k8s:configmap/cdn/settings\"\ndata.a = \"1\"\ndata.b = \"1\"\n",
        ),
        ("states/baseline.toml", baseline),
        ("states/up.toml", &format!("extends = \"baseline\"\n{up}")),
    ])
}

/// No state sets it: the API moved it along.
#[test]
fn test_what_was_moved_along_goes_back() {
    let repository = of_aws("[resource.web]\nat = \"aws:asg/web\"\nmin = 1\n", "[resource.web]\nmin = 5\n");
    repository.done(&["apply", "up", "-y"]);
    assert_eq!(repository.simulated("aws:asg/web", "desired"), 5);
    assert!(repository.done(&["snapshot", "show"]).out.contains("desired = 5"));
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("aws:asg/web", "min"), 1);
    assert_eq!(repository.simulated("aws:asg/web", "desired"), 2);
}

/// The oldest snapshot knows nothing of a key that the states set only later.
#[test]
fn test_what_the_states_set_only_later_goes_back() {
    let settings = "[resource.settings]\nat = \"k8s:configmap/cdn/settings\"\ndata.a = \"1\"\n";
    let repository = of_aws(settings, "[resource.settings]\ndata.a = \"2\"\n");
    repository.done(&["apply", "up", "-y"]);
    repository.append("states/baseline.toml", "data.b = \"1\"\n");
    repository.append("states/up.toml", "data.b = \"2\"\n");
    repository.done(&["apply", "up", "-y"]);
    repository.done(&["rollback", &repository.operation(1), "-y"]);
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.a"), "1");
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.b"), "1");
}

/// What grew on something since shrinks before it, though the oldest snapshot does not say that it needs it.
#[test]
fn test_needs_that_were_written_in_between_order_the_way_back() {
    let repository = Repository::small();
    repository.write("states/first.toml", "extends = \"baseline\"\n[resource.origin]\nreplicas = 7\n");
    let baseline = std::fs::read_to_string(repository.path("states/baseline.toml")).unwrap();
    repository.write("states/baseline.toml", &baseline.replace("needs = [\"origin\"]\n", ""));
    repository.done(&["apply", "first", "-y"]);
    repository.write("states/baseline.toml", &baseline);
    repository.write("states/second.toml", "extends = \"first\"\n[resource.edge]\nreplicas = 4\n");
    repository.done(&["apply", "second", "-y"]);
    let said = repository.done(&["rollback", &repository.operation(1), "-y", "-q"]);
    assert!(said.out.contains("2 - k8s  deployment/data/origin  replicas 7 → 1"), "{said}");
}

/// What no state sets is in no snapshot, though the provider reads it along.
#[test]
fn test_a_snapshot_has_what_the_states_set_and_no_more() {
    let repository = of_aws("[resource.web]\nat = \"aws:asg/web\"\ndesired = 2\n", "");
    repository.done(&["snapshot", "take"]);
    let said = repository.done(&["snapshot", "show"]).out;
    assert!(said.contains("desired = 2") && !said.contains("max") && !said.contains("min"), "{said}");
    repository.done(&["sim", "set", "aws:asg/web", "max=20"]);
    repository.done(&["plan", "@", "--detailed-exitcode"]);
}

/// What the page says is to be typed takes back what the page was about, and not what was before.
#[test]
fn test_what_was_left_alone_is_taken_back_as_the_page_says() {
    let repository = Repository::small();
    repository.write("states/first.toml", "extends = \"baseline\"\n[resource.east]\nweight = 70\n");
    repository.write(
        "states/second.toml",
        "extends = \"first\"\n[resource.edge]\nreplicas = 5\n[resource.settings]\ndata.mode = \"busy\"\n",
    );
    repository.done(&["apply", "first", "-y"]);
    repository.done(&["apply", "second", "-y"]);
    let second = repository.operation(0);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=9", "--by", "ben"]);
    repository.ends(10, &["rollback", "-y"]);
    // Nothing is left to do, but for that.
    let said = repository.ends(10, &["rollback", "-y"]);
    let hint = format!("opsctl rollback {second} --force k8s:deployment/cdn/edge takes it back too");
    assert!(said.out.contains(&hint), "{said}");
    repository.done(&["rollback", &second, "--force", "k8s:deployment/cdn/edge", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
    assert_eq!(repository.simulated("aws:route53-record/Z1/live.example.com/CNAME/east", "weight"), 70);
    // Now it is taken back, and what was before it comes next.
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("aws:route53-record/Z1/live.example.com/CNAME/east", "weight"), 100);
}

/// Where a first rollback has led is where a second one leads: what it took back by force is no step any more.
#[test]
fn test_a_second_rollback_takes_nothing_of_the_first_one_back() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=9"]);
    repository.done(&["sim", "set", "k8s:configmap/cdn/settings", "data.mode=debug"]);
    repository.ends(10, &["rollback", "-y", "--force", "k8s:configmap/cdn/settings"]);
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.mode"), "normal");
    let said = repository.done(&["rollback", "-y", "--force", "k8s:deployment/cdn/edge"]);
    assert!(!said.out.contains("configmap"), "{said}");
    assert_eq!(repository.simulated("k8s:configmap/cdn/settings", "data.mode"), "normal");
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
    assert_eq!(repository.simulated("k8s:deployment/data/origin", "replicas"), 1);
}

/// A way back that failed is no way back: what it left is looked at, and let go of only when the operator says so.
#[test]
fn test_what_a_failed_rollback_left_is_looked_at() {
    const EDGE: &str = "k8s:deployment/cdn/edge";
    let repository = Repository::small();
    repository.write("states/more.toml", "extends = \"baseline\"\n[resource.edge]\nreplicas = 5\n");
    repository.done(&["apply", "baseline", "-y"]);
    repository.done(&["sim", "set", EDGE, "sim.fail=no quota"]);
    repository.ends(7, &["apply", "more", "-y"]);
    repository.ends(7, &["rollback", "-y"]);

    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    let said = repository.ends(1, &["rollback", "-y"]);
    assert!(said.err.contains("nobody answers"), "{said}");
    repository.done(&["sim", "set", "k8s", "sim.unreachable=false"]);
    repository.done(&["sim", "set", EDGE, "replicas=7"]);
    let said = repository.ends(10, &["rollback", "-y"]);
    assert!(said.out.contains("was 2, opsctl set 2, now 7") && said.out.contains("no quota"), "{said}");
    repository.done(&["sim", "set", EDGE, "replicas=2"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback"]), @r#"
    rollback of ID: nothing to change. 1 setting of 1 resource read from aws, k8s is as it should be.
    Not ready: k8s:deployment/cdn/edge: no quota.
    --- stderr
    Agreed to, this lets go of 1 step of earlier operations, not done:
      failed      k8s deployment/cdn/edge replicas 5 → 2: no quota
    error: nobody can be asked here; nothing was changed
      = say yes on the command line: -y
    --- exit 3
    "#);
    repository.ends(10, &["status"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y", "-q"]), @"
    rollback of ID: nothing to change. 1 setting of 1 resource read from aws, k8s is as it should be.
    Not ready: k8s:deployment/cdn/edge: no quota.
    1 step of it, not done, let go of with that:
      failed      k8s deployment/cdn/edge replicas 5 → 2

    rollback of ID is done.   TIME.   Operation ID
    ");
    repository.done(&["status"]);
}

/// An apply that ended at its gate has sent nothing that could be taken back.
#[test]
fn test_what_sent_nothing_is_passed_over() {
    let repository = Repository::small();
    repository.write(
        "states/gated.toml",
        "extends = \"busy\"\n[resource.east]\nweight = 3\n[check.no]\nrun = [\"false\"]\ngates = [\"east\"]\nwithin = \"0s\"\n",
    );
    repository.done(&["apply", "busy", "-y"]);
    repository.ends(7, &["apply", "gated", "-y"]);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
}
