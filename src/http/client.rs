use std::error::Error;
use std::sync::LazyLock;
use std::time::Duration;

use opsctl_api::format_duration;
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Client, Method, Url, redirect};

use super::{Request, Unanswered};
use crate::check::{Sent, clause};

/// One client for all checks and actions. It follows no redirect, for a login page is not what was asked for; and it keeps no connection, for
/// each measurement shall go where the name points now: a kept connection would go on asking the region that was left. Proxies
/// are those of the environment, as curl has them.
static CLIENT: LazyLock<Result<Client, String>> = LazyLock::new(|| {
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .user_agent(concat!("opsctl/", env!("CARGO_PKG_VERSION")));
    client.build().map_err(|error| innermost(&error))
});

/// An answer, of which the body was not read yet.
pub(crate) struct Response {
    inner: reqwest::Response,
    limit: Duration,
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        self.inner.status().as_u16()
    }

    /// The values of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&[u8]> {
        self.inner.headers().get_all(name).iter().map(HeaderValue::as_bytes).collect()
    }

    /// The next part of the body.
    ///
    /// # Errors
    /// The answer breaks off, or the time is over.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Unanswered> {
        let chunk = self.inner.chunk().await.map_err(|error| unanswered(&error, self.limit))?;
        Ok(chunk.map(Vec::from))
    }
}

/// Sends a request, once.
///
/// # Errors
/// It is none, or no answer came.
pub(crate) async fn send(request: Request<'_>) -> Result<Response, Unanswered> {
    let built = build(&request).map_err(|why| Unanswered { sent: false, why })?;
    match built.send().await {
        Ok(inner) => Ok(Response { inner, limit: request.limit }),
        Err(error) => Err(unanswered(&error, request.limit)),
    }
}

fn build(request: &Request<'_>) -> Result<reqwest::RequestBuilder, String> {
    let client = CLIENT.as_ref().map_err(|why| format!("no HTTP client: {why}"))?;
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|_| format!("{} is no method", request.method))?;
    let mut built = client.request(method, url(request)?).timeout(request.limit);
    for (name, sent) in request.header {
        let text = sent.expose().map_err(|why| format!("header {name}: {why}"))?;
        let mut value = HeaderValue::from_str(text).map_err(|_| format!("header {name}: it would not be one line"))?;
        value.set_sensitive(matches!(sent, Sent::Secret(_)));
        built = built.header(name, value);
    }
    if let Some(accept) = request.accept {
        built = built.header(ACCEPT, HeaderValue::from_static(accept));
    }
    if let Some(body) = request.body {
        built = built.body(body.to_owned());
    }
    Ok(built)
}

fn url(request: &Request<'_>) -> Result<Url, String> {
    let mut url = Url::parse(request.url).map_err(|error| clause(&error))?;
    if !request.beneath.is_empty() {
        let mut path = url.path_segments_mut().map_err(|()| "the server has no paths".to_owned())?;
        path.pop_if_empty().extend(request.beneath);
    }
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(request.query);
    }
    Ok(url)
}

fn unanswered(error: &reqwest::Error, limit: Duration) -> Unanswered {
    // Nothing was sent: nobody listens, or the request is none.
    let sent = !(error.is_connect() || error.is_builder());
    let why = if cfg!(not(feature = "tls")) && error.url().is_some_and(|url| url.scheme() == "https") {
        crate::check::left_out("tls")
    } else if error.is_timeout() {
        format!("no answer within {}", format_duration(limit))
    } else {
        innermost(error)
    };
    Unanswered { sent, why }
}

/// The cause at the bottom, which is what the operator can do something about: `connection refused`.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    clause(error)
}

#[cfg(test)]
mod tests {
    use opsctl_api::{Plain, Secret, Source};

    use super::*;
    use crate::check::Along;

    fn secret(text: Option<&str>) -> Sent {
        let source = Some(Source::Env("TOKEN".into()));
        Sent::Secret(Secret { source, plain: text.map(Plain::new), ..Secret::default() })
    }

    fn built(header: &Along) -> Result<reqwest::Request, String> {
        build(&Request::get("http://host/", header, Duration::from_secs(1))).map(|built| built.build().unwrap())
    }

    #[test]
    fn test_a_header_that_cannot_be_one() {
        let along = |sent| Along::from([("x".to_owned(), sent)]);
        let why = built(&along(secret(Some("hunter2\nhunter3")))).unwrap_err();
        assert_eq!(why, "header x: it would not be one line");
        assert!(built(&along(secret(None))).is_err());
        let sent = built(&along(secret(Some("hunter2")))).unwrap();
        assert_eq!(sent.headers()["x"], "hunter2");
        assert!(!format!("{sent:?}").contains("hunter2"));
    }

    #[test]
    fn test_what_is_asked_stands_beneath_the_url() {
        let header = Along::new();
        let asked = |url| {
            let asked = Request::get(url, &header, Duration::from_secs(1));
            super::url(&Request { beneath: &["api", "a/b"], query: &[("q", "a b")], ..asked }).unwrap().to_string()
        };
        assert_eq!(asked("http://host"), "http://host/api/a%2Fb?q=a+b");
        assert_eq!(asked("http://host/prom/?x=1"), "http://host/prom/api/a%2Fb?x=1&q=a+b");
    }
}
