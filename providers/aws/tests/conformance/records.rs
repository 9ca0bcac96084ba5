use std::fmt::Write as _;
use std::sync::OnceLock;

use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::{Console, Method};

use crate::account::{Ground, integer, text, words};

/// Record sets of a hosted zone, of either sort.
pub(crate) struct Records {
    alias: bool,
    zone: OnceLock<String>,
}

/// A record set as it is made, and as a colleague changes it.
struct Set {
    weight: i64,
    ttl: i64,
    values: Vec<String>,
    target: String,
    target_zone: String,
    evaluate_health: bool,
    health_check: Option<String>,
}

impl Set {
    fn fresh() -> Self {
        Self {
            weight: 100,
            ttl: 60,
            values: vec!["east.example.com".to_owned()],
            target: "lb.example.com".to_owned(),
            target_zone: "Z35SXDOTRQ7X7K".to_owned(),
            evaluate_health: false,
            health_check: None,
        }
    }

    fn set(&mut self, setting: &str, to: Option<&Value>) {
        match (setting, to) {
            ("weight", Some(Value::Integer(weight))) => self.weight = *weight,
            ("ttl", Some(Value::Integer(ttl))) => self.ttl = *ttl,
            ("values", Some(Value::Set(values))) => self.values = values.iter().cloned().collect(),
            ("target", Some(Value::String(target))) => self.target.clone_from(target),
            ("target_zone", Some(Value::String(zone))) => self.target_zone.clone_from(zone),
            ("evaluate_health", Some(Value::Bool(health))) => self.evaluate_health = *health,
            ("health_check", to) => self.health_check = to.and_then(Value::as_str).map(str::to_owned),
            other => panic!("{other:?}"),
        }
    }

    fn xml(&self, name: &str, alias: bool) -> String {
        let ty = if alias { "A" } else { "CNAME" };
        let mut xml = format!(
            "<Name>{name}</Name><Type>{ty}</Type><SetIdentifier>east</SetIdentifier><Weight>{}</Weight>",
            self.weight
        );
        if alias {
            let _ = write!(
                xml,
                "<AliasTarget><HostedZoneId>{}</HostedZoneId><DNSName>{}</DNSName>\
                 <EvaluateTargetHealth>{}</EvaluateTargetHealth></AliasTarget>",
                self.target_zone, self.target, self.evaluate_health
            );
        } else {
            let _ = write!(xml, "<TTL>{}</TTL><ResourceRecords>", self.ttl);
            for value in &self.values {
                let _ = write!(xml, "<ResourceRecord><Value>{value}</Value></ResourceRecord>");
            }
            xml.push_str("</ResourceRecords>");
        }
        if let Some(check) = &self.health_check {
            let _ = write!(xml, "<HealthCheckId>{check}</HealthCheckId>");
        }
        xml
    }
}

impl Records {
    pub(crate) fn new(alias: bool) -> Self {
        Self { alias, zone: OnceLock::new() }
    }

    fn zone(&self, console: &Console<'_>) -> &str {
        self.zone.get_or_init(|| {
            let body = format!(
                "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>example.com</Name>\
                 <CallerReference>{}</CallerReference></CreateHostedZoneRequest>",
                self.alias
            );
            let made = console.rest("route53", Method::POST, "/2013-04-01/hostedzone", body).text().into_owned();
            let (_, id) = made.split_once("<Id>/hostedzone/").unwrap_or_else(|| panic!("{made}"));
            id.split_once('<').unwrap().0.to_owned()
        })
    }

    fn change(&self, console: &Console<'_>, action: &str, set: &str) {
        let zone = self.zone(console);
        let body = format!(
            "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>\
             <Change><Action>{action}</Action><ResourceRecordSet>{set}</ResourceRecordSet></Change></Changes></ChangeBatch>\
             </ChangeResourceRecordSetsRequest>"
        );
        console.rest("route53", Method::POST, &format!("/2013-04-01/hostedzone/{zone}/rrset"), body);
    }

    fn path(&self, console: &Console<'_>, name: &str) -> String {
        format!("{}/{name}/{}/east", self.zone(console), if self.alias { "A" } else { "CNAME" })
    }
}

impl Ground for Records {
    fn make(&self, console: &Console<'_>, nth: usize) -> String {
        let name = format!("live-{nth}.example.com");
        self.change(console, "CREATE", &Set::fresh().xml(&name, self.alias));
        self.path(console, &name)
    }

    fn examples(&self) -> Vec<Example> {
        let mut examples = vec![integer("weight", 0), integer("weight", 200), text("health_check", "abc")];
        if self.alias {
            examples.extend([
                text("target", "lb-2.example.com"),
                text("target_zone", "Z3DZXE0Q79N41H"),
                Example::set("evaluate_health", Value::Bool(true)),
            ]);
        } else {
            examples.extend([
                integer("ttl", 5),
                integer("ttl", 300),
                Example::set("values", words(&["west.example.com"])),
            ]);
        }
        examples
    }

    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>) {
        let name = path.split('/').nth(1).unwrap();
        let mut set = Set::fresh();
        set.set(setting, to);
        self.change(console, "UPSERT", &set.xml(name, self.alias));
    }

    fn missing(&self, console: &Console<'_>) -> String {
        self.path(console, "nobody.example.com")
    }

    fn pattern(&self, console: &Console<'_>) -> String {
        format!("{}/*", self.zone(console))
    }

    fn tagged(&self) -> bool {
        false
    }

    /// A list of the zone, which all trials make longer.
    fn most_calls(&self) -> u64 {
        5
    }
}
