//! The page of a plan: what would change, in which order, what to look at twice, and the way back.

mod alike;
mod danger;
mod foot;
mod header;
mod lasts;
mod nothing;
mod reasons;
mod steps;
mod traffic;

use jiff::Timestamp;
use opsctl_api::{Address, Value};

use super::{Screen, Stands};
use crate::plan::{Plan, SkippedWhy};
use crate::snapshot::Operation;
use crate::state::{Goal, OnFailure};

pub(crate) use danger::refusal;
pub(crate) use foot::calls;
pub use foot::{Totals, totals};
pub use header::targets;

/// What the page says beside the plan: what was applied last, and what is in the way.
#[derive(Debug, Clone, Default)]
pub struct Now<'a> {
    /// The moment at which the page is drawn.
    pub at: Timestamp,
    /// The operation that ended last.
    pub last: Option<&'a Operation>,
    /// Whether that is not all: the history lacks what was applied last.
    pub is_missed: bool,
    /// What stands by that.
    pub stands: Option<&'a Stands>,
    /// The operation that did not end.
    pub open: Option<&'a str>,
    /// That nobody knows what an operation has changed that did not end.
    pub lost: Option<&'a str>,
    /// Who holds the lock.
    pub lock: Option<&'a str>,
    /// What a failed step does, where that is not what the plan says.
    pub on_failure: Option<OnFailure>,
    /// The snapshot that stands for what is live, and when it was taken, where nobody was asked.
    pub offline: Option<(&'a str, Timestamp)>,
    /// The state that may undo what a rollback does not: the calls of actions.
    pub undoing: Option<&'a str>,
    /// Where secrets come from that cannot be had here, and why.
    pub lacking: &'a [String],
    /// What this build can neither measure nor call: what, and why.
    pub unbuilt: &'a [String],
    /// What the plan changes and was not as it should be.
    pub drifts: &'a [Drift],
    /// What an earlier operation asked for and may yet become true.
    pub under_way: &'a [UnderWay],
}

/// A setting that was asked for, is not so, and may yet become so.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct UnderWay {
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// What was asked for.
    pub asked: Option<Value>,
    /// By which operation.
    pub operation: String,
    /// What goes on there, in the API's words.
    pub going_on: String,
}

/// A setting that is not as it should be by what stands.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Drift {
    /// The resource.
    pub at: Address,
    /// The setting.
    pub setting: String,
    /// What it should be.
    pub wants: Goal,
    /// What it is.
    pub live: Option<Value>,
}

/// Draws the page. Ends with the counts; what to do next is the command's to say.
pub fn page(plan: &Plan, now: &Now<'_>, screen: &Screen) -> String {
    let offline = header::offline(now, screen);
    if is_quiet(plan) {
        return offline + &nothing::line(plan, now, screen);
    }
    let blocks = [
        header::block(plan, now, screen),
        danger::block(plan, now, screen),
        danger::spared(plan, screen),
        steps::block(plan, screen),
        foot::facts(plan, now, screen),
        foot::counts(plan, screen),
    ];
    offline + &blocks.into_iter().filter(|block| !block.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Whether a plan leaves something undone that is wanted: owed, left alone, or held back.
pub fn spares(plan: &Plan) -> bool {
    plan.skipped.iter().any(|skipped| is_telling(&skipped.why))
}

/// Whether a plan is told in one line: nothing to do, nothing owed, nothing spared.
fn is_quiet(plan: &Plan) -> bool {
    plan.is_empty() && !spares(plan)
}

fn is_telling(why: &SkippedWhy) -> bool {
    match why {
        SkippedWhy::Owed { .. } | SkippedWhy::ChangedSince { .. } | SkippedWhy::HeldBack(_) => true,
        SkippedWhy::Missing
        | SkippedWhy::MissingUnasked
        | SkippedWhy::NotTargeted
        | SkippedWhy::OwnNeed { .. }
        | SkippedWhy::GatesNothing
        | SkippedWhy::NeverSet
        | SkippedWhy::NotAsLeft { .. }
        | SkippedWhy::NothingToDo(_)
        | SkippedWhy::NotUndone => false,
    }
}

/// All that the page may name, without instances: no two of them read alike.
fn locals(plan: &Plan) -> impl Iterator<Item = &str> {
    let skipped = plan.skipped.iter().filter_map(|skipped| Some(skipped.at.split_once(':')?.1));
    plan.addresses().map(Address::local).chain(skipped)
}

/// Where the texts of labelled lines begin.
const UNDER_LABEL: usize = 10;
/// The same where the labels themselves stand under a title.
const UNDER_TITLE: usize = 14;

/// `  label       text`, wrapped under itself.
fn labelled(label: &str, text: &str, ink: Option<super::Ink>, screen: &Screen) -> String {
    let indent = if label.starts_with(' ') { UNDER_TITLE } else { UNDER_LABEL };
    let mut block = String::new();
    for (index, line) in super::words::wrap(text, screen.width() - indent).iter().enumerate() {
        let head = format!("{:indent$}", if index == 0 { label } else { "" });
        block.push_str(&ink.map_or_else(|| head.clone(), |ink| screen.paint(ink, &head)));
        block.push_str(line);
        block.push('\n');
    }
    block
}

#[cfg(test)]
mod tests;
