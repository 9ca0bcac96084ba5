use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::entry::{Begun, Entry};

/// What happened in a world since its file, kept between runs: a line an entry, one `write` call an append.
///
/// Nothing is synced to the disk: what a killed process wrote is in the kernel, and a simulated world may be lost with power.
/// Several processes may append; each takes the file's lock to do so, and reads what the others appended before.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    digest: String,
    file: Option<File>,
    /// Up to where its lines were read or written by this process; always behind a line's end.
    read_to: u64,
    /// The first line that was read, by which a reset is noticed.
    first: Vec<u8>,
}

/// Why a kept world cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file system refused.
    #[error("cannot {doing} {path}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or directory.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A line that no version of opsctl wrote.
    #[error("{path} is damaged at byte {byte}: `opsctl sim reset` begins the world anew")]
    Damaged {
        /// The file.
        path: String,
        /// Where the line begins.
        byte: u64,
        /// Why it cannot be read.
        #[source]
        source: serde_json::Error,
    },
}

/// What others wrote since the last look.
#[derive(Debug)]
pub(crate) enum Tail {
    /// These, behind what is known.
    More(Vec<Entry>),
    /// The world was reset, and these are all that there is.
    Anew(Vec<Entry>),
}

impl Log {
    /// The log of an instance; nothing is made before the first entry.
    pub(crate) fn new(directory: &Path, instance: &str, digest: String) -> Self {
        Self { path: directory.join(format!("{instance}.jsonl")), digest, file: None, read_to: 0, first: Vec::new() }
    }

