use std::io::Read;

use camino::Utf8Path;

use super::Problems;
use crate::diagnostic::{Code, Diagnostic, FileId, Sources, Span};

/// No state is larger; a file that is would be read into memory whole.
const MOST: u64 = 256 << 20;

/// Takes a file in under `shown`, the path that the operator knows it by. An error where it cannot be read, which is
/// reported; the file is taken in all the same, so that the report has a place to point to.
pub(crate) fn read(
    path: &Utf8Path,
    shown: &str,
    sources: &mut Sources,
    found: &mut Problems,
) -> Result<FileId, FileId> {
    let bytes = match bytes(path) {
        Ok(bytes) if bytes.len() as u64 > MOST => Err("the file is larger than 256 MB".to_owned()),
        Ok(bytes) => Ok(bytes),
        Err(_) if path.is_dir() => Err("a directory stands where a file should be".to_owned()),
        Err(error) => Err(match path.read_link_utf8() {
            Ok(to) if error.kind() == std::io::ErrorKind::NotFound => {
                format!("the file is a link to {to}, and nothing is there")
            }
            _ => format!("the file cannot be read: {}", plainly(&error)),
        }),
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(message) => {
            let file = sources.add(shown, "");
            found.push(Diagnostic::error(Code::Unreadable, Span::new(file, 0..0), message));
            return Err(file);
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(sources.add(shown, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let message = format!("the file is not UTF-8: the byte {:#04x}", error.as_bytes()[at]);
            // What stands there is shown as a replacement character, three bytes long.
            let file = sources.add(shown, String::from_utf8_lossy(error.as_bytes()).into_owned());
            let mistake = Diagnostic::error(Code::Encoding, Span::new(file, at..at + 3), message);
            let utf_16 = [&[0xff, 0xfe], &[0xfe, 0xff]].iter().any(|mark| error.as_bytes().starts_with(*mark));
            found.push(if utf_16 { mistake.note("it begins as UTF-16 does: save it as UTF-8") } else { mistake });
            Err(file)
        }
    }
}

/// What the operating system said, without its number.
pub(crate) fn plainly(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text).to_owned()
}

fn bytes(path: &Utf8Path) -> std::io::Result<Vec<u8>> {
    // A pipe would be waited for without an end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    let file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
