use std::time::Duration;

use opsctl_api::format_duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Verdict;

/// Connects and hangs up.
pub(super) async fn connect(address: &str, limit: Duration) -> Verdict {
    match timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Verdict::yes("connected"),
        Ok(Err(error)) => Verdict::no(clause(&error)),
        Err(_) => Verdict::no(format!("no connection within {}", format_duration(limit))),
    }
}

/// An error of the system as a clause: `connection refused`.
pub(crate) fn clause(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let text = text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text);
    let mut chars = text.chars();
    // A word in capitals stays one.
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn test_somebody_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        assert_eq!(connect(&address, LIMIT).await, Verdict::yes("connected"));
        drop(listener);
        assert_eq!(connect(&address, LIMIT).await, Verdict::no("connection refused"));
    }

    #[tokio::test]
    async fn test_what_is_no_address() {
        assert!(!connect("nowhere", LIMIT).await.holds);
        assert!(!connect("", LIMIT).await.holds);
    }
}
