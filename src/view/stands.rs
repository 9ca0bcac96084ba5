use super::record::called;
use super::words::and;
use crate::snapshot::{self, Recorded};

/// How many are told of what lies over a state.
const MOST: usize = 4;

/// What stands, by what it is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Stands {
    /// The state; `None` where nothing that was applied stands.
    pub state: Option<String>,
    /// The overlays and the parts of states that were laid over it, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<String>,
    /// Whether the operation that ended last was towards what is named last here.
    #[serde(skip)]
    pub is_last: bool,
}

impl Stands {
    /// What stands, beside the operation that ended last.
    pub fn of(stands: &snapshot::Stands, last: Option<&str>) -> Self {
        let name = |recorded: &Recorded| called(&recorded.operation);
        let newest = stands.over.last().or(stands.state.as_ref());
        Self {
            state: stands.state.as_ref().map(name),
            over: stands.over.iter().map(name).collect(),
            is_last: newest.is_some_and(|newest| Some(newest.operation.id.as_str()) == last),
        }
    }

    /// What there is to be said of it where it was said already what the operation that ended last was towards.
    pub fn sentence(&self) -> Option<String> {
        match (self.is_last, self.over.split_last()) {
            (false, _) => Some(format!("What stands is {}.", self.told())),
            (true, Some((_, beneath))) => Some(format!("It lies over {}.", self.beneath(beneath))),
            (true, None) => None,
        }
    }

    /// As a sentence has it: `dr-active, with db-maint over it`.
    pub fn told(&self) -> String {
        self.beneath(&self.over)
    }

    fn beneath(&self, over: &[String]) -> String {
        let state = self.state.as_deref().unwrap_or("nothing that was applied");
        match over {
            [] => state.to_owned(),
            over if over.len() <= MOST => format!("{state}, with {} over it", and(over)),
            // What came last has the most to say.
            over => {
                let (others, last) = over.split_at(over.len() - MOST + 1);
                format!("{state}, with {} others and then {} over it", others.len(), and(last))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_as_a_sentence_has_it() {
        let stands = |state: Option<&str>, over: &[&str], is_last| {
            let over = over.iter().map(|&name| name.to_owned()).collect();
            Stands { state: state.map(str::to_owned), over, is_last }.sentence().unwrap_or_default()
        };
        assert_eq!(stands(Some("night"), &[], true), "");
        assert_eq!(stands(Some("night"), &[], false), "What stands is night.");
        assert_eq!(stands(Some("night"), &["a", "b"], false), "What stands is night, with a and b over it.");
        assert_eq!(stands(Some("night"), &["a", "b"], true), "It lies over night, with a over it.");
        let many = stands(Some("night"), &["a", "b", "c", "d", "e"], false);
        assert_eq!(many, "What stands is night, with 2 others and then c, d and e over it.");
        assert_eq!(stands(None, &["a"], true), "It lies over nothing that was applied.");
    }
}
