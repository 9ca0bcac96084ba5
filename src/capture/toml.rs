use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use opsctl_api::{
    Address, Live, LiveSetting, Owner, Pattern, Relation, Setting, Type, Value, format_duration, parse_duration,
};

use super::{Captured, Resource, Written};
use crate::snapshot::literal::{inline, key, quoted, setting_key, strings, value};
use crate::state::{Declared, Target};

/// A state that says what is live, for a person to go on with: one resource a table, and in comments what only a person knows.
pub fn to_toml(state: &str, captured: &Captured, at: Timestamp) -> Written {
    let mut written = Written { text: header(state, at), ..Written::default() };
    if !captured.unread.is_empty() {
        written.text.push('\n');
    }
    for (what, why) in &captured.unread {
        let _ = writeln!(written.text, "# not read: {}: {}", on_one_line(what), on_one_line(why));
    }
    let names: BTreeMap<&Address, &str> =
        captured.resources.iter().map(|resource| (&resource.live.at, resource.name.as_str())).collect();
    for resource in &captured.resources {
        of_resource(&mut written, resource, &names);
    }
    for (name, declared) in &captured.beside {
        let _ =
            write!(written.text, "\n[resource.{}]    # for its place in the order; nothing of it is set\n", key(name));
        written.text.push_str(&target(&declared.at));
        written.text.push_str(&known(name, std::slice::from_ref(declared)));
    }
    written
}

fn header(state: &str, at: Timestamp) -> String {
    let (moment, day) = (at.strftime("%Y-%m-%d %H:%M"), at.strftime("%Y-%m-%d"));
    format!(
        "\
# What was live on {moment} UTC, captured by opsctl. From now on the file is yours: opsctl does not write it again.
#
# Every setting that stands here is set by `opsctl apply {state}`, so take out what nobody should turn. Where an exact value is too
# much, write a bound, such as {{ at_least = 2 }}. `needs` names what a resource depends on to serve: first up after it, first
# down before it, in every change and on its way back.

summary = \"What was live on {day}\"
"
    )
}

fn of_resource(written: &mut Written, resource: &Resource, names: &BTreeMap<&Address, &str>) {
    let live = &resource.live;
    let _ = write!(written.text, "\n[resource.{}]\nat = {}\n", key(&resource.name), quoted(live.at.as_str()));
    match known(&resource.name, &resource.declared) {
        known if known.is_empty() => written.text.push_str(&relations(live, names)),
        known => written.text.push_str(&known),
    }
    for (name, setting) in &live.settings {
        let Some(known) = resource.kind.setting(name).filter(|setting| !setting.observed) else { continue };
        match setting {
            LiveSetting::Absent => {}
            LiveSetting::Hidden(why) => comment(written, live, name, None, &format!("could not be read: {why}")),
            LiveSetting::Is { value: Value::Secret(_), .. } => {
                let place = format!("{{ env = {} }}", quoted(&variable(name)));
                comment(written, live, name, Some(place), "a secret: name where its text is, and never the text");
            }
            LiveSetting::Is { value, .. } => match unfit(known, value) {
                Some(why) => comment(written, live, name, Some(literal(known, value)), &why),
                None => {
                    written.settings += 1;
                    let note = note(live, name, known).map(|note| format!("    # {note}")).unwrap_or_default();
                    let _ = writeln!(written.text, "{} = {}{note}", setting_key(name), literal(known, value));
                }
            },
        }
    }
}

/// What a name stands for.
fn target(of: &Target) -> String {
    match of {
        Target::One(at) => format!("at = {}\n", quoted(at.as_str())),
        Target::Many { pattern, select, except } => {
            let mut text = format!("at = {}\n", quoted(pattern.as_str()));
            if !select.is_empty() {
                let labels = select.iter().map(|(label, value)| (label.as_str(), quoted(value)));
                let _ = writeln!(text, "select = {}", inline(labels));
            }
            if !except.is_empty() {
                let _ = writeln!(text, "except = {}", strings(except.iter().map(Pattern::as_str)));
            }
            text
        }
    }
}

