//! Database instances: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html>.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kept, Outcome, ask_form, key};
use crate::answer::{Answer, Refusal};
use crate::call::Call;
use crate::moto::Moto;
use crate::xml::Xml;

/// What moto forgets of instances.
#[derive(Default)]
pub(super) struct Databases {
    /// Replicas no more.
    promoted: BTreeSet<(String, String)>,
    /// Classes that wait for the maintenance window.
    pending: Kept<String>,
}

impl Databases {
    pub(super) async fn answer(&mut self, call: &Call, moto: &Moto) -> Outcome {
        let mut fields = call.fields();
        let name = fields.get("DBInstanceIdentifier").cloned().unwrap_or_default();
        let mut forwarded = call.clone();
        match call.operation.as_str() {
            // A promoted replica stands alone; what is none is refused.
            "PromoteReadReplica" => {
                let read = ask_form(call, moto, "DescribeDBInstances", &[("DBInstanceIdentifier", &name)]).await?;
                if read.name.is_empty() {
                    let why = format!("DBInstance {name} not found.");
                    return Refusal::new("DBInstanceNotFound", why).status(404).into();
                }
                let source = read.all("ReadReplicaSourceDBInstanceIdentifier");
                let promoted = self.promoted.contains(&key(call, &name));
                if promoted || source.iter().all(|source| source.text.is_empty()) {
                    let why = format!("DB Instance is not a read replica: {name}");
                    return Refusal::new("InvalidDBInstanceState", why).into();
                }
            }
            "DescribeOrderableDBInstanceOptions" => return Ok(orderable(call, &fields)),
            "ModifyDBInstance" if fields.get("DBInstanceClass").is_some_and(|class| !classes().contains(class)) => {
                let why = format!(
                    "RDS does not support creating a DB instance with the following combination: DBInstanceClass={}",
                    fields["DBInstanceClass"]
                );
                return Refusal::new("InvalidParameterCombination", why).into();
            }
            // Without `ApplyImmediately` a class waits for the maintenance window, and is seen as pending.
            "ModifyDBInstance" => {
                let now = fields.get("ApplyImmediately").is_some_and(|now| now == "true");
                let waits = if now { None } else { fields.remove("DBInstanceClass") };
                if let Some(class) = waits {
                    forwarded = again(call, &fields);
                    self.pending.insert(key(call, &name), class);
                } else if fields.contains_key("DBInstanceClass") {
                    self.pending.remove(&key(call, &name));
                }
            }
            _ => {}
        }
        let chosen = resources(&mut fields);
        if chosen.is_some() {
            forwarded = again(call, &fields);
        }
        let mut answer = moto.send(&forwarded).await?;
        if answer.ok() && call.operation == "PromoteReadReplica" {
            self.promoted.insert(key(call, &name));
        }
        self.overlay(call, &mut answer);
        if let Some(chosen) = chosen {
            let asked = |one: &Xml| chosen.iter().any(|id| id == one.at("DbiResourceId"));
            answer.alter_xml(|xml| {
                for list in ["DBInstances", "DBSnapshots"] {
                    xml.each(list, &mut |list| list.children.retain(asked));
                }
            });
        }
        Ok(answer)
    }

    fn overlay(&self, call: &Call, answer: &mut Answer) {
        if answer.ok() && answer.text().contains("<DBInstanceIdentifier>") {
            answer.alter_xml(|xml| {
                xml.each("DBInstance", &mut |instance| self.mend(call, instance));
                xml.each("DBSnapshot", &mut identify);
            });
        }
    }

    fn mend(&self, call: &Call, instance: &mut Xml) {
        identify(instance);
        let name = key(call, instance.at("DBInstanceIdentifier"));
        if self.promoted.contains(&name) {
            instance.set("ReadReplicaSourceDBInstanceIdentifier", "");
            instance.set("StatusInfos", "");
        }
        if let Some(replicas) =
            instance.children.iter_mut().find(|child| child.name == "ReadReplicaDBInstanceIdentifiers")
        {
            replicas.children.retain(|replica| !self.promoted.contains(&key(call, &replica.text)));
        }
        let pending = self.pending.get(&name).map(|class| Xml::leaf("DBInstanceClass", class));
        instance.put(Xml::new("PendingModifiedValues", pending.into_iter().collect()));
        // A stopped instance is started by AWS after seven days:
        // <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
        let restart = if instance.at("DBInstanceStatus") == "stopped" { "2099-01-08T00:00:00Z" } else { "" };
        instance.set("AutomaticRestartTime", restart);
    }
}

/// What every engine has here. moto knows it of two engines, and asks nothing of a class.
fn classes() -> Vec<String> {
    let sized = |family: &&str, sizes: &[&str]| -> Vec<String> {
        sizes.iter().map(|size| format!("db.{family}.{size}")).collect()
    };
    let small = ["t3", "t4g"].iter().flat_map(|family| sized(family, &["micro", "small", "medium", "large"]));
    let large = ["m5", "r5", "r6g"].iter().flat_map(|family| sized(family, &["large", "xlarge", "2xlarge", "4xlarge"]));
    small.chain(large).collect()
}

/// An option for each class and sort of storage:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html>.
fn orderable(call: &Call, fields: &BTreeMap<String, String>) -> Answer {
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let asked = |class: &String| ["", class].contains(&field("DBInstanceClass"));
    let option = |(class, storage): (String, &str)| {
        let leaves = [
            ("Engine", field("Engine")),
            ("EngineVersion", field("EngineVersion")),
            ("DBInstanceClass", &class),
            ("StorageType", storage),
        ];
        Xml::new("OrderableDBInstanceOption", leaves.map(|(name, text)| Xml::leaf(name, text)).to_vec())
    };
    let all =
        classes().into_iter().filter(asked).flat_map(|class| ["gp2", "gp3"].map(|storage| (class.clone(), storage)));
    let all: Vec<Xml> = all.map(option).collect();
    let begin = field("Marker").parse::<usize>().unwrap_or_default();
    let most = field("MaxRecords").parse::<usize>().unwrap_or(100);
    let end = all.len().min(begin + most);
    let mut result = vec![Xml::new("OrderableDBInstanceOptions", all.get(begin..end).unwrap_or_default().to_vec())];
    if end < all.len() {
        result.push(Xml::leaf("Marker", end));
    }
    Answer::result(call, result)
}

/// The call with other fields.
fn again(call: &Call, fields: &BTreeMap<String, String>) -> Call {
    let fields = fields.iter().filter(|(name, _)| *name != "Action");
    let fields: Vec<_> = fields.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Call::form("rds", &call.region, &call.operation, &fields)
}

/// An instance has an ID that no other one ever has, also not a later one of its name, and its snapshots tell it; moto has one for all.
fn identify(found: &mut Xml) {
    let made: String = found.at("InstanceCreateTime").chars().filter(char::is_ascii_digit).collect();
    let id = format!("db-{}-{made}", found.at("DBInstanceIdentifier"));
    found.set("DbiResourceId", id);
}

/// Takes out of a call the resource IDs that it filters by.
fn resources(fields: &mut BTreeMap<String, String>) -> Option<Vec<String>> {
    let (name, _) = fields.iter().find(|(_, value)| *value == "dbi-resource-id")?;
    let filter = name.strip_suffix("Name")?.to_owned();
    let values = fields.iter().filter(|(name, _)| name.starts_with(&format!("{filter}Values.")));
    let values = values.map(|(_, value)| value.clone()).collect();
    fields.retain(|name, _| !name.starts_with(&filter));
    Some(values)
}
