use std::collections::BTreeMap;
use std::sync::Arc;

use opsctl_api::{Address, Value};

use super::{EditRecord, Entry, Operation, Store, StoreError, Stored, Which, literal};

/// The last time that a setting was turned.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The setting.
    pub setting: String,
    /// What it was before; `None` is absent, or not known.
    pub from: Option<Value>,
    /// What it was turned to; `None` is absent.
    pub to: Option<Value>,
    /// By whom.
    pub by: Turner,
}

/// Who turned a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Turner {
    /// An operation of opsctl.
    Operation(Arc<Operation>),
    /// Somebody else, or an operation of which no end was recorded: some time between two snapshots.
    Outside {
        /// The last one that still had the old value.
        after: Entry,
        /// The first one that had the new value.
        before: Entry,
    },
    /// Nobody since the first snapshot that has it.
    Nobody(Entry),
}

impl Turn {
    /// Whether this is what it was turned to.
    pub fn is_to(&self, live: Option<&Value>) -> bool {
        same(live, self.to.as_ref())
    }
}

impl Store {
    /// Who turned each setting of a resource last, by setting: of those that the newest snapshot with this resource has.
    ///
    /// # Errors
    /// The repository cannot be read, or a snapshot that is needed is damaged.
    pub fn blame(&self, at: &Address) -> Result<Vec<Turn>, StoreError> {
        let Some(repository) = self.repository()? else { return Ok(Vec::new()) };
        let mut open: Option<BTreeMap<String, Trail>> = None;
        let mut turns = Vec::new();
        for entry in self.entries(&repository, usize::MAX)? {
            let commit = repository.find_commit(entry.commit.0).map_err(self.unreadable())?;
            let stored = self.load(&repository, &commit)?;
            // A snapshot in which it could not be read tells nothing of it.
            let Some(values) = stored.values_of(at)? else { continue };
            let step = Step::new(at, stored);
            let trails = open.get_or_insert_with(|| {
                values.iter().map(|(setting, value)| (setting.clone(), Trail::new(&step, setting, value))).collect()
            });
            trails.retain(|setting, trail| {
                match values.get(setting).and_then(|value| trail.follow(&step, setting, value)) {
                    Some(turn) => {
                        turns.push(turn);
                        false
                    }
                    None => true,
                }
            });
            if trails.is_empty() {
                break;
            }
        }
        let rest = open.unwrap_or_default();
        turns.extend(rest.into_iter().map(|(setting, trail)| trail.never_turned(setting)));
        turns.sort_by(|a, b| a.setting.cmp(&b.setting));
        Ok(turns)
    }
}

/// One snapshot on the way back.
struct Step<'a> {
    at: &'a Address,
    entry: Entry,
    operation: Arc<Operation>,
}

impl<'a> Step<'a> {
    fn new(at: &'a Address, stored: Stored) -> Self {
        Self { at, entry: stored.entry, operation: Arc::new(stored.operation) }
    }

    /// What the operation that ended here wrote of a setting.
    fn wrote(&self, setting: &str) -> Option<&EditRecord> {
        let steps = self.operation.steps.iter().filter(|step| step.at.as_ref() == Some(self.at));
        let mut edits = steps.flat_map(|step| &step.edits).filter(|edit| edit.sent && edit.setting == setting);
        edits.next_back().filter(|_| self.entry.which == Which::After)
    }
}

/// A setting that is followed back until somebody turned it.
struct Trail {
    /// The oldest snapshot so far, all of which have this value.
    seen: Entry,
    value: Option<Value>,
    /// What the operation that ended in `seen` wrote, where that is not the value: somebody moved it right after.
    wrote: Option<(Option<Value>, Arc<Operation>)>,
}

impl Trail {
    fn new(step: &Step<'_>, setting: &str, value: &Option<Value>) -> Self {
        let wrote = step.wrote(setting).map(|edit| (edit.from.clone(), step.operation.clone()));
        Self { seen: step.entry.clone(), value: value.clone(), wrote }
    }

    /// Goes back to a snapshot; whoever turned the setting is known where that one, or what ended there, has another value.
    fn follow(&mut self, step: &Step<'_>, setting: &str, value: &Option<Value>) -> Option<Turn> {
        let turn = |from, by| Some(Turn { setting: setting.to_owned(), from, to: self.value.clone(), by });
        if *value != self.value {
            return match &self.wrote {
                Some((from, operation)) => turn(from.clone(), Turner::Operation(operation.clone())),
                None => turn(value.clone(), Turner::Outside { after: step.entry.clone(), before: self.seen.clone() }),
            };
        }
        if let Some(edit) = step.wrote(setting)
            && same(edit.what_it_left(), value.as_ref())
        {
            return turn(edit.from.clone(), Turner::Operation(step.operation.clone()));
        }
        *self = Self::new(step, setting, value);
        None
    }

    fn never_turned(self, setting: String) -> Turn {
        Turn { setting, from: None, to: self.value, by: Turner::Nobody(self.seen) }
    }
}

/// Whether a value of a record, which has its type, is one that a snapshot writes so.
fn same(typed: Option<&Value>, untyped: Option<&Value>) -> bool {
    typed.map(literal::value) == untyped.map(literal::value)
}
