use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::Console;
use serde_json::json;

use crate::account::Ground;

/// Alarms of metrics.
pub(crate) struct Alarms;

impl Ground for Alarms {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        let name = format!("errors-{nth}");
        let alarm = json!({
            "AlarmName": name, "Namespace": "Edge", "MetricName": "Errors", "Statistic": "Sum", "Period": 60,
            "EvaluationPeriods": 1, "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold",
            "Tags": [{ "Key": "made", "Value": "fresh" }],
        });
        console.json("monitoring", "PutMetricAlarm", &alarm);
        name
    }

    fn examples(&self) -> Vec<Example> {
        vec![Example::set("actions_enabled", Value::Bool(false))]
    }

    fn disturb(&self, console: &Console<'_>, path: &str, _setting: &str, to: Option<&Value>) {
        let operation = if to == Some(&Value::Bool(true)) { "EnableAlarmActions" } else { "DisableAlarmActions" };
        console.json("monitoring", operation, &json!({ "AlarmNames": [path] }));
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        "nothing".to_owned()
    }

    /// A hundred a call.
    fn most_calls(&self) -> u64 {
        1
    }
}
