//! Against servers with certificates made for the test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use jiff::{Timestamp, ToSpan};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::tls::{shake_hands, shown};
use super::{Tls, Verdict};

const LIMIT: Duration = Duration::from_secs(30);

/// When the tests look.
fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// Valid for so many days from [`now`] on.
fn params(names: &[&str], from: i64, days: i64) -> CertificateParams {
    let at = |days: i64| {
        let date = date(2026, 6, 2) + days.days();
        date_time_ymd(date.year().into(), date.month().cast_unsigned(), date.day().cast_unsigned())
    };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    (params.not_before, params.not_after) = (at(from), at(days));
    params
}

fn of_issuer(days: i64) -> CertificateParams {
    let mut params = params(&[], -100, days);
    params.distinguished_name.push(DnType::CommonName, format!("an issuer of {days} days"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// Who is trusted, and who signs: itself, or one whom it has signed.
struct Issuer {
    root: CertifiedIssuer<'static, KeyPair>,
    between: Option<CertifiedIssuer<'static, KeyPair>>,
}

impl Issuer {
    fn new() -> Self {
        let root = CertifiedIssuer::self_signed(of_issuer(1000), KeyPair::generate().unwrap()).unwrap();
        Self { root, between: None }
    }

    /// Another stands between, for so many days.
    fn with_between(days: i64) -> Self {
        let root = Self::new().root;
        let key = KeyPair::generate().unwrap();
        Self { between: Some(CertifiedIssuer::signed_by(of_issuer(days), key, &root).unwrap()), root }
    }

    /// Serves with a certificate that it has signed.
    async fn serves(&self, params: CertificateParams) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, self.between.as_ref().unwrap_or(&self.root)).unwrap();
        let mut chain = vec![signed.der().clone()];
        chain.extend(self.between.iter().map(|between| between.der().clone()));
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let _ = acceptor.accept(socket).await;
            }
        });
        address
    }

    /// What a check sees that trusts it, at [`now`].
    async fn seen(&self, params: CertificateParams, days_left: u16) -> Verdict {
        let tls = check(self.serves(params).await, days_left);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = shown(&tls, provider.clone()).await.unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).unwrap();
        let trust = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        tls.judge(&chain, Some(&*trust), now())
    }
}

fn check(address: SocketAddr, days_left: u16) -> Tls {
    let server_name = Some("live.example.com".to_owned());
    Tls { address: address.to_string(), server_name, days_left, trusted: true }
}

#[tokio::test]
async fn test_days_left() {
    let issuer = Issuer::new();
    let live = || params(&["live.example.com"], -10, 30);
    assert_eq!(issuer.seen(live(), 30).await, Verdict::yes("30 days left, until 2026-07-02"));
    assert_eq!(issuer.seen(live(), 31).await, Verdict::no("30 days left, until 2026-07-02"));
    let over = params(&["live.example.com"], -10, -2);
    assert_eq!(
        issuer.seen(over, 0).await,
        Verdict::no("expired on 2026-05-31; not trusted: a certificate has expired")
    );
    let early = issuer.seen(params(&["live.example.com"], 3, 30), 0).await;
    assert!(!early.holds && early.seen.contains("not valid before 2026-06-05"), "{}", early.seen);
}

#[tokio::test]
async fn test_the_name() {
    let issuer = Issuer::new();
    assert!(issuer.seen(params(&["*.example.com"], -10, 30), 0).await.holds);
    let other = issuer.seen(params(&["a.example.com", "b.example.com"], -10, 30), 0).await;
    assert_eq!(
        other,
        Verdict::no(
            "30 days left, until 2026-07-02; it is for a.example.com, b.example.com and not for live.example.com"
        )
    );
}

#[tokio::test]
async fn test_the_chain() {
    // Who has signed it ends before it does.
    let short = Issuer::with_between(20);
    let live = || params(&["live.example.com"], -10, 60);
    assert_eq!(short.seen(live(), 15).await, Verdict::yes("60 days left, until 2026-08-01"));
    let seen = "60 days left, until 2026-08-01; who signed it is trusted for less than 30 days";
    assert_eq!(short.seen(live(), 30).await, Verdict::no(seen));
    // Nobody on this machine knows the issuer.
    let tls = check(short.serves(live()).await, 0);
    let unknown = shake_hands(&tls, LIMIT).await;
    assert!(!unknown.holds && unknown.seen.contains("; not trusted: "), "{}", unknown.seen);
    let mut params = live();
    params.not_after = date_time_ymd(2999, 1, 1);
    let tls = Tls { trusted: false, ..check(short.serves(params).await, 30) };
    let untrusted = shake_hands(&tls, LIMIT).await;
    assert!(untrusted.holds && untrusted.seen.ends_with(" days left, until 2999-01-01"), "{}", untrusted.seen);
}

#[tokio::test]
async fn test_no_certificate_is_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tls = check(listener.local_addr().unwrap(), 0);
    // It listens, and says nothing.
    let silent = shake_hands(&tls, Duration::from_millis(200)).await;
    assert_eq!(silent, Verdict::no("no handshake within 200ms"));
    drop(listener);
    assert_eq!(shake_hands(&tls, LIMIT).await, Verdict::no("connection refused"));
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tls = check(plain.local_addr().unwrap(), 0);
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut socket, _) = plain.accept().await.unwrap();
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let seen = shake_hands(&tls, LIMIT).await.seen;
    assert!(seen.starts_with("no handshake: "), "{seen}");
}
