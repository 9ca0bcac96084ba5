//! CBOR as AWS' SDKs speak it to CloudWatch, which moto does not: translated into JSON and back.

use serde_json::{Map, Value as Json};

/// Deeper than anything that CloudWatch is sent.
const DEEPEST: usize = 64;

/// Reads one value; none if it is not CBOR or has what JSON has not. A timestamp becomes its seconds.
pub(crate) fn read(bytes: &[u8]) -> Option<Json> {
    Reader { bytes }.value(DEEPEST)
}

/// Writes a value. What `is_time` says of a member's name decides whether its numbers are timestamps.
pub(crate) fn write(value: &Json, is_time: fn(&str) -> bool) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, value, false, is_time);
    out
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, deeper: usize) -> Option<Json> {
        let deeper = deeper.checked_sub(1)?;
        let first = self.take(1)?[0];
        let (major, minor) = (first >> 5, first & 31);
        if major == 7 {
            return self.simple(minor);
        }
        let length = self.length(minor)?;
        Some(match (major, length) {
            (0, Some(number)) => Json::from(number),
            (1, Some(number)) => Json::from(-1 - i64::try_from(number).ok()?),
            (2 | 3, Some(length)) => Json::from(self.text(length)?),
            (2 | 3, None) => {
                let mut text = String::new();
                while !self.at_break() {
                    text.push_str(self.value(deeper)?.as_str()?);
                }
                Json::from(text)
            }
            (4, length) => {
                let mut items = Vec::new();
                while self.more(length, items.len()) {
                    items.push(self.value(deeper)?);
                }
                Json::from(items)
            }
            (5, length) => {
                let mut members = Map::new();
                let mut count = 0;
                while self.more(length, count) {
                    let name = self.value(deeper)?.as_str()?.to_owned();
                    members.insert(name, self.value(deeper)?);
                    count += 1;
                }
                Json::from(members)
            }
            (6, Some(_)) => self.value(deeper)?,
            _ => return None,
        })
    }

    fn simple(&mut self, minor: u8) -> Option<Json> {
        Some(match minor {
            20 => Json::from(false),
            21 => Json::from(true),
            22 | 23 => Json::Null,
            26 => Json::from(f32::from_be_bytes(self.take(4)?.try_into().ok()?)),
            27 => Json::from(f64::from_be_bytes(self.take(8)?.try_into().ok()?)),
            _ => return None,
        })
    }

    /// None inside if it goes on until a break.
    fn length(&mut self, minor: u8) -> Option<Option<u64>> {
        let bytes = match minor {
            0..=23 => return Some(Some(minor.into())),
            24..=27 => self.take(1 << (minor - 24))?,
            31 => return Some(None),
            _ => return None,
        };
        Some(Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))))
    }

    fn text(&mut self, length: u64) -> Option<&'a str> {
        std::str::from_utf8(self.take(usize::try_from(length).ok()?)?).ok()
    }

    fn more(&mut self, length: Option<u64>, count: usize) -> bool {
        length.map_or_else(|| !self.at_break(), |length| (count as u64) < length)
    }

    /// Whether a break is next, or nothing; it is passed over.
    fn at_break(&mut self) -> bool {
        match self.bytes {
            [] => true,
            [0xff, rest @ ..] => {
                self.bytes = rest;
                true
            }
            _ => false,
        }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }
}

fn put(out: &mut Vec<u8>, value: &Json, time: bool, is_time: fn(&str) -> bool) {
    match value {
        Json::Null => out.push(0xf6),
        Json::Bool(value) => out.push(if *value { 0xf5 } else { 0xf4 }),
        Json::Number(number) => {
            if time {
                out.push(0xc1);
            }
            match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => head(out, 0, number),
                (_, Some(number), _) => head(out, 1, number.unsigned_abs() - 1),
                (.., number) => {
                    out.push(0xfb);
                    out.extend(number.unwrap_or_default().to_be_bytes());
                }
            }
        }
        Json::String(text) => put_text(out, text),
        Json::Array(items) => {
            head(out, 4, items.len() as u64);
            items.iter().for_each(|item| put(out, item, time, is_time));
        }
        Json::Object(members) => {
            head(out, 5, members.len() as u64);
            for (name, value) in members {
                put_text(out, name);
                put(out, value, is_time(name), is_time);
            }
        }
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    head(out, 3, text.len() as u64);
    out.extend(text.as_bytes());
}

fn head(out: &mut Vec<u8>, major: u8, number: u64) {
    let bytes = number.to_be_bytes();
    let (minor, width) = match number {
        0..24 => (bytes[7], 0),
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    out.push(major << 5 | minor);
    out.extend(&bytes[8 - width..]);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn test_what_is_written_is_read() {
        let value = json!({
            "AlarmNames": ["a", "b"], "MaxRecords": 100, "Big": 70000, "Below": -300, "Half": 0.5, "On": true,
            "Off": false, "None": null, "At": 1_760_000_000, "Long": "x".repeat(300), "Deep": {"Times": [1.5]},
        });
        let bytes = write(&value, |name| name == "At" || name == "Times");
        assert_eq!(read(&bytes), Some(value));
        assert_eq!(bytes.iter().filter(|byte| **byte == 0xc1).count(), 2);
    }

    #[test]
    fn test_sizes_may_be_left_open() {
        // {_ "Names": [_ "a"], "Text": (_ "b", "c")}
        let bytes = b"\xbf\x65Names\x9f\x61a\xff\x64Text\x7f\x61b\x61c\xff\xff";
        assert_eq!(read(bytes), Some(json!({"Names": ["a"], "Text": "bc"})));
    }

    #[test]
    fn test_what_is_no_cbor_is_none() {
        for bytes in [&b""[..], b"\x1c", b"\x63ab", b"\xa1\x01\x02", &[0x81; 500], b"\x5f\x00"] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}
