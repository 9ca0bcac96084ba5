//! What EC2 answers about instances.

use std::collections::BTreeMap;

use aws_smithy_xml::decode::{Document, ScopedDecoder, XmlDecodeError, try_data};

/// An instance, as DescribeInstances tells it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) size: String,
    pub(super) tags: BTreeMap<String, String>,
}

/// A page of a list, and the token of the next one.
pub(super) type Page<T> = (Vec<T>, Option<String>);

/// Of a running instance the status of its system and its own: `ok`, `initializing`, `impaired`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) id: String,
    pub(super) checks: [String; 2],
}

/// The page of a DescribeInstances: instances are told by the reservations in which they were made.
pub(super) fn instances(answer: &str) -> Result<Page<Instance>, XmlDecodeError> {
    page(answer, "DescribeInstancesResponse", "reservationSet", |mut reservation, all| {
        while let Some(field) = reservation.next_tag() {
            if field.start_el().local() == "instancesSet" {
                items(field, |item| {
                    all.push(instance(item)?);
                    Ok(())
                })?;
            }
        }
        Ok(())
    })
}

/// The page of a DescribeInstanceStatus.
pub(super) fn statuses(answer: &str) -> Result<Page<Status>, XmlDecodeError> {
    page(answer, "DescribeInstanceStatusResponse", "instanceStatusSet", |item, all| {
        all.push(status(item)?);
        Ok(())
    })
}

/// The page of a DescribeInstanceTypes: their names.
pub(super) fn types(answer: &str) -> Result<Page<String>, XmlDecodeError> {
    page(answer, "DescribeInstanceTypesResponse", "instanceTypeSet", |item, all| {
        all.push(text_in(item, "instanceType")?);
        Ok(())
    })
}

/// Whether a DescribeInstanceAttribute says that it is so.
pub(super) fn is_on(answer: &str, attribute: &str) -> Result<bool, XmlDecodeError> {
    let mut document = Document::new(answer);
    let mut root = document.root_element()?;
    while let Some(field) = root.next_tag() {
        if field.start_el().local() == attribute {
            return Ok(text_in(field, "value")? == "true");
        }
    }
    Ok(false)
}

fn page<T>(
    answer: &str,
    response: &str,
    set: &str,
    mut take: impl FnMut(ScopedDecoder<'_, '_>, &mut Vec<T>) -> Result<(), XmlDecodeError>,
) -> Result<Page<T>, XmlDecodeError> {
    let (mut all, mut next) = (Vec::new(), None);
    let mut document = Document::new(answer);
    let mut root = document.root_element()?;
    if root.start_el().local() != response {
        return Err(XmlDecodeError::custom(format!("{} is no {response}", root.start_el().local())));
    }
    while let Some(mut field) = root.next_tag() {
        let name = field.start_el().local().to_owned();
        if name == set {
            items(field, |item| take(item, &mut all))?;
        } else if name == "nextToken" {
            next = Some(try_data(&mut field)?.into_owned()).filter(|token| !token.is_empty());
        }
    }
    Ok((all, next))
}

/// The elements of a list.
fn items(
    mut list: ScopedDecoder<'_, '_>,
    mut take: impl FnMut(ScopedDecoder<'_, '_>) -> Result<(), XmlDecodeError>,
) -> Result<(), XmlDecodeError> {
    while let Some(item) = list.next_tag() {
        take(item)?;
    }
    Ok(())
}

/// The text of one field.
fn text_in(mut element: ScopedDecoder<'_, '_>, name: &str) -> Result<String, XmlDecodeError> {
    while let Some(mut field) = element.next_tag() {
        if field.start_el().local() == name {
            return Ok(try_data(&mut field)?.into_owned());
        }
    }
    Ok(String::new())
}

