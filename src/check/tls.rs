#[cfg(not(feature = "tls"))]
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(not(feature = "tls"))]
use super::Verdict;

#[cfg(feature = "tls")]
mod handshake;

#[cfg(feature = "tls")]
pub(super) use handshake::shake_hands;
#[cfg(test)]
#[cfg(feature = "tls")]
pub(super) use handshake::shown;

/// A certificate, as a server shows it in a handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// `host:port`.
    pub address: String,
    /// The name that is asked for and that the certificate must be for; the host where none is named.
    pub server_name: Option<String>,
    /// How many days the certificate must still be valid.
    pub days_left: u16,
    /// Whether those whom this machine trusts must have signed it.
    pub trusted: bool,
}

impl Tls {
    /// Whether a certificate can be for a name.
    pub(crate) fn is_server_name(text: &str) -> bool {
        #[cfg(feature = "tls")]
        return handshake::is_server_name(text);
        #[cfg(not(feature = "tls"))]
        return !text.is_empty();
    }

    /// The name that the certificate must be for.
    pub fn name(&self) -> &str {
        let host = || self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host);
        self.server_name.as_deref().unwrap_or_else(host).trim_start_matches('[').trim_end_matches(']')
    }
}

/// Without TLS there is no handshake.
#[cfg(not(feature = "tls"))]
pub(super) async fn shake_hands(_: &Tls, _: Duration) -> Verdict {
    Verdict::no(super::left_out("tls"))
}
