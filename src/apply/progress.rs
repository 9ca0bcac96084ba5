use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use opsctl_api::{Edit, Receipt, Value};

use super::entry::{Answer, Intent};
use super::moment::between;
use crate::plan::Work;
use crate::snapshot::{EditRecord, Status};

/// Where one step stands, as far as its journal tells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Progress {
    /// Where it stands.
    pub stand: Stand,
    /// How many of the edges to it are not met.
    pub waits_for: usize,
    /// How many of the steps that these edges come from are not done.
    pub not_done: usize,
    /// Whether enough of it is ready, though it has not settled. Of a joint: whether all edges to it are met.
    pub enough: bool,
    /// The hop that is under way or to be begun, from 0.
    pub hop: usize,
    /// The members of an action that were called, in this order.
    pub called: Vec<usize>,
    /// Those of them that are done.
    pub done: Vec<usize>,
    /// How often that hop was written; 0 before the first time.
    pub attempt: u32,
    /// What the last write of that hop set.
    pub edits: Vec<Edit>,
    /// The token of that write.
    pub token: String,
    /// When that write has been done or never will be.
    pub deadline: Timestamp,
    /// What that write was answered with.
    pub receipt: Option<Receipt>,
    /// When the step was begun.
    pub began: Option<Timestamp>,
    /// When it ended; before that, when its last hop settled.
    pub ended: Option<Timestamp>,
    /// Why it is not done, or was written again.
    pub why: String,
    /// What was written so far, an entry a setting.
    pub written: Vec<EditRecord>,
}

/// Where a step stands, with what the engine has to know beyond [`Status`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Not begun.
    Pending,
    /// A write is out, or about to go out; no answer yet.
    Asked,
    /// Nothing was done by the last write; it is to be written again.
    Again,
    /// The write may be done, and may not.
    Unknown,
    /// The write was taken, or the wait or check was begun.
    Settling,
    /// A hop is true and ready, and the next one is to be begun. Of an action: a member is to be called.
    Between,
    /// The last hop is true and ready; its drain time runs.
    Settled,
    /// It ended.
    Over(Status),
}

impl Stand {
    /// What an operator is told.
    pub fn status(self) -> Status {
        match self {
            Self::Pending => Status::Pending,
            Self::Asked | Self::Again => Status::Sent,
            Self::Unknown => Status::Unknown,
            Self::Settling | Self::Between | Self::Settled => Status::Settling,
            Self::Over(status) => status,
        }
    }

    /// Whether it was begun and has not ended.
    pub fn is_underway(self) -> bool {
        !matches!(self, Self::Pending | Self::Over(_))
    }
}

impl fmt::Display for Stand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Asked => "waiting for an answer",
            Self::Again => "to be written again",
            Self::Between => "between two hops",
            Self::Settled => "settled",
            other => return other.status().fmt(f),
        })
    }
}

impl Progress {
    pub(super) fn new(waits_for: usize) -> Self {
        Self {
            stand: Stand::Pending,
            waits_for,
            not_done: waits_for,
            enough: false,
            hop: 0,
            called: Vec::new(),
            done: Vec::new(),
            attempt: 0,
            edits: Vec::new(),
            token: String::new(),
            deadline: Timestamp::UNIX_EPOCH,
            receipt: None,
            began: None,
            ended: None,
            why: String::new(),
            written: Vec::new(),
        }
    }

    /// Whether any of its hops was begun.
    pub(super) fn is_begun(&self) -> bool {
        self.attempt > 0 || self.hop > 0
    }

    /// What it is still to change, but for the write that is out.
    pub(super) fn ahead(&self, work: &Work) -> Vec<Edit> {
        let Work::Change { edits, hops, .. } = work else { return Vec::new() };
        let next = match self.stand {
            Stand::Pending | Stand::Over(Status::Skipped) => return edits.clone(),
            Stand::Again | Stand::Between => self.hop,
            Stand::Asked | Stand::Unknown | Stand::Settling => self.hop + 1,
            Stand::Settled | Stand::Over(_) => hops.len(),
        };
        hops.iter().skip(next).flat_map(|hop| hop.edits.iter().cloned()).collect()
    }

    /// From the first write to the end, in whole milliseconds as records keep it; nothing where one of them is missing.
    pub(super) fn took(&self) -> Duration {
        let (Some(began), Some(ended)) = (self.began, self.ended) else { return Duration::ZERO };
        Duration::from_millis(u64::try_from(between(began, ended).as_millis()).unwrap_or(u64::MAX))
    }

