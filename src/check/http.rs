use std::time::Duration;

use serde_json::Value as Json;

use super::{Along, Expectation, Untold, Verdict};
use crate::http::{Request, Response, Unanswered, send};

/// How much of a body is looked at: 1 MiB.
const MOST: usize = 1 << 20;

/// Gets a URL and holds the answer against what it must have; where no status is named, that is any 2xx.
pub(super) async fn get(url: &str, header: &Along, expect: &Expectation, limit: Duration) -> Verdict {
    let answered = async { judge(send(Request::get(url, header, limit)).await?, expect, &Untold::of(header)).await };
    answered.await.unwrap_or_else(|unanswered: Unanswered| Verdict::no(unanswered.why))
}

async fn judge(mut response: Response, expect: &Expectation, untold: &Untold<'_>) -> Result<Verdict, Unanswered> {
    let status = response.status();
    let seen = format!("status {status}");
    if !expect.status.map_or((200..300).contains(&status), |wanted| status == wanted) {
        let leads = response.header("location").first().and_then(|to| str::from_utf8(to).ok());
        return Ok(Verdict::no(leads.map_or_else(|| seen.clone(), |to| format!("{seen} to {to}"))));
    }
    for (name, wanted) in &expect.header {
        let found = response.header(name);
        if !found.contains(&wanted.as_bytes()) {
            let found: Vec<String> = found.iter().map(|value| format!("\"{}\"", value.escape_ascii())).collect();
            let is = if found.is_empty() { "missing".to_owned() } else { found.join(", ") };
            return Ok(Verdict::no(format!("{seen}, header {name} is {is}")));
        }
    }
    if expect.body.is_none() && expect.json.is_empty() {
        return Ok(Verdict::yes(seen));
    }
    let body = Body::read(&mut response).await?;
    Ok(match body.misses(expect, untold) {
        None => Verdict::yes(seen),
        Some(misses) => Verdict::no(format!("{seen}, {misses}")),
    })
}

pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// Whether there is more than [`MOST`].
    pub(super) cut: bool,
}

impl Body {
    pub(super) async fn read(response: &mut Response) -> Result<Self, Unanswered> {
        let mut body = Self { bytes: Vec::new(), cut: false };
        while let Some(chunk) = response.chunk().await? {
            let room = MOST - body.bytes.len();
            body.bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                body.cut = true;
                break;
            }
        }
        Ok(body)
    }

    /// What it must have and has not.
    fn misses(&self, expect: &Expectation, untold: &Untold<'_>) -> Option<String> {
        if let Some(text) = &expect.body
            && !String::from_utf8_lossy(&self.bytes).contains(text.as_str())
        {
            let of = if self.cut { "the first 1 MiB of the body" } else { "the body" };
            return Some(format!("{of} has no {text:?}"));
        }
        if expect.json.is_empty() {
            return None;
        }
        if self.cut {
            return Some("the body is larger than 1 MiB, so its JSON was not read".to_owned());
        }
        let json: Json = match serde_json::from_slice(&self.bytes) {
            Ok(json) => json,
            Err(error) => return Some(format!("the body is no JSON: {error}")),
        };
        expect.json.iter().find_map(|(pointer, wanted)| match json.pointer(pointer) {
            None => Some(format!("the body has no {pointer}")),
            Some(found) if !equal(found, wanted) => {
                Some(format!("{pointer} is {}", short(&untold.out_of(&found.to_string()))))
            }
            Some(_) => None,
        })
    }
}

