use camino::Utf8Path;

use super::entry::Entry;
use super::replay::replay;
use super::{JournalError, journal, journals};

/// The newest operation of which there is a journal here, where the history does not have it: it was moved, deleted, or set back.
/// `has` says whether the history has one.
pub fn missed(work_dir: &Utf8Path, has: impl Fn(&str) -> bool) -> Option<String> {
    for path in journal::all(&journals(work_dir)).ok()?.into_iter().rev() {
        let operation = path.file_stem().unwrap_or_default();
        if has(operation) {
            return None;
        }
        // What ended before its first snapshot was taken was never in the history.
        let entries =
            journal::read(&path).into_iter().flat_map(|(records, _)| records).flat_map(|record| record.entries);
        if entries.into_iter().any(|entry| matches!(entry, Entry::Before { .. })) {
            return Some(operation.to_owned());
        }
    }
    None
}

/// Whether nobody knows what an operation without an end has changed: its journal is gone, or has not even a beginning.
///
/// # Errors
/// The journal cannot be read, or is damaged.
pub fn is_lost(work_dir: &Utf8Path, operation: &str) -> Result<bool, JournalError> {
    let path = journal::open_path(&journals(work_dir), operation);
    if !path.exists() {
        return Ok(true);
    }
    let (records, _) = journal::read(&path)?;
    Ok(replay(&path, records)?.is_none())
}

#[cfg(test)]
mod tests {
    use super::journal::Journal;
    use super::*;

    #[test]
    fn test_only_what_was_once_there_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let work_dir = Utf8Path::from_path(folder.path()).unwrap();
        assert_eq!(missed(work_dir, |_| false), None);
        let begin = |operation: &str, entry: Entry| {
            Journal::create(&journals(work_dir), operation).unwrap().append(vec![entry]).unwrap();
        };
        begin("1-ana", Entry::Before { commit: "ab".to_owned() });
        begin("2-ana", Entry::Before { commit: "cd".to_owned() });
        // Killed before its snapshot was taken.
        begin("3-ana", Entry::Stop { why: "interrupted".to_owned() });
        assert_eq!(missed(work_dir, |_| false).as_deref(), Some("2-ana"));
        // Set back to the first one.
        assert_eq!(missed(work_dir, |operation| operation == "1-ana").as_deref(), Some("2-ana"));
        assert_eq!(missed(work_dir, |operation| operation == "2-ana"), None);
        assert!(is_lost(work_dir, "0-ana").unwrap());
        fs_err::write(journal::open_path(&journals(work_dir), "3-ana"), "").unwrap();
        assert!(is_lost(work_dir, "3-ana").unwrap());
    }
}
