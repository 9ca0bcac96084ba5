use std::collections::HashMap;
use std::vec;

use git2::Repository;
use jiff::Timestamp;
use opsctl_api::Pattern;

use super::files::Files;
use super::{Entry, Operation, OperationKind, Store, StoreError, Stored, Which, read};

/// An operation as the history has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its newest record: that of its *after*, or that of its *before* where it has not ended, or where nothing could be written
    /// when it did.
    pub operation: Operation,
    /// Its snapshots, newest first.
    pub snapshots: Vec<Entry>,
}

/// Operations, newest first by when each began; each is read when it is asked for.
pub struct Operations {
    store: Store,
    repository: Option<Repository>,
    groups: vec::IntoIter<Vec<Entry>>,
}

impl Store {
    /// All operations, the one that began last first. Snapshots that were taken for themselves are none.
    ///
    /// # Errors
    /// The repository cannot be read. A damaged record is an error of its own place in the list.
    pub fn operations(&self) -> Result<Operations, StoreError> {
        let repository = self.repository()?;
        let entries = match &repository {
            Some(repository) => self.entries(repository, usize::MAX)?,
            None => Vec::new(),
        };
        Ok(Operations { store: self.clone(), repository, groups: grouped(entries).into_iter() })
    }

    /// The operation that began last, what was merely let go of passed over.
    ///
    /// # Errors
    /// The repository cannot be read, or the record is damaged.
    pub fn last_changing(&self) -> Result<Option<Recorded>, StoreError> {
        let is_let_go = |recorded: &Recorded| recorded.operation.kind == OperationKind::LetGo;
        let mut operations = self.operations()?;
        operations.find(|recorded| !recorded.as_ref().is_ok_and(is_let_go)).transpose()
    }

    /// The id of the operation that began last; its record is not read.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn newest_operation(&self) -> Result<Option<String>, StoreError> {
        let mut operations = self.operations()?;
        Ok(operations.groups.next().map(|mut group| group.swap_remove(0).operation))
    }

    /// One operation, by its id or as much of its beginning as no other has.
    ///
    /// # Errors
    /// None or several are called so, or its record is damaged.
    pub fn operation(&self, id: &str) -> Result<Recorded, StoreError> {
        let mut operations = self.operations()?;
        let mut found: Vec<Vec<Entry>> =
            operations.groups.by_ref().filter(|group| group[0].operation.starts_with(id)).collect();
        if let Some(exact) = found.iter().position(|group| group[0].operation == id) {
            found = vec![found.swap_remove(exact)];
        }
        let group = match found.len() {
            1 => found.remove(0),
            0 => return Err(StoreError::UnknownOperation { id: id.to_owned() }),
            _ => {
                let ids = found.into_iter().map(|mut group| group.remove(0).operation).collect();
                return Err(StoreError::AmbiguousOperation { id: id.to_owned(), ids });
            }
        };
        operations.load(group)
    }
}

impl Operations {
    /// The newest snapshot of each that is left, the one that began last first: no record is read for it.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.groups.as_slice().iter().map(|group| &group[0])
    }

    /// The snapshot from before an operation; `None` where that was not recorded.
    ///
    /// # Errors
    /// It is damaged.
    pub fn before(&self, id: &str) -> Result<Option<Stored>, StoreError> {
        let group = self.groups.as_slice().iter().find(|group| group[0].operation == id);
        let before = group.into_iter().flatten().find(|entry| entry.which == Which::Before);
        let (Some(repository), Some(before)) = (&self.repository, before) else { return Ok(None) };
        let commit = repository.find_commit(before.commit.0).map_err(self.store.unreadable())?;
        self.store.load(repository, &commit).map(Some)
    }

    /// The operation at a place of [`entries`](Self::entries).
    ///
    /// # Errors
    /// There is none, or its record is damaged.
    pub fn read(&self, place: usize) -> Result<Recorded, StoreError> {
        self.load(self.groups.as_slice().get(place).cloned().unwrap_or_default())
    }
}

impl Iterator for Operations {
    type Item = Result<Recorded, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.groups.next()?;
        Some(self.load(group))
    }
}

impl Operations {
    fn load(&self, snapshots: Vec<Entry>) -> Result<Recorded, StoreError> {
        let (Some(repository), Some(newest)) = (&self.repository, snapshots.first()) else {
            return Err(StoreError::Empty { path: self.store.path().to_owned() });
        };
        let operation = read::record(newest.commit, &self.files(repository, newest)?)?;
        Ok(Recorded { operation, snapshots })
    }

    fn files(&self, repository: &Repository, entry: &Entry) -> Result<Files, StoreError> {
        let commit = repository.find_commit(entry.commit.0).map_err(self.store.unreadable())?;
        Ok(self.store.files(repository, &commit)?.1)
    }

    /// Only those of which a snapshot was taken since.
    pub(super) fn since(mut self, oldest: Timestamp) -> Self {
        let groups: Vec<Vec<Entry>> = self.groups.filter(|group| group[0].at >= oldest).collect();
        self.groups = groups.into_iter();
        self
    }

    /// Only those whose record names one of these, and rollbacks, in the same order. All are held against their digests.
    pub(super) fn naming(mut self, wanted: &[Pattern]) -> impl Iterator<Item = Result<Operation, StoreError>> {
        // What stands before the first `*` of a pattern stands in each address that it matches.
        let texts: Vec<String> =
            wanted.iter().map(|pattern| pattern.as_str().split('*').next().unwrap_or_default().to_owned()).collect();
        std::iter::from_fn(move || {
            while let Some(snapshots) = self.groups.next() {
                let (repository, newest) = (self.repository.as_ref()?, snapshots.first()?);
                match self.files(repository, newest) {
                    Ok(files) if !newest.may_take_back() && !texts.iter().any(|text| files.names(text)) => {}
                    files => return Some(files.and_then(|files| read::record(newest.commit, &files))),
                }
            }
            None
        })
    }
}

/// Snapshots by operation. An operation stands where its first snapshot stands: what began later was made on top of it, whichever
/// ended first.
fn grouped(newest_first: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut index: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<(usize, Vec<Entry>)> = Vec::new();
    for (place, entry) in newest_first.into_iter().enumerate().filter(|(_, entry)| entry.which != Which::Taken) {
        let group = *index.entry(entry.operation.clone()).or_insert_with(|| {
            groups.push((place, Vec::new()));
            groups.len() - 1
        });
        groups[group].0 = place;
        groups[group].1.push(entry);
    }
    groups.sort_by_key(|(place, _)| *place);
    groups.into_iter().map(|(_, entries)| entries).collect()
}
