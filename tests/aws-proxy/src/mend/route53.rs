//! Record sets of Route 53. moto creates what exists, deletes by the set identifier alone, goes half of a batch's way and
//! lists without identifiers; so the sets are kept here, from what moto has of a zone when it is first spoken of.
//! <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>

use std::collections::BTreeMap;

use super::Outcome;
use crate::answer::{Answer, Refusal};
use crate::call::Call;
use crate::moto::{Fault, Moto};
use crate::xml::Xml;

const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

/// A page of record sets.
const PAGE: usize = 300;

#[derive(Default)]
pub(super) struct Zones {
    zones: BTreeMap<String, Sets>,
    /// Changes that were made.
    changes: u64,
}

/// The record sets of a zone, in the order of its listing.
type Sets = BTreeMap<Key, Xml>;

/// The labels from the top on, the type, the set identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(Vec<String>, String, String);

impl Zones {
    pub(super) async fn answer(&mut self, call: &Call, moto: &Moto) -> Outcome {
        let id = call.segments().into_iter().nth(2).unwrap_or_default();
        match call.operation.as_str() {
            "ListResourceRecordSets" => Ok(list(self.zone(call, moto, &id).await?, call)),
            "ChangeResourceRecordSets" => {
                let sets = changed(self.zone(call, moto, &id).await?, &call.as_xml())?;
                self.zones.insert(id, sets);
                self.changes += 1;
                let change = info(&format!("/change/C{:013}", self.changes), "PENDING");
                Ok(Answer::xml(&Xml::new("ChangeResourceRecordSetsResponse", vec![change]).in_namespace(NAMESPACE)))
            }
            "GetChange" => {
                let number: u64 = id.trim_start_matches('C').parse().unwrap_or_default();
                if !(1..=self.changes).contains(&number) {
                    let why = format!("A change with ID {id} does not exist");
                    return Refusal::new("NoSuchChange", why).status(404).into();
                }
                let change = info(&format!("/change/{id}"), "INSYNC");
                Ok(Answer::xml(&Xml::new("GetChangeResponse", vec![change]).in_namespace(NAMESPACE)))
            }
            "DeleteHostedZone" => {
                self.zones.remove(&id);
                moto.send(call).await
            }
            _ => moto.send(call).await,
        }
    }

    async fn zone(&mut self, call: &Call, moto: &Moto, id: &str) -> Result<&Sets, Fault> {
        if !self.zones.contains_key(id) {
            let path = format!("/2013-04-01/hostedzone/{id}/rrset");
            let answer = moto.send(&Call::rest("route53", &call.region, hyper::Method::GET, &path, "")).await?;
            if !answer.ok() {
                let why = format!("No hosted zone found with ID: {id}");
                return Err(Refusal::new("NoSuchHostedZone", why).status(404).into());
            }
            let read = answer.as_xml();
            let sets = read.all("ResourceRecordSet").into_iter().map(|set| (Key::of(set), plain(set))).collect();
            self.zones.insert(id.to_owned(), sets);
        }
        Ok(&self.zones[id])
    }
}

/// - A set is created only if it is not there, and deleted only with exactly its values.
/// - All changes are made, one after the other, or none.
/// - A weight is from 0 to 255, and a name lies within the zone.
/// - The sets of a weighted name have one TTL.
fn changed(sets: &Sets, request: &Xml) -> Result<Sets, Refusal> {
    let apex = sets.keys().find(|key| key.1 == "SOA").map_or(&[][..], |key| &key.0);
    let mut after = sets.clone();
    let mut wrong = Vec::new();
    for change in request.all("Change") {
        let Some(set) = change.child("ResourceRecordSet").map(plain) else { continue };
        let weight = set.at("Weight");
        if !weight.is_empty() && weight.parse::<u8>().is_err() {
            let why = format!("Invalid request: a weight is from 0 to 255, and not {weight}");
            return Err(Refusal::new("InvalidInput", why));
        }
        let key = Key::of(&set);
        let named = key.named(&set);
        if !key.0.starts_with(apex) {
            wrong.push(format!("RRSet with DNS name {} is not permitted in this zone", set.at("Name")));
            continue;
        }
        match (change.at("Action"), after.get(&key)) {
            ("CREATE", Some(_)) => {
                wrong.push(format!("Tried to create resource record set {named} but it already exists"))
            }
            ("DELETE", None) => wrong.push(format!("Tried to delete resource record set {named} but it was not found")),
            ("DELETE", Some(known)) if sorted(known) != sorted(&set) => wrong.push(format!(
                "Tried to delete resource record set {named} but the values provided do not match the current values"
            )),
            ("DELETE", Some(_)) => {
                after.remove(&key);
            }
            _ => {
                after.insert(key, set);
            }
        }
    }
    for (key, set) in after.iter().filter(|(key, set)| !set.at("Weight").is_empty() && sets.get(*key) != Some(*set)) {
        let ttl = set.at("TTL");
        let differs = |other: &Xml| ![other.at("TTL"), ttl].contains(&"") && other.at("TTL") != ttl;
        if after.iter().any(|(of, other)| (&of.0, &of.1) == (&key.0, &key.1) && differs(other)) {
            let why = "cannot be created as weighted sets must contain the same TTL";
            wrong.push(format!(
                "RRSet with DNS name {}, type {}, SetIdentifier {} {why}.",
                set.at("Name"),
                key.1,
                key.2
            ));
        }
    }
    if wrong.is_empty() {
        Ok(after)
    } else {
        Err(Refusal::new("InvalidChangeBatch", format!("[{}]", wrong.join(", "))))
    }
}

