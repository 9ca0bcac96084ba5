//! What `--json` gives.

use serde::Serialize;

/// The version of every document that `--json` gives. A field may be added without a new one; none changes its meaning.
pub const VERSION: u32 = 1;

/// A document: the version, what it is, and its fields.
///
/// # Errors
/// A field cannot be written as JSON.
pub fn document<T: Serialize>(kind: &'static str, body: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&Document { version: VERSION, kind, body }).map(|text| text + "\n")
}

/// The same on one line.
///
/// # Errors
/// A field cannot be written as JSON.
pub fn line<T: Serialize>(kind: &'static str, body: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Document { version: VERSION, kind, body }).map(|text| text + "\n")
}

#[derive(Serialize)]
struct Document<'a, T> {
    version: u32,
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_a_document_says_what_it_is() {
        #[derive(Serialize)]
        struct Body {
            states: Vec<u8>,
        }
        insta::assert_snapshot!(document("states", &Body { states: vec![1] }).unwrap(), @r#"
        {
          "version": 1,
          "kind": "states",
          "states": [
            1
          ]
        }
        "#);
    }
}
