use super::{Entry, Operation, OperationKind, Operations, Outcome, Recorded, Store, StoreError};

/// What stands, as the history tells: a state, and what was laid over it since.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stands {
    /// What was towards a whole state last, however far it came, all that was taken back since passed over; `None` where nothing was.
    pub state: Option<Recorded>,
    /// What laid an overlay or a part of a state over it, oldest first.
    pub over: Vec<Recorded>,
    /// All that has a say in what should be: these, their rests, rollbacks that took back less than all, and what was let go of, newest
    /// first.
    pub say: Vec<Recorded>,
}

impl Store {
    /// What stands; or what stood before an operation.
    ///
    /// # Errors
    /// The repository cannot be read, or a record that is needed is damaged.
    pub fn stands(&self, before: Option<&str>) -> Result<Stands, StoreError> {
        let operations = self.operations()?;
        let mut stands = Stands::default();
        for place in operations.standing(before) {
            let recorded = operations.read(place?)?;
            let operation = &recorded.operation;
            if operation.has_a_say() {
                stands.say.push(recorded.clone());
            }
            if operation.takes_the_place() {
                stands.state = Some(recorded);
                break;
            }
            if operation.lies_over() {
                stands.over.push(recorded);
            }
        }
        stands.over.reverse();
        Ok(stands)
    }
}

impl Store {
    /// The operations down to the one that was towards a whole state last, newest first: however far it came, it has decided on all that
    /// was before it. What is damaged is passed over.
    ///
    /// # Errors
    /// The repository cannot be read.
    pub fn since_whole(&self) -> Result<Vec<Operation>, StoreError> {
        let mut since = Vec::new();
        for recorded in self.operations()? {
            match recorded {
                Ok(recorded) => since.push(recorded.operation),
                Err(StoreError::Damaged { .. }) => continue,
                Err(error) => return Err(error),
            }
            if since.last().is_some_and(Operation::takes_the_place) {
                break;
            }
        }
        Ok(since)
    }
}

impl Operations {
    /// The places of those that stand, newest first: what a rollback took back is passed over, and is as if it had never been. Those
    /// that began with one, or after it, are not looked at.
    pub fn standing<'o>(&'o self, before: Option<&str>) -> impl Iterator<Item = Result<usize, StoreError>> + use<'o> {
        let mut down_to = before.map(str::to_owned);
        self.entries().enumerate().filter_map(move |(place, entry)| {
            if down_to.is_some() {
                down_to = down_to.take().filter(|down_to| *down_to != entry.operation);
                return None;
            }
            if entry.may_take_back() {
                match self.read(place) {
                    Ok(recorded) if recorded.operation.took_all_back() => {
                        down_to.clone_from(&recorded.operation.reverts);
                    }
                    // Who needs it reads it.
                    Ok(_) | Err(StoreError::Damaged { .. }) => {}
                    Err(error) => return Some(Err(error)),
                }
            }
            Some(Ok(place))
        })
    }
}

impl Entry {
    /// Whether it may be a rollback, by its name: of the others no record is read for that.
    pub(super) fn may_take_back(&self) -> bool {
        self.state.starts_with("rollback of ")
    }
}

impl Operation {
    /// Whether it was towards all of a state, so that this takes the place of what stood before it.
    pub fn takes_the_place(&self) -> bool {
        self.is_towards() && self.over.is_none() && self.part.is_whole()
    }

    /// Whether it was towards an overlay or a part of a state, and leaves what stands beneath it.
    fn lies_over(&self) -> bool {
        self.is_towards() && !self.takes_the_place()
    }

    /// Whether it was towards anything of its own: the rest of an operation is part of that one, what was closed before it did
    /// anything was towards nothing, and so is by now what was taken back before it came to its end.
    fn is_towards(&self) -> bool {
        self.rest_of.is_none() && self.wants()
    }

    /// Whether it is an apply and still wants anything.
    fn wants(&self) -> bool {
        let is_taken_back = self.abandoned.is_some() && self.outcome != Outcome::Abandoned;
        self.kind == OperationKind::Apply && !self.never_began() && !is_taken_back
    }

    /// Whether it wanted anything that still holds. What was taken back in full wants nothing: what stood before it does.
    fn has_a_say(&self) -> bool {
        match self.kind {
            OperationKind::Apply => self.wants(),
            OperationKind::Rollback => !self.took_all_back() && !self.never_began(),
            OperationKind::LetGo => true,
            OperationKind::Take => false,
        }
    }

    /// Whether it took back all that it was for, but for what was to be left alone.
    pub fn took_all_back(&self) -> bool {
        let is_through = matches!(self.outcome, Outcome::Done | Outcome::DoneInPart | Outcome::CheckFailed);
        is_through && self.kind == OperationKind::Rollback && self.ended.is_some() && self.part.is_whole()
    }
}

#[cfg(test)]
mod tests {
    use opsctl_api::Pattern;

    use super::*;
    use crate::plan::Part;
    use crate::snapshot::sample;

    #[test]
    fn test_what_stands() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(camino::Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        let told = |before: Option<&str>| {
            let stands = store.stands(before).unwrap();
            let name = |recorded: &Recorded| recorded.operation.name.clone();
            let over: Vec<String> = stands.over.iter().map(name).collect();
            format!("{} {}", stands.state.as_ref().map_or("-".to_owned(), name), over.join("+"))
        };
        let add = |id: &str, change: &dyn Fn(&mut Operation)| {
            let mut operation = Operation { name: id.to_owned(), ..sample::operation(id, Outcome::Done) };
            change(&mut operation);
            store.commit(&sample::snapshot(&[]), &operation, None).unwrap();
        };
        let back = |down_to: &'static str| {
            move |operation: &mut Operation| {
                operation.kind = OperationKind::Rollback;
                operation.name = format!("rollback of {down_to}");
                operation.reverts = Some(down_to.to_owned());
            }
        };
        assert_eq!(told(None), "- ");
        add("first", &|_| ());
        assert_eq!(told(None), "first ");
        add("overlay", &|operation| operation.over = Some("first".to_owned()));
        let part = |operation: &mut Operation| {
            operation.part = Part { target: vec![Pattern::new("a")], exclude: Vec::new() };
        };
        add("part", &part);
        add("rest", &|operation| operation.rest_of = Some("part".to_owned()));
        assert_eq!(told(None), "first overlay+part");
        add("let-go", &|operation| operation.kind = OperationKind::LetGo);
        add("nothing", &|operation| operation.abandoned = Some("killed".to_owned()));
        assert_eq!(told(None), "first overlay+part");
        add("second", &|_| ());
        assert_eq!((told(None), told(Some("second"))), ("second ".to_owned(), "first overlay+part".to_owned()));
        add("back", &back("second"));
        assert_eq!(told(None), "first overlay+part");
        add("back-in-part", &|operation| {
            back("first")(operation);
            part(operation);
        });
        add("back-failed", &|operation| {
            back("first")(operation);
            operation.outcome = Outcome::Failed;
        });
        assert_eq!(told(None), "first overlay+part");
        add("taken-back", &|operation| {
            operation.outcome = Outcome::Interrupted;
            operation.abandoned = Some("rolled back".to_owned());
        });
        assert_eq!(told(None), "first overlay+part");
        add("back-again", &back("first"));
        assert_eq!(told(None), "- ");
    }
}
