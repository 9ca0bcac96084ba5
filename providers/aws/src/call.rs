//! One call to an API: counted, bounded in time, and what became of it where it failed.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::future::join_all;
use opsctl_api::{Cx, Fault, Written};

use crate::credentials::Lacking;
use crate::fault::{LOG_IN, fault};

/// A call that failed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failed {
    /// Why.
    pub(crate) fault: Fault,
    /// Whether it may have been done all the same.
    pub(crate) maybe_done: bool,
    /// The API's own word for it: `InvalidChangeBatch`. Empty where the API did not answer.
    pub(crate) code: String,
}

impl Failed {
    /// What it means of a write.
    pub(crate) fn written(self) -> Written {
        if self.maybe_done { Written::Unknown(self.fault) } else { Written::Refused(self.fault) }
    }

    /// What it means of a write to a resource that is on its way to a state in which it takes this.
    pub(crate) fn busy(self) -> Written {
        match self.fault {
            Fault::Invalid(why) => Written::Refused(Fault::Busy(why)),
            _ => self.written(),
        }
    }

    /// Whether the resource is not there.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self.fault, Fault::Missing(_))
    }

    /// Nothing was sent.
    pub(crate) fn from_fault(fault: Fault) -> Self {
        Self { fault, maybe_done: false, code: String::new() }
    }
}

impl From<Failed> for Fault {
    fn from(failed: Failed) -> Self {
        failed.fault
    }
}

/// Makes one call, counted under its name: `ecs:DescribeServices`.
pub(crate) async fn call<T, E>(
    cx: &Cx,
    verb: &str,
    send: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<T, Failed>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    cx.calls.count(verb);
    match tokio::time::timeout(cx.timeout, send).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(failed(verb, &error)),
        Err(_) => Err(late(cx.timeout)),
    }
}

/// How many calls of one read are under way at once: more of them than an API takes in a second would be throttled.
const AT_ONCE: usize = 8;

/// Makes many calls, a few at once; answers in their order.
pub(crate) async fn few_at_once<F: Future>(calls: Vec<F>) -> Vec<F::Output> {
    let mut answers = Vec::with_capacity(calls.len());
    let mut calls = calls.into_iter();
    while calls.len() > 0 {
        answers.extend(join_all(calls.by_ref().take(AT_ONCE)).await);
    }
    answers
}

/// All pages of a list. A page is what it has, and the token of the next one: none, or an empty one, where it is the last.
pub(crate) async fn all_pages<I: IntoIterator, F: Future<Output = Result<(I, Option<String>), Failed>>>(
    page: impl Fn(Option<String>) -> F,
) -> Result<Vec<I::Item>, Failed> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let (found, more) = page(next).await?;
        all.extend(found);
        next = more.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(all);
        }
    }
}

fn late(timeout: Duration) -> Failed {
    let fault = Fault::Unreachable(format!("no answer within {}", opsctl_api::format_duration(timeout)));
    Failed { fault, maybe_done: true, code: String::new() }
}

fn failed<E>(verb: &str, error: &SdkError<E, HttpResponse>) -> Failed
where
    E: ProvideErrorMetadata + Error + 'static,
{
    // Nothing was signed and sent then. Of a region that is lost it says nothing, whoever was not reached.
    if let Some(Lacking(why)) = causes(error).find_map(|cause| cause.downcast_ref()) {
        return Failed::from_fault(Fault::Denied(format!("no credentials: {why}")));
    }
    match error {
        SdkError::ConstructionFailure(_) => Failed::from_fault(unsigned(&chain(error))),
        SdkError::ServiceError(answer) if !is_of_aws(answer.raw(), answer.err().code()) => foreign(verb, answer.raw()),
        SdkError::ResponseError(answer) if !is_of_aws(answer.raw(), None) => foreign(verb, answer.raw()),
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or_default();
            let status = answer.raw().status().as_u16();
            // Of what cannot be read only the SDK tells what it is.
            let unread = || Some(format!("status {status}: {}", chain(error))).filter(|_| code.is_empty());
            let said = answer.err().message().map(str::to_owned).or_else(unread).unwrap_or_default();
            let fault = fault(verb, status, code, &said, retry_after(answer.raw()));
            // A server that broke down may have done it before that; one that says "too many" has not.
            let maybe_done = matches!(fault, Fault::Unreachable(_) | Fault::Unexpected(_));
            Failed { fault, maybe_done, code: code.to_owned() }
        }
        SdkError::DispatchFailure(_) if never_connected(error) => Failed::from_fault(Fault::Unreachable(chain(error))),
        _ => Failed { fault: Fault::Unreachable(chain(error)), maybe_done: true, code: String::new() },
    }
}

