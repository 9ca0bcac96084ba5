use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use opsctl_api::format_duration;
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;

use super::Tls;
use crate::check::Verdict;
use crate::check::clause;

const DAY: i64 = 24 * 3600;

/// Whether a certificate can be for a name.
pub(super) fn is_server_name(text: &str) -> bool {
    ServerName::try_from(text).is_ok()
}

impl Tls {
    /// Holds what was shown against what it must be. All that is wrong is told.
    pub(in crate::check) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        trust: Option<&dyn ServerCertVerifier>,
        now: Timestamp,
    ) -> Verdict {
        let Some((leaf, issuers)) = chain.split_first() else {
            return Verdict::no("the server has shown no certificate");
        };
        let (from, until) = match times(leaf) {
            Ok(times) => times,
            Err(why) => return Verdict::no(format!("the certificate cannot be read: {why}")),
        };
        let left = (until.as_second() - now.as_second()).div_euclid(DAY);
        let on = until.to_zoned(TimeZone::UTC).date();
        let days = |days: i64| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        let seen = if until < now { format!("expired on {on}") } else { format!("{} left, until {on}", days(left)) };
        let mut wrong = Vec::new();
        if now < from {
            wrong.push(format!("not valid before {from}"));
        }
        let name = match ServerName::try_from(self.name()) {
            Ok(name) => name,
            Err(error) => return Verdict::no(clause(&error)),
        };
        wrong.extend(other_name(leaf, &name));
        let enough = until >= now && left >= i64::from(self.days_left);
        if let Some(trust) = trust {
            let at = |days: i64| {
                let second = u64::try_from(now.as_second().saturating_add(days * DAY)).unwrap_or_default();
                let at = UnixTime::since_unix_epoch(Duration::from_secs(second));
                trust.verify_server_cert(leaf, issuers, &name, &[], at).err().and_then(|error| not_trusted(&error))
            };
            match at(0) {
                Some(why) => wrong.extend((enough || !why.is_empty()).then(|| format!("not trusted: {why}"))),
                None if enough && at(self.days_left.into()).is_some() => {
                    wrong.push(format!("who signed it is trusted for less than {}", days(self.days_left.into())));
                }
                None => {}
            }
        }
        let seen = [seen].into_iter().chain(wrong.iter().cloned()).collect::<Vec<_>>().join("; ");
        Verdict { holds: enough && wrong.is_empty(), seen }
    }
}

/// From when and until when a certificate is valid.
fn times(certificate: &[u8]) -> Result<(Timestamp, Timestamp), String> {
    let certificate = CertificateInner::<Raw>::from_der(certificate).map_err(|error| clause(&error))?;
    let validity = certificate.tbs_certificate().validity();
    let time = |time: x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
        Timestamp::from_second(seconds).map_err(|error| clause(&error))
    };
    Ok((time(validity.not_before)?, time(validity.not_after)?))
}

/// Whom a certificate is for, where that is somebody else.
fn other_name(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> Option<String> {
    let error = match ParsedCertificate::try_from(leaf) {
        Ok(leaf) => verify_server_name(&leaf, name).err()?,
        Err(error) => return Some(clause(&error)),
    };
    let name = name.to_str();
    Some(match error {
        TlsError::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })
            if !presented.is_empty() =>
        {
            // They come as `DnsName("live.example.com")`.
            let bare = |text: &String| text.split('"').nth(1).unwrap_or(text).to_owned();
            let others: Vec<String> = presented.iter().take(3).map(bare).collect();
            let more = if presented.len() > 3 { " and others" } else { "" };
            format!("it is for {}{more} and not for {name}", others.join(", "))
        }
        _ => format!("it is not for {name}"),
    })
}

/// Why a chain is not trusted; `None` where only the name is wrong, which is told by itself.
fn not_trusted(error: &TlsError) -> Option<String> {
    use CertificateError as Is;
    Some(match error {
        TlsError::InvalidCertificate(Is::NotValidForName | Is::NotValidForNameContext { .. }) => return None,
        TlsError::InvalidCertificate(Is::UnknownIssuer) => "nobody whom this machine knows has signed it".to_owned(),
        TlsError::InvalidCertificate(Is::Expired | Is::ExpiredContext { .. }) => "a certificate has expired".to_owned(),
        TlsError::InvalidCertificate(Is::BadSignature) => {
            "its signature is not that of who should have signed it".to_owned()
        }
        other => clause(other),
    })
}

/// Takes whatever certificate is shown, for it is judged afterwards, and makes sure that the server has its key.
#[derive(Debug)]
struct Any(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// The certificates that a server shows, its own first.
pub(in crate::check) async fn shown(
    tls: &Tls,
    provider: Arc<CryptoProvider>,
) -> Result<Vec<CertificateDer<'static>>, String> {
    let name = ServerName::try_from(tls.name().to_owned()).map_err(|error| clause(&error))?;
    let any = Arc::new(Any(provider.signature_verification_algorithms));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| clause(&error))?
        .dangerous()
        .with_custom_certificate_verifier(any)
        .with_no_client_auth();
    let socket = TcpStream::connect(&tls.address).await.map_err(|error| clause(&error))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await.map_err(|error| {
        let why = error.get_ref().map_or_else(|| clause(&error), |inner| clause(inner));
        format!("no handshake: {why}")
    })?;
    Ok(stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec())
}

/// Shakes hands and looks at the certificate.
pub(in crate::check) async fn shake_hands(tls: &Tls, limit: Duration) -> Verdict {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let chain = match timeout(limit, shown(tls, provider.clone())).await {
        Ok(Ok(chain)) => chain,
        Ok(Err(why)) => return Verdict::no(why),
        Err(_) => return Verdict::no(format!("no handshake within {}", format_duration(limit))),
    };
    if !tls.trusted {
        return tls.judge(&chain, None, Timestamp::now());
    }
    match Verifier::new(provider) {
        Ok(trust) => tls.judge(&chain, Some(&trust), Timestamp::now()),
        Err(error) => Verdict::no(format!("whom this machine trusts cannot be read: {}", clause(&error))),
    }
}
