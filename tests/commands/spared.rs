//! What a rollback leaves to others, and what it leaves for that.

use crate::harness::Repository;

/// A colleague keeps traffic at the spare: it is not taken from under that, and neither is what the spare needs.
#[test]
fn test_nothing_is_taken_from_under_what_is_left_alone() {
    let repository = Repository::small();
    repository.write(
        "states/up.toml",
        r#"
        extends = "baseline"
        [resource.origin]
        replicas = 3
        [resource.spare]
        replicas = 5
        [resource.east]
        weight = 50
        [resource.west]
        weight = 100
        "#,
    );
    repository.done(&["apply", "up", "-y"]);
    repository.done(&["sim", "set", "aws:route53-record/Z1/live.example.com/CNAME/west", "weight=80", "--by", "ben"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y", "-q"]), @"
    rollback of ID   to what was there before up   now: up, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  simulated k8s

    Look twice
      traffic     live moves: east 50 → 100

    Left alone
      aws  route53-record/Z1/live.example.com/CNAME/west  weight  was 0, opsctl set 100, now 80: changed since by ben
           opsctl rollback ID --force aws:route53-record/Z1/live.example.com/CNAME/west takes it back too
    Held back
      k8s  deployment/cdn/spare    replicas  west is left as it is, and needs it
      k8s  deployment/data/origin  replicas  west is left as it is, and needs it

    Steps                                                                      waits until  after
      1 + aws  route53-record/Z1/live.example.com/CNAME/east  weight 50 → 100  ready

    Accepted  1 of 1 in a dry run
    Time      about TIME (1 run); 1 step told by others of their kind
    Way back  1 step, about TIME, nothing is irreversible

    1 to change, 0 as they should be.   11 API calls: aws 5, k8s 6.   Plan HASH

    rollback of ID is done, but for what was left alone.   TIME.   Operation ID
      left alone  aws route53-record/Z1/live.example.com/CNAME/west weight 80 → 0: changed since by ben
      left alone  k8s deployment/cdn/spare replicas: west is left as it is, and needs it
      left alone  k8s deployment/data/origin replicas: west is left as it is, and needs it
      done 1   failed 0   unknown 0   owed 0   not started 0   left alone 3
      force       opsctl rollback ID --force aws:route53-record/Z1/live.example.com/CNAME/west
    --- exit 10
    ");
    assert_eq!(repository.simulated("k8s:deployment/cdn/spare", "replicas"), 5);
    assert_eq!(repository.simulated("k8s:deployment/data/origin", "replicas"), 3);
    assert_eq!(repository.simulated("aws:route53-record/Z1/live.example.com/CNAME/east", "weight"), 100);
}

/// An HPA never sets 0 by itself: that was somebody.
#[test]
fn test_a_switch_off_is_no_move_of_the_hpa() {
    let repository = Repository::small();
    repository.append("world.toml", "\n[resource.hpa]\nat = \"k8s:hpa/cdn/edge\"\nmin = 2\nmax = 6\n");
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "k8s:deployment/cdn/edge", "replicas=0", "--by", "ben"]);
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    busy was applied AGO by ana (ID). 1 of 6 settings is not as it should be:
      k8s  deployment/cdn/edge  replicas  5, now 0   by ben, AGO
    No operation is open, nothing is owed, nobody holds the lock.
    ");
    let said = repository.ends(10, &["rollback", "-y", "-q"]);
    assert!(said.out.contains("was 2, opsctl set 5, now 0: changed since by ben"), "{said}");
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 0);
}

const SPARE: &str = "k8s:deployment/cdn/spare";
const WEST: &str = "aws:route53-record/Z1/live.example.com/CNAME/west";

/// A small repository in which a state was applied that changes something everywhere.
fn applied() -> Repository {
    let repository = Repository::small();
    let baseline = std::fs::read_to_string(repository.path("states/baseline.toml")).unwrap();
    repository.write("states/baseline.toml", &baseline.replace("pool = \"live\"\n", ""));
    repository.write(
        "states/up.toml",
        "extends = \"baseline\"\n[resource.origin]\nreplicas = 3\n[resource.spare]\nreplicas = 5\n[resource.west]\nweight = 7\n",
    );
    repository.done(&["apply", "up", "-y"]);
    repository
}

