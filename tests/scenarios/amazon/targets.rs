//! The bounds of a service, and what they do to it.

use opsctl_aws_proxy::Proxy;
use serde_json::{Value as Json, json};
use toml::Table;

use super::live;
use super::pipeline::region;
use super::world::World;
use crate::harness::Repository;

const WEB: &str = "east:ecs-service/edge/web";
const BOUNDS: &str = "east:scalable-target/ecs/service/edge/web/ecs:service:DesiredCount";

const BASELINE: &str = r#"
[resource.web]
at = "east:ecs-service/edge/web"
desired_count = 2
[resource.bounds]
at = "east:scalable-target/ecs/service/edge/web/ecs:service:DesiredCount"
min = 1
max = 4
suspend_in = false
suspend_out = false
suspend_scheduled = false
"#;

struct Scaled {
    aws: Proxy,
    ops: Repository,
}

impl Scaled {
    /// Two tasks between one and four.
    fn new() -> Self {
        let aws = Proxy::start();
        let mut world = World::new(&aws, "example.com");
        let settings = |text: &str| text.parse::<Table>().unwrap();
        world.make(WEB, &settings("desired_count = 2\ntask_definition = \"web:1\""), &|_| String::new());
        world.make(BOUNDS, &settings("min = 1\nmax = 4"), &|_| String::new());
        let config =
            format!("[provider.east]\ntype = \"aws\"\nregion = \"{}\"\nendpoint = \"{}\"\n", region("east"), aws.url());
        let ops = Repository::of(&[("opsctl.toml", &config), ("states/baseline.toml", BASELINE)]);
        let scaled = Self { aws, ops };
        scaled.overlay("floor", "[resource.bounds]\nmin = 3\n");
        scaled.overlay("ceiling", "[resource.bounds]\nmax = 1\n");
        scaled.overlay("peak", "[resource.web]\ndesired_count = 6\n[resource.bounds]\nmin = 5\nmax = 8\n");
        scaled.overlay("outside", "[resource.web]\ndesired_count = 9\n");
        let suspended = ["suspend_in", "suspend_out", "suspend_scheduled"].map(|setting| format!("{setting} = true\n"));
        scaled.overlay("held", &format!("[resource.bounds]\n{}", suspended.concat()));
        scaled
    }

    fn overlay(&self, name: &str, of: &str) {
        self.ops.write(&format!("states/{name}.toml"), &format!("over = \"baseline\"\n{of}"));
    }

    /// How many tasks there are, and between which bounds.
    #[track_caller]
    fn is(&self, count: i64, min: i64, max: i64) {
        let (web, bounds) = (live::of(&self.aws, WEB), live::of(&self.aws, BOUNDS));
        let told = [&web["desired_count"], &bounds["min"], &bounds["max"]];
        assert_eq!(told, [&json!(count), &json!(min), &json!(max)]);
    }

    /// What was sent since this was asked last.
    fn sent(&self) -> Vec<String> {
        let told = |body: &Json| {
            let fields = ["desiredCount", "MinCapacity", "MaxCapacity"].iter();
            let fields = fields.filter(|name| !body[**name].is_null()).map(|name| format!("{name} {}", body[*name]));
            fields.collect::<Vec<_>>().join(", ")
        };
        let writes = ["RegisterScalableTarget", "UpdateService"];
        let calls = self.aws.calls().into_iter().filter(|call| writes.contains(&call.operation.as_str()));
        let sent = calls.map(|call| told(&call.as_json())).collect();
        self.aws.forget();
        sent
    }
}

/// Whatever is registered, AWS moves the count into the bounds, and leaves it there when they are as they were.
#[test]
fn test_bounds_move_the_count_and_their_way_back_does_not() {
    let scaled = Scaled::new();
    scaled.ops.done(&["apply", "floor", "-y"]);
    scaled.is(3, 3, 4);
    scaled.ops.done(&["rollback", "-y"]);
    scaled.is(3, 1, 4);
    let said = scaled.ops.done(&["plan", "baseline"]);
    assert!(said.out.contains("desired_count   3 → 2") || said.out.contains("desired_count 3 → 2"), "{said}");
    scaled.ops.done(&["apply", "baseline", "-y"]);
    scaled.ops.done(&["apply", "ceiling", "-y"]);
    scaled.is(1, 1, 1);
    scaled.ops.done(&["rollback", "-y"]);
    scaled.is(1, 1, 4);
}

/// The ceiling makes room before the count grows, and the floor follows it; the way back is the other way round.
#[test]
fn test_bounds_move_around_the_count() {
    let scaled = Scaled::new();
    scaled.aws.forget();
    scaled.ops.done(&["apply", "peak", "-y"]);
    scaled.is(6, 5, 8);
    assert_eq!(scaled.sent(), ["MaxCapacity 8", "desiredCount 6", "MinCapacity 5"]);
    scaled.ops.done(&["rollback", "-y"]);
    scaled.is(2, 1, 4);
    assert_eq!(scaled.sent(), ["MinCapacity 1", "desiredCount 2", "MaxCapacity 4"]);
    scaled.ops.done(&["plan", "baseline", "--detailed-exitcode"]);
}

/// What is outside of the bounds would be moved back into them, unless all that moves it is suspended.
#[test]
fn test_a_count_out_of_bounds_is_refused_unless_its_scaling_is_suspended() {
    let scaled = Scaled::new();
    let said = scaled.ops.ends(3, &["apply", "outside", "-y"]);
    assert!(said.err.contains("moves it into its bounds") && said.err.contains("set its min and max"), "{said}");
    scaled.ops.done(&["apply", "held", "-y"]);
    scaled.is(2, 1, 4);
    let said = scaled.ops.done(&["apply", "outside", "-y"]);
    assert!(said.to_string().contains("moves it into its bounds when it is resumed or"), "{said}");
    scaled.is(9, 1, 4);
    // It is registered with its bounds as they were, and so moved into them, before it is what the baseline has.
    scaled.ops.done(&["apply", "baseline", "-y"]);
    scaled.is(2, 1, 4);
    scaled.ops.done(&["plan", "baseline", "--detailed-exitcode"]);
}