/// Equal by meaning: to JSON, 1 and 1.0 are one number.
fn equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(x), Json::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[cfg(feature = "http")]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use serde_json::json;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    /// Gives one connection this answer, whatever it asks. The URL to ask.
    fn server(answer: impl Into<Vec<u8>>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/health", listener.local_addr().unwrap());
        let answer = answer.into();
        std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && connection.read(&mut byte).unwrap() > 0 {
                request.push(byte[0]);
            }
            assert!(request.starts_with(b"GET /health HTTP/1.1\r\n"));
            // Who has seen enough may hang up before all of it is sent.
            let _ = connection.write_all(&answer);
        });
        url
    }

    async fn ask(answer: &str, expect: Expectation) -> Verdict {
        get(&server(answer), &Along::new(), &expect, LIMIT).await
    }

    fn body(text: &str) -> String {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nX-Region: west\r\n\r\n{text}", text.len())
    }

    fn header(name: &str, value: &str) -> Expectation {
        Expectation { header: BTreeMap::from([(name.to_owned(), value.to_owned())]), ..Expectation::default() }
    }

    fn pointer(at: &str, is: Json) -> Expectation {
        Expectation { json: BTreeMap::from([(at.to_owned(), is)]), ..Expectation::default() }
    }

    #[tokio::test]
    async fn test_status() {
        let any = Expectation::default;
        let status = |status| Expectation { status: Some(status), ..any() };
        assert_eq!(ask("HTTP/1.1 204 No Content\r\n\r\n", any()).await, Verdict::yes("status 204"));
        let down = "HTTP/1.1 503 Down\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(ask(down, any()).await, Verdict::no("status 503"));
        assert_eq!(ask(down, status(503)).await, Verdict::yes("status 503"));
        assert_eq!(ask(&body(""), status(204)).await, Verdict::no("status 200"));
    }

    #[tokio::test]
    async fn test_a_redirect_is_not_followed() {
        let moved = "HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(ask(moved, Expectation::default()).await, Verdict::no("status 302 to /login"));
        assert!(ask(moved, Expectation { status: Some(302), ..header("location", "/login") }).await.holds);
    }

    #[tokio::test]
    async fn test_header() {
        assert!(ask(&body(""), header("x-region", "west")).await.holds);
        let seen = ask(&body(""), header("x-region", "east")).await.seen;
        assert_eq!(seen, "status 200, header x-region is \"west\"");
        assert_eq!(ask(&body(""), header("x-other", "")).await.seen, "status 200, header x-other is missing");
    }

    #[tokio::test]
    async fn test_body_and_json() {
        let has = |text: &str| Expectation { body: Some(text.to_owned()), ..Expectation::default() };
        assert!(ask(&body("all is well"), has("well")).await.holds);
        assert_eq!(ask(&body("all is lost"), has("well")).await.seen, "status 200, the body has no \"well\"");
        let health = body(r#"{"status": "ok", "lag": {"max": 1}}"#);
        assert!(ask(&health, pointer("/status", json!("ok"))).await.holds);
        assert!(ask(&health, pointer("/lag", json!({ "max": 1.0 }))).await.holds);
        assert_eq!(ask(&health, pointer("/lag/max", json!(2))).await.seen, "status 200, /lag/max is 1");
        assert_eq!(ask(&health, pointer("/none", json!(2))).await.seen, "status 200, the body has no /none");
        assert!(ask(&body("<html>"), pointer("/a", json!(2))).await.seen.contains("the body is no JSON"));
    }

    #[tokio::test]
    async fn test_a_body_without_end() {
        let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        endless.resize(3 << 20, b'x');
        let expect = Expectation { body: Some("end".to_owned()), ..Expectation::default() };
        let verdict = get(&server(endless), &Along::new(), &expect, LIMIT).await;
        assert_eq!(verdict.seen, "status 200, the first 1 MiB of the body has no \"end\"");
    }

    #[tokio::test]
    async fn test_no_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/?token=hunter2", listener.local_addr().unwrap());
        let silent = get(&url, &Along::new(), &Expectation::default(), Duration::from_millis(50)).await;
        assert_eq!(silent, Verdict::no("no answer within 50ms"));
        drop(listener);
        let refused = get(&url, &Along::new(), &Expectation::default(), LIMIT).await;
        assert_eq!(refused, Verdict::no("connection refused"));
        for url in ["", "nowhere", "ftp://localhost/", "http://"] {
            let verdict = get(url, &Along::new(), &Expectation::default(), LIMIT).await;
            assert!(!verdict.holds && !verdict.seen.is_empty(), "{url}: {}", verdict.seen);
        }
        let garbage = get(&server("what?\r\n\r\n"), &Along::new(), &Expectation::default(), LIMIT).await;
        assert!(!garbage.holds, "{}", garbage.seen);
    }
}