/// One that was deleted, one that cannot be read: the rest goes back all the same.
#[test]
fn test_what_cannot_be_seen_is_held_back_with_its_reason() {
    for (knob, why) in
        [("sim.missing=true", "it is not there any more"), ("sim.hidden=[\"replicas\"]", "it cannot be read")]
    {
        let repository = applied();
        repository.done(&["sim", "set", SPARE, knob]);
        let said = repository.ends(10, &["rollback", "-y", "-q"]);
        assert!(said.out.contains("Held back") && said.out.contains(why), "{knob}\n{said}");
        assert_eq!(repository.simulated(WEST, "weight"), 0, "{said}");
    }
}

/// An instance that does not answer may do so again: nothing is taken back without it, unless that is asked for.
#[test]
fn test_an_instance_that_does_not_answer() {
    let repository = applied();
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y", "-q"]), @"
    --- stderr
    error[E0301]: k8s:deployment/data/origin, and 1 more at k8s: unreachable: nobody answers
      = roll back again when k8s answers, or leave it out: --exclude 'k8s:*'

    1 error.
    Nothing was changed.
    --- exit 1
    ");
    assert_eq!(repository.simulated(WEST, "weight"), 7);
    repository.ends(10, &["rollback", "-y", "--exclude", "k8s:*"]);
    assert_eq!(repository.simulated(WEST, "weight"), 0);
    repository.done(&["sim", "set", "k8s", "sim.unreachable=false"]);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated(SPARE, "replicas"), 0);
}

/// What could be done without it is taken back without it, but for what it needs; the rest is owed until it answers.
#[test]
fn test_an_instance_that_may_not_answer() {
    let tolerating = |instance: &str| {
        let repository = applied();
        repository.done(&["rollback", "-y"]);
        let up = std::fs::read_to_string(repository.path("states/up.toml")).unwrap();
        repository.write("states/up.toml", &format!("tolerates_unreachable = [\"{instance}:*\"]\n{up}"));
        repository.done(&["apply", "up", "-y"]);
        repository.done(&["sim", "set", instance, "sim.unreachable=true"]);
        repository
    };
    let repository = tolerating("k8s");
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y", "-q"]), @"
    rollback of ID   to what was there before up   now: up, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  unreachable, tolerated: nobody answers

    Look twice
      traffic     west 7 → 0
      owed        2 edits at k8s cannot be done now; `opsctl rollback` does them when k8s is back

    Steps                                                                     waits until  after
      1 - aws  route53-record/Z1/live.example.com/CNAME/west  weight   7 → 0  ready
      … ! k8s  deployment/cdn/spare                           replicas ? → 0  owed: unreachable
        ! k8s  deployment/data/origin                         replicas ? → 1  owed: unreachable

    Accepted  1 of 1 in a dry run
    Time      about TIME (1 run)
    Way back  1 step, about TIME, nothing is irreversible

    1 to change, 2 owed, 0 as they should be.   29 API calls: aws 5, k8s 24.   Plan HASH

    rollback of ID is done, with 2 steps owed.   TIME.   Operation ID
      owed        k8s deployment/cdn/spare replicas 0: nobody answers
      owed        k8s deployment/data/origin replicas 1: nobody answers
      done 1   failed 0   unknown 0   owed 2   not started 0
      owed        opsctl rollback
    --- exit 10
    ");
    assert_eq!(repository.simulated(WEST, "weight"), 0);
    let said = repository.ends(10, &["status"]);
    assert!(said.out.contains("2 steps of rollback of") && said.out.contains("(opsctl rollback):"), "{said}");
    // Nothing but that is left: what nobody can do is no operation.
    let back = repository.operation(0);
    let said = repository.ends(10, &["rollback", "-y"]);
    assert!(said.err.contains("Nothing was changed."), "{said}");
    assert_eq!(repository.operation(0), back);
    repository.done(&["sim", "set", "k8s", "sim.unreachable=false"]);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated(SPARE, "replicas"), 0);
    repository.done(&["status"]);
    repository.ends(1, &["rollback", "-y"]);
    // It serves what may still have traffic.
    let repository = tolerating("aws");
    repository.ends(10, &["rollback", "-y"]);
    assert_eq!(repository.simulated(SPARE, "replicas"), 5);
}

