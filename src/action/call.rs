use std::time::Duration;

use opsctl_api::format_duration;

use super::Call;
use crate::check::{Ran, Untold, run_program};
use crate::http::{Request, send};

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    /// It was answered as it should be: with what.
    Done(String),
    /// It was refused, or answered otherwise. Why.
    Failed(String),
    /// Nothing went out: it could not be started, or nobody listens. Why.
    NotSent(String),
    /// It went out, and no answer came: it may be done, and may not. Why.
    Unknown(String),
}

/// How much of an output or an answer is told, in characters.
const TOLD: usize = 300;

/// Sends a call, once.
pub async fn call(call: &Call, limit: Duration) -> Called {
    let untold = Untold::of(call.along());
    match call {
        Call::Http { .. } => request(call, &untold, limit).await,
        Call::Run { argv, env } => match run_program(argv, env, limit).await {
            Ran::NotStarted(why) => Called::NotSent(why),
            Ran::TimedOut => {
                Called::Unknown(format!("it did not end within {}, and was ended", format_duration(limit)))
            }
            Ran::Lost(why) => Called::Unknown(why),
            Ran::Ended { status, .. } if status.success() => Called::Done("exit 0".to_owned()),
            Ran::Ended { status, out, err } => {
                let said = tail(&err, &untold)
                    .or_else(|| tail(&out, &untold))
                    .map(|said| format!(": {said}"))
                    .unwrap_or_default();
                let status = status.code().map_or_else(|| status.to_string(), |code| format!("exit {code}"));
                Called::Failed(format!("{status}{said}"))
            }
        },
    }
}

async fn request(call: &Call, untold: &Untold<'_>, limit: Duration) -> Called {
    let Call::Http { method, url, header, body, status } = call else {
        return Called::NotSent("it is no request".to_owned());
    };
    let request = Request { method, body: body.as_deref(), ..Request::get(url, header, limit) };
    let mut response = match send(request).await {
        Ok(response) => response,
        Err(unanswered) if unanswered.sent => return Called::Unknown(unanswered.why),
        Err(unanswered) => return Called::NotSent(unanswered.why),
    };
    let found = response.status();
    let seen = format!("status {found}");
    if status.map_or((200..300).contains(&found), |wanted| found == wanted) {
        return Called::Done(seen);
    }
    let mut said = Vec::new();
    while said.len() < 1 << 16
        && let Ok(Some(chunk)) = response.chunk().await
    {
        said.extend_from_slice(&chunk);
    }
    let seen = tail(&said, untold).map_or_else(|| seen.clone(), |said| format!("{seen}: {said}"));
    match found {
        // Whoever stands between has passed it on, and knows no more.
        502 | 504 => Called::Unknown(seen),
        _ => Called::Failed(seen),
    }
}

/// The last lines with something in them, on one line and no longer than [`TOLD`]. Whoever was called may send back what it was sent.
fn tail(output: &[u8], untold: &Untold<'_>) -> Option<String> {
    let text = untold.out_of(&String::from_utf8_lossy(output));
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(3)..].join("; ");
    let clean: Vec<char> = last.chars().filter(|c| !c.is_control()).collect();
    let cut = clean.len().saturating_sub(TOLD);
    let more = if cut > 0 { "…" } else { "" };
    (!clean.is_empty()).then(|| format!("{more}{}", clean[cut..].iter().collect::<String>()))
}
