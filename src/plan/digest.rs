use std::fmt::Write;
use std::io;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Plan;

/// sha256 over a plan's canonical form, in hex: all of it but its version, times, calls and estimates.
pub(super) fn digest(plan: &Plan) -> String {
    // Taken apart without `..`, so that no new field is forgotten.
    let Plan {
        format,
        digest: _,
        intent,
        instances,
        declared,
        resources,
        steps,
        skipped,
        owners,
        traffic,
        leaves,
        preflight,
        refusals,
        checks,
        estimate: _,
        way_back,
    } = plan;
    let mut hash = Hashing(Sha256::new());
    hash.add(format);
    hash.add(intent);
    for (name, instance) in instances {
        hash.add(&(name, &instance.provider, &instance.target, &instance.identity, instance.unreachable.is_some()));
    }
    hash.add(declared);
    hash.add(resources);
    hash.add(steps);
    hash.add(skipped);
    hash.add(owners);
    hash.add(traffic);
    hash.add(leaves);
    hash.add(preflight);
    hash.add(refusals);
    hash.add(checks);
    hash.add(way_back);
    hex(&hash.0.finalize())
}

/// Bytes in hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

struct Hashing(Sha256);

impl Hashing {
    fn add(&mut self, part: &impl Serialize) {
        // All maps in a plan have strings as keys and no number is infinite, so writing JSON cannot fail.
        let _ = serde_json::to_writer(&mut *self, part);
        self.0.update(b"\n");
    }
}

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
