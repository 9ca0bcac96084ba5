use std::io;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use git2::{Commit, ErrorCode, Oid, Repository, RepositoryInitOptions, Signature, Time};

use super::files::Files;
use super::{CommitId, Operation, Snapshot, StoreError, durable, entry, folder};
use crate::plan::Plan;

/// How long to wait for somebody else's lock on the branch.
const PATIENCE: Duration = Duration::from_secs(3);

/// The snapshot repository: a git repository of its own, to which this only ever adds.
///
/// One commit a snapshot, on the branch that is checked out; files that others committed beside are kept. Objects are written
/// and synced first and the branch is moved last, by compare-and-swap: whoever is killed in between leaves nothing that anybody
/// sees. The files in the folder are copies for the eye and are never read.
#[derive(Debug, Clone)]
pub struct Store {
    path: Utf8PathBuf,
}

impl Store {
    /// The store in a folder. The repository is made by the first commit to it; until then its history is empty.
    ///
    /// # Errors
    /// There is a repository, and it cannot be read.
    pub fn open(path: &Utf8Path) -> Result<Self, StoreError> {
        let store = Self { path: path.to_owned() };
        store.repository()?;
        Ok(store)
    }

    /// The folder.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Commits a snapshot with the record of its operation, and with the plan where one is about to be applied.
    ///
    /// When this has returned, the commit is on the branch and on the disk. It blocks: for 5,000 resources some 100 ms, and up to
    /// three seconds where others hold the branch.
    ///
    /// # Errors
    /// Nothing was added.
    pub fn commit(
        &self,
        snapshot: &Snapshot,
        operation: &Operation,
        plan: Option<&Plan>,
    ) -> Result<CommitId, StoreError> {
        let files = Files::write(snapshot, operation, plan)?;
        let message = entry::message(operation, &files.digest());
        let repository = match self.repository()? {
            Some(repository) => repository,
            None => self.init()?,
        };
        let _one_at_a_time = folder::lock(&repository);
        let branch = self.branch(&repository)?;
        let author = author(snapshot, operation).map_err(self.git("written"))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let parent = tip(&repository, &branch).map_err(self.unreadable())?;
            let commit = write(&repository, &files, &message, &author, parent.as_ref()).map_err(self.git("written"))?;
            durable::objects(&repository, commit, parent.as_ref())?;
            match advance(&repository, &branch, commit, parent.map(|parent| parent.id())) {
                Ok(()) => {
                    durable::branch(&repository, &branch)?;
                    folder::show(&repository, &files);
                    return Ok(CommitId(commit));
                }
                Err(error) => self.again(&repository, &branch, error, deadline)?,
            }
        }
    }

    /// The repository; `None` where there is none yet.
    pub(super) fn repository(&self) -> Result<Option<Repository>, StoreError> {
        match Repository::open(&self.path) {
            Ok(repository) => Ok(Some(repository)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) if error.code() == ErrorCode::Owner => Err(StoreError::Owner { path: self.path.clone() }),
            Err(error) => Err(self.git("opened")(error)),
        }
    }

    /// Names what was tried when git said no.
    fn git(&self, doing: &'static str) -> impl Fn(git2::Error) -> StoreError {
        let path = self.path.clone();
        move |error| StoreError::Git { path: path.clone(), doing, why: error.message().to_owned() }
    }

    /// The same of what git cannot read.
    pub(super) fn unreadable(&self) -> impl Fn(git2::Error) -> StoreError {
        let path = self.path.clone();
        move |error| StoreError::Unreadable { path: path.clone(), why: error.message().to_owned() }
    }

    /// Makes the repository aside and moves it to its place in one step: nobody ever sees half of it, and where two begin at the
    /// same time, the later one takes that of the earlier.
    fn init(&self) -> Result<Repository, StoreError> {
        let failed = |source| StoreError::File { path: self.path.clone(), doing: "made", source };
        let aside = self.path.join(format!(".opsctl-{}-{:?}", std::process::id(), std::thread::current().id()));
        fs::create_dir_all(&aside).map_err(failed)?;
        let mut options = RepositoryInitOptions::new();
        options.initial_head("main").external_template(false).description("snapshots of opsctl");
        Repository::init_opts(&aside, &options).map_err(self.git("made"))?;
        let moved = fs::rename(aside.join(".git"), self.path.join(".git"));
        fs::remove_dir_all(&aside).map_err(failed)?;
        match self.repository()? {
            Some(repository) => Ok(repository),
            None => Err(failed(moved.err().unwrap_or_else(|| io::ErrorKind::NotFound.into()))),
        }
    }

    /// The branch that HEAD stands for, whether or not it has a commit yet.
    pub(super) fn branch(&self, repository: &Repository) -> Result<String, StoreError> {
        let head = repository.find_reference("HEAD").map_err(self.unreadable())?;
        match head.symbolic_target() {
            Ok(Some(branch)) => Ok(branch.to_owned()),
            _ => Err(StoreError::Detached { path: self.path.clone() }),
        }
    }

    /// Whether to try again after the branch could not be moved.
    fn again(
        &self,
        repository: &Repository,
        branch: &str,
        error: git2::Error,
        deadline: Instant,
    ) -> Result<(), StoreError> {
        let over = Instant::now() >= deadline;
        match error.code() {
            ErrorCode::Modified | ErrorCode::Exists if over => Err(StoreError::Busy { path: self.path.clone() }),
            ErrorCode::Modified | ErrorCode::Exists => Ok(()),
            ErrorCode::Locked if over => {
                let lock = repository.commondir().join(format!("{branch}.lock"));
                Err(StoreError::Locked { lock: Utf8PathBuf::from(lock.to_string_lossy().into_owned()) })
            }
            ErrorCode::Locked => {
                std::thread::sleep(Duration::from_millis(20));
                Ok(())
            }
            _ => Err(self.git("written")(error)),
        }
    }
}