/// What the states declare already of how it stands to others, and of its time.
fn known(name: &str, declared: &[Arc<Declared>]) -> String {
    let mut text = String::new();
    // A member of what a wildcard needs does not need itself.
    let needs = declared.iter().flat_map(|declared| &declared.needs).map(|need| need.any_of.as_slice());
    let needs: BTreeSet<&[String]> = needs.filter(|any_of| !any_of.iter().any(|needed| needed == name)).collect();
    if !needs.is_empty() {
        let need = |any_of: &[String]| match any_of {
            [one] => quoted(one),
            several => strings(several),
        };
        let _ = writeln!(text, "needs = [{}]", needs.into_iter().map(need).collect::<Vec<_>>().join(", "));
    }
    let after: BTreeSet<&String> =
        declared.iter().flat_map(|declared| &declared.after).map(|after| &after.name).collect();
    if !after.is_empty() {
        let _ = writeln!(text, "after = {}", strings(after));
    }
    if let Some(pool) = declared.iter().find_map(|declared| declared.pool.as_ref()) {
        let _ = writeln!(text, "pool = {}", quoted(pool));
    }
    if let Some(enough) = declared.iter().find_map(|declared| declared.enough) {
        let _ = writeln!(text, "enough = {enough}");
    }
    let drain_time = declared.iter().map(|declared| declared.drain_time).max().unwrap_or_default();
    for (key, time) in [
        ("drain_time", Some(drain_time).filter(|time| !time.is_zero())),
        ("timeout", declared.iter().find_map(|declared| declared.timeout)),
    ] {
        if let Some(time) = time {
            let _ = writeln!(text, "{key} = {}", quoted(&format_duration(time)));
        }
    }
    text
}

/// What the provider knows of its neighbours, as hints.
fn relations(live: &Live, names: &BTreeMap<&Address, &str>) -> String {
    let mut needs = Vec::new();
    let mut hints = String::new();
    for relation in &live.relations {
        match relation {
            Relation::Needs(at) => match names.get(at) {
                Some(name) => needs.push(*name),
                None => hints.push_str(&format!("# it needs {at}, which is not captured here\n")),
            },
            Relation::Confines(at) => {
                let name = names.get(at).copied().unwrap_or(at.as_str());
                hints.push_str(&format!("# it holds {name} within its bounds; opsctl knows that by itself\n"));
            }
        }
    }
    format!("# needs = {}\n{hints}", strings(needs))
}

/// A line that says nothing yet.
fn comment(written: &mut Written, live: &Live, name: &str, value: Option<String>, why: &str) {
    let why = on_one_line(why);
    let value = value.map(|value| on_one_line(&value)).unwrap_or_else(|| "…".to_owned());
    let _ = writeln!(written.text, "# {} = {value}    # {why}", setting_key(name));
    written.commented.push((format!("{} {name}", live.at), why));
}

/// Why a live value cannot stand in a state.
fn unfit(setting: &Setting, value: &Value) -> Option<String> {
    if let Err(mismatch) = setting.ty.check(value) {
        return Some(format!("a state cannot say it: {mismatch}"));
    }
    match value {
        Value::Duration(duration) if parse_duration(&format_duration(*duration)) != Ok(*duration) => {
            Some("a state cannot say it: it is finer than a millisecond".to_owned())
        }
        _ => None,
    }
}

/// What a person should know before the value is left as it is.
fn note(live: &Live, name: &str, setting: &Setting) -> Option<String> {
    let owned = live.owners_of(name).find(|owner| owner.within.is_some() || owner.reverts);
    if let Some(owner) = owned {
        return Some(on_one_line(&of_owner(owner)));
    }
    setting.one_way.then(|| "it cannot be changed back".to_owned())
}

fn of_owner(owner: &Owner) -> String {
    let held = match &owner.within {
        Some((least, most)) if least != most => {
            return format!(
                "{} moves it within {least}..{most}; {{ at_least = {least} }} leaves that to it",
                owner.name
            );
        }
        Some((least, _)) => format!("{} holds it at {least}", owner.name),
        None => format!("{} holds it", owner.name),
    };
    if owner.does.is_empty() { held } else { format!("{held} and {}", owner.does) }
}

/// A value as a state writes it. What would be taken for a template stands as the template of itself.
fn literal(setting: &Setting, of: &Value) -> String {
    match of {
        Value::String(text) if setting.ty == Type::Text && text.contains('\n') => lines(&plain(text)),
        Value::String(text) => quoted(&plain(text)),
        Value::List(items) => strings(items.iter().map(|item| plain(item))),
        Value::Set(items) => strings(items.iter().map(|item| plain(item))),
        other => value(other),
    }
}

/// A text that renders to this one.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let opens = matches!(from.as_bytes().get(1), Some(b'{' | b'%' | b'#'));
        let (taken, left) = from.split_at(if opens { 2 } else { 1 });
        if opens {
            let _ = write!(out, "{{{{ '{taken}' }}}}");
        } else {
            out.push_str(taken);
        }
        rest = left;
    }
    out + rest
}

/// A text of many lines as TOML has them.
fn lines(text: &str) -> String {
    let mut out = String::from("\"\"\"\n");
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\"\"\""
}

/// The name of a variable that a secret may come from: `API_TOKEN` of `data.api-token`.
fn variable(name: &str) -> String {
    let of = name.split_once('.').map_or(name, |(_, key)| key);
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    of.chars().map(letter).collect()
}

/// A comment ends with its line, and TOML allows no control characters in it.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
#[path = "toml_test.rs"]
mod tests;
