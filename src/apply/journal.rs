use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::entry::Entry;

/// An operation's journal: a file that is only ever appended to, one record a line.
///
/// A record is `SEQUENCE LENGTH CHECKSUM JSON`, and holds the entries of one round. It is durable when
/// [`Journal::append`] returns, so no record follows one that is not: damage at the end is a torn last record and forgiven,
/// damage anywhere else is an error.
#[derive(Debug)]
pub(super) struct Journal {
    path: Utf8PathBuf,
    operation: String,
    file: fs::File,
    sequence: u64,
    length: u64,
    broken: bool,
}

/// One record: what happened in one round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// When it was written.
    pub at: Timestamp,
    /// The operation's id.
    pub operation: String,
    /// What happened, in this order.
    pub entries: Vec<Entry>,
}

/// Why a journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system said no.
    #[error("the journal cannot be read or written")]
    Io(#[from] io::Error),
    /// A record that was durable is not what was written.
    #[error("{path} is damaged at record {record} (byte {byte}): {why}")]
    Damaged {
        /// The file.
        path: Utf8PathBuf,
        /// The record, from 0.
        record: u64,
        /// Where it begins.
        byte: usize,
        /// What is wrong with it.
        why: String,
    },
    /// An earlier write failed, so nothing more may follow it.
    #[error("{0} could not be written earlier, so nothing more is written to it")]
    Broken(Utf8PathBuf),
    /// The records do not follow from each other.
    #[error("{path} does not make sense")]
    Illegal {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong.
        source: super::Illegal,
    },
    /// The first record is not one that begins an operation, or one is of another version.
    #[error("{0} is not a journal of this version of opsctl")]
    Foreign(Utf8PathBuf),
}

/// The file name's end while the operation is open.
const OPEN: &str = "open";
/// The file name's end once it has ended.
const CLOSED: &str = "journal";

impl Journal {
    /// Begins the journal of an operation in a folder, which is made where it is missing.
    ///
    /// # Errors
    /// The file is there already, or cannot be made.
    pub(super) fn create(folder: &Utf8Path, operation: &str) -> Result<Self, JournalError> {
        fs::create_dir_all(folder)?;
        let path = open_path(folder, operation);
        let file = fs::OpenOptions::new().append(true).create_new(true).open(&path)?;
        sync_folder(folder)?;
        Ok(Self { path, operation: operation.to_owned(), file, sequence: 0, length: 0, broken: false })
    }

    /// Opens a journal to go on with it; a torn last record is cut off.
    ///
    /// # Errors
    /// It cannot be read, or is damaged.
    pub(super) fn open(path: &Utf8Path) -> Result<(Self, Vec<Record>), JournalError> {
        let (records, length) = read(path)?;
        let file = fs::OpenOptions::new().append(true).open(path)?;
        file.set_len(length)?;
        file.sync_data()?;
        let operation = path.file_stem().unwrap_or_default().to_owned();
        let sequence = records.len() as u64;
        Ok((Self { path: path.to_owned(), operation, file, sequence, length, broken: false }, records))
    }

    /// Appends what happened as one record, durably, and gives back the time that it bears.
    ///
    /// # Errors
    /// It could not be written; what was is taken back, and nothing more can be appended.
    pub(super) fn append(&mut self, entries: Vec<Entry>) -> Result<Record, JournalError> {
        if self.broken {
            return Err(JournalError::Broken(self.path.clone()));
        }
        let record = Record { at: Timestamp::now(), operation: self.operation.clone(), entries };
        let line = to_line(self.sequence, &record)?;
        if let Err(error) = self.file.write_all(&line).and_then(|()| self.file.sync_data()) {
            self.broken = true;
            // Best effort: what is left of it reads as a torn tail anyway.
            let _ = self.file.set_len(self.length);
            return Err(error.into());
        }
        self.sequence += 1;
        self.length += line.len() as u64;
        Ok(record)
    }

    /// The file.
    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }
}

/// Where the journal of an operation is while that is open.
pub(super) fn open_path(folder: &Utf8Path, operation: &str) -> Utf8PathBuf {
    folder.join(format!("{operation}.{OPEN}"))
}

/// Marks a journal as that of an ended operation. Its last entry must say so.
pub(super) fn close(path: &Utf8Path) -> Result<(), JournalError> {
    fs::rename(path, path.with_extension(CLOSED))?;
    path.parent().map_or(Ok(()), sync_folder).map_err(JournalError::from)
}

