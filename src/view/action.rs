//! Actions: what is called, and what is measured around it.

use opsctl_api::format_duration;

use super::check;
use super::screen::{Screen, Sign};
use super::words::{clean, count, cut};
use crate::action::{Action, Call, Member};

/// How much of what is called is shown where not all is told.
const SHOWN: usize = 84;

/// An action in one line, and what is measured around its call. Of the rolling form the first member stands for all.
pub(crate) fn told(action: &Action, screen: &Screen) -> (String, Vec<String>) {
    let name = clean(&action.name);
    let Some(member) = action.members.iter().find(|member| !member.done).or(action.members.first()) else {
        return (format!("action {name}"), Vec::new());
    };
    let sent = sent(&member.call, screen);
    let mut lines = Vec::new();
    let head = match &member.name {
        None => {
            lines.extend(sent);
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
            let first = clean(first);
            lines.extend(sent.into_iter().enumerate().map(|(index, line)| match index {
                0 => format!("{first}: {line}"),
                _ => line,
            }));
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

/// What becomes of an action that a rollback cannot take back. `undoing` is the state that may have something against it.
pub(crate) fn not_undone(action: &str, undoing: Option<&str>) -> String {
    let or = undoing.map(clean).map(|state| format!(", or with what {state} has for that (opsctl apply {state})"));
    format!("{} was called, and is not undone: undo it by hand{}", clean(action), or.unwrap_or_default())
}

/// What goes out, and how it must be answered where that is asked for. Of secrets it is said that there is one.
fn sent(call: &Call, screen: &Screen) -> Vec<String> {
    let shown = |text: &str| match screen.verbose {
        true => clean(text),
        false => cut(&clean(text), SHOWN, screen.sign(Sign::More)),
    };
    let mut lines = vec![shown(&call.to_string())];
    if let Call::Http { body, status, .. } = call {
        lines.extend(body.as_ref().map(|body| format!("body {}", shown(body))));
        match status {
            Some(status) => lines.push(format!("it must be answered with {status}")),
            None if screen.verbose => lines.push("it must be answered with 2xx".to_owned()),
            None => {}
        }
    }
    lines
}
