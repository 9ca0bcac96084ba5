//! What traffic needs to be served: nothing moves it to what does not serve, and nothing is switched off under it unsaid.

use crate::harness::Repository;

const EAST: &str = "aws:route53-record/Z1/live.example.com/CNAME/east";
const WEST: &str = "aws:route53-record/Z1/live.example.com/CNAME/west";

/// A rollback too, of which the operation never touched what is needed.
#[test]
fn test_a_rollback_moves_no_traffic_to_what_does_not_serve() {
    let repository = Repository::small();
    repository.done(&["apply", "drained", "--confirm", "drained"]);
    repository.done(&["sim", "set", "k8s:deployment/data/origin", "replicas=0", "--by", "bob"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y", "-q"]), @"
    rollback of ID   to what was there before drained   now: drained, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      refused     aws:route53-record/Z1/live.example.com/CNAME/east: it would have traffic, and needs
                  origin, of which replicas is 0; let origin have something that serves first
      traffic     live moves: east 0 → 100, west 100 → 0

    Steps                                                                         waits until  after
      1 + k8s  deployment/cdn/edge                            replicas   0 → 2    ready
      2 + aws  route53-record/Z1/live.example.com/CNAME/east  weight     0 → 100  ready        1
      3 - aws  route53-record/Z1/live.example.com/CNAME/west  weight   100 → 0    ready        2
      4 - k8s  deployment/cdn/spare                           replicas   3 → 0    ready        3

    Accepted  4 of 4 in a dry run
    Time      about TIME (1 run); 4 steps told by others of their kind
    Way back  4 steps, about TIME, nothing is irreversible

    4 to change, 0 as they should be.   14 API calls: aws 6, k8s 8.   Plan HASH
    An apply of it is refused, for 1 reason.
    --- stderr
    refused: aws:route53-record/Z1/live.example.com/CNAME/east: it would have traffic, and needs origin, of which replicas is 0; let origin have something that serves first
    Nothing was changed.
    --- exit 3
    ");
    assert_eq!(repository.simulated(EAST, "weight"), 0);
    insta::assert_snapshot!(repository.opsctl(&["plan", "@1"]), @"
    @HASH   What was live at TIME UTC, before drained   now: drained, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      traffic     live moves: east 0 → 100, west 100 → 0

    Steps                                                                         waits until  after
      1 + k8s  deployment/data/origin                         replicas   0 → 1    ready
      2 + k8s  deployment/cdn/edge                            replicas   0 → 2    ready        1
      3 + aws  route53-record/Z1/live.example.com/CNAME/east  weight     0 → 100  ready        2
      4 - aws  route53-record/Z1/live.example.com/CNAME/west  weight   100 → 0    ready        1, 3
      5 - k8s  deployment/cdn/spare                           replicas   3 → 0    ready        1, 4

    Accepted  5 of 5 in a dry run
    Time      about TIME (1 run); 5 steps told by others of their kind
    Way back  5 steps, about TIME, nothing is irreversible

    5 to change, 1 as they should be.   13 API calls: aws 5, k8s 8.   Plan HASH
    Nothing was changed. To do it: opsctl apply @1
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
