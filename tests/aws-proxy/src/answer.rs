use std::borrow::Cow;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value as Json, json};

use crate::call::{Call, Protocol};
use crate::xml::Xml;

/// What is answered to a call.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// An error of the API, before it is written in the service's protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The error code, such as `ThrottlingException`.
    pub code: String,
    /// The message.
    pub message: String,
}

impl Refusal {
    /// A mistake of the caller's, which most services answer with 400.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into() }
    }

    /// With another status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// What a service says that is asked too often.
    pub(crate) fn throttled(service: &str) -> Self {
        let (status, code) = match service {
            "ec2" => (503, "RequestLimitExceeded"),
            "s3" => (503, "SlowDown"),
            "lambda" => (429, "TooManyRequestsException"),
            "kinesis" => (400, "LimitExceededException"),
            "autoscaling"
            | "cloudfront"
            | "elasticache"
            | "elasticloadbalancing"
            | "iam"
            | "rds"
            | "redshift"
            | "route53"
            | "sts" => (400, "Throttling"),
            _ => (400, "ThrottlingException"),
        };
        Self::new(code, "Rate exceeded").status(status)
    }
}

impl Answer {
    /// JSON with the status 200.
    pub fn json(value: &Json) -> Self {
        Self::new(200, "application/json", value.to_string())
    }

    /// XML with the status 200.
    pub fn xml(value: &Xml) -> Self {
        Self::new(200, "text/xml", value.document())
    }

    /// An answer of the query protocol with the status 200: the result within its response.
    pub fn result(call: &Call, fields: Vec<Xml>) -> Self {
        let result = Xml::new(&format!("{}Result", call.operation), fields);
        Self::xml(&Xml::new(&format!("{}Response", call.operation), vec![result]))
    }

    /// An error in the protocol of the call's service.
    pub fn refused(call: &Call, refusal: &Refusal) -> Self {
        let Refusal { status, code, message } = refusal;
        let error = |fields| Xml::new("Error", fields);
        let said = vec![Xml::leaf("Code", code), Xml::leaf("Message", message)];
        let request = |name| Xml::leaf(name, "00000000-0000-4000-8000-000000000000");
        let whole = match call.protocol {
            Protocol::Json => {
                let body = json!({"__type": code, "message": message, "Message": message});
                return Self::new(*status, "application/x-amz-json-1.1", body.to_string());
            }
            Protocol::RestJson => {
                let body = json!({"Type": "User", "message": message, "Message": message});
                return Self::new(*status, "application/json", body.to_string()).with("x-amzn-errortype", code);
            }
            Protocol::Query | Protocol::RestXml => {
                let kind = Xml::leaf("Type", if *status < 500 { "Sender" } else { "Receiver" });
                let fields = std::iter::once(kind).chain(said).collect();
                Xml::new("ErrorResponse", vec![error(fields), request("RequestId")])
            }
            Protocol::Ec2 => Xml::new("Response", vec![Xml::new("Errors", vec![error(said)]), request("RequestID")]),
            Protocol::S3 if call.method == hyper::Method::HEAD => {
                return Self::new(*status, "application/xml", "").with("x-amz-request-id", "0000000000000000");
            }
            Protocol::S3 => error(said.into_iter().chain([request("RequestId")]).collect()),
        };
        Self { status: status_of(*status), ..Self::xml(&whole) }
    }

    fn new(status: u16, content: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status: status_of(status), headers: HeaderMap::new(), body: body.into() }
            .with(CONTENT_TYPE.as_str(), content)
    }

    /// With a header; one that cannot be is left out.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Whether it is no error.
    pub fn ok(&self) -> bool {
        self.status.is_success()
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

    /// Changes what is answered, if it is JSON and no error.
    pub fn alter_json(&mut self, alter: impl FnOnce(&mut Json)) {
        if let (true, Ok(mut value)) = (self.ok(), serde_json::from_slice(&self.body)) {
            alter(&mut value);
            self.replace(value.to_string());
        }
    }

    /// Changes what is answered, if it is XML and no error.
    pub fn alter_xml(&mut self, alter: impl FnOnce(&mut Xml)) {
        if let (true, Some(mut value)) = (self.ok(), Xml::parse(&self.text())) {
            alter(&mut value);
            self.replace(value.document());
        }
    }

    /// Gives it another body.
    pub(crate) fn replace(&mut self, body: impl Into<Bytes>) {
        self.headers.remove(CONTENT_LENGTH);
        self.body = body.into();
    }
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::*;

    fn refused(call: &Call) -> String {
        Answer::refused(call, &Refusal::new("Bad", "no <way>")).text().lines().last().unwrap_or_default().to_owned()
    }

    #[test]
    fn test_an_error_is_written_as_the_service_writes_it() {
        let east = "us-east-1";
        assert_eq!(
            refused(&Call::json("ecs", east, "UpdateService", &json!({}))),
            r#"{"Message":"no <way>","__type":"Bad","message":"no <way>"}"#
        );
        let lambda = Call::rest("lambda", east, Method::GET, "/2015-03-31/functions", "");
        let answer = Answer::refused(&lambda, &Refusal::new("Bad", "no").status(412));
        assert_eq!((answer.status.as_u16(), answer.headers["x-amzn-errortype"].to_str().unwrap()), (412, "Bad"));
        let id = "00000000-0000-4000-8000-000000000000";
        assert_eq!(
            refused(&Call::form("rds", east, "StopDBInstance", &[])),
            format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>Bad</Code><Message>no &lt;way&gt;</Message></Error>\
                 <RequestId>{id}</RequestId></ErrorResponse>"
            )
        );
        assert_eq!(
            refused(&Call::form("ec2", east, "StopInstances", &[])),
            format!(
                "<Response><Errors><Error><Code>Bad</Code><Message>no &lt;way&gt;</Message></Error></Errors>\
                 <RequestID>{id}</RequestID></Response>"
            )
        );
        assert_eq!(
            refused(&Call::rest("s3", east, Method::GET, "/b/k", "")),
            format!("<Error><Code>Bad</Code><Message>no &lt;way&gt;</Message><RequestId>{id}</RequestId></Error>")
        );
        assert_eq!(refused(&Call::rest("s3", east, Method::HEAD, "/b/k", "")), "");
    }

    #[test]
    fn test_errors_are_not_altered() {
        let call = Call::json("ecs", "us-east-1", "UpdateService", &json!({}));
        let mut answer = Answer::refused(&call, &Refusal::throttled("ecs"));
        answer.alter_json(|_| panic!("it is an error"));
        let mut answer = Answer::json(&json!({"a": 1}));
        answer.alter_json(|body| body["a"] = json!(2));
        assert_eq!(answer.as_json(), json!({"a": 2}));
    }
}
