use opsctl_api::{Change, Hop, Kind, Live, NoWay, Segment, Setting, Type, Value, shell_word};

use super::{Served, alone, edit, one_call};

#[cfg(feature = "live")]
mod attributes;
#[cfg(feature = "live")]
mod list;
#[cfg(feature = "live")]
mod live;

#[cfg(feature = "live")]
pub(super) use list::each_page;

/// Either of the two replaces the object as a whole.
const WHOLE: &str = "whole";
/// The most bytes of a content.
const MOST: usize = 256 * 1024;

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "s3-object",
        doc: "An object of S3 with a text in it, up to 256 KiB. What else it has (its type, metadata, tags, encryption) stays; rights of its \
              own (an ACL) do not.",
        path: &[Segment::One("BUCKET"), Segment::Rest("KEY")],
        settings: &[
            Setting::new("content", Type::Text, "What it says. Written only over what was read (If-Match).").group(WHOLE),
            Setting::new(
                "version",
                Type::String,
                "The version whose content it has. Set to an earlier one, that is copied over it, which makes a new version.",
            )
            .group(WHOLE),
        ],
        confines: None,
        rate: None,
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

fn hops(change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    if change.edits.len() > 1 {
        return Err(NoWay {
            why: "its content is written, or copied from a version, and not both".to_owned(),
            instead: "set `content` or `version`".to_owned(),
        });
    }
    let content = edit(&change.edits, "content").and_then(|edit| edit.to.as_ref()?.as_str());
    if content.is_some_and(|content| content.len() > MOST) {
        return Err(NoWay {
            why: "its content would be larger than 256 KiB, and could not be read again".to_owned(),
            instead: "put it there by other means, and set `version`".to_owned(),
        });
    }
    one_call(change)
}

/// A part of a URL; the `/` between parts stays.
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A version of an object, as a copy names its source.
fn version_of(path: &str, version: &str) -> String {
    format!("{}?versionId={}", encoded(path), encoded(version))
}

fn by_hand(hop: &Hop, aws: &str) -> String {
    let (bucket, key) = hop.at.path().split_once('/').unwrap_or_default();
    let (bucket, key) = (shell_word(bucket), shell_word(key));
    match edit(&hop.edits, "version").and_then(|edit| edit.to.as_ref()) {
        Some(Value::String(version)) => format!(
            "{aws} s3api copy-object --bucket {bucket} --key {key} --copy-source {}",
            shell_word(&version_of(hop.at.path(), version)),
        ),
        _ => {
            let text = edit(&hop.edits, "content").and_then(|edit| edit.to.as_ref()?.as_str()).unwrap_or_default();
            format!("printf %s {} | {aws} s3 cp - {}", shell_word(text), shell_word(&format!("s3://{}", hop.at.path())))
        }
    }
}
