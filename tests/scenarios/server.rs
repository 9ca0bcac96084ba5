use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A real HTTP server: what is asked of it, and what it answers to whom.
pub(crate) struct Server {
    url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// `POST /drain`, in the order in which they came.
    asked: Vec<String>,
    /// By `GET /path`, with its query or without: status and body. Nothing else is found.
    answers: BTreeMap<String, (u16, String)>,
    /// What is answered by `GET` once something was asked for.
    then: Vec<(String, String, String)>,
}

impl Server {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner: Arc<Mutex<Inner>> = Arc::default();
        let shared = Arc::clone(&inner);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                // Who asks may hang up at any time.
                let _ = connection.and_then(|connection| answer(connection, &shared));
            }
        });
        Self { url, inner }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// From now on this is answered so.
    pub(crate) fn answers(&self, request: &str, status: u16, body: &str) {
        self.inner.lock().unwrap().answers.insert(request.to_owned(), (status, body.to_owned()));
    }

    /// Once the first was asked for, the second is answered with 200 and this.
    pub(crate) fn turns(&self, once: &str, request: &str, body: &str) {
        self.inner.lock().unwrap().then.push((once.to_owned(), request.to_owned(), body.to_owned()));
    }

    /// What was asked that is not only looking.
    pub(crate) fn called(&self) -> Vec<String> {
        let inner = self.inner.lock().unwrap();
        inner.asked.iter().filter(|request| !request.starts_with("GET ")).cloned().collect()
    }
}

fn answer(connection: TcpStream, inner: &Mutex<Inner>) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let request = line.rsplit_once(' ').map_or("", |(request, _)| request).to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? <= 2 {
            break;
        }
        if let Some(bytes) = header.to_lowercase().strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap_or(0);
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    let (status, body) = {
        let mut inner = inner.lock().unwrap();
        let turned: Vec<_> = inner.then.iter().filter(|(once, ..)| *once == request).cloned().collect();
        for (_, request, body) in turned {
            inner.answers.insert(request, (200, body));
        }
        inner.asked.push(request.clone());
        let path = request.split('?').next().unwrap_or(&request);
        let answer = inner.answers.get(&request).or_else(|| inner.answers.get(path));
        answer.cloned().unwrap_or((404, String::new()))
    };
    let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    reader.get_mut().write_all(head.as_bytes())
}
