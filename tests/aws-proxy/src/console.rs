use hyper::Method;
use hyper::body::Bytes;
use serde_json::Value as Json;

use crate::answer::Answer;
use crate::call::Call;
use crate::proxy::Proxy;
use crate::xml::Xml;

/// What a colleague does in one region: sets things up, and changes them behind opsctl's back.
pub struct Console<'a> {
    proxy: &'a Proxy,
    region: String,
}

impl<'a> Console<'a> {
    pub(crate) fn new(proxy: &'a Proxy, region: &str) -> Self {
        Self { proxy, region: region.to_owned() }
    }

    /// A call of a service that speaks JSON: ECS, Kinesis, Secrets Manager, CloudWatch as `monitoring`.
    ///
    /// # Panics
    /// If it is refused, as the test that needs it has then failed. So do the two others.
    pub fn json(&self, service: &str, operation: &str, body: &Json) -> Json {
        self.done(Call::json(service, &self.region, operation, body)).as_json()
    }

    /// A call of a service that takes forms: EC2, RDS, Auto Scaling, load balancers as `elasticloadbalancing`.
    ///
    /// # Panics
    /// If it is refused.
    pub fn form(&self, service: &str, operation: &str, fields: &[(&str, &str)]) -> Xml {
        self.done(Call::form(service, &self.region, operation, fields)).as_xml()
    }

    /// A call of a service that is told by method and path: S3, Route 53, Lambda.
    ///
    /// # Panics
    /// If it is refused.
    pub fn rest(&self, service: &str, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        self.done(Call::rest(service, &self.region, method, path, body))
    }

    /// Does a call, and answers whatever is answered.
    ///
    /// # Panics
    /// If moto does not answer at all.
    #[expect(clippy::panic, reason = "a test without its moto has failed")]
    pub fn send(&self, call: Call) -> Answer {
        let said = format!("{} {}", call.service, call.operation);
        self.proxy.ask(call).unwrap_or_else(|| panic!("{said}: moto does not answer"))
    }

    #[expect(clippy::panic, reason = "a test whose set-up is refused has failed")]
    fn done(&self, call: Call) -> Answer {
        let said = format!("{} {}", call.service, call.operation);
        let answer = self.send(call);
        if !answer.ok() {
            panic!("{said}: {} {}", answer.status, answer.text());
        }
        answer
    }
}
