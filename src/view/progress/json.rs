use crate::apply::Event;

/// An event as one line of JSON, without its end. Each carries the version of the format.
pub fn line(event: &Event) -> String {
    #[derive(serde::Serialize)]
    struct Line<'a> {
        version: u32,
        #[serde(flatten)]
        event: &'a Event,
    }
    serde_json::to_string(&Line { version: crate::view::json::VERSION, event }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::event;
    use super::*;
    use crate::apply::What;

    #[test]
    fn test_a_line_says_its_version_and_its_event() {
        let line = line(&event(3, What::Sent { step: 1, hop: 0, attempt: 1 }));
        insta::assert_snapshot!(line, @r#"{"version":1,"at":"2026-11-22T04:12:03Z","event":"sent","step":1,"hop":0,"attempt":1}"#);
    }
}
