use git2::{Commit, ErrorCode, Repository, Sort};

use super::files::{Files, LIVE, OPERATION, PLAN};
use super::store::tip;
use super::{CommitId, Entry, Operation, Store, StoreError, entry};
use crate::plan::{self, Plan, Unread};

/// A snapshot as it was committed, and found to be whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// What its commit's message says.
    pub entry: Entry,
    /// A literal state file.
    pub live_toml: String,
    /// The record of the operation, as it was then.
    pub operation: Operation,
    /// What was about to be applied, in a *before*, as it was written: it is large, and few ask for it.
    plan_json: Option<Vec<u8>>,
}

impl Stored {
    /// What was about to be applied; `None` where that is no *before*.
    ///
    /// # Errors
    /// Another version of opsctl wrote it, or it cannot be read.
    pub fn plan(&self) -> Result<Option<Plan>, StoreError> {
        let commit = self.entry.commit;
        let plan = self.plan_json.as_deref().map(plan::parse).transpose();
        plan.map_err(|unread| match unread {
            Unread::Format(found) => StoreError::PlanFormat { commit, found },
            Unread::Json(error) => unreadable(commit, PLAN, error.to_string()),
        })
    }
}

impl Store {
    /// All snapshots, newest first: the index is the N of `@N`. Commits by others in between are passed over.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn history(&self) -> Result<Vec<Entry>, StoreError> {
        let Some(repository) = self.repository()? else { return Ok(Vec::new()) };
        self.entries(&repository, usize::MAX)
    }

    /// Whether there is a snapshot of an operation. The newest are looked at first.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn has(&self, operation: &str) -> Result<bool, StoreError> {
        const NEWEST: usize = 10;
        let Some(repository) = self.repository()? else { return Ok(false) };
        for most in [NEWEST, usize::MAX] {
            if self.entries(&repository, most)?.iter().any(|entry| entry.operation == operation) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One snapshot: `@` is the last one, `@1` the one before; or a commit's hash, at least four digits of it, seven after an `@`.
    ///
    /// # Errors
    /// There is none of this name, or it is damaged.
    pub fn read(&self, reference: &str) -> Result<Stored, StoreError> {
        let Some(repository) = self.repository()? else {
            return Err(StoreError::Empty { path: self.path().to_owned() });
        };
        let commit = match reference.strip_prefix('@') {
            // Nobody has a million snapshots: so many digits are a hash.
            Some(hash) if hash.len() >= 7 => self.named(&repository, reference, hash)?,
            Some(back) => self.counted(&repository, reference, back)?,
            None => self.named(&repository, reference, reference)?,
        };
        self.load(&repository, &commit)
    }

    /// The snapshot of a commit.
    ///
    /// # Errors
    /// It is no snapshot, or damaged.
    pub fn read_commit(&self, id: CommitId) -> Result<Stored, StoreError> {
        self.read(&id.to_string())
    }

    /// The newest snapshots on the branch that is checked out, as many as are wanted.
    pub(super) fn entries(&self, repository: &Repository, most: usize) -> Result<Vec<Entry>, StoreError> {
        let unreadable = self.unreadable();
        let mut walk = repository.revwalk().map_err(&unreadable)?;
        // A merge of two machines' histories has no other order than time; a child never comes after its parent.
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).map_err(&unreadable)?;
        // Of an older commit that somebody checked out, the history would seem to end there.
        let newest = tip(repository, &self.branch(repository)?).map_err(&unreadable)?;
        // A process that was killed right after it had made the repository has left a branch without a commit.
        let Some(newest) = newest else { return Ok(Vec::new()) };
        walk.push(newest.id()).map_err(&unreadable)?;
        let mut entries = Vec::new();
        for id in walk {
            let commit = repository.find_commit(id.map_err(&unreadable)?).map_err(&unreadable)?;
            entries.extend(entry::of_commit(&commit));
            if entries.len() >= most {
                break;
            }
        }
        Ok(entries)
    }

    fn counted<'r>(&self, repository: &'r Repository, reference: &str, back: &str) -> Result<Commit<'r>, StoreError> {
        let unknown = || StoreError::Unknown { reference: reference.to_owned() };
        let digits = back.bytes().all(|byte| byte.is_ascii_digit());
        let back: usize = if back.is_empty() { 0 } else { back.parse().ok().filter(|_| digits).ok_or_else(unknown)? };
        let entries = self.entries(repository, back.saturating_add(1))?;
        match entries.get(back) {
            Some(entry) => repository.find_commit(entry.commit.0).map_err(self.unreadable()),
            None if entries.is_empty() => Err(StoreError::Empty { path: self.path().to_owned() }),
            None => Err(StoreError::TooFar { reference: reference.to_owned(), count: entries.len() }),
        }
    }

    fn named<'r>(&self, repository: &'r Repository, reference: &str, hash: &str) -> Result<Commit<'r>, StoreError> {
        let unknown = || StoreError::Unknown { reference: reference.to_owned() };
        if !(4..=40).contains(&hash.len()) || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(unknown());
        }
        repository.find_commit_by_prefix(&hash.to_ascii_lowercase()).map_err(|error| match error.code() {
            ErrorCode::Ambiguous => StoreError::Ambiguous { reference: reference.to_owned() },
            // A hash of something that is no commit is an invalid object of that type.
            ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::Peel => unknown(),
            _ => self.unreadable()(error),
        })
    }

    /// Reads a snapshot from its commit, and holds it against its digest.
    pub(super) fn load(&self, repository: &Repository, commit: &Commit<'_>) -> Result<Stored, StoreError> {
        let (entry, files) = self.files(repository, commit)?;
        let commit = entry.commit;
        let operation = record(commit, &files)?;
        let live_toml = String::from_utf8(files.live).map_err(|error| unreadable(commit, LIVE, error.to_string()))?;
        Ok(Stored { entry, live_toml, operation, plan_json: files.plan })
    }

    /// The files of a snapshot, as they were when its digest was made.
    pub(super) fn files(&self, repository: &Repository, commit: &Commit<'_>) -> Result<(Entry, Files), StoreError> {
        let id = CommitId(commit.id());
        let entry = entry::of_commit(commit).ok_or(StoreError::Foreign { commit: id })?;
        let damaged = |why: String| StoreError::Damaged { commit: id, why };
        let tree = commit.tree().map_err(|error| damaged(error.message().to_owned()))?;
        let file = |name: &str| -> Result<Option<Vec<u8>>, StoreError> {
            let Some(entry) = tree.get_name(name) else { return Ok(None) };
            let blob = repository.find_blob(entry.id()).map_err(|error| damaged(error.message().to_owned()))?;
            Ok(Some(blob.content().to_vec()))
        };
        let missing = |name: &str| damaged(format!("it has no {name}"));
        let files = Files {
            live: file(LIVE)?.ok_or_else(|| missing(LIVE))?,
            operation: file(OPERATION)?.ok_or_else(|| missing(OPERATION))?,
            plan: file(PLAN)?,
        };
        if files.digest() != entry.digest {
            return Err(damaged("its files are not those that its digest was made of".to_owned()));
        }
        Ok((entry, files))
    }
}

/// The record of an operation, of files that were found to be whole.
pub(super) fn record(commit: CommitId, files: &Files) -> Result<Operation, StoreError> {
    let text =
        std::str::from_utf8(&files.operation).map_err(|error| unreadable(commit, OPERATION, error.to_string()))?;
    ::toml::from_str(text).map_err(|error| unreadable(commit, OPERATION, error.message().to_owned()))
}

fn unreadable(commit: CommitId, name: &str, why: String) -> StoreError {
    StoreError::Damaged { commit, why: format!("its {name} cannot be read: {why}") }
}
