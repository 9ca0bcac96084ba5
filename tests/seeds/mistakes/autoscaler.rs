//! A deployment is scaled to 1 and then to 0, while an autoscaler makes it 2 again, and lets go of it at 0.

use serde_json::json;

use super::repository;
use crate::seeds::is_there;
use crate::seeds::procedure::Procedure;

const TRANSCODER: &str = "east:deployment/media/transcoder";
const HPA: &str = "east:hpa/media/transcoder";

const MEDIA: &str = r#"
[resource.transcoder]
at = "east:deployment/media/transcoder"
replicas = 3
[resource.transcoder-hpa]
at = "east:hpa/media/transcoder"
min = 2
max = 6
confines = ["east:deployment/media/transcoder"]
"#;

const BASELINE: &str = r#"
[resource.transcoder]
at = "east:deployment/media/transcoder"
replicas = 3
[resource.transcoder-hpa]
at = "east:hpa/media/transcoder"
min = 2
"#;

/// One replica, which the autoscaler would make two again.
const ONE: &str = "extends = \"baseline\"\n[resource.transcoder]\nreplicas = 1\n";

/// And so it lasts.
const ONE_FOR_GOOD: &str = "[resource.transcoder-hpa]\nmin = 1\n";

#[test]
fn test_a_deployment_is_not_scaled_to_1_against_its_autoscaler() {
    let ops = repository(MEDIA, &[("baseline", BASELINE), ("cheap", ONE)]);
    let procedure = Procedure::of(&ops);
    let said = ops.ends(3, &["apply", "cheap", "-y"]);
    assert!(said.err.contains("1 would not last; set min and max of hpa/media/transcoder"), "{said}");
    procedure.is_as_before();

    ops.write("states/cheap.toml", &(ONE.to_owned() + ONE_FOR_GOOD));
    procedure.there("cheap", &[HPA, TRANSCODER]);
    assert_eq!(ops.simulated(TRANSCODER, "replicas"), json!(1));
    procedure.back(&[TRANSCODER, HPA]);
}

#[test]
fn test_that_0_switches_the_autoscaler_off_is_said_before() {
    let ops = repository(MEDIA, &[("baseline", BASELINE), ("off", &ONE.replace("= 1", "= 0"))]);
    let said = ops.done(&["plan", "off"]);
    assert!(said.out.contains("Look twice"), "{said}");
    assert!(said.out.contains("lets go at 0: it scales nothing until another value is set"), "{said}");
    let procedure = Procedure::of(&ops);
    procedure.there("off", &[TRANSCODER]);
    // With the way back it takes hold again, and leaves what is within its bounds.
    procedure.back(&[TRANSCODER]);
    is_there(&ops, "baseline");
}

/// A setting has one value in a state, and two overlays that want two are refused.
#[test]
fn test_a_deployment_is_not_scaled_to_1_and_to_0() {
    let overlay = |replicas| format!("over = \"baseline\"\n[resource.transcoder]\nreplicas = {replicas}\n");
    let states = [("baseline", BASELINE), ("cpu", &overlay(1)), ("gpu", &overlay(0))];
    let ops = repository(MEDIA, &states);
    let procedure = Procedure::of(&ops);
    let said = ops.ends(1, &["apply", "baseline+cpu+gpu", "-y"]);
    assert!(said.err.contains("cpu and gpu differ in replicas of transcoder: 1 and 0"), "{said}");
    ops.write("states/cpu.toml", &(overlay(1) + "replicas = 0\n"));
    let said = ops.ends(1, &["apply", "cpu", "-y"]);
    assert!(said.err.contains("states/cpu.toml:4:1"), "{said}");
    procedure.is_as_before();
}
