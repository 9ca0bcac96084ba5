//! What AWS says of a resource to whoever asks it without opsctl.

use opsctl_aws_proxy::{Method, Proxy};
use serde_json::{Value as Json, json};

use super::pipeline::region;

/// The settings of a resource.
pub(super) fn of(aws: &Proxy, at: &str) -> Json {
    let (instance, path) = at.split_once(':').unwrap();
    let (kind, path) = path.split_once('/').unwrap();
    let console = aws.console(region(instance));
    match kind {
        "kinesis-stream" => {
            let read = console.json("kinesis", "DescribeStreamSummary", &json!({ "StreamName": path }));
            let stream = &read["StreamDescriptionSummary"];
            let key = if stream["EncryptionType"] == "KMS" { stream["KeyId"].clone() } else { Json::Null };
            json!({
                "shards": stream["OpenShardCount"], "encryption": key, "retention_hours": stream["RetentionPeriodHours"],
            })
        }
        "ecs-service" => {
            let (cluster, service) = path.split_once('/').unwrap();
            let asked = json!({ "cluster": cluster, "services": [service] });
            let read = console.json("ecs", "DescribeServices", &asked);
            let service = &read["services"][0];
            let arn = service["taskDefinition"].as_str().unwrap();
            let definition = arn.split_once("task-definition/").map(|(_, named)| named);
            json!({ "desired_count": service["desiredCount"], "task_definition": definition })
        }
        "scalable-target" => {
            let (namespace, rest) = path.split_once('/').unwrap();
            let (resource, _) = rest.rsplit_once('/').unwrap();
            let asked = json!({ "ServiceNamespace": namespace, "ResourceIds": [resource] });
            let read = console.json("application-autoscaling", "DescribeScalableTargets", &asked);
            let target = &read["ScalableTargets"][0];
            json!({ "min": target["MinCapacity"], "max": target["MaxCapacity"] })
        }
        "asg" => {
            let asked = [("AutoScalingGroupNames.member.1", path)];
            let read = console.form("autoscaling", "DescribeAutoScalingGroups", &asked);
            let group = read.all("AutoScalingGroups")[0].child("member").unwrap().clone();
            let number = |name: &str| group.at(name).parse::<i64>().unwrap();
            json!({ "min": number("MinSize"), "max": number("MaxSize"), "desired": number("DesiredCapacity") })
        }
        "lambda-alias" => {
            let (function, alias) = path.split_once('/').unwrap();
            let path = format!("/2015-03-31/functions/{function}/aliases/{alias}");
            let read = console.rest("lambda", Method::GET, &path, "").as_json();
            let mut settings = json!({ "version": read["FunctionVersion"] });
            for (version, weight) in read["RoutingConfig"]["AdditionalVersionWeights"].as_object().into_iter().flatten()
            {
                settings[format!("weights.{version}")] = weight.clone();
            }
            settings
        }
        "rds-instance" => {
            let read = console.form("rds", "DescribeDBInstances", &[("DBInstanceIdentifier", path)]);
            let instance = read.all("DBInstance")[0];
            json!({
                "class": instance.at("DBInstanceClass"),
                "running": instance.at("DBInstanceStatus") == "available",
                "promoted": instance.at("ReadReplicaSourceDBInstanceIdentifier").is_empty(),
            })
        }
        "secret" => {
            let asked = json!({ "SecretId": path, "VersionStage": "AWSCURRENT" });
            let read = console.json("secretsmanager", "GetSecretValue", &asked);
            serde_json::from_str(read["SecretString"].as_str().unwrap()).unwrap()
        }
        "route53-alias" | "route53-record" => {
            let [zone, name, _, set] = path.split('/').collect::<Vec<_>>()[..] else { panic!("{path}") };
            let list = format!("/2013-04-01/hostedzone/{zone}/rrset");
            let read = console.rest("route53", Method::GET, &list, "").as_xml();
            let is_it = |found: &&&opsctl_aws_proxy::Xml| {
                found.at("Name").starts_with(name) && found.at("SetIdentifier") == set
            };
            let sets = read.all("ResourceRecordSet");
            let weight = sets.iter().find(is_it).unwrap().at("Weight");
            json!({ "weight": weight.parse::<i64>().unwrap() })
        }
        other => panic!("{other} is not read here"),
    }
}
