use super::{Operation, Snapshot, StoreError, to_toml};
use crate::digest::Digest;
use crate::plan::Plan;

pub(super) const LIVE: &str = "live.toml";
pub(super) const OPERATION: &str = "operation.toml";
pub(super) const PLAN: &str = "plan.json";

/// The files of one snapshot, in the order in which they are digested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) live: Vec<u8>,
    pub(super) operation: Vec<u8>,
    pub(super) plan: Option<Vec<u8>>,
}

impl Files {
    pub(super) fn write(snapshot: &Snapshot, operation: &Operation, plan: Option<&Plan>) -> Result<Self, StoreError> {
        let unwritable = |file, why: String| StoreError::Unwritable { file, why };
        let record = ::toml::to_string(operation).map_err(|error| unwritable(OPERATION, error.to_string()))?;
        let plan = plan.map(serde_json::to_vec).transpose().map_err(|error| unwritable(PLAN, error.to_string()))?.map(
            |mut json| {
                json.push(b'\n');
                json
            },
        );
        Ok(Self { live: to_toml(snapshot).into_bytes(), operation: record.into_bytes(), plan })
    }

    /// All three by name; `None` of one that this snapshot does not have.
    pub(super) fn each(&self) -> [(&'static str, Option<&[u8]>); 3] {
        [(LIVE, Some(&self.live)), (OPERATION, Some(&self.operation)), (PLAN, self.plan.as_deref())]
    }

    /// Whether the record of the operation may name an address that begins so.
    pub(super) fn names(&self, text: &str) -> bool {
        // What TOML may write otherwise than it is.
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\'));
        !plain || String::from_utf8_lossy(&self.operation).contains(text)
    }

    /// sha256 over name, length and content of each file, in hex.
    pub(super) fn digest(&self) -> String {
        let mut hash = Digest::new();
        for (name, content) in self.each() {
            let Some(content) = content else { continue };
            hash.bytes(format!("{name} {}\n", content.len()).as_bytes());
            hash.bytes(content);
        }
        hash.hex()
    }
}