/// The newest commit of a branch.
pub(super) fn tip<'r>(repository: &'r Repository, branch: &str) -> Result<Option<Commit<'r>>, git2::Error> {
    match repository.find_reference(branch) {
        Ok(reference) => reference.peel_to_commit().map(Some),
        Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::UnbornBranch) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a commit that no branch has yet: the parent's tree with these files in it.
fn write(
    repository: &Repository,
    files: &Files,
    message: &str,
    author: &Signature<'_>,
    parent: Option<&Commit<'_>>,
) -> Result<Oid, git2::Error> {
    let before = parent.map(Commit::tree).transpose()?;
    let mut tree = repository.treebuilder(before.as_ref())?;
    for (name, content) in files.each() {
        match content {
            Some(content) => {
                tree.insert(name, repository.blob(content)?, git2::FileMode::Blob.into())?;
            }
            None if tree.get(name)?.is_some() => tree.remove(name)?,
            None => {}
        }
    }
    let tree = repository.find_tree(tree.write()?)?;
    let parents: Vec<&Commit<'_>> = parent.into_iter().collect();
    repository.commit(None, author, author, message, &tree, &parents)
}

/// Moves the branch, if it still is where the parent was read.
fn advance(repository: &Repository, branch: &str, to: Oid, from: Option<Oid>) -> Result<(), git2::Error> {
    let log = "opsctl: snapshot";
    match from {
        Some(from) => repository.reference_matching(branch, to, true, from, log)?,
        None => repository.reference(branch, to, false, log)?,
    };
    Ok(())
}

/// The operator, as git names people; the machine stands for the mail address that opsctl does not know.
fn author(snapshot: &Snapshot, operation: &Operation) -> Result<Signature<'static>, git2::Error> {
    let plain = |text: &str, otherwise: &str| {
        let text: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect();
        // git takes these off the ends of a name, and refuses a name that has nothing else.
        let text = text.trim_matches(|c: char| c.is_whitespace() || ".,:;\"\\'".contains(c));
        if text.is_empty() { otherwise.to_owned() } else { text.to_owned() }
    };
    let (name, host) = (plain(&operation.operator, "unknown"), plain(&operation.host, "localhost"));
    let user = name.replace(char::is_whitespace, ".");
    Signature::new(&name, &format!("{user}@{host}"), &Time::new(snapshot.taken_at.as_second(), 0))
}
