use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::{Answer, Console, Proxy, Refusal};

use crate::account::{Ground, text};

/// RDS instances. Each is told as a replica until it is promoted, and its source as having none.
pub(crate) struct Databases {
    promoted: Arc<Mutex<BTreeSet<String>>>,
}

impl Databases {
    pub(crate) fn new(proxy: &Proxy) -> Self {
        let promoted = Arc::new(Mutex::new(BTreeSet::<String>::new()));
        let known = promoted.clone();
        proxy.when("rds", "PromoteReadReplica").answer(move |call| {
            let id = call.fields().remove("DBInstanceIdentifier").unwrap_or_default();
            if known.lock().unwrap().insert(id.clone()) {
                return Answer::result(call, Vec::new());
            }
            let why = format!("DB Instance is not a read replica: {id}");
            Answer::refused(call, &Refusal::new("InvalidDBInstanceState", why))
        });
        let known = promoted.clone();
        proxy.when("rds", "DescribeDBInstances").alter(move |_, answer| {
            let known = known.lock().unwrap();
            answer.alter_xml(|xml| {
                xml.each("DBInstance", &mut |instance| {
                    if !known.contains(instance.at("DBInstanceIdentifier")) {
                        instance.set("ReadReplicaSourceDBInstanceIdentifier", "main");
                    }
                });
            });
        });
        Self { promoted }
    }
}

fn ask(console: &Console<'_>, id: &str, operation: &str, fields: &[(&str, &str)]) {
    console.form("rds", operation, &[&[("DBInstanceIdentifier", id)], fields].concat());
}

impl Ground for Databases {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        let id = format!("db-{nth}");
        let fields = [
            ("DBInstanceClass", "db.t3.micro"),
            ("Engine", "postgres"),
            ("AllocatedStorage", "20"),
            ("MasterUsername", "ops"),
            ("MasterUserPassword", "a-long-password"),
            ("Tags.Tag.1.Key", "made"),
            ("Tags.Tag.1.Value", "fresh"),
        ];
        ask(console, &id, "CreateDBInstance", &fields);
        ask(console, &id, "CreateDBSnapshot", &[("DBSnapshotIdentifier", &format!("{id}-nightly"))]);
        id
    }

    fn examples(&self) -> Vec<Example> {
        vec![
            text("class", "db.m5.large"),
            text("class", "db.m5.xlarge"),
            Example::set("running", Value::Bool(false)).given(Example::set("promoted", Value::Bool(true))),
            Example::set("promoted", Value::Bool(true)),
        ]
    }

    fn illegal(&self) -> Vec<Example> {
        vec![Example::set("promoted", Value::Bool(false))]
    }

    fn restless(&self) -> Vec<String> {
        vec!["snapshot_age".to_owned()]
    }

    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        match (setting, to) {
            ("class", Some(Value::String(class))) => {
                let fields = [("DBInstanceClass", class.as_str()), ("ApplyImmediately", "true")];
                ask(console, path, "ModifyDBInstance", &fields);
            }
            ("running", Some(Value::Bool(true))) => ask(console, path, "StartDBInstance", &[]),
            ("running", _) => ask(console, path, "StopDBInstance", &[]),
            ("promoted", _) => drop(self.promoted.lock().unwrap().insert(path.to_owned())),
            other => panic!("{other:?}"),
        }
    }

    fn missing(&self, _console: &Console<'_>) -> String {
        "nothing".to_owned()
    }

    /// A hundred a call, and their snapshots.
    fn most_calls(&self) -> u64 {
        2
    }
}