/// Traffic does not go where nobody can see whether anything serves: the refusal says what does not answer, and what can be done.
#[test]
fn test_a_region_that_is_lost_gets_no_traffic_back() {
    let repository = Repository::small();
    repository.done(&["apply", "drained", "--confirm", "drained"]);
    repository.done(&["sim", "set", "k8s", "sim.unreachable=true"]);
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-y"]), @"
    rollback of ID   to what was there before drained   now: drained, AGO by ana

      aws  sim aws         simulated aws
      k8s  sim kubernetes  unreachable, tolerated: nobody answers

    Look twice
      refused     pool live: no member would have any traffic left, for
                  route53-record/Z1/live.example.com/CNAME/east is held back: it needs edge at k8s,
                  which cannot be reached: nobody answers; mend that first, or leave the traffic where
                  it is: --exclude west
      traffic     live moves: west 100 → 0
      owed        2 edits at k8s cannot be done now; `opsctl rollback` does them when k8s is back

    Held back
      aws  route53-record/Z1/live.example.com/CNAME/east  weight  it needs edge at k8s, which cannot be reached: nobody answers

    Steps                                                                       waits until  after
      1 - aws  route53-record/Z1/live.example.com/CNAME/west  weight   100 → 0  ready
      … ! k8s  deployment/cdn/edge                            replicas   ? → 2  owed: unreachable
        ! k8s  deployment/cdn/spare                           replicas   ? → 0  owed: unreachable

    Accepted  1 of 1 in a dry run
    Time      about TIME (1 run); 1 step told by others of their kind
    Way back  1 step, about TIME, nothing is irreversible

    1 to change, 2 owed, 0 as they should be.   29 API calls: aws 5, k8s 24.   Plan HASH
    An apply of it is refused, for 1 reason.
    --- stderr
    refused: pool live: no member would have any traffic left, for route53-record/Z1/live.example.com/CNAME/east is held back: it needs edge at k8s, which cannot be reached: nobody answers; mend that first, or leave the traffic where it is: --exclude west
    Nothing was changed.
    --- exit 3
    ");
    repository.ends(10, &["rollback", "-y", "--exclude", "west"]);
    assert_eq!(repository.simulated(WEST, "weight"), 100);
}

#[test]
fn test_a_part_is_taken_back() {
    let repository = applied();
    repository.ends(10, &["rollback", "-y", "--exclude", "k8s:*"]);
    assert_eq!(repository.simulated(WEST, "weight"), 0);
    assert_eq!(repository.simulated("k8s:deployment/cdn/spare", "replicas"), 5);
    // The rest of it is still what comes next.
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/spare", "replicas"), 0);
}

#[test]
fn test_an_instance_of_which_nothing_is_restored_need_not_be_there() {
    let repository = Repository::small();
    repository.done(&["apply", "busy", "-y"]);
    let config = "[provider.k8s]\ntype = \"sim\"\nemulates = \"kubernetes\"\nworld = \"world.toml\"\n";
    repository.write("opsctl.toml", config);
    let world = std::fs::read_to_string(repository.path("world.toml")).unwrap();
    repository.write("world.toml", world.split("[resource.east]").next().unwrap());
    repository.ends(1, &["status"]);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated("k8s:deployment/cdn/edge", "replicas"), 2);
}

/// What is left alone may serve: its database is not stopped for another size.
#[test]
fn test_what_is_left_alone_keeps_what_it_serves_from() {
    let baseline = "[resource.db]\nat = \"lab:machine/db\"\nsize = \"small\"\n\
                    [resource.api]\nat = \"lab:service/api\"\nreplicas = 1\nneeds = [\"db\"]\n";
    let repository = Repository::of(&[
        ("opsctl.toml", "[provider.lab]\ntype = \"sim\"\nworld = \"world.toml\"\n"),
        (
            "world.toml",
            "[resource.db]\nat = \"lab:machine/db\"\nrunning = true\nsize = \"small\"\n\
             [resource.api]\nat = \"lab:service/api\"\nreplicas = 1\n",
        ),
        ("states/baseline.toml", baseline),
        ("states/busy.toml", "extends = \"baseline\"\n[resource.db]\nsize = \"large\"\n[resource.api]\nreplicas = 3\n"),
    ]);
    repository.done(&["apply", "busy", "-y"]);
    repository.done(&["sim", "set", "lab:service/api", "replicas=9"]);
    let said = repository.ends(10, &["rollback", "-y"]);
    assert!(said.out.contains("api is left as it is, and needs it"), "{said}");
    assert_eq!(repository.simulated("lab:machine/db", "size"), "large");
    repository.done(&["rollback", "-y", "--force", "lab:service/api"]);
    assert_eq!(repository.simulated("lab:machine/db", "size"), "small");
}
