//! The text of a secret: a JSON object, of which one member is changed while all else stays to the byte.

use std::mem::discriminant;
use std::ops::Range;

use serde_json::Value as Json;

/// White space of JSON.
const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];

/// A JSON object as it was written.
pub(super) struct Document<'t> {
    text: &'t str,
    /// Behind the brace that opens it.
    begin: usize,
    members: Vec<Member>,
}

/// Where a name and its value stand.
struct Member {
    name: String,
    key: Range<usize>,
    value: Range<usize>,
}

impl<'t> Document<'t> {
    /// Takes a text apart; `None` where it is no JSON object.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        serde_json::from_str::<Json>(text).ok()?.is_object().then_some(())?;
        let begin = text.find('{')? + 1;
        let (mut members, mut at) = (Vec::new(), begin);
        loop {
            at = after_blanks(text, at);
            match text.as_bytes().get(at)? {
                b'}' => return Some(Self { text, begin, members }),
                b',' => at += 1,
                _ => {
                    let (name, key) = next(text, at)?;
                    let (_, value) = next(text, after_blanks(text, key.end) + 1)?;
                    at = value.end;
                    members.push(Member { name: name.as_str()?.to_owned(), key, value });
                }
            }
        }
    }

    /// All names, one that is there twice as often.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// A member's JSON. Of two of the same name the last one counts, as readers of JSON take it.
    pub(super) fn get(&self, name: &str) -> Option<&'t str> {
        self.find(name).map(|found| &self.text[self.members[found].value.clone()])
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.members.iter().rposition(|member| member.name == name)
    }

    /// The text with this JSON as the member of a name, or without that member.
    pub(super) fn with(&self, name: &str, json: Option<&str>) -> String {
        match (self.find(name), json) {
            (Some(found), Some(json)) => self.replaced(self.members[found].value.clone(), json),
            (Some(found), None) => {
                let rest = self.replaced(self.with_comma(found), "");
                // It may be there twice.
                Document::parse(&rest).map(|left| left.with(name, None)).unwrap_or(rest)
            }
            (None, Some(json)) => self.added(name, json),
            (None, None) => self.text.to_owned(),
        }
    }

    /// A member with the comma that goes with it.
    fn with_comma(&self, found: usize) -> Range<usize> {
        let member = &self.members[found];
        match (found.checked_sub(1), self.members.get(found + 1)) {
            (_, Some(following)) => member.key.start..following.key.start,
            (Some(before), None) => self.members[before].value.end..member.value.end,
            (None, None) => member.key.start..member.value.end,
        }
    }

    /// One more member, written as the last one is.
    fn added(&self, name: &str, json: &str) -> String {
        let name = Json::from(name);
        let Some((last, before)) = self.members.split_last() else {
            return self.replaced(self.begin..self.begin, &format!("{name}:{json}"));
        };
        let between = match before.last() {
            Some(before) => self.text[before.value.end..last.key.start].to_owned(),
            None => format!(",{}", &self.text[self.begin..last.key.start]),
        };
        let colon = &self.text[last.key.end..last.value.start];
        self.replaced(last.value.end..last.value.end, &format!("{between}{name}{colon}{json}"))
    }

    fn replaced(&self, range: Range<usize>, by: &str) -> String {
        [&self.text[..range.start], by, &self.text[range.end..]].concat()
    }
}

fn after_blanks(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(BLANK).len()
}

/// The value that begins at a place, and where it stands.
fn next(text: &str, at: usize) -> Option<(Json, Range<usize>)> {
    let at = after_blanks(text, at);
    let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Json>();
    let value = values.next()?.ok()?;
    Some((value, at..at + values.byte_offset()))
}

/// What a member says: of a string its text, of all else its JSON.
pub(super) fn shown(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(Json::String(text)) => text,
        _ => json.to_owned(),
    }
}

/// A text as JSON in the place of another: a number stays a number where it is one, and so does all else that is no string.
pub(super) fn as_json(text: &str, before: Option<&str>) -> String {
    let sort = |json: &str| Some(discriminant(&serde_json::from_str::<Json>(json).ok()?));
    let string = discriminant(&Json::from(""));
    match before.and_then(sort) {
        Some(before) if before != string && sort(text) == Some(before) => text.trim_matches(BLANK).to_owned(),
        _ => Json::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "{\n  \"host\": \"db-east\",\n  \"port\" : 5432,\n  \"user\":\"\\u0061na, {x}\"\n}\n";

    fn with(text: &str, name: &str, json: Option<&str>) -> String {
        Document::parse(text).unwrap().with(name, json)
    }

    #[test]
    fn test_one_member_changes_and_the_rest_stays_to_the_byte() {
        let document = Document::parse(WRITTEN).unwrap();
        assert_eq!(document.names().collect::<Vec<_>>(), ["host", "port", "user"]);
        assert_eq!(document.get("port"), Some("5432"));
        assert_eq!(document.get("user").map(shown).as_deref(), Some("ana, {x}"));
        let changed = document.with("host", Some("\"db-west\""));
        assert_eq!(changed, WRITTEN.replace("db-east", "db-west"));
        assert_eq!(with(&changed, "host", Some("\"db-east\"")), WRITTEN);
    }

    #[test]
    fn test_a_member_comes_and_goes() {
        let more = with(WRITTEN, "pass", Some("\"x\""));
        assert_eq!(more, WRITTEN.replace("}\"\n", "}\",\n  \"pass\":\"x\"\n"));
        assert_eq!(with(&more, "pass", None), WRITTEN);
        for name in ["host", "port", "user"] {
            let less = with(WRITTEN, name, None);
            assert!(!Document::parse(&less).unwrap().names().any(|found| found == name), "{less}");
        }
        assert_eq!(with(" {} ", "a", Some("1")), " {\"a\":1} ");
        assert_eq!(with("{\n \"a\": 1\n}", "b", Some("2")), "{\n \"a\": 1,\n \"b\": 2\n}");
        assert_eq!(with("{\"a\":1}", "a", None), "{}");
        assert_eq!(with("{\"a\":1}", "b", None), "{\"a\":1}");
    }

    #[test]
    fn test_of_two_the_last_counts_and_both_go() {
        let twice = "{\"a\":1,\"b\":2,\"a\":3}";
        assert_eq!(Document::parse(twice).unwrap().get("a"), Some("3"));
        assert_eq!(with(twice, "a", Some("4")), "{\"a\":1,\"b\":2,\"a\":4}");
        assert_eq!(with(twice, "a", None), "{\"b\":2}");
    }

    #[test]
    fn test_what_is_no_object_has_no_members() {
        for text in ["hunter2", "[1]", "\"a\"", "{\"a\":1", ""] {
            assert!(Document::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn test_a_number_stays_a_number() {
        for (text, before, json) in [
            ("5433", Some("5432"), "5433"),
            ("5433", Some("\"5432\""), "\"5433\""),
            ("none", Some("5432"), "\"none\""),
            ("false", Some("true"), "false"),
            ("[2]", Some("[1, 2]"), "[2]"),
            ("5433", None, "\"5433\""),
            ("a\"b", None, "\"a\\\"b\""),
        ] {
            assert_eq!(as_json(text, before), json, "{text} over {before:?}");
        }
    }
}
