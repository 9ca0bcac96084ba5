//! Makes in AWS what a simulated world has.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use opsctl_aws_proxy::{Console, Method, Proxy};
use serde_json::{Value as Json, json};
use toml::Table;

use super::pipeline::region;

/// An empty archive: the mark of its end alone.
const CODE: &str = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";

pub(super) struct World<'a> {
    pub(super) aws: &'a Proxy,
    /// The hosted zone of all records.
    pub(super) zone: String,
    /// What several resources share and is made once: by region and name.
    made: BTreeSet<(&'static str, String)>,
}

impl<'a> World<'a> {
    pub(super) fn new(aws: &'a Proxy, domain: &str) -> Self {
        let body = format!(
            "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>{domain}</Name>\
             <CallerReference>{domain}</CallerReference></CreateHostedZoneRequest>"
        );
        let made = aws.console(region("dns")).rest("route53", Method::POST, "/2013-04-01/hostedzone", body);
        let zone = made.as_xml().at("HostedZone/Id").trim_start_matches("/hostedzone/").to_owned();
        Self { aws, zone, made: BTreeSet::new() }
    }

    /// Makes a resource with these settings. The text of a secret is read by `file`.
    pub(super) fn make(&mut self, at: &str, settings: &Table, file: &dyn Fn(&str) -> String) {
        let (instance, path) = at.split_once(':').unwrap();
        let (kind, path) = path.split_once('/').unwrap();
        let region = region(instance);
        let console = self.aws.console(region);
        let number = |setting: &str| settings.get(setting).and_then(toml::Value::as_integer).unwrap_or_default();
        let text = |setting: &str| settings.get(setting).and_then(toml::Value::as_str).unwrap_or_default();
        match kind {
            "kinesis-stream" => stream(&console, path, settings),
            "ecs-service" => self.service(region, path, number("desired_count"), text("task_definition")),
            "scalable-target" => scalable_target(&console, path, number("min"), number("max")),
            "lambda-alias" => alias(&console, path, text("version")),
            "rds-instance" => {
                self.database(&console, path, text("class"), settings["promoted"].as_bool() == Some(true))
            }
            "secret" => {
                let keys = settings["json"].as_table().unwrap().iter();
                let keys = keys.map(|(key, source)| (key.clone(), json!(file(source["file"].as_str().unwrap()))));
                let text = Json::Object(keys.collect()).to_string();
                console.json("secretsmanager", "CreateSecret", &json!({ "Name": path, "SecretString": text }));
            }
            "route53-alias" => {
                let target = format!(
                    "<AliasTarget><HostedZoneId>{}</HostedZoneId><DNSName>{}</DNSName>\
                     <EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>",
                    text("target_zone"),
                    text("target")
                );
                record(&console, path, number("weight"), &target);
            }
            "cloudwatch-alarm" => alarm(&console, path, text("state")),
            "cloudwatch-metric" => measured(&console, path, &["minimum", "maximum"].map(|name| settings[name].clone())),
            "target-group" => targets(&console, path, number("healthy")),
            "s3-prefix" => {
                let (bucket, prefix) = path.split_once('/').unwrap();
                console.rest("s3", Method::PUT, &format!("/{bucket}"), "");
                console.rest("s3", Method::PUT, &format!("/{bucket}/{prefix}/events.dump"), "dump");
            }
            other => panic!("{other} is not made here"),
        }
    }

    fn service(&mut self, region: &'static str, path: &str, count: i64, definition: &str) {
        let (cluster, name) = path.split_once('/').unwrap();
        let console = self.aws.console(region);
        if self.made.insert((region, cluster.to_owned())) {
            console.json("ecs", "CreateCluster", &json!({ "clusterName": cluster }));
        }
        let (family, revision) = definition.split_once(':').unwrap();
        if self.made.insert((region, definition.to_owned())) {
            definitions(&console, family, 1..=revision.parse().unwrap());
        }
        let service = json!({
            "cluster": cluster, "serviceName": name, "taskDefinition": definition, "desiredCount": count,
        });
        console.json("ecs", "CreateService", &service);
    }

    /// What is not promoted is a replica of what has the first part of its name, in the east.
    fn database(&self, console: &Console<'_>, id: &str, class: &str, promoted: bool) {
        let named = [("DBInstanceIdentifier", id), ("DBInstanceClass", class)];
        if promoted {
            let more = [
                ("Engine", "postgres"),
                ("AllocatedStorage", "20"),
                ("MasterUsername", "ops"),
                ("MasterUserPassword", "a-long-password"),
            ];
            console.form("rds", "CreateDBInstance", &[&named[..], &more[..]].concat());
        } else {
            let (source, _) = id.split_once("-replica").unwrap();
            let source = format!("arn:aws:rds:{}:{}:db:{source}", region("east"), self.aws.account());
            let more = [("SourceDBInstanceIdentifier", &*source)];
            console.form("rds", "CreateDBInstanceReadReplica", &[&named[..], &more[..]].concat());
        }
        let snapshot = format!("{id}-nightly");
        console.form("rds", "CreateDBSnapshot", &[named[0], ("DBSnapshotIdentifier", &*snapshot)]);
    }
}