/// The journals in a folder that were not closed, oldest first.
///
/// # Errors
/// The folder cannot be read; one that is missing has none.
pub(super) fn open_journals(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, JournalError> {
    let mut found = all(folder)?;
    found.retain(|path| path.extension() == Some(OPEN));
    Ok(found)
}

/// The journals in a folder, open or closed, oldest first.
///
/// # Errors
/// The folder cannot be read; one that is missing has none.
pub(super) fn all(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, JournalError> {
    let paths = names(folder)?.into_iter().map(|name| folder.join(name));
    let mut found: Vec<_> = paths.filter(|path| matches!(path.extension(), Some(OPEN | CLOSED))).collect();
    found.sort_by(|a, b| a.file_stem().cmp(&b.file_stem()));
    Ok(found)
}

/// Whether an operation of this id has a journal, open or closed.
pub(super) fn is_taken(folder: &Utf8Path, operation: &str) -> bool {
    [OPEN, CLOSED].iter().any(|end| folder.join(format!("{operation}.{end}")).exists())
}

/// All records of a journal, and how many bytes they take; a torn last record is left out.
///
/// # Errors
/// It cannot be read, or is damaged.
pub(super) fn read(path: &Utf8Path) -> Result<(Vec<Record>, u64), JournalError> {
    let bytes = fs::read(path)?;
    let mut records = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let sequence = records.len() as u64;
        let damage = match from_line(&bytes[at..]) {
            Ok((found, None, _)) if found == sequence => return Err(JournalError::Foreign(path.to_owned())),
            Ok((found, Some(record), length)) if found == sequence => {
                records.push(record);
                at += length;
                continue;
            }
            Ok((found, ..)) => format!("it has the sequence {found}"),
            Err(_) if !anything_follows(&bytes[at..]) => break,
            Err(why) => why,
        };
        return Err(JournalError::Damaged { path: path.to_owned(), record: sequence, byte: at, why: damage });
    }
    Ok((records, at as u64))
}

fn to_line(sequence: u64, record: &Record) -> Result<Vec<u8>, JournalError> {
    let json = serde_json::to_vec(record).map_err(io::Error::from)?;
    let mut line = format!("{sequence} {} {} ", json.len(), checksum(sequence, &json)).into_bytes();
    line.extend_from_slice(&json);
    line.push(b'\n');
    Ok(line)
}

/// The most bytes before a record's content: two numbers, a checksum and the blanks between.
const HEADER: usize = 20 + 1 + 20 + 1 + 16 + 1;

/// The record that a text begins with: its sequence, itself, and how many bytes it takes. `None` where it is whole and of another version.
fn from_line(bytes: &[u8]) -> Result<(u64, Option<Record>, usize), String> {
    // No further than a header can be long: what is damaged is looked at from every byte on.
    let mut parts = bytes[..bytes.len().min(HEADER)].splitn(4, |&byte| byte == b' ');
    let mut word = || parts.next().and_then(|part| std::str::from_utf8(part).ok()).ok_or("it has no header");
    let (sequence, length, sum) = (word()?, word()?, word()?);
    let begins = sequence.len() + length.len() + sum.len() + 3;
    let sequence: u64 = sequence.parse().map_err(|_| "its sequence is no number")?;
    let length: usize = length.parse().map_err(|_| "its length is no number")?;
    let rest = bytes.get(begins..).ok_or("it has no content")?;
    if rest.get(length) != Some(&b'\n') {
        return Err("it does not end where its length says".to_owned());
    }
    let json = &rest[..length];
    if checksum(sequence, json) != sum {
        return Err("its checksum is another".to_owned());
    }
    Ok((sequence, serde_json::from_slice(json).ok(), bytes.len() - rest.len() + length + 1))
}

/// Whether a whole record stands somewhere behind a damaged one: then it was no torn tail.
fn anything_follows(damaged: &[u8]) -> bool {
    (1..damaged.len()).any(|at| damaged[at].is_ascii_digit() && from_line(&damaged[at..]).is_ok())
}

/// Over the sequence too, so that no record can stand in for another.
fn checksum(sequence: u64, json: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(sequence.to_be_bytes());
    digest.update(json);
    digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn names(folder: &Utf8Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// A new or renamed file is only there for sure once its folder is durable.
fn sync_folder(folder: &Utf8Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::Outcome;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    fn stop(why: &str) -> Vec<Entry> {
        vec![Entry::Stop { why: why.to_owned() }, Entry::Began { step: 1 }]
    }

    fn three_records(folder: &Utf8Path) -> (Utf8PathBuf, Vec<Record>) {
        let mut journal = Journal::create(folder, "one").unwrap();
        let records = ["a", "b\nb", "c"].map(|why| journal.append(stop(why)).unwrap());
        (journal.path().to_owned(), records.to_vec())
    }

    #[test]
    fn test_what_is_appended_is_read_and_gone_on_with() {
        let (_guard, folder) = folder();
        let (path, mut records) = three_records(&folder);
        let (mut journal, read_back) = Journal::open(&path).unwrap();
        assert_eq!(read_back, records);
        records.push(journal.append(vec![Entry::End { outcome: Outcome::Done, abandoned: None }]).unwrap());
        assert_eq!(read(&path).unwrap().0, records);
        assert_eq!(open_journals(&folder).unwrap(), [path]);
        close(journal.path()).unwrap();
        assert!(open_journals(&folder).unwrap().is_empty());
        assert!(is_taken(&folder, "one") && !is_taken(&folder, "two"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn test_nothing_follows_what_could_not_be_written() {
        let full = Utf8PathBuf::from("/dev/full");
        let file = fs::OpenOptions::new().append(true).open(&full).unwrap();
        let mut journal = Journal { path: full, operation: "one".into(), file, sequence: 0, length: 0, broken: false };
        assert!(matches!(journal.append(stop("a")), Err(JournalError::Io(_))));
        assert!(matches!(journal.append(stop("b")), Err(JournalError::Broken(_))));
    }

    /// The first record has the whole plan: megabytes without a blank, in which every digit may begin a record.
    #[test]
    fn test_a_long_torn_record_takes_no_longer_to_forgive() {
        let (_guard, folder) = folder();
        let (path, records) = three_records(&folder);
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(b"3 99999999 0123456789abcdef ");
        bytes.extend(std::iter::repeat_n(b'1', 4_000_000));
        fs::write(&path, bytes).unwrap();
        assert_eq!(read(&path).unwrap().0, records);
    }

    /// A newer version may write more than this one knows: that is no damage.
    #[test]
    fn test_what_another_version_wrote_is_not_called_damaged() {
        let (_guard, folder) = folder();
        let (path, _) = three_records(&folder);
        let json = br#"{"at":"2026-11-22T04:12:00Z","entries":[{"begun":{"format":9}}]}"#;
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(format!("3 {} {} ", json.len(), checksum(3, json)).as_bytes());
        bytes.extend_from_slice(json);
        bytes.push(b'\n');
        fs::write(&path, bytes).unwrap();
        assert!(matches!(read(&path), Err(JournalError::Foreign(_))));
    }

    #[test]
    fn test_a_folder_that_is_missing_has_none() {
        assert!(open_journals(Utf8Path::new("/nowhere/at/all")).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn test_only_a_torn_tail_is_forgiven(cut in 0_usize..10_000, flip in proptest::option::of(0_usize..10_000)) {
            let (_guard, folder) = folder();
            let (path, records) = three_records(&folder);
            let whole = fs::read(&path).unwrap();
            let ends: Vec<usize> = (0..=records.len())
                .map(|n| (0..n).map(|i| to_line(i as u64, &records[i]).unwrap().len()).sum())
                .collect();
            let mut bytes = whole.clone();
            match flip {
                // A cut anywhere leaves the records that are whole.
                None => bytes.truncate(cut % (whole.len() + 1)),
                Some(at) => bytes[at % whole.len()] ^= 0x20,
            }
            fs::write(&path, &bytes).unwrap();
            match flip {
                None => {
                    let kept = ends.iter().filter(|&&end| end > 0 && end <= bytes.len()).count();
                    let (journal, found) = Journal::open(&path).unwrap();
                    prop_assert_eq!(&found[..], &records[..kept]);
                    drop(journal);
                    prop_assert_eq!(fs::read(&path).unwrap().len(), ends[kept]);
                }
                Some(at) if at % whole.len() >= ends[2] => prop_assert_eq!(&read(&path).unwrap().0[..], &records[..2]),
                Some(_) => {
                    let damaged = matches!(read(&path), Err(JournalError::Damaged { .. }));
                    prop_assert!(damaged);
                }
            }
        }
    }
}