    /// What was appended since the last look.
    pub(crate) fn tail(&mut self) -> Result<Tail, LogError> {
        if self.file.is_none() {
            match OpenOptions::new().read(true).append(true).open(&self.path) {
                Ok(file) => self.file = Some(file),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Tail::More(Vec::new())),
                Err(source) => return Err(self.failed("open", source)),
            }
        }
        let length = self.length()?;
        if length == self.read_to {
            return Ok(Tail::More(Vec::new()));
        }
        if length < self.read_to || !self.first_is_same()? {
            self.read_to = 0;
            self.first.clear();
            return Ok(Tail::Anew(self.read_rest()?));
        }
        Ok(Tail::More(self.read_rest()?))
    }

    /// Does something while no other process appends, with what they appended before. What it returns beside its answer is
    /// appended in one call.
    pub(crate) fn locked<T, E: From<LogError>>(
        &mut self,
        work: impl FnOnce(Tail) -> Result<(T, Vec<Entry>), E>,
    ) -> Result<T, E> {
        self.create()?;
        self.lock()?;
        let done = self.tail().map_err(E::from).and_then(work).and_then(|(answer, entries)| {
            self.append(&entries)?;
            Ok(answer)
        });
        self.unlock()?;
        done
    }

    /// Forgets all; the file stays, empty, so that other processes notice.
    pub(crate) fn reset(&mut self) -> Result<(), LogError> {
        match OpenOptions::new().read(true).append(true).open(&self.path) {
            Ok(file) => self.file = Some(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(self.failed("open", source)),
        }
        self.lock()?;
        let cut = self.cut(0);
        self.unlock()?;
        cut?;
        self.first.clear();
        Ok(())
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), LogError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut lines = Vec::new();
        if self.read_to == 0 {
            let at = Timestamp::now();
            let nonce = format!("{:x}-{:x}", at.as_nanosecond(), std::process::id());
            let begun = Entry::Begun(Begun { at, nonce, digest: self.digest.clone() });
            self.line(&mut lines, &begun)?;
            self.first = lines.clone();
        }
        for entry in entries {
            self.line(&mut lines, entry)?;
        }
        // A torn line of a process that died is behind `read_to`: it must not run into ours.
        if self.length()? > self.read_to {
            self.cut(self.read_to)?;
        }
        let file = self.open()?;
        (&*file).write_all(&lines).map_err(|source| self.failed("write", source))?;
        self.read_to += lines.len() as u64;
        Ok(())
    }

    fn line(&self, lines: &mut Vec<u8>, entry: &Entry) -> Result<(), LogError> {
        serde_json::to_writer(&mut *lines, entry).map_err(|error| self.failed("write", error.into()))?;
        lines.push(b'\n');
        Ok(())
    }

    fn read_rest(&mut self) -> Result<Vec<Entry>, LogError> {
        let mut bytes = Vec::new();
        let mut file = self.open()?;
        file.seek(SeekFrom::Start(self.read_to))
            .and_then(|_| file.read_to_end(&mut bytes))
            .map_err(|source| self.failed("read", source))?;
        let mut entries = Vec::new();
        // What is behind the last line's end is torn, or still being written.
        for line in bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            let entry = serde_json::from_slice(line).map_err(|source| LogError::Damaged {
                path: self.path.display().to_string(),
                byte: self.read_to,
                source,
            })?;
            if self.read_to == 0 {
                self.first = line.to_vec();
            }
            self.read_to += line.len() as u64;
            entries.push(entry);
        }
        Ok(entries)
    }

    fn first_is_same(&self) -> Result<bool, LogError> {
        let mut first = vec![0; self.first.len()];
        let mut file = self.open()?;
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.read_exact(&mut first))
            .map_err(|source| self.failed("read", source))?;
        Ok(first == self.first)
    }

    fn create(&mut self) -> Result<(), LogError> {
        if self.file.is_none() {
            if let Some(directory) = self.path.parent() {
                std::fs::create_dir_all(directory).map_err(|source| self.failed("create", source))?;
            }
            let file = OpenOptions::new().read(true).append(true).create(true).open(&self.path);
            self.file = Some(file.map_err(|source| self.failed("create", source))?);
        }
        Ok(())
    }

    fn open(&self) -> Result<&File, LogError> {
        self.file.as_ref().ok_or_else(|| self.failed("open", std::io::ErrorKind::NotFound.into()))
    }

    fn length(&self) -> Result<u64, LogError> {
        self.open()?.metadata().map(|data| data.len()).map_err(|source| self.failed("read", source))
    }

    fn cut(&mut self, to: u64) -> Result<(), LogError> {
        self.open()?.set_len(to).map_err(|source| self.failed("cut", source))?;
        self.read_to = to;
        Ok(())
    }

    fn lock(&self) -> Result<(), LogError> {
        self.open()?.lock().map_err(|source| self.failed("lock", source))
    }

    fn unlock(&self) -> Result<(), LogError> {
        self.open()?.unlock().map_err(|source| self.failed("unlock", source))
    }

    fn failed(&self, doing: &'static str, source: std::io::Error) -> LogError {
        LogError::Io { doing, path: self.path.display().to_string(), source }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use opsctl_api::Value;

    use super::*;
    use crate::entry::Wrote;

    fn entry(value: i64) -> Entry {
        Entry::Wrote(Wrote {
            at: Timestamp::UNIX_EPOCH,
            on: "sim:number/a".parse().unwrap(),
            by: "x".to_owned(),
            set: BTreeMap::from([("value".to_owned(), Some(Value::Integer(value)))]),
            token: None,
            spent: Vec::new(),
        })
    }

    fn append(log: &mut Log, value: i64) -> usize {
        log.locked::<_, LogError>(|tail| {
            let (Tail::More(seen) | Tail::Anew(seen)) = tail;
            Ok((seen.len(), vec![entry(value)]))
        })
        .unwrap()
    }

    fn log(directory: &Path) -> Log {
        Log::new(directory, "sim", "d".to_owned())
    }

    #[test]
    fn test_two_processes_see_each_other() {
        let directory = tempfile::tempdir().unwrap();
        let (mut one, mut other) = (log(directory.path()), log(directory.path()));
        append(&mut one, 1);
        assert_eq!(append(&mut other, 2), 2, "the first line and the other's entry");
        let Tail::More(seen) = one.tail().unwrap() else { panic!() };
        assert_eq!(seen, [entry(2)]);
        assert!(matches!(one.tail().unwrap(), Tail::More(seen) if seen.is_empty()));
    }

    #[test]
    fn test_a_torn_last_line_is_forgiven() {
        let directory = tempfile::tempdir().unwrap();
        append(&mut log(directory.path()), 1);
        let path = directory.path().join("sim.jsonl");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"wrote\":{\"at");
        std::fs::write(&path, bytes).unwrap();
        append(&mut log(directory.path()), 2);
        let Tail::More(seen) = log(directory.path()).tail().unwrap() else { panic!() };
        assert_eq!(seen[1..], [entry(1), entry(2)]);
    }

    #[test]
    fn test_a_damaged_line_is_named() {
        let directory = tempfile::tempdir().unwrap();
        append(&mut log(directory.path()), 1);
        let path = directory.path().join("sim.jsonl");
        std::fs::write(&path, "{\"wrote\":1}\n").unwrap();
        assert!(log(directory.path()).tail().unwrap_err().to_string().contains("damaged at byte 0"));
    }

    #[test]
    fn test_a_reset_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let (mut one, mut other) = (log(directory.path()), log(directory.path()));
        append(&mut one, 1);
        other.tail().unwrap();
        one.reset().unwrap();
        for value in 2..9 {
            append(&mut one, value);
        }
        let Tail::Anew(seen) = other.tail().unwrap() else { panic!() };
        assert_eq!(seen.len(), 8);
    }
}
