//! Services that are called without the SDK's client for them, on the SDK's runtime: credentials, signing, time-outs and endpoints are
//! its own, and what is said and answered is written here. Which ones, and why, stands in `Cargo.toml`.

use std::error::Error;
use std::fmt;

use aws_config::SdkConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_sdk_autoscaling::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_query::QueryWriter;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use aws_smithy_types::timeout::TimeoutConfig;
use aws_smithy_xml::decode::{Document, XmlDecodeError, try_data};
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use aws_types::service_config::ServiceConfigKey;
use opsctl_api::{Cx, Fault};
use serde_json::Value as Json;

use crate::call::{Failed, call};

/// A service, and how it is spoken to.
pub(crate) struct Service {
    /// As configuration files name it.
    id: &'static str,
    /// As permissions name it, and calls are counted.
    verb: &'static str,
    /// As endpoints and signatures name it.
    name: &'static str,
    content: &'static str,
    /// What stands before an action in its header, where it stands in one.
    target: Option<&'static str>,
    refusal: fn(&[u8]) -> Option<ErrorMetadata>,
}

/// Takes forms, and answers in XML.
pub(crate) static EC2: Service = Service {
    id: "EC2",
    verb: "ec2",
    name: "ec2",
    content: "application/x-www-form-urlencoded",
    target: None,
    refusal: |body| said_in_xml(body).ok(),
};

/// Takes JSON, and answers in it.
pub(crate) static CLOUDWATCH: Service = Service {
    id: "CloudWatch",
    verb: "cloudwatch",
    name: "monitoring",
    content: "application/x-amz-json-1.0",
    target: Some("GraniteServiceVersion20100801"),
    refusal: said_in_json,
};

/// The version of EC2's API (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Welcome.html>).
const EC2_VERSION: &str = "2016-11-15";

/// Names and values of a form.
pub(crate) type Fields = Vec<(String, String)>;

/// One service in one region.
pub(crate) struct Direct {
    service: &'static Service,
    operation: Operation<Request, String, Refused>,
}

#[derive(Debug)]
struct Request {
    action: &'static str,
    body: String,
}

/// What the service said instead of doing it.
#[derive(Debug)]
struct Refused(ErrorMetadata);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Refused {}

impl ProvideErrorMetadata for Refused {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

impl Direct {
    /// A client with what all clients share.
    pub(crate) async fn new(service: &'static Service, shared: &SdkConfig) -> Result<Self, Failed> {
        let endpoint =
            endpoint(service, shared).await.map_err(|error| Failed::from_fault(Fault::Invalid(error.to_string())))?;
        let mut signed = Layer::new(service.id);
        signed.store_put(AuthSchemeOptionResolverParams::new(()));
        signed.store_put(ApiMetadata::new(service.name, env!("CARGO_PKG_VERSION")));
        signed.store_put(SigV4OperationSigningConfig {
            region: shared.region().cloned().map(SigningRegion::from),
            name: Some(SigningName::from_static(service.name)),
            signing_options: SigningOptions::default(),
            ..Default::default()
        });
        let mut parts = RuntimeComponentsBuilder::new(service.id)
            .with_auth_scheme(SigV4AuthScheme::new())
            .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
            .with_identity_cache(shared.identity_cache())
            .with_http_client(shared.http_client())
            .with_interceptor(UserAgentInterceptor::new())
            .with_sleep_impl(shared.sleep_impl())
            .with_time_source(shared.time_source());
        if let Some(credentials) = shared.credentials_provider() {
            parts.set_identity_resolver(SCHEME_ID, credentials);
        }
        let operation = Operation::builder()
            .service_name(service.id)
            .operation_name("any")
            .endpoint_url(&endpoint)
            .no_retry()
            .timeout_config(shared.timeout_config().cloned().unwrap_or_else(|| TimeoutConfig::builder().build()))
            .runtime_plugin(StaticRuntimePlugin::new().with_config(signed.freeze()).with_runtime_components(parts))
            .serializer(|request| written(service, request))
            .deserializer(|answer| read(service, answer));
        Ok(Self { service, operation: operation.build() })
    }

    /// Makes one call of a service that takes forms; its answer.
    pub(crate) async fn form(&self, cx: &Cx, action: &'static str, fields: &Fields) -> Result<String, Failed> {
        let mut body = String::new();
        let mut writer = QueryWriter::new(&mut body, action, EC2_VERSION);
        for (name, value) in fields {
            writer.prefix(name).string(value);
        }
        writer.finish();
        self.send(cx, action, body).await
    }

    /// Makes one call of a service that takes JSON; its answer, which is null where there is none.
    pub(crate) async fn json(&self, cx: &Cx, action: &'static str, body: &Json) -> Result<Json, Failed> {
        let answer = self.send(cx, action, body.to_string()).await?;
        if answer.is_empty() {
            return Ok(Json::Null);
        }
        let unread = |error: serde_json::Error| Failed::from_fault(Fault::Unexpected(error.to_string()));
        serde_json::from_str(&answer).map_err(unread)
    }