/// Whether AWS answered: it numbers each request, and tells a code of what it refuses.
fn is_of_aws(answer: &HttpResponse, code: Option<&str>) -> bool {
    let marks = ["x-amzn-requestid", "x-amz-request-id", "x-amzn-errortype"];
    // Where there is no body, the SDK has made up the code of the status.
    let has_code = code.is_some() && answer.body().bytes().is_some_and(|body| !body.is_empty());
    has_code || marks.into_iter().any(|mark| answer.headers().contains_key(mark))
}

/// A proxy that stands in between, a page to log in at, or whatever a wrong endpoint leads to. It knows nothing of what is there.
fn foreign(verb: &str, answer: &HttpResponse) -> Failed {
    let status = answer.status().as_u16();
    if status == 429 {
        return Failed::from_fault(Fault::throttled(verb, retry_after(answer)));
    }
    let sort = answer.headers().get("content-type").map(|sort| format!(", {sort}")).unwrap_or_default();
    let why = format!("what answered is not AWS: HTTP {status}{sort}; see to the endpoint, or to a proxy in between");
    // What it refuses or sends elsewhere it has not handed on; what broke down, or took too long, may have been behind it.
    let handed_on = !(300..500).contains(&status) || status == 408;
    Failed { fault: Fault::Unreachable(why), maybe_done: handed_on, code: String::new() }
}

/// Without credentials nothing is signed, and nothing is sent.
fn unsigned(said: &str) -> Fault {
    let lower = said.to_lowercase();
    if lower.contains("credential") || lower.contains("token") || lower.contains("identity") {
        // The SDK tells of each place where it looked.
        let said = said.split(". Attempted").next().unwrap_or_default();
        Fault::Denied(format!("no credentials: {said}; {LOG_IN}"))
    } else {
        Fault::Invalid(said.to_owned())
    }
}

fn retry_after(answer: &HttpResponse) -> Option<Duration> {
    answer.headers().get("retry-after")?.parse().ok().map(Duration::from_secs)
}

/// Whether no connection came about, so that nothing was sent.
pub(crate) fn never_connected(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        cause
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
    })
}

/// The innermost causes tell what really happened; the outer ones are the SDK's own layers.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        let layers = [
            "client error (Connect)",
            "dispatch failure",
            "failed to construct request",
            "other",
            "service error",
            "unhandled error",
        ];
        if !layers.contains(&text.as_str()) && !said.contains(&text) {
            said.push(text);
        }
    }
    if said.is_empty() { error.to_string() } else { said.join(": ") }
}

