//! One call to an API: counted, bounded in time, and what became of it where it failed.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::future::join_all;
use opsctl_api::{Cx, Fault, Written};

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
    match error {
        SdkError::ConstructionFailure(_) => Failed::from_fault(unsigned(&chain(error))),
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
        SdkError::DispatchFailure(_) if matches!(unsigned(&chain(error)), Fault::Denied(_)) => {
            Failed { fault: unsigned(&chain(error)), maybe_done: true, code: String::new() }
        }
        _ => Failed { fault: Fault::Unreachable(chain(error)), maybe_done: true, code: String::new() },
    }
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
fn never_connected(error: &(dyn Error + 'static)) -> bool {
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

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