    /// Whether the last write set just this, so that it may go out again under its token. What a source of a secret said then is in
    /// no journal: whoever goes on cannot tell that it says the same now.
    pub(super) fn wrote(&self, edits: &[Edit]) -> bool {
        let text = |edit: &Edit| match &edit.to {
            Some(Value::Secret(secret)) => secret.plain.clone(),
            _ => None,
        };
        self.edits == edits && self.edits.iter().zip(edits).all(|(was, is)| text(was) == text(is))
    }

    pub(super) fn intend(&mut self, intent: &Intent, at: Timestamp) {
        self.stand = Stand::Asked;
        self.hop = intent.hop;
        self.attempt = intent.attempt;
        self.edits.clone_from(&intent.edits);
        self.token.clone_from(&intent.token);
        self.deadline = intent.deadline;
        self.receipt = None;
        self.began.get_or_insert(at);
        for edit in &intent.edits {
            let record = recorded(&mut self.written, edit);
            // Until something was sent, what is there may still be moved by others.
            if !record.sent {
                record.from.clone_from(&edit.from);
                record.to.clone_from(&edit.to);
            }
        }
    }

    /// `coupled` is what the API moves along with the hop.
    pub(super) fn answer(&mut self, answer: &Answer, coupled: &[Edit]) {
        match answer {
            Answer::Sent(receipt) => {
                self.stand = Stand::Settling;
                self.receipt.clone_from(receipt);
            }
            Answer::Already => self.stand = Stand::Settling,
            Answer::Unknown(why) => {
                self.stand = Stand::Unknown;
                self.why.clone_from(why);
            }
            Answer::Again(why) => {
                // Nothing went out: the member of an action was not called.
                let of_member = self.called.pop_if(|member| *member == self.hop).is_some();
                self.stand = if of_member { Stand::Between } else { Stand::Again };
                self.why.clone_from(why);
            }
        }
        if matches!(answer, Answer::Sent(_) | Answer::Unknown(_)) {
            for edit in self.edits.iter().chain(coupled) {
                let record = recorded(&mut self.written, edit);
                record.more += usize::from(record.sent);
                record.sent = true;
                record.to.clone_from(&edit.to);
                record.left = None;
                record.last_from = edit.from.clone().filter(|from| record.from.as_ref() != Some(from));
            }
        }
    }

    /// `left` is what was seen, where it is not what was asked for.
    pub(super) fn settle(&mut self, left: &BTreeMap<String, Option<Value>>, last: bool, at: Timestamp) {
        for (setting, value) in left {
            if let Some(record) = self.written.iter_mut().find(|record| record.setting == *setting) {
                record.left.clone_from(value);
            }
        }
        self.why.clear();
        self.ended = Some(at);
        if self.called.contains(&self.hop) {
            self.stand = Stand::Between;
            self.done.push(self.hop);
        } else if last {
            self.stand = Stand::Settled;
        } else {
            self.stand = Stand::Between;
            self.hop += 1;
            self.attempt = 0;
        }
    }

    pub(super) fn end(&mut self, status: Status, why: &str, at: Timestamp) {
        self.stand = Stand::Over(status);
        self.ended = Some(at);
        why.clone_into(&mut self.why);
    }
}

/// The record of an edit's setting, which is made where it is missing.
pub(super) fn recorded<'a>(records: &'a mut Vec<EditRecord>, edit: &Edit) -> &'a mut EditRecord {
    let at = records.iter().position(|record| record.setting == edit.setting).unwrap_or_else(|| {
        records.push(EditRecord {
            setting: edit.setting.clone(),
            from: edit.from.clone(),
            to: edit.to.clone(),
            sent: false,
            more: 0,
            left: None,
            last_from: None,
        });
        records.len() - 1
    });
    &mut records[at]
}

#[cfg(test)]
mod tests {
    use opsctl_api::{Plain, Secret, Source};

    use super::*;

    #[test]
    fn test_a_secret_that_was_rotated_goes_out_under_another_token() {
        let edit = |plain: Option<&str>| {
            let source = Some(Source::Env("PW".into()));
            let secret = Secret { source, reference: None, plain: plain.map(Plain::new) };
            Edit { setting: "password".into(), from: None, to: Some(Value::Secret(Box::new(secret))) }
        };
        let mut progress = Progress::new(0);
        progress.edits = vec![edit(None)];
        assert!(!progress.wrote(&[edit(Some("new"))]) && progress.wrote(&[edit(None)]));
        progress.edits = vec![edit(Some("old"))];
        assert!(!progress.wrote(&[edit(Some("new"))]) && progress.wrote(&[edit(Some("old"))]));
    }
}
