//! Actions: what is called, and what is measured around it.

use opsctl_api::format_duration;

use super::check;
use super::screen::{Screen, Sign};
use super::words::{clean, count, cut};
use crate::action::{Action, Member};

/// How much of what is called is shown where not all is told.
const SHOWN: usize = 60;

/// An action in one line, and what is measured around its call. Of the rolling form the first member stands for all.
pub(crate) fn told(action: &Action, screen: &Screen) -> (String, Vec<String>) {
    let name = clean(&action.name);
    let Some(member) = action.members.iter().find(|member| !member.done).or(action.members.first()) else {
        return (format!("action {name}"), Vec::new());
    };
    let call = clean(&member.call.to_string());
    let call = if screen.verbose { call } else { cut(&call, SHOWN, screen.sign(Sign::More)) };
    let mut lines = Vec::new();
    let head = match &member.name {
        None => {
            lines.push(call);
            format!("action {name}")
        }
        Some(first) => {
            let named = |done: bool| -> Vec<String> {
                let members = action.members.iter().filter(|member| member.done == done);
                members.filter_map(|member| member.name.as_deref()).map(clean).collect()
            };
            let (left, done) = (named(false), named(true));
            lines.push(left.join(", "));
            if !done.is_empty() {
                lines.push(format!("done already: {}", done.join(", ")));
            }
            lines.push(format!("{}: {call}", clean(first)));
            format!("action {name}: {}, one at a time", count(left.len(), "call"))
        }
    };
    let Member { unless, until, first, last, between, .. } = member;
    let measured = [("unless", unless), ("until", until), ("first", first), ("last", last), ("between", between)];
    for (word, measured) in measured {
        lines.extend(measured.as_ref().map(|measured| format!("{word} {}", check::described(measured, screen))));
    }
    if screen.verbose {
        lines.push(format!("a call may take {}", format_duration(action.timeout)));
    }
    (head, lines)
}
