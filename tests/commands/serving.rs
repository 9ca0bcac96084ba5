//! What traffic needs to be served: nothing moves it to what does not serve, and nothing is switched off under it unsaid.

use crate::harness::Repository;
use crate::stopped::signal;

const EAST: &str = "aws:route53-record/Z1/live.example.com/CNAME/east";
const WEST: &str = "aws:route53-record/Z1/live.example.com/CNAME/west";

/// A rollback too, of which the operation never touched what is needed.
#[test]
fn test_a_rollback_moves_no_traffic_to_what_does_not_serve() {
    let repository = Repository::small();
    repository.done(&["apply", "drained", "--confirm", "drained"]);
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=0", "--by", "bob"]);
    let said = repository.ends(3, &["rollback", "-y", "-q"]);
    let refused =
        format!("refused: {EAST}: it would have traffic, and needs origin, of which replicas is 0; let origin have");
    assert!(said.err.starts_with(&refused), "{said}");
    assert_eq!(repository.simulated(EAST, "weight"), 0);
    // The full return begins with what it lacks.
    let said = repository.done(&["plan", "@1"]);
    let steps: Vec<&str> = said.out.lines().skip_while(|line| !line.starts_with("Steps")).skip(1).take(3).collect();
    insta::assert_snapshot!(steps.join("\n"), @"
    1 + k8s  deployment/data/origin                         replicas   0 → 1    ready
    2 + k8s  deployment/cdn/edge                            replicas   0 → 2    ready        1
    3 + aws  route53-record/Z1/live.example.com/CNAME/east  weight     0 → 100  ready        2
    ");
}

fn overlay(repository: &Repository, text: &str) {
    repository.write("states/patch.toml", &format!("over = \"baseline\"\n{text}"));
}

/// Traffic that an overlay says nothing of stays where it is.
#[test]
fn test_the_last_that_serves_is_not_taken_from_under_traffic() {
    let repository = Repository::small();
    overlay(&repository, "[resource.origin]\nreplicas = 0\n");
    insta::assert_snapshot!(repository.opsctl(&["plan", "patch"]), @"
    patch   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      refused     aws:route53-record/Z1/live.example.com/CNAME/east: it would keep its traffic, and
                  needs origin, of which replicas is 0 then; move the traffic away first, or leave
                  origin as it is: --exclude origin

    Steps                                              waits until  after
      1 - k8s  deployment/data/origin  replicas 1 → 0  ready

    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 0 as they should be.   9 API calls: aws 3, k8s 6.   Plan HASH
    An apply of it is refused, for 1 reason.
    --- exit 3
    ");
    // It says itself that the traffic stays.
    overlay(&repository, "[resource.origin]\nreplicas = 0\n[resource.east]\nweight = 100\n");
    let said = repository.opsctl(&["plan", "patch"]);
    let told: Vec<&str> = said.out.lines().filter(|line| line.contains("undercut")).collect();
    insta::assert_snapshot!(told.join("\n"), @"  undercut    aws:route53-record/Z1/live.example.com/CNAME/east keeps its traffic, and origin, which");
    assert_eq!(said.exit, Some(0));
}

/// Others of the pool serve on.
#[test]
fn test_traffic_that_stays_on_what_goes_is_said() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:deployment/cdn/spare", "replicas=2"]);
    repository.done(&["sim", "set", WEST, "weight=10"]);
    overlay(&repository, "[resource.edge]\nreplicas = 0\n");
    insta::assert_snapshot!(repository.opsctl(&["plan", "patch"]), @"
    patch   now: nothing was applied yet

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      undercut    aws:route53-record/Z1/live.example.com/CNAME/east keeps its traffic, and edge, which
                  it needs, goes: replicas is 0 then

    Steps                                           waits until  after
      1 - k8s  deployment/cdn/edge  replicas 2 → 0  ready

    Accepted  1 of 1 in a dry run
    Time      unknown: no earlier operation tells
    Way back  1 step, nothing is irreversible

    1 to change, 0 as they should be.   9 API calls: aws 3, k8s 6.   Plan HASH
    Nothing was changed. To do it: opsctl apply patch
    ");
}

/// A rollback goes back to traffic that nothing served before; what came to be in between it does not take from under.
#[test]
fn test_a_rollback_switches_nothing_off_under_traffic_that_came_since() {
    let repository = Repository::small();
    repository.write("states/warm.toml", "extends = \"baseline\"\n[resource.spare]\nreplicas = 3\n");
    repository.done(&["apply", "warm", "-y"]);
    repository.done(&["sim", "set", WEST, "weight=100", "--by", "bob"]);
    repository.done(&["sim", "set", EAST, "weight=0", "--by", "bob"]);
    let said = repository.opsctl(&["rollback", "-y", "-q"]);
    let refused: Vec<&str> = said.out.lines().skip_while(|line| !line.contains("refused")).take(2).collect();
    insta::assert_snapshot!(refused.join("\n"), @"
    refused     aws:route53-record/Z1/live.example.com/CNAME/west: it would keep its traffic, and
                needs spare, of which replicas is 0 then; move the traffic away first, or leave spare
    ");
    assert_eq!((said.exit, repository.simulated("k8s:deployment/cdn/spare", "replicas")), (Some(3), 3.into()));
}

#[test]
fn test_a_rollback_goes_back_to_traffic_that_nothing_served() {
    let repository = Repository::small();
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=0"]);
    repository.done(&["apply", "baseline", "-y"]);
    let said = repository.opsctl(&["rollback", "-y", "-q"]);
    let told: Vec<&str> = said.out.lines().skip_while(|line| !line.contains("undercut")).take(2).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    undercut    aws:route53-record/Z1/live.example.com/CNAME/east keeps its traffic, and origin, which
                it needs, goes: replicas is 0 then
    ");
    assert_eq!((said.exit, repository.simulated("k8s:deployment/data/origin", "replicas")), (Some(0), 0.into()));
}

/// A failover that was killed while it waited for one of its changes, which was made.
fn killed_at(at: &str, setting: &str) -> Repository {
    let repository = Repository::small();
    repository.done(&["sim", "set", at, "sim.settle=1h"]);
    let mut child = repository.start(&["apply", "drained", "--confirm", "drained"]);
    while repository.simulated(at, setting) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    signal(&child, "KILL");
    child.wait().unwrap();
    repository.done(&["sim", "set", at, "sim.settle=0s"]);
    repository
}

/// What was relied on as it was, and was not changed: the origin. It holds back what would get traffic for it, and what comes after that.
#[test]
fn test_what_is_gone_on_with_is_held_back_where_what_it_needs_was_changed() {
    let repository = killed_at("k8s:deployment/cdn/spare", "replicas");
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=0", "--by", "bob"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    drained was begun AGO by ana (ID). 1 of 2 settings is not as it should be:
      k8s  deployment/data/origin  replicas  1, now 0   by bob, AGO
    An operation did not end: ID (drained), begun AGO by ana on host a17, last record AGO.
      sent, not yet seen to be true 1   not started 3
      sent     k8s deployment/cdn/spare replicas 0 → 3: it took effect
      changed  k8s deployment/data/origin replicas: was left at 1, now 0 by bob
    Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
    An operation is open, nothing is owed, nobody holds the lock.
    --- exit 8
    ");
    insta::assert_snapshot!(repository.opsctl(&["resume", "--confirm", "drained", "-q"]), @r#"

    drained is done in part: 3 steps held back, for somebody changed since what they need.   TIME.   Operation ID
      changed     k8s:deployment/data/origin replicas should be 1, and is 0, by bob
      not started aws route53-record/Z1/live.example.com/CNAME/west weight 0 → 100: it needs origin, of which replicas is 0 by bob, and not 1
      not started aws route53-record/Z1/live.example.com/CNAME/east weight 100 → 0: it comes after what needs origin, of which replicas is 0 by bob, and not 1
      not started k8s deployment/cdn/edge replicas 2 → 0: it comes after what needs origin, of which replicas is 0 by bob, and not 1
      done 1   failed 0   unknown 0   owed 0   not started 3
      go on       opsctl resume
      look        opsctl show ID
      back        opsctl rollback
    --- exit 10
    "#);
    assert_eq!((repository.simulated(EAST, "weight"), repository.simulated(WEST, "weight")), (100.into(), 0.into()));
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    drained was stopped AGO by ana (ID). 1 of 6 settings is not as it should be:
      k8s  deployment/data/origin  replicas  1, now 0   by bob, AGO
    3 steps of drained (ID) still to be done (opsctl resume):
      not started aws route53-record/Z1/live.example.com/CNAME/west weight 0 → 100: it needs origin, of which replicas is 0 by bob, and not 1
      not started aws route53-record/Z1/live.example.com/CNAME/east weight 100 → 0: it comes after what needs origin, of which replicas is 0 by bob, and not 1
      not started k8s deployment/cdn/edge replicas 2 → 0: it comes after what needs origin, of which replicas is 0 by bob, and not 1
    No operation is open, 3 steps still to be done, nobody holds the lock.
    --- exit 10
    ");
    // Once that is mended it is gone on with.
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=1"]);
    repository.done(&["resume", "--confirm", "drained", "-q"]);
    assert_eq!((repository.simulated(EAST, "weight"), repository.simulated(WEST, "weight")), (0.into(), 100.into()));
}

/// What a step did and somebody undid.
#[test]
fn test_what_comes_after_a_step_that_was_undone_is_held_back() {
    let repository = killed_at(WEST, "weight");
    repository.done(&["sim", "set", "k8s:deployment/cdn/spare", "replicas=1", "--by", "bob"]);
    insta::assert_snapshot!(repository.opsctl(&["resume"]), @"
    --- stderr
    An operation did not end: ID (drained), begun AGO by ana on host a17, last record AGO.
      done 1   sent, not yet seen to be true 1   not started 2
      sent     aws route53-record/Z1/live.example.com/CNAME/west weight 0 → 100: it took effect
      changed  k8s deployment/cdn/spare replicas: was left at 3, now 1 by bob
    Go on: opsctl resume      Go back: opsctl rollback      Leave it: opsctl resume --abandon REASON
    Gone on with, this is still to be done:
      held     aws route53-record/Z1/live.example.com/CNAME/east weight 100 → 0: it comes after what needs spare, of which replicas is 1 by bob, and not 3
      held     k8s deployment/cdn/edge replicas 2 → 0: it comes after what needs spare, of which replicas is 1 by bob, and not 3
    error: drained wants its name typed, and nobody can be asked here; nothing was changed
      = say it on the command line: --confirm drained
    --- exit 3
    ");
    repository.ends(10, &["resume", "--confirm", "drained", "-q"]);
    assert_eq!((repository.simulated(EAST, "weight"), repository.simulated(WEST, "weight")), (100.into(), 100.into()));
}
