//! What is as it was before an operation already is taken back by a rollback of no steps.

use crate::harness::Repository;

const EDGE: &str = "k8s:deployment/cdn/edge";
const EAST: &str = "aws:route53-record/Z1/live.example.com/CNAME/east";

/// East has 70, and on top of that there are five of the edge; somebody has put the edge back by hand.
fn put_back_by_hand() -> Repository {
    let repository = Repository::small();
    repository.write("states/first.toml", "extends = \"baseline\"\n[resource.east]\nweight = 70\n");
    repository.write("states/second.toml", "extends = \"first\"\n[resource.edge]\nreplicas = 5\n");
    repository.done(&["apply", "first", "-y"]);
    repository.done(&["apply", "second", "-y"]);
    repository.done(&["sim", "set", EDGE, "replicas=2", "--by", "ben"]);
    repository
}

#[test]
fn test_what_was_put_back_by_hand_is_taken_back() {
    let repository = put_back_by_hand();
    let second = repository.operation(0);
    // Nothing is changed: nobody is asked.
    insta::assert_snapshot!(repository.opsctl(&["rollback", "-q"]), @"
    rollback of ID: nothing to change. 1 setting of 1 resource read from aws, k8s is as it should be.

    rollback of ID is done.   TIME.   Operation ID
    ");
    insta::assert_snapshot!(repository.opsctl(&["status"]), @"
    rollback of ID was done AGO by ana (ID). What stands is first. 6 settings are as they should be.
    No operation is open, nothing is owed, nobody holds the lock.
    ");
    assert_eq!(repository.json(&["log"])["operations"][0]["reverts"], second);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated(EAST, "weight"), 100);
    let said = repository.ends(1, &["rollback", "-y"]);
    assert!(said.err.contains("there is no operation to roll back"), "{said}");
}

/// It is as it was before what was taken back: the way back of what is beneath goes on from there.
#[test]
fn test_what_is_beneath_goes_on_from_there() {
    let repository = Repository::small();
    for (name, beneath, replicas) in [("three", "baseline", 3), ("five", "three", 5)] {
        let state = format!("extends = \"{beneath}\"\n[resource.edge]\nreplicas = {replicas}\n");
        repository.write(&format!("states/{name}.toml"), &state);
        repository.done(&["apply", name, "-y"]);
    }
    repository.done(&["sim", "set", EDGE, "replicas=3", "--by", "ben"]);
    repository.done(&["rollback", "-y"]);
    let said = repository.done(&["status"]);
    assert!(said.out.contains("What stands is three. 6 settings are as they should be."), "{said}");
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 2);
}

/// What is restored follows the same.
#[test]
fn test_a_restore_goes_on_from_there() {
    let repository = Repository::small();
    let over = |value: &str| format!("over = \"baseline\"\n[resource.edge]\nreplicas = {value}\n");
    for (name, value) in [("four", "4"), ("nine", "9"), ("again", "{ restore = true }")] {
        repository.write(&format!("states/{name}.toml"), &over(value));
    }
    repository.done(&["apply", "four", "-y"]);
    repository.done(&["apply", "nine", "-y"]);
    repository.done(&["sim", "set", EDGE, "replicas=4", "--by", "ben"]);
    repository.done(&["rollback", "-y"]);
    repository.done(&["apply", "again", "-y"]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 2);
}

/// What nothing could be done about is not taken back by that, nor is what was merely not named.
#[test]
fn test_what_is_left_alone_or_left_out_is_not_taken_back() {
    let repository = put_back_by_hand();
    let second = repository.operation(0);
    let stays = |ends: i32, arguments: &[&str]| {
        repository.ends(ends, &[&["rollback", "-y"], arguments].concat());
        assert_eq!(repository.operation(0), second);
    };
    stays(0, &["--target", "edge"]);
    repository.done(&["sim", "set", EDGE, "replicas=7"]);
    stays(10, &[]);
    repository.done(&["sim", "set", EDGE, "replicas=5"]);
    stays(10, &["--exclude", "edge"]);
    repository.done(&["rollback", "-y"]);
    assert_eq!(repository.simulated(EDGE, "replicas"), 2);
    // What is taken back is not taken back once more.
    let back = repository.operation(0);
    repository.done(&["rollback", &second, "-y"]);
    assert_eq!(repository.operation(0), back);
}

/// A failed apply that is to be taken back, and of which nothing is left to do, is taken back by that.
#[test]
fn test_inside_an_apply() {
    let repository = Repository::small();
    repository.write("states/more.toml", "extends = \"baseline\"\n[resource.edge]\nreplicas = 5\n");
    repository.done(&["apply", "baseline", "-y"]);
    repository.done(&["sim", "set", EDGE, "sim.fail=no quota", "sim.settle=1s"]);
    let child = repository.start(&["apply", "more", "-y", "--on-failure", "rollback"]);
    while repository.simulated(EDGE, "replicas") != 5 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    repository.done(&["sim", "set", EDGE, "replicas=2"]);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(6), "{said}");
    let said = repository.done(&["status"]);
    assert!(said.out.contains("What stands is baseline."), "{said}");
    repository.ends(1, &["rollback", "-y"]);
}