/// Registers revisions of a task definition, the first of which comes after those that there are.
pub(super) fn definitions(console: &Console<'_>, family: &str, revisions: RangeInclusive<u32>) {
    for _ in revisions {
        let container = json!({ "name": "main", "image": family, "memory": 64 });
        let definition = json!({ "family": family, "containerDefinitions": [container] });
        console.json("ecs", "RegisterTaskDefinition", &definition);
    }
}

fn stream(console: &Console<'_>, name: &str, settings: &Table) {
    let call = |operation: &str, mut body: Json| {
        body["StreamName"] = json!(name);
        console.json("kinesis", operation, &body);
    };
    call("CreateStream", json!({ "ShardCount": settings["shards"].as_integer() }));
    let hours = settings["retention_hours"].as_integer().unwrap();
    if hours > 24 {
        call("IncreaseStreamRetentionPeriod", json!({ "RetentionPeriodHours": hours }));
    }
    if let Some(key) = settings.get("encryption").and_then(toml::Value::as_str) {
        call("StartStreamEncryption", json!({ "EncryptionType": "KMS", "KeyId": key }));
    }
}

fn scalable_target(console: &Console<'_>, path: &str, min: i64, max: i64) {
    let (namespace, rest) = path.split_once('/').unwrap();
    let (resource, dimension) = rest.rsplit_once('/').unwrap();
    let target = json!({
        "ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": dimension,
        "MinCapacity": min, "MaxCapacity": max,
    });
    console.json("application-autoscaling", "RegisterScalableTarget", &target);
}

/// With one version more than it stands for, so that there is another one.
fn alias(console: &Console<'_>, path: &str, version: &str) {
    let (function, name) = path.split_once('/').unwrap();
    let role = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole",
    }] });
    let fields = [("RoleName", function), ("AssumeRolePolicyDocument", &role.to_string())];
    let role = console.form("iam", "CreateRole", &fields).all("Arn")[0].text.clone();
    let send = |method, path: &str, body: Json| {
        console.rest("lambda", method, &format!("/2015-03-31/functions{path}"), body.to_string());
    };
    let made = json!({
        "FunctionName": function, "Runtime": "python3.12", "Handler": "x.y", "Role": role, "Publish": true,
        "Code": { "ZipFile": CODE },
    });
    send(Method::POST, "", made);
    for next in 2..=version.parse::<u32>().unwrap() + 1 {
        let variables = json!({ "Environment": { "Variables": { "NUMBER": next.to_string() } } });
        send(Method::PUT, &format!("/{function}/configuration"), variables);
        send(Method::POST, &format!("/{function}/versions"), json!({}));
    }
    send(Method::POST, &format!("/{function}/aliases"), json!({ "Name": name, "FunctionVersion": version }));
}

/// A record set in its zone, with what it answers.
pub(super) fn record(console: &Console<'_>, path: &str, weight: i64, answer: &str) {
    let [zone, name, of, set] = path.split('/').collect::<Vec<_>>()[..] else { panic!("{path}") };
    let body = format!(
        "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>\
         <Change><Action>CREATE</Action><ResourceRecordSet><Name>{name}</Name><Type>{of}</Type>\
         <SetIdentifier>{set}</SetIdentifier><Weight>{weight}</Weight>{answer}</ResourceRecordSet></Change>\
         </Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    );
    console.rest("route53", Method::POST, &format!("/2013-04-01/hostedzone/{zone}/rrset"), body);
}

fn alarm(console: &Console<'_>, name: &str, state: &str) {
    let alarm = json!({
        "AlarmName": name, "Namespace": "Edge", "MetricName": "Errors", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold",
    });
    console.json("monitoring", "PutMetricAlarm", &alarm);
    let state = json!({ "AlarmName": name, "StateValue": state, "StateReason": "a test" });
    console.json("monitoring", "SetAlarmState", &state);
}

/// `AWS/RDS/ReplicaLag/DBInstanceIdentifier=copy` was measured now.
pub(super) fn measured(console: &Console<'_>, path: &str, values: &[toml::Value]) {
    let (rest, dimension) = path.rsplit_once('/').unwrap();
    let (namespace, metric) = rest.rsplit_once('/').unwrap();
    let (name, value) = dimension.split_once('=').unwrap();
    let datum = |number: &toml::Value| {
        let dimension = json!({ "Name": name, "Value": value });
        json!({ "MetricName": metric, "Dimensions": [dimension], "Value": number.as_float() })
    };
    let data: Vec<Json> = values.iter().map(datum).collect();
    console.json("monitoring", "PutMetricData", &json!({ "Namespace": namespace, "MetricData": data }));
}

fn targets(console: &Console<'_>, name: &str, count: i64) {
    let vpc = console.form("ec2", "CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).at("vpc/vpcId").to_owned();
    let fields = [("Name", name), ("Protocol", "HTTP"), ("Port", "80"), ("VpcId", &*vpc), ("TargetType", "ip")];
    let made = console.form("elasticloadbalancing", "CreateTargetGroup", &fields);
    let arn = &made.all("TargetGroupArn")[0].text;
    let targets: Vec<(String, String)> =
        (1..=count).map(|nth| (format!("Targets.member.{nth}.Id"), format!("10.0.0.{}", nth + 3))).collect();
    let targets = targets.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = [("TargetGroupArn", arn.as_str())].into_iter().chain(targets).collect();
    console.form("elasticloadbalancing", "RegisterTargets", &fields);
}
