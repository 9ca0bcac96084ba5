use std::collections::BTreeMap;

use super::failure::Failure;
use super::output::Output;
use super::setting::Setting;
use crate::snapshot::{CommitId, Outcome, StoreError};
use crate::view::status::{self, Damaged};

/// What of the history cannot be read. Who only looks at it goes on with the rest, and says what is missing.
#[derive(Debug, Default)]
pub(super) struct Damage(BTreeMap<CommitId, String>);

impl Damage {
    /// What was read; `None` where it is damaged, which is taken down.
    ///
    /// # Errors
    /// It cannot be read for any other reason.
    pub(super) fn spare<T>(&mut self, read: Result<T, impl Into<Failure>>) -> Result<Option<T>, Failure> {
        match read.map_err(Into::into) {
            Ok(read) => Ok(Some(read)),
            Err(Failure::Store(StoreError::Damaged { commit, why })) => {
                self.0.insert(commit, why);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// What is damaged, newest first.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub(super) fn told(self, setting: &Setting<'_>) -> Result<Vec<Damaged>, Failure> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let path = &setting.repository.config.snapshots.path;
        let since = setting.store.since_whole()?;
        let whole = since.last().filter(|operation| operation.takes_the_place());
        let may_owe = [Outcome::DoneInPart, Outcome::Failed, Outcome::Interrupted].map(|outcome| outcome.to_string());
        let mut is_decided = false;
        let history = setting.store.history()?.into_iter();
        let damaged = history.filter_map(|entry| {
            is_decided |= whole.is_some_and(|whole| whole.id == entry.operation);
            Some(Damaged {
                why: self.0.get(&entry.commit)?.clone(),
                may_owe: !is_decided && may_owe.contains(&entry.outcome),
                snapshot: entry.commit.short(),
                path: path.to_string(),
                operation: entry.operation,
                name: entry.state,
                outcome: entry.outcome,
            })
        });
        Ok(damaged.collect())
    }

    /// Says what is damaged, and gives it back.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub(super) fn warn(self, setting: &Setting<'_>, output: &Output) -> Result<Vec<Damaged>, Failure> {
        let told = self.told(setting)?;
        for damaged in &told {
            output.warn(&format!("{}\n", status::damaged(damaged)));
        }
        Ok(told)
    }
}
