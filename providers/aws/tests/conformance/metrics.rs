use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::Console;
use serde_json::json;

use crate::account::Ground;

/// What hosts have measured.
pub(crate) struct Metrics;

impl Ground for Metrics {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        let host = format!("edge-{nth}");
        let value = |value: f64| json!({ "MetricName": "Lag", "Dimensions": [{ "Name": "Host", "Value": host }], "Value": value });
        let data = json!({ "Namespace": "Edge", "MetricData": [value(2.0), value(4.0)] });
        console.json("monitoring", "PutMetricData", &data);
        format!("Edge/Lag/Host={host}")
    }

    fn examples(&self) -> Vec<Example> {
        Vec::new()
    }

    fn disturb(&self, _console: &Console<'_>, path: &str, _setting: &str, _to: Option<&Value>) {
        panic!("{path} is only read")
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        "Edge/Lag/Host=nobody".to_owned()
    }

    fn pattern(&self, _console: &Console<'_>) -> String {
        "Edge/Lag/*".to_owned()
    }

    fn tagged(&self) -> bool {
        false
    }

    /// Five hundred statistics a call, of which a metric has four.
    fn most_calls(&self) -> u64 {
        1
    }
}
