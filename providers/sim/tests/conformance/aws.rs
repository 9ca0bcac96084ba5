use opsctl_api::testkit::Example;
use opsctl_api::{Catalogue, Value};

use crate::own::{integer, secret, switch, text};
use crate::world::{Emulation, Fresh};

/// The catalogue of AWS, as it is rehearsed.
pub(crate) struct Aws;

fn set(setting: &str, words: &[&str]) -> Example {
    Example::set(setting, Value::Set(words.iter().map(|word| (*word).to_owned()).collect()))
}

fn number(setting: &str, to: f64) -> Example {
    Example::set(setting, Value::Number(to))
}

impl Emulation for Aws {
    fn catalogue(&self) -> &'static dyn Catalogue {
        opsctl_aws::catalogue()
    }

    fn fresh(&self, kind: &str, nth: usize) -> Fresh {
        let service = format!("main/web-{nth}");
        let (path, settings) = match kind {
            "asg" => (format!("web-{nth}"), "min = 1\ndesired = 3\nmax = 6\nsuspended = [\"AZRebalance\"]"),
            "cloudwatch-alarm" => (format!("errors-{nth}"), "actions_enabled = true\nstate = \"OK\""),
            "cloudwatch-metric" => (
                format!("AWS/RDS/ReplicaLag/DBInstanceIdentifier=db-{nth}"),
                "average = 0.5\nmaximum = 2.0\nminimum = 0.1\nsum = 4.0",
            ),
            "ec2-instance" => (format!("i-{nth}"), "instance_type = \"m6i.large\"\nrunning = true"),
            "ecs-service" => (service, "desired_count = 3\ntask_definition = \"web:4\""),
            "kinesis-stream" => (format!("events-{nth}"), "shards = 4\nretention_hours = 24\nencryption = \"alias/a\""),
            "lambda-alias" => (format!("ingest-{nth}/live"), "version = \"7\"\n\"weights.9\" = 0.1"),
            "rds-instance" => (
                format!("db-{nth}"),
                "class = \"db.r6g.large\"\npromoted = false\nrunning = true\nsnapshot_age = \"5h\"",
            ),
            "route53-alias" => (
                format!("Z1/live-{nth}.example.com/A/east"),
                "weight = 100\ntarget = \"lb.example.com\"\ntarget_zone = \"Z2\"\nevaluate_health = true",
            ),
            "route53-record" => (
                format!("Z1/live-{nth}.example.com/CNAME/east"),
                "weight = 100\nttl = 60\nvalues = [\"east.example.com\"]",
            ),
            "s3-bucket" => (format!("backups-{nth}"), "versioning = true\n\"lifecycle.expire\" = true"),
            "s3-object" => (format!("config/{nth}/pipeline.json"), "content = \"{}\\n\"\nversion = \"v1\""),
            "s3-prefix" => (format!("backups/db-{nth}/"), "newest_age = \"5h\""),
            "scalable-target" => (
                format!("ecs/service/{service}/ecs:service:DesiredCount"),
                "min = 2\nmax = 6\nsuspend_in = false\nsuspend_out = false\nsuspend_scheduled = false",
            ),
            "secret" => (
                format!("prod/db-{nth}"),
                "\"json.host\" = { plain = \"db-east\" }\n\"json.password\" = { plain = \"swordfish\" }",
            ),
            _ => (format!("web-{nth}"), "healthy = 3\nunhealthy = 0"),
        };
        let path = path.trim_end_matches('/').to_owned();
        let (mut settings, mut beside) = (settings.to_owned(), String::new());
        if kind == "scalable-target" {
            settings += &format!("\nconfines = [\"sim:ecs-service/confined/web-{nth}\"]");
            beside = format!("at = \"sim:ecs-service/confined/web-{nth}\"\ndesired_count = 3");
        }
        Fresh { path, settings, beside }
    }

    fn examples(&self, kind: &str) -> Vec<Example> {
        match kind {
            "asg" => vec![
                integer("desired", 5),
                integer("desired", 2),
                integer("max", 9),
                integer("max", 2).couples(),
                integer("min", 4).couples(),
                integer("min", 0),
                set("suspended", &["AZRebalance", "Launch"]),
                set("suspended", &["Launch"]),
            ],
            "cloudwatch-alarm" => vec![switch("actions_enabled", false)],
            "ec2-instance" => {
                vec![
                    switch("running", false),
                    text("instance_type", "m6i.xlarge"),
                    text("instance_type", "m6i.2xlarge"),
                ]
            }
            "ecs-service" => vec![
                integer("desired_count", 0),
                integer("desired_count", 9),
                text("task_definition", "web:5"),
                text("task_definition", "web:3"),
            ],
            "kinesis-stream" => vec![
                integer("shards", 32),
                integer("shards", 1),
                integer("shards", 6),
                integer("retention_hours", 48),
                integer("retention_hours", 168),
                text("encryption", "alias/b"),
                Example::absent("encryption"),
            ],
            "lambda-alias" => vec![
                text("version", "8"),
                text("version", "6"),
                number("weights.9", 0.5),
                number("weights.9", 0.05),
                Example::absent("weights.9"),
            ],
            "rds-instance" => vec![
                text("class", "db.r6g.xlarge"),
                text("class", "db.r6g.2xlarge"),
                switch("promoted", true),
                switch("running", false).given(switch("promoted", true)),
            ],
            "route53-alias" => vec![
                integer("weight", 0),
                integer("weight", 200),
                text("target", "lb-2.example.com"),
                text("target_zone", "Z3"),
                switch("evaluate_health", false),
                text("health_check", "abc"),
            ],
            "route53-record" => vec![
                integer("weight", 0),
                integer("weight", 200),
                integer("ttl", 5),
                set("values", &["west.example.com"]),
                text("health_check", "abc"),
            ],
            "s3-bucket" => vec![switch("versioning", false), switch("lifecycle.expire", false)],
            "s3-object" => {
                vec![text("content", "{\"a\": 1}\n"), text("content", ""), text("version", "v0"), text("version", "v2")]
            }
            "scalable-target" => vec![
                integer("max", 4),
                integer("max", 9),
                integer("min", 1),
                integer("min", 3),
                switch("suspend_in", true),
                switch("suspend_out", true),
                switch("suspend_scheduled", true),
            ],
            "secret" => vec![
                secret("json.password", "open-sesame"),
                secret("json.password", "abracadabra"),
                secret("json.port", "5432"),
                Example::absent("json.host"),
            ],
            _ => Vec::new(),
        }
    }

    fn illegal(&self, kind: &str) -> Vec<Example> {
        match kind {
            "asg" => vec![integer("min", 9), integer("desired", 9)],
            "ecs-service" => vec![text("task_definition", "web")],
            "kinesis-stream" => vec![integer("shards", 32)],
            "scalable-target" => vec![integer("min", 7), integer("max", 1)],
            _ => Vec::new(),
        }
    }
}
