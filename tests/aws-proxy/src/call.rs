use std::borrow::Cow;
use std::collections::BTreeMap;

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, Uri};
use serde_json::Value as Json;

use crate::operation;
use crate::xml::Xml;

/// One request to AWS, and what it asks for.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service as the signature names it: `ecs`, `monitoring` for CloudWatch, `elasticloadbalancing`.
    pub service: String,
    /// The region as the signature names it.
    pub region: String,
    /// The operation: `UpdateService`; method and path where it is not known.
    pub operation: String,
    /// How the service speaks.
    pub protocol: Protocol,
    /// The HTTP method.
    pub method: Method,
    /// The path with its query.
    pub path: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// A protocol of AWS: how an operation is named, how values and errors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON, the operation in a header.
    Json,
    /// JSON, the operation in the path.
    RestJson,
    /// A form, answered in XML.
    Query,
    /// The same with errors of its own form.
    Ec2,
    /// XML, the operation in the path.
    RestXml,
    /// The same with errors of its own form.
    S3,
}

impl Call {
    /// Understands a request. The service is the one that it was signed for.
    pub(crate) fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let (service, region) = scope(&headers);
        let mut call =
            Self { service, region, operation: String::new(), protocol: Protocol::Json, method, path, headers, body };
        (call.protocol, call.operation) = call.named();
        call
    }

    /// A call of a service that speaks JSON, such as ECS or Kinesis.
    pub fn json(service: &str, region: &str, operation: &str, body: &Json) -> Self {
        // The part before the dot matters to DynamoDB alone, whose first API was another.
        let target = format!("{service}_20120810.{operation}");
        Self::made(service, region, Method::POST, "/", body.to_string())
            .with("content-type", "application/x-amz-json-1.1")
            .with("x-amz-target", &target)
            .called(Protocol::Json, operation)
    }

    /// A call of a service that takes forms, such as EC2 or RDS.
    pub fn form(service: &str, region: &str, operation: &str, fields: &[(&str, &str)]) -> Self {
        // moto has two services of this name, and tells them apart by this.
        let version = (service == "elasticloadbalancing").then_some(("Version", "2015-12-01"));
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", operation)
            .extend_pairs(version)
            .extend_pairs(fields)
            .finish();
        let protocol = if service == "ec2" { Protocol::Ec2 } else { Protocol::Query };
        Self::made(service, region, Method::POST, "/", body)
            .with("content-type", "application/x-www-form-urlencoded")
            .called(protocol, operation)
    }

    /// A call of a service that is told by method and path, such as S3, Route 53 or Lambda.
    pub fn rest(service: &str, region: &str, method: Method, path: &str, body: impl Into<Bytes>) -> Self {
        let mut call = Self::made(service, region, method, path, body);
        (call.protocol, call.operation) = call.named();
        call
    }

    fn made(service: &str, region: &str, method: Method, path: &str, body: impl Into<Bytes>) -> Self {
        let path = path.to_owned();
        let (service, region) = (service.to_owned(), region.to_owned());
        let scope = format!("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/{region}/{service}/aws4_request");
        let (headers, body) = (HeaderMap::new(), body.into());
        Self { service, region, operation: String::new(), protocol: Protocol::Json, method, path, headers, body }
            .with("authorization", &format!("{scope}, SignedHeaders=host, Signature=0"))
    }

    fn called(mut self, protocol: Protocol, operation: &str) -> Self {
        (self.protocol, self.operation) = (protocol, operation.to_owned());
        self
    }

    /// With a header; one that cannot be is left out.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The same with another body.
    pub(crate) fn with_body(&self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self.clone() }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON; null if it is none.
    pub fn as_json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as XML; empty if it is none.
    pub fn as_xml(&self) -> Xml {
        Xml::parse(&self.text()).unwrap_or_default()
    }

    /// The fields of a form and of the query.
    pub fn fields(&self) -> BTreeMap<String, String> {
        let mut fields: BTreeMap<_, _> = form_urlencoded::parse(self.query().as_bytes()).into_owned().collect();
        if self.header(CONTENT_TYPE.as_str()).starts_with("application/x-www-form-urlencoded") {
            fields.extend(form_urlencoded::parse(&self.body).into_owned());
        }
        fields
    }

    /// The parts of the path, decoded.
    pub fn segments(&self) -> Vec<String> {
        let path = self.path.split_once('?').map_or(&*self.path, |(path, _)| path);
        // A plus is no space in a path.
        let decoded = |part: &str| {
            let part = part.replace('+', "%2B");
            form_urlencoded::parse(part.replace('=', "%3D").replace('&', "%26").as_bytes())
                .next()
                .map_or_else(String::new, |(part, _)| part.into_owned())
        };
        path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
    }

    fn query(&self) -> &str {
        self.path.split_once('?').map_or("", |(_, query)| query)
    }

    fn named(&self) -> (Protocol, String) {
        if let Some((_, operation)) = self.header("x-amz-target").rsplit_once('.') {
            return (Protocol::Json, operation.to_owned());
        }
        if let Some(operation) = self.fields().remove("Action") {
            return (if self.service == "ec2" { Protocol::Ec2 } else { Protocol::Query }, operation);
        }
        let protocol = match self.service.as_str() {
            "s3" => Protocol::S3,
            "route53" | "cloudfront" => Protocol::RestXml,
            _ => Protocol::RestJson,
        };
        // The one operation that only a header tells.
        if self.service == "s3" && self.method == Method::PUT && self.headers.contains_key("x-amz-copy-source") {
            return (protocol, "CopyObject".to_owned());
        }
        let operation = operation::named(&self.service, &self.method, &self.segments(), &self.fields())
            .unwrap_or_else(|| format!("{} {}", self.method, self.path));
        (protocol, operation)
    }
}