fn list(sets: &Sets, call: &Call) -> Answer {
    let fields = call.fields();
    let given = |name: &str| fields.get(name).map_or("", |value| value.as_str());
    let start = Key(labels(given("name")), given("type").to_owned(), given("identifier").to_owned());
    let most = given("maxitems").parse().unwrap_or(PAGE).min(PAGE);
    let mut from = sets.range(start..);
    let page: Vec<Xml> = from.by_ref().take(most).map(|(_, set)| set.clone()).collect();
    let next = from.next().map(|(_, set)| set);
    let mut answer = vec![
        Xml::new("ResourceRecordSets", page),
        Xml::leaf("IsTruncated", next.is_some()),
        Xml::leaf("MaxItems", most),
    ];
    for (element, field) in
        [("NextRecordName", "Name"), ("NextRecordType", "Type"), ("NextRecordIdentifier", "SetIdentifier")]
    {
        answer
            .extend(next.map(|set| set.at(field)).filter(|text| !text.is_empty()).map(|text| Xml::leaf(element, text)));
    }
    Answer::xml(&Xml::new("ListResourceRecordSetsResponse", answer).in_namespace(NAMESPACE))
}

impl Key {
    fn of(set: &Xml) -> Self {
        Self(labels(set.at("Name")), set.at("Type").to_owned(), set.at("SetIdentifier").to_owned())
    }

    fn named(&self, set: &Xml) -> String {
        let identifier = if self.2.is_empty() { String::new() } else { format!(", set identifier='{}'", self.2) };
        format!("[name='{}', type='{}'{identifier}]", set.at("Name"), self.1)
    }
}

fn labels(name: &str) -> Vec<String> {
    let name = domain(name);
    name.split('.').rev().filter(|label| !label.is_empty()).map(str::to_owned).collect()
}

/// A name as Route 53 gives it back.
fn domain(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.').to_lowercase().replace('*', "\\052"))
}

/// A record set as Route 53 gives it back.
fn plain(set: &Xml) -> Xml {
    let mut set = set.clone();
    let name = domain(set.at("Name"));
    set.set("Name", name);
    set.each("DNSName", &mut |name| name.text = domain(&name.text));
    set
}

/// The order of fields and of values says nothing.
fn sorted(xml: &Xml) -> Xml {
    let mut xml = xml.clone();
    xml.children = xml.children.iter().map(sorted).collect();
    xml.children.sort();
    xml
}

fn info(id: &str, status: &str) -> Xml {
    let fields = [("Id", id), ("Status", status), ("SubmittedAt", "2026-01-01T00:00:00Z")];
    Xml::new("ChangeInfo", fields.map(|(name, text)| Xml::leaf(name, text)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Sets {
        let sets = ["<S><Name>example.com.</Name><Type>SOA</Type></S>"].map(|text| Xml::parse(text).unwrap());
        sets.into_iter().map(|set| (Key::of(&set), set)).collect()
    }

    fn batch(changes: &[(&str, u32)]) -> Xml {
        let changes = changes.iter().map(|(action, weight)| {
            format!(
                "<Change><Action>{action}</Action><ResourceRecordSet><Name>Live.example.com</Name><Type>CNAME</Type>\
                 <SetIdentifier>east</SetIdentifier><Weight>{weight}</Weight></ResourceRecordSet></Change>"
            )
        });
        Xml::parse(&format!("<B><Changes>{}</Changes></B>", changes.collect::<String>())).unwrap()
    }

    #[test]
    fn test_a_set_is_changed_only_from_what_it_is() {
        let one = changed(&zone(), &batch(&[("CREATE", 100)])).unwrap();
        let two = changed(&one, &batch(&[("DELETE", 100), ("CREATE", 0)])).unwrap();
        let back = changed(&two, &batch(&[("DELETE", 0), ("CREATE", 100)])).unwrap();
        assert_eq!(back, one);
        for (batch_, word) in [
            (batch(&[("CREATE", 5)]), "set identifier='east'] but it already exists"),
            (batch(&[("DELETE", 100), ("CREATE", 5)]), "do not match the current values"),
        ] {
            let refusal = changed(&two, &batch_).unwrap_err();
            assert_eq!(refusal.code, "InvalidChangeBatch");
            assert!(refusal.message.contains(word), "{}", refusal.message);
        }
        assert_eq!(changed(&two, &batch(&[("UPSERT", 256)])).unwrap_err().code, "InvalidInput");
    }
}
