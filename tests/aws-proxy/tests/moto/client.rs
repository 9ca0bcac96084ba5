//! A client that says no more than HTTP, and never tries again.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use opsctl_aws_proxy::{Call, Proxy, Xml};
use serde_json::Value as Json;

pub(crate) const EAST: &str = "us-east-1";

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// One connection.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn new(proxy: &Proxy) -> io::Result<Self> {
        Ok(Self(BufReader::new(TcpStream::connect(proxy.url().trim_start_matches("http://"))?)))
    }

    pub(crate) fn send(&mut self, call: &Call) -> io::Result<Reply> {
        self.write(call)?;
        self.read()
    }

    pub(crate) fn write(&mut self, call: &Call) -> io::Result<()> {
        let mut request =
            format!("{} {} HTTP/1.1\r\nhost: here\r\ncontent-length: {}\r\n", call.method, call.path, call.body.len());
        for (name, value) in &call.headers {
            request += &format!("{name}: {}\r\n", value.to_str().unwrap());
        }
        self.0.get_mut().write_all(&[(request + "\r\n").as_bytes(), &call.body].concat())
    }

    fn read(&mut self) -> io::Result<Reply> {
        let status = self.line()?;
        let status =
            status.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut length = 0;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = number.parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(Reply { status, body })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.text()))
    }

    pub(crate) fn xml(&self) -> Xml {
        Xml::parse(&self.text()).unwrap_or_else(|| panic!("{} {}", self.status, self.text()))
    }

    /// Whether it is an error of this code.
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, code: &str) {
        assert!(self.status == status && self.text().contains(code), "{} {}", self.status, self.text());
    }
}

/// One call on a connection of its own.
pub(crate) fn send(proxy: &Proxy, call: &Call) -> io::Result<Reply> {
    Client::new(proxy)?.send(call)
}

/// The same where an answer is expected, which may be an error of the API.
pub(crate) fn ask(proxy: &Proxy, call: &Call) -> Reply {
    send(proxy, call).unwrap()
}