fn instance(mut item: ScopedDecoder<'_, '_>) -> Result<Instance, XmlDecodeError> {
    let mut found = Instance::default();
    while let Some(mut field) = item.next_tag() {
        let name = field.start_el().local().to_owned();
        match name.as_str() {
            "instanceId" => found.id = try_data(&mut field)?.into_owned(),
            "instanceState" => found.state = text_in(field, "name")?,
            "instanceType" => found.size = try_data(&mut field)?.into_owned(),
            "tagSet" => items(field, |item| {
                let (key, value) = tag(item)?;
                found.tags.insert(key, value);
                Ok(())
            })?,
            _ => {}
        }
    }
    Ok(found)
}

fn tag(mut item: ScopedDecoder<'_, '_>) -> Result<(String, String), XmlDecodeError> {
    let (mut key, mut value) = (String::new(), String::new());
    while let Some(mut field) = item.next_tag() {
        match field.start_el().local() {
            "key" => key = try_data(&mut field)?.into_owned(),
            "value" => value = try_data(&mut field)?.into_owned(),
            _ => {}
        }
    }
    Ok((key, value))
}

fn status(mut item: ScopedDecoder<'_, '_>) -> Result<Status, XmlDecodeError> {
    let mut found = Status::default();
    while let Some(mut field) = item.next_tag() {
        let name = field.start_el().local().to_owned();
        match name.as_str() {
            "instanceId" => found.id = try_data(&mut field)?.into_owned(),
            "systemStatus" => found.checks[0] = text_in(field, "status")?,
            "instanceStatus" => found.checks[1] = text_in(field, "status")?,
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_instances_are_told_by_reservation() {
        let answer = "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>1</requestId>\
             <reservationSet>\
             <item><groupSet><item><groupId>sg-1</groupId></item></groupSet><instancesSet><item><instanceId>i-1</instanceId>\
             <instanceState><code>16</code><name>running</name></instanceState><instanceType>m6i.large</instanceType>\
             <placement><tenancy>default</tenancy></placement><rootDeviceType>ebs</rootDeviceType>\
             <tagSet><item><key>team</key><value>a &amp; b</value></item><item><key>made</key><value/></item></tagSet>\
             </item></instancesSet></item>\
             <item><instancesSet><item><instanceId>i-2</instanceId><instanceState><name>stopped</name></instanceState>\
             <instanceType>t3.micro</instanceType><instanceLifecycle>spot</instanceLifecycle></item></instancesSet></item>\
             </reservationSet><nextToken>more</nextToken></DescribeInstancesResponse>";
        let (found, next) = instances(answer).unwrap();
        let told: Vec<[&str; 3]> = found.iter().map(|one| [&*one.id, &*one.state, &*one.size]).collect();
        assert_eq!(told, [["i-1", "running", "m6i.large"], ["i-2", "stopped", "t3.micro"]]);
        assert_eq!((found[0].tags["team"].as_str(), found[0].tags["made"].as_str()), ("a & b", ""));
        assert_eq!(next.as_deref(), Some("more"));
        assert!(instances("<html><body>Welcome</body></html>").is_err());
        assert!(instances("Welcome").is_err());
    }

    #[test]
    fn test_the_status_has_two_checks() {
        let answer = "<DescribeInstanceStatusResponse><instanceStatusSet><item><instanceId>i-1</instanceId>\
             <systemStatus><status>ok</status><details><item><name>reachability</name><status>passed</status></item></details>\
             </systemStatus><instanceStatus><status>initializing</status></instanceStatus></item></instanceStatusSet>\
             </DescribeInstanceStatusResponse>";
        let (found, next) = statuses(answer).unwrap();
        assert_eq!(
            (found[0].id.as_str(), found[0].checks.each_ref().map(String::as_str)),
            ("i-1", ["ok", "initializing"])
        );
        assert_eq!(next, None);
    }

    #[test]
    fn test_an_attribute_is_on_or_not() {
        let answer = |value: &str| {
            format!(
                "<DescribeInstanceAttributeResponse><instanceId>i-1</instanceId><disableApiStop><value>{value}</value>\
                 </disableApiStop></DescribeInstanceAttributeResponse>"
            )
        };
        assert!(is_on(&answer("true"), "disableApiStop").unwrap());
        assert!(!is_on(&answer("false"), "disableApiStop").unwrap());
    }
}
