//! One of two regions is out of reach.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use super::pipeline::Pipeline;

/// Nobody listens at the first port.
const DEAD: &str = "http://127.0.0.1:1";

impl Pipeline {
    /// Nobody answers at an instance any more.
    fn cut_off(&self, lost: &str) {
        self.reached_at(&|name| if name == lost { DEAD.to_owned() } else { self.aws.url() });
    }

    fn reconnect(&self) {
        self.reached_at(&|_| self.aws.url());
    }
}

/// What cannot be reached, and is not said to be without, stops a plan before anything is changed.
#[test]
fn test_what_does_not_tolerate_it_says_so() {
    let pipeline = Pipeline::new();
    let before = pipeline.all();
    pipeline.cut_off("east");
    let said = pipeline.ops.ends(1, &["plan", "cost-cut"]);
    for word in ["and 7 more at east: unreachable", "Connection refused", "tolerates_unreachable = [\"east:*\"]"] {
        assert!(said.err.contains(word), "{said}");
    }
    pipeline.ops.ends(1, &["apply", "cost-cut", "-y"]);
    // The failover does without the east, and not without where it goes to, nor without DNS.
    for lost in ["west", "dns"] {
        pipeline.cut_off(lost);
        let said = pipeline.ops.ends(1, &["apply", "dr-active", "-y"]);
        assert!(said.err.contains(lost) && said.err.contains("unreachable"), "{said}");
    }
    assert_eq!(pipeline.all(), before);
}

/// The failover away from a region that is gone; what is to be done there is owed, and done when it is back.
#[test]
fn test_the_failover_away_from_a_dead_region() {
    let pipeline = Pipeline::new();
    pipeline.cut_off("east");
    let said = pipeline.plan("dr-active");
    for word in ["east  aws us-east-1  unreachable, tolerated", "12 edits at east cannot be done now", "12 owed"] {
        assert!(said.out.contains(word), "{said}");
    }
    let way = ["database-west", "connection-west", "processor-west", "ingestion-west", "api-west", "api-east"];
    pipeline.does(10, &["apply", "dr-active", "-y"], &way);
    pipeline.is(&[("api-west", "weight", json!(100)), ("api-east", "weight", json!(0))]);
    pipeline.is(&[("processor", "desired_count", json!(4))]);
    let said = pipeline.ops.ends(10, &["status"]);
    assert!(
        said.out.contains("12 steps of dr-active") && said.out.contains("stream-processor desired_count 0"),
        "{said}"
    );
    // As long as it is away there is nothing to do.
    let said = pipeline.ops.ends(10, &["resume", "-y"]);
    assert!(said.out.contains("0 to change, 12 owed"), "{said}");
    pipeline.reconnect();
    let resumed = pipeline.does(0, &["resume", "-y"], &[]);
    assert_eq!(resumed.written(), [pipeline.at("processor")]);
    pipeline.is(&[("processor", "desired_count", json!(0))]);
    pipeline.is_there("dr-active");
    pipeline.ops.done(&["status"]);
}

/// It takes connections and says nothing. Nobody waits for it longer than for a few answers.
#[test]
fn test_a_region_that_hangs_is_soon_given_up() {
    let pipeline = Pipeline::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    pipeline.reached_at(&|name| if name == "east" { url.clone() } else { pipeline.aws.url() });
    let began = Instant::now();
    let said = pipeline.plan("dr-active");
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}\n{said}");
    assert!(said.out.contains("unreachable, tolerated: no answer within 10s"), "{said}");
    pipeline.ops.ends(10, &["apply", "dr-active", "-y"]);
    pipeline.is(&[("api-west", "weight", json!(100)), ("api-east", "weight", json!(0))]);
}

/// The region goes before its own step is sent: what was done stays, and the step is owed and done when it is back.
#[test]
fn test_a_region_that_goes_in_the_middle() {
    let pipeline = Pipeline::new();
    let gone = pipeline.aws.when("*", "*").after("PromoteReadReplica");
    let gone = gone.is(|call| call.region == "us-east-1" && !["route53", "sts"].contains(&&*call.service)).close();
    let said = pipeline.ops.ends(10, &["apply", "dr-active", "-y"]);
    for word in ["done 10   failed 0   unknown 0   owed 1", "dr-active is applied, with 1 step owed", "opsctl resume"] {
        assert!(said.out.contains(word), "{said}");
    }
    pipeline.is(&[("api-west", "weight", json!(100)), ("api-east", "weight", json!(0))]);
    let said = pipeline.ops.ends(10, &["status"]);
    assert!(
        said.out.contains("1 step of dr-active") && said.out.contains("9 settings are as they should be"),
        "{said}"
    );
    gone.end();
    let resumed = pipeline.does(0, &["resume", "-y"], &[]);
    assert_eq!(resumed.written(), [pipeline.at("processor")]);
    pipeline.is_there("dr-active");
}
