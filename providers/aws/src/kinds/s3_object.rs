use opsctl_api::{Change, Hop, Kind, Live, NoWay, Segment, Setting, Type, Value, shell_word};

use super::{Served, alone, edit, one_call};

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "s3-object",
        doc: "An object of S3 with a text in it, up to 256 KiB.",
        path: &[Segment::One("BUCKET"), Segment::Rest("KEY")],
        settings: &[
            Setting::new("content", Type::Text, "What it says. Written only over what was read (If-Match)."),
            Setting::new(
                "version",
                Type::String,
                "The version whose content it has. Set to an earlier one, that is copied over it, which makes a new version.",
            ),
        ],
        confines: None,
        rate: None,
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: &super::unbuilt::Unbuilt("s3-object"),
};

fn hops(change: &Change, _live: &Live) -> Result<Vec<Hop>, NoWay> {
    if change.edits.len() > 1 {
        return Err(NoWay {
            why: "its content is written, or copied from a version, and not both".to_owned(),
            instead: "set `content` or `version`".to_owned(),
        });
    }
    one_call(change)
}

fn by_hand(hop: &Hop) -> String {
    let (bucket, key) = hop.at.path().split_once('/').unwrap_or_default();
    let (bucket, key) = (shell_word(bucket), shell_word(key));
    match edit(&hop.edits, "version").and_then(|edit| edit.to.as_ref()) {
        Some(Value::String(version)) => format!(
            "aws s3api copy-object --bucket {bucket} --key {key} --copy-source {} --metadata-directive REPLACE --metadata {}",
            shell_word(&format!("{}?versionId={version}", hop.at.path())),
            shell_word(&format!("opsctl-version={version}")),
        ),
        _ => {
            let text = edit(&hop.edits, "content").and_then(|edit| edit.to.as_ref()?.as_str()).unwrap_or_default();
            format!("printf %s {} | aws s3 cp - {}", shell_word(text), shell_word(&format!("s3://{}", hop.at.path())))
        }
    }
}