    async fn send(&self, cx: &Cx, action: &'static str, body: String) -> Result<String, Failed> {
        call(cx, &format!("{}:{action}", self.service.verb), self.operation.invoke(Request { action, body })).await
    }
}

/// Where it is: where the configuration says; else in the domain in which the SDK knows Auto Scaling, whose endpoints have the same form
/// in all partitions.
async fn endpoint(service: &Service, shared: &SdkConfig) -> Result<String, BoxError> {
    let given = shared.endpoint_url().map(str::to_owned);
    let key =
        ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build()?;
    let own = shared.service_config().and_then(|own| own.load_config(key));
    let first = if shared.get_origin("endpoint_url").is_client_config() { given.clone() } else { None };
    if let Some(url) = first.or(own).or(given) {
        return Ok(url);
    }
    let params = Params::builder()
        .set_region(shared.region().map(ToString::to_string))
        .set_use_fips(shared.use_fips())
        .set_use_dual_stack(shared.use_dual_stack())
        .build()?;
    let of_groups = DefaultResolver::new().resolve_endpoint(&params).await?;
    Ok(of_groups.url().replacen("autoscaling", service.name, 1))
}

fn written(service: &Service, request: Request) -> Result<HttpRequest, BoxError> {
    let mut sent = HttpRequest::new(SdkBody::from(request.body));
    sent.set_method("POST")?;
    sent.set_uri("/")?;
    sent.headers_mut().try_insert("content-type", service.content)?;
    if let Some(target) = service.target {
        sent.headers_mut().try_insert("x-amz-target", format!("{target}.{}", request.action))?;
    }
    Ok(sent)
}

fn read(service: &Service, answer: &HttpResponse) -> Result<String, OrchestratorError<Refused>> {
    let body = answer.body().bytes().unwrap_or_default();
    if answer.status().is_success() {
        return String::from_utf8(body.to_vec()).map_err(OrchestratorError::other);
    }
    // What something between answers in its own way is told by its status.
    let said = (service.refusal)(body).unwrap_or_else(|| ErrorMetadata::builder().build());
    Err(OrchestratorError::operation(Refused(said)))
}

/// `{"__type": "com.amazonaws…#InvalidParameterValue", "message": "…"}`.
fn said_in_json(body: &[u8]) -> Option<ErrorMetadata> {
    let body: Json = serde_json::from_slice(body).ok()?;
    let text = |names: [&str; 2]| names.into_iter().find_map(|name| body[name].as_str());
    let code = text(["__type", "code"]).map(|code| code.rsplit('#').next().unwrap_or(code));
    let mut said = ErrorMetadata::builder();
    if let Some(code) = code {
        said = said.code(code);
    }
    if let Some(message) = text(["message", "Message"]) {
        said = said.message(message);
    }
    Some(said.build())
}

/// `<Response><Errors><Error><Code>…</Code><Message>…</Message></Error></Errors></Response>`.
fn said_in_xml(body: &[u8]) -> Result<ErrorMetadata, XmlDecodeError> {
    let mut said = ErrorMetadata::builder();
    let mut document = Document::try_from(body)?;
    let mut root = document.root_element()?;
    while let Some(mut errors) = root.next_tag() {
        while let Some(mut error) = errors.next_tag() {
            while let Some(mut field) = error.next_tag() {
                said = match field.start_el().local() {
                    "Code" => said.code(try_data(&mut field)?),
                    "Message" => said.message(try_data(&mut field)?),
                    _ => said,
                };
            }
        }
    }
    Ok(said.build())
}

#[cfg(test)]
mod tests {
    use aws_config::Region;

    use super::*;

    async fn endpoint_of(service: &Service, region: &'static str, fips: bool) -> String {
        let shared = SdkConfig::builder().region(Region::new(region)).use_fips(fips).build();
        endpoint(service, &shared).await.unwrap()
    }

    #[tokio::test]
    async fn test_each_partition_has_its_domain() {
        assert_eq!(endpoint_of(&EC2, "us-east-1", false).await, "https://ec2.us-east-1.amazonaws.com");
        assert_eq!(endpoint_of(&EC2, "us-east-1", true).await, "https://ec2-fips.us-east-1.amazonaws.com");
        assert_eq!(
            endpoint_of(&CLOUDWATCH, "cn-north-1", false).await,
            "https://monitoring.cn-north-1.amazonaws.com.cn"
        );
    }

    #[test]
    fn test_a_refusal_has_a_code_and_a_message() {
        let body = b"<?xml version=\"1.0\"?><Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>The instance \
            ID 'i-1' does not exist &amp; never did</Message></Error></Errors><RequestID>1</RequestID></Response>";
        let said = said_in_xml(body).unwrap();
        assert_eq!(said.code(), Some("InvalidInstanceID.NotFound"));
        assert_eq!(said.message(), Some("The instance ID 'i-1' does not exist & never did"));
        assert!(said_in_xml(b"Service Unavailable").is_err());
        let said =
            said_in_json(br#"{"__type": "com.amazonaws.cloudwatch#ResourceNotFound", "message": "no"}"#).unwrap();
        assert_eq!((said.code(), said.message()), (Some("ResourceNotFound"), Some("no")));
        assert_eq!(said_in_json(b"Service Unavailable"), None);
    }
}
