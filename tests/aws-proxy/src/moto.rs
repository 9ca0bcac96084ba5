use http_body_util::{BodyExt, Full};
use hyper::Method;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::answer::{Answer, Refusal};
use crate::call::Call;

/// As many requests at once as it has threads' worth of use for; more would only wait in its queue of connections,
/// which is short.
const AT_ONCE: usize = 16;

/// moto, of which each proxy has an account of its own.
pub(crate) struct Moto {
    address: String,
    account: String,
    permits: Semaphore,
}

/// Why there is no answer as moto would give it.
#[derive(Debug)]
pub(crate) enum Fault {
    /// AWS would refuse the call.
    Refused(Refusal),
    /// moto does not answer.
    Gone,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<T> From<Refusal> for Result<T, Fault> {
    fn from(refusal: Refusal) -> Self {
        Err(refusal.into())
    }
}

impl Moto {
    /// `address` is host and port.
    pub(crate) fn new(address: &str, account: String) -> Self {
        Self { address: address.to_owned(), account, permits: Semaphore::new(AT_ONCE) }
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Fault> {
        self.try_send(call).await.map_err(|_| Fault::Gone)
    }

    async fn try_send(&self, call: &Call) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let _permit = self.permits.acquire().await?;
        let stream = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request =
            hyper::Request::builder().method(&call.method).uri(&call.path).body(Full::new(call.body.clone()))?;
        *request.headers_mut() = self.headers(call)?;
        let (mut parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        remove(&mut parts.headers, &[CONNECTION, TRANSFER_ENCODING]);
        if call.method != Method::HEAD {
            parts.headers.remove(CONTENT_LENGTH); // that of the body is written for any other
        }
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    fn headers(&self, call: &Call) -> Result<HeaderMap, Box<dyn std::error::Error + Send + Sync>> {
        let mut headers = call.headers.clone();
        remove(&mut headers, &[CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING]);
        headers.insert("x-moto-account-id", HeaderValue::from_str(&self.account)?);
        if !headers.contains_key(HOST) {
            headers.insert(HOST, HeaderValue::from_str(&self.address)?);
        }
        Ok(headers)
    }
}

fn remove(headers: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        headers.remove(name);
    }
}
