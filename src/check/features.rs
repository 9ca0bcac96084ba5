use super::{Check, Metric, Probe, Promql, left_out};

/// The features that this build was made without, of those that measure and call.
const LEFT_OUT: &[&str] = &[
    #[cfg(not(feature = "http"))]
    "http",
    #[cfg(not(feature = "dns"))]
    "dns",
    #[cfg(not(feature = "tls"))]
    "tls",
];

/// Why this build cannot measure a check; `None` where it can.
pub(crate) fn unmeasurable(check: &Check) -> Option<String> {
    missing(check.probe.features())
}

/// Why this build can send nothing to a URL; `None` where it can.
pub(crate) fn unsendable(url: &str) -> Option<String> {
    missing(of_url(url))
}

fn missing(features: &[&str]) -> Option<String> {
    features.iter().find(|feature| LEFT_OUT.contains(*feature)).map(|feature| left_out(feature))
}

fn of_url(url: &str) -> &'static [&'static str] {
    if url.starts_with("https:") { &["http", "tls"] } else { &["http"] }
}

impl Probe {
    /// The features without which it cannot be measured.
    fn features(&self) -> &'static [&'static str] {
        match self {
            Self::Http { url, .. } | Self::Metric(Metric { url, .. }) | Self::Promql(Promql { server: url, .. }) => {
                of_url(url)
            }
            Self::Tls(_) => &["tls"],
            Self::Dns(_) => &["dns"],
            Self::Tcp { .. } | Self::Run(_) | Self::File(_) | Self::Setting { .. } => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Along;

    #[test]
    fn test_what_is_asked_over_tls_takes_two_features() {
        let http = |url: &str| Probe::Http { url: url.into(), header: Along::new(), expect: Default::default() };
        assert_eq!(http("http://x/").features(), ["http"]);
        assert_eq!(http("https://x/").features(), ["http", "tls"]);
        assert!(Probe::Tcp { address: "x:1".into() }.features().is_empty());
    }

    #[test]
    fn test_what_is_left_out_is_named() {
        assert_eq!(missing(&["http"]).is_none(), cfg!(feature = "http"));
        assert_eq!(unsendable("https://x/").is_none(), cfg!(all(feature = "http", feature = "tls")));
    }
}
