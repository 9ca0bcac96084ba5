//! sha256 over values in their canonical form: a line of JSON each.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write as _};

use serde::Serialize;
use sha2::Sha256;

/// JSON is written in pieces of a few bytes, and each would be hashed by itself.
const BUFFER: usize = 64 << 10;

/// A digest that grows by what is added to it.
pub(crate) struct Digest(BufWriter<Sum>);

struct Sum(Sha256);

impl Digest {
    pub(crate) fn new() -> Self {
        Self(BufWriter::with_capacity(BUFFER, Sum(sha2::Digest::new())))
    }

    /// Adds a value whose maps have strings as keys and whose numbers are finite: writing the JSON of such a value cannot
    /// fail, nor can hashing it.
    pub(crate) fn add(&mut self, part: &impl Serialize) {
        let _ = serde_json::to_writer(&mut self.0, part);
        let _ = self.0.write_all(b"\n");
    }

    /// Adds bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// The digest in hex.
    pub(crate) fn hex(mut self) -> String {
        let _ = self.0.flush();
        let bytes = sha2::Digest::finalize(self.0.get_ref().0.clone());
        bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl io::Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        sha2::Digest::update(&mut self.0, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
