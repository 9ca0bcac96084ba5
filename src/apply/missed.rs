use camino::Utf8Path;

use super::entry::Entry;
use super::{journal, journals};

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
    }
}
