//! Servers that checks look at, each until the test ends.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::A;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection};

/// Answers a path with a status and a body, whatever is asked of it; all others are not found.
pub(crate) fn http(answers: &[(&str, u16, &str)]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers: BTreeMap<String, (u16, String)> =
        answers.iter().map(|(path, status, body)| ((*path).to_owned(), (*status, (*body).to_owned()))).collect();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut reader = BufReader::new(connection.unwrap());
            let head: Vec<String> =
                reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let path = head.first().and_then(|line| line.split([' ', '?']).nth(1)).unwrap_or_default();
            let (status, body) = answers.get(path).cloned().unwrap_or((404, String::new()));
            let answer =
                format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            // Who has seen enough may hang up before all of it is sent.
            let _ = reader.get_mut().write_all(answer.as_bytes());
        }
    });
    address
}

/// Answers who says the token, and tells all others what they said.
pub(crate) fn guarded(token: &'static str, answers: &'static [(&str, &str)]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut reader = BufReader::new(connection.unwrap());
            let head: Vec<String> =
                reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let path = head.first().and_then(|line| line.split([' ', '?']).nth(1)).unwrap_or_default();
            let answer = answers.iter().find(|(known, _)| *known == path).map_or("", |(_, answer)| answer);
            let known = head.iter().any(|line| line.to_lowercase() == format!("authorization: {token}"));
            let (status, body) = if known { (200, answer.to_owned()) } else { (401, head.join("; ")) };
            let answer =
                format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = reader.get_mut().write_all(answer.as_bytes());
        }
    });
    address
}

/// Knows the address of one name, and that there is no other.
pub(crate) fn dns(name: &str, is: [u8; 4]) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let name = Name::from_ascii(name).unwrap();
    std::thread::spawn(move || {
        let mut packet = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            let asked = Message::from_vec(&packet[..length]).unwrap();
            let query = asked.queries[0].clone();
            let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
            match (*query.name() == name, query.query_type()) {
                (true, RecordType::A) => {
                    let data = RData::A(A::new(is[0], is[1], is[2], is[3]));
                    answer.add_answer(Record::from_rdata(name.clone(), 60, data));
                }
                (true, _) => {}
                (false, _) => answer.metadata.response_code = ResponseCode::NXDomain,
            }
            answer.add_query(query);
            socket.send_to(&answer.to_vec().unwrap(), from).unwrap();
        }
    });
    address
}

/// Shows a certificate for a name, by an issuer, until the year 2999. Where it listens, and whom one has to trust for it, as PEM.
pub(crate) fn tls(name: &str, issuer: &str) -> (SocketAddr, String) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, issuer);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_after = date_time_ymd(2999, 1, 1);
    let key = KeyPair::generate().unwrap();
    let chain = vec![params.signed_by(&key, &issuer).unwrap().der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let (config, pem) = (Arc::new(config), issuer.pem());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut handshake = ServerConnection::new(Arc::clone(&config)).unwrap();
            let _ = handshake.complete_io(&mut connection.unwrap());
        }
    });
    (address, pem)
}