/// Service and region of `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn scope(headers: &HeaderMap) -> (String, String) {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let scope = authorization.split_once("Credential=").map_or("", |(_, after)| after);
    let mut parts = scope.split([',', ' ']).next().unwrap_or_default().split('/').skip(2);
    let region = parts.next().unwrap_or_default().to_owned();
    (parts.next().unwrap_or_default().to_owned(), region)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As it arrives.
    fn heard(call: &Call) -> Call {
        Call::new(call.method.clone(), &call.path.parse().unwrap(), call.headers.clone(), call.body.clone())
    }

    #[test]
    fn test_a_call_is_known_by_its_signature_and_operation() {
        let calls = [
            (Call::json("ecs", "eu-west-1", "UpdateService", &json!({"service": "edge"})), Protocol::Json),
            (Call::form("ec2", "eu-west-1", "StopInstances", &[("InstanceId.1", "i-1")]), Protocol::Ec2),
            (Call::form("rds", "eu-west-1", "StopDBInstance", &[]), Protocol::Query),
        ];
        for (made, protocol) in calls {
            let call = heard(&made);
            assert_eq!((&call.service, call.region.as_str()), (&made.service, "eu-west-1"));
            assert_eq!((&call.operation, call.protocol), (&made.operation, protocol));
        }
        let rest = |service, method, path| heard(&Call::rest(service, "us-east-1", method, path, ""));
        let alias = rest("lambda", Method::PUT, "/2015-03-31/functions/edge/aliases/live");
        assert_eq!((alias.operation.as_str(), alias.protocol), ("UpdateAlias", Protocol::RestJson));
        let zone = rest("route53", Method::POST, "/2013-04-01/hostedzone/Z1/rrset/");
        assert_eq!((zone.operation.as_str(), zone.protocol), ("ChangeResourceRecordSets", Protocol::RestXml));
        assert_eq!(rest("s3", Method::GET, "/b?versioning").operation, "GetBucketVersioning");
        let copy = Call::rest("s3", "us-east-1", Method::PUT, "/b/k", "").with("x-amz-copy-source", "b/k?versionId=1");
        assert_eq!(heard(&copy).operation, "CopyObject");
        assert_eq!(rest("what", Method::GET, "/x?y").operation, "GET /x?y");
    }

    #[test]
    fn test_a_request_without_a_signature_is_a_call_too() {
        let call = Call::new(Method::GET, &Uri::from_static("/moto-api/data.json"), HeaderMap::new(), Bytes::new());
        assert_eq!((call.service.as_str(), call.operation.as_str()), ("", "GET /moto-api/data.json"));
    }

    #[test]
    fn test_paths_are_decoded() {
        let call = Call::rest("s3", "us-east-1", Method::GET, "/b/a%20b/c+d=e&f?x=1", "");
        assert_eq!(call.segments(), ["b", "a b", "c+d=e&f"]);
        assert_eq!(call.fields()["x"], "1");
    }
}
