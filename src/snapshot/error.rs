use std::io;

use camino::Utf8PathBuf;

use super::CommitId;
use crate::diagnostic::Code;
use crate::plan::FORMAT;

/// What is wrong with the snapshot repository. The sentence says what is; [`StoreError::hint`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// git says no.
    #[error("the snapshot repository {path} cannot be {doing}: {why}")]
    Git {
        /// The repository.
        path: Utf8PathBuf,
        /// What was tried, as a participle.
        doing: &'static str,
        /// In libgit2's words, as a clause.
        why: String,
    },
    /// A part of it is lost or broken, so what is behind that cannot be found.
    #[error("the snapshot repository {path} cannot be read: {why}")]
    Unreadable {
        /// The repository.
        path: Utf8PathBuf,
        /// In libgit2's words, as a clause.
        why: String,
    },
    /// The file system says no.
    #[error("{path} cannot be {doing}")]
    File {
        /// The file or folder.
        path: Utf8PathBuf,
        /// What was tried, as a participle.
        doing: &'static str,
        /// Why.
        source: io::Error,
    },
    /// git trusts no repository of another user.
    #[error("the snapshot repository {path} belongs to another user")]
    Owner {
        /// The repository.
        path: Utf8PathBuf,
    },
    /// A commit would be on no branch.
    #[error("the snapshot repository {path} has no branch checked out")]
    Detached {
        /// The repository.
        path: Utf8PathBuf,
    },
    /// Somebody holds the branch, or was killed while they did.
    #[error("the snapshot repository is locked by {lock}")]
    Locked {
        /// The lock file.
        lock: Utf8PathBuf,
    },
    /// The branch moved at every try.
    #[error("others kept writing to the snapshot repository {path}, so nothing could be committed to it")]
    Busy {
        /// The repository.
        path: Utf8PathBuf,
    },
    /// A record could not be written as TOML or JSON.
    #[error("{file} cannot be written: {why}")]
    Unwritable {
        /// The file of the commit.
        file: &'static str,
        /// Why.
        why: String,
    },
    /// Nothing was ever taken.
    #[error("there is no snapshot in {path} yet")]
    Empty {
        /// The repository.
        path: Utf8PathBuf,
    },
    /// `@N` reaches behind the first.
    #[error("{reference} is before the first snapshot: there are {count}")]
    TooFar {
        /// As it was given.
        reference: String,
        /// How many there are.
        count: usize,
    },
    /// Nothing is called so.
    #[error("`{reference}` names no snapshot")]
    Unknown {
        /// As it was given.
        reference: String,
    },
    /// More than one is called so.
    #[error("`{reference}` is the beginning of more than one commit")]
    Ambiguous {
        /// As it was given.
        reference: String,
    },
    /// A commit made by hand.
    #[error("commit {} was not made by opsctl, so it is no snapshot", .commit.short())]
    Foreign {
        /// The commit.
        commit: CommitId,
    },
    /// No operation is called so.
    #[error("`{id}` names no operation")]
    UnknownOperation {
        /// As it was given.
        id: String,
    },
    /// More than one is called so.
    #[error("`{id}` is the beginning of {} operations", .ids.len())]
    AmbiguousOperation {
        /// As it was given.
        id: String,
        /// Those that it may mean.
        ids: Vec<String>,
    },
    /// Nothing was applied, or all of it is rolled back.
    #[error("there is no operation to roll back")]
    NothingToRollBack,
    /// Another version of opsctl took it.
    #[error(
        "the plan in snapshot {} was written by another version of opsctl: it has the format {found}, and this one reads {FORMAT}",
        .commit.short()
    )]
    PlanFormat {
        /// The commit.
        commit: CommitId,
        /// The format of its plan.
        found: u32,
    },
    /// It is not what was committed.
    #[error("snapshot {} is damaged: {why}", .commit.short())]
    Damaged {
        /// The commit.
        commit: CommitId,
        /// What is wrong with it, as a clause.
        why: String,
    },
}

impl StoreError {
    /// What `opsctl explain` tells more of.
    pub fn code(&self) -> Option<Code> {
        matches!(self, Self::Damaged { .. } | Self::Unreadable { .. }).then_some(Code::SnapshotDamaged)
    }

    /// What to do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Git { .. } | Self::File { .. } | Self::Unwritable { .. } => return None,
            Self::Unreadable { path, .. } => format!(
                "find out what it lacks: git -C {path} fsck; bring that back from a copy of it, as from the remote: git -C {path} fetch origin"
            ),
            Self::Owner { path } => format!("if you trust it: git config --global --add safe.directory {path}"),
            Self::Detached { path } => format!("check a branch out: git -C {path} switch main"),
            Self::Locked { lock } => {
                format!("try again; if no git and no opsctl is running, it was left by one that was killed: rm {lock}")
            }
            Self::Busy { .. } => "try again".to_owned(),
            Self::Empty { .. } => "every apply takes one; so does: opsctl snapshot take".to_owned(),
            Self::TooFar { .. } | Self::Unknown { .. } | Self::Foreign { .. } => {
                "`@` is the last snapshot, `@1` the one before; the others: opsctl snapshot list".to_owned()
            }
            Self::AmbiguousOperation { ids, .. } => {
                const SOME: usize = 6;
                let more = if ids.len() > SOME { ", … (all of them: opsctl log)" } else { "" };
                format!("write more of it: {}{more}", ids[..ids.len().min(SOME)].join(", "))
            }
            Self::UnknownOperation { .. } | Self::NothingToRollBack => "all of them: opsctl log".to_owned(),
            Self::Ambiguous { .. } => "write more of its hash; the whole ones: opsctl snapshot list".to_owned(),
            Self::PlanFormat { .. } => {
                "use the version of opsctl that applied it; any may go to a snapshot: opsctl apply @N".to_owned()
            }
            Self::Damaged { .. } => {
                "it was changed after opsctl committed it; another one is likely whole: opsctl snapshot list".to_owned()
            }
        })
    }
}