pub(crate) fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::error::CredentialsError;
    use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

    use super::*;
    use crate::credentials::Repeated;

    /// A server that answers all calls with this, and its URL.
    fn answering(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut asked = Vec::new();
                while !is_whole(&asked) {
                    let mut piece = [0; 4096];
                    let count = stream.read(&mut piece).unwrap();
                    asked.extend(&piece[..count]);
                }
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        url
    }

    fn is_whole(asked: &[u8]) -> bool {
        let text = String::from_utf8_lossy(asked).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        body.len() >= length.map_or(0, |length| length.parse().unwrap())
    }

    fn config(url: &str, credentials: SharedCredentialsProvider) -> SdkConfig {
        let http = aws_smithy_http_client::Builder::new().build_http();
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(url)
            .http_client(http)
            .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
            .credentials_provider(credentials)
            .build()
    }

    fn keys() -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Credentials::new("AKIA", "secret", None, None, "test"))
    }

    fn cx() -> Cx {
        Cx::new(Duration::from_secs(5))
    }

    /// What becomes of calls of three protocols that are answered with this: of JSON, of XML, and the one whose refusals have no body.
    async fn answered(answer: &'static str) -> [Failed; 3] {
        let config = config(&answering(answer), keys());
        let ecs = aws_sdk_ecs::Client::new(&config);
        let groups = aws_sdk_autoscaling::Client::new(&config);
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        let s3 = aws_sdk_s3::Client::from_conf(s3);
        [
            call(&cx(), "ecs:DescribeServices", ecs.describe_services().services("web").send()).await.unwrap_err(),
            call(&cx(), "autoscaling:Describe", groups.describe_auto_scaling_groups().send()).await.unwrap_err(),
            call(&cx(), "s3:HeadObject", s3.head_object().bucket("b").key("k").send()).await.unwrap_err(),
        ]
    }

    #[tokio::test]
    async fn test_what_is_not_aws_says_nothing_of_what_is_there() {
        for (answer, shown, maybe_done) in [
            ("404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 0", "HTTP 404, text/html", false),
            ("403 Forbidden\r\ncontent-length: 0", "HTTP 403", false),
            ("302 Found\r\nlocation: http://login.example\r\ncontent-length: 0", "HTTP 302", false),
            ("502 Bad Gateway\r\ncontent-type: text/plain\r\ncontent-length: 0", "HTTP 502, text/plain", true),
        ] {
            let answer = format!("HTTP/1.1 {answer}\r\nconnection: close\r\n\r\n");
            for failed in answered(answer.leak()).await {
                let Fault::Unreachable(why) = &failed.fault else { panic!("{failed:?}") };
                assert!(why.contains(&format!("what answered is not AWS: {shown};")), "{why}");
                assert_eq!(failed.maybe_done, maybe_done, "{why}");
            }
        }
        let many = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nretry-after: 3\r\nconnection: close\r\n\r\n";
        let [failed, ..] = answered(many).await;
        let throttled = Fault::throttled("ecs:DescribeServices", Some(Duration::from_secs(3)));
        assert_eq!((failed.fault, failed.maybe_done), (throttled, false));
        let page = "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 19\r\nconnection: close\r\n\r\n\
                    <html>nothing</html";
        for failed in answered(page).await {
            assert!(matches!(&failed.fault, Fault::Unreachable(_)) && !failed.maybe_done, "{failed:?}");
        }
    }

    #[tokio::test]
    async fn test_what_aws_says_without_a_body_is_its_own() {
        let head = "HTTP/1.1 404 Not Found\r\nx-amz-request-id: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let [_, _, failed] = answered(head).await;
        assert!(failed.is_missing(), "{failed:?}");
        let head = "HTTP/1.1 403 Forbidden\r\nx-amz-request-id: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let [_, _, failed] = answered(head).await;
        assert!(matches!(&failed.fault, Fault::Denied(_)), "{failed:?}");
    }

    /// Credentials that are asked for elsewhere, as a profile with a role does.
    #[derive(Debug)]
    struct Role(aws_sdk_sts::Client);

    impl ProvideCredentials for Role {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(async {
                let asked = self.0.assume_role().role_arn("arn:aws:iam::1:role/r").role_session_name("s").send().await;
                Err(CredentialsError::provider_error(asked.unwrap_err()))
            })
        }
    }

    async fn without_credentials(sts: &str) -> Failed {
        let role = Role(aws_sdk_sts::Client::new(&config(sts, keys())));
        let told = Repeated::new(SharedCredentialsProvider::new(role));
        let ecs = aws_sdk_ecs::Client::new(&config("http://127.0.0.1:1", SharedCredentialsProvider::new(told)));
        call(&cx(), "ecs:DescribeServices", ecs.describe_services().services("web").send()).await.unwrap_err()
    }

    #[tokio::test]
    async fn test_credentials_that_did_not_come_are_no_lost_region() {
        let failed = without_credentials("http://127.0.0.1:1").await;
        let Fault::Denied(why) = &failed.fault else { panic!("{failed:?}") };
        assert!(why.starts_with("no credentials: ") && why.contains("says nothing of the region"), "{why}");
        assert!(!failed.maybe_done && !why.contains("sso login"), "{why}");
        let denied = "HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n<ErrorResponse><Error><Code>AccessDenied</Code>\
                      <Message>User: ana is not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>";
        let failed = without_credentials(&answering(denied)).await;
        let Fault::Denied(why) = &failed.fault else { panic!("{failed:?}") };
        assert!(why.contains("ana is not authorized") && why.contains("trust policy"), "{why}");
        assert!(!failed.maybe_done && !why.contains("sso login"), "{why}");
    }
}
