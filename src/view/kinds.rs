//! What can be read and set.

use std::collections::BTreeMap;

use opsctl_api::{Address, Effect, Kind, Live, LiveSetting, Setting, Type, Value, format_duration};

use super::screen::{Ink, Screen};
use super::table::{Cell, Column, Table};
use super::value::shown;
use super::words::{clean, wrap};

/// All kinds of some providers, a line each.
pub fn list(kinds: &[(&str, &Kind)], screen: &Screen) -> String {
    let mut table = Table::new([Column::gap(0), Column::gap(2), Column::gap(2)]);
    let widest = |width: fn(&(&str, &Kind)) -> usize| kinds.iter().map(width).max().unwrap_or(0);
    let named = widest(|(provider, _)| provider.len()) + 2;
    let formed = widest(|(_, kind)| kind.name.len() + 1 + kind.path_form().len()) + 2;
    let room = screen.width().saturating_sub(named + formed).max(30);
    for (provider, kind) in kinds {
        let form = format!("{}/{}", kind.name, kind.path_form());
        let mut lead = [Cell::new(*provider), Cell::new(form).ink(Ink::Strong)];
        for line in wrap(kind.doc, room) {
            table.row(lead.into_iter().chain([Cell::new(line).open()]));
            lead = [Cell::empty(), Cell::empty()];
        }
    }
    table.draw(screen)
}

/// A kind as a document.
#[derive(serde::Serialize)]
pub struct Document<'a> {
    provider: &'a str,
    name: &'static str,
    doc: &'static str,
    path: String,
    settings: Vec<SettingDocument>,
}

#[derive(serde::Serialize)]
struct SettingDocument {
    key: String,
    #[serde(rename = "type")]
    ty: String,
    doc: &'static str,
    effect: Effect,
    optional: bool,
    one_way: bool,
    observed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'static str>,
}

/// A kind as a document.
pub fn document<'a>(provider: &'a str, kind: &Kind) -> Document<'a> {
    let settings = kind.settings.iter().map(setting_document).collect();
    Document { provider, name: kind.name, doc: kind.doc, path: kind.path_form(), settings }
}

fn setting_document(setting: &Setting) -> SettingDocument {
    SettingDocument {
        key: setting.form(),
        ty: type_of(&setting.ty),
        doc: setting.doc,
        effect: setting.effect,
        optional: setting.optional,
        one_way: setting.one_way,
        observed: setting.observed,
        group: setting.group,
    }
}

/// A resource as a document: what can be set of it, and what is live.
#[derive(serde::Serialize)]
pub struct ResourceDocument<'a> {
    at: &'a Address,
    doc: &'static str,
    settings: Vec<SettingDocument>,
    /// By key; absent ones are left out.
    live: BTreeMap<&'a str, &'a Value>,
    /// By key: why it cannot be read.
    hidden: BTreeMap<&'a str, &'a str>,
    /// Why nothing of it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<&'a str>,
}

/// A resource as a document.
pub fn resource_document<'a>(at: &'a Address, kind: &Kind, live: &'a Result<Live, String>) -> ResourceDocument<'a> {
    let settings = kind.settings.iter().map(setting_document).collect();
    let read = live.iter().flat_map(|live| &live.settings);
    let hidden = read.clone().filter_map(|(key, setting)| match setting {
        LiveSetting::Hidden(why) => Some((key.as_str(), why.as_str())),
        LiveSetting::Is { .. } | LiveSetting::Absent => None,
    });
    ResourceDocument {
        at,
        doc: kind.doc,
        settings,
        hidden: hidden.collect(),
        live: read.filter_map(|(key, setting)| Some((key.as_str(), setting.value()?))).collect(),
        unread: live.as_ref().err().map(String::as_str),
    }
}

/// One kind in full: its path and its settings.
pub fn kind(provider: &str, kind: &Kind, screen: &Screen) -> String {
    let form = format!("INSTANCE:{}/{}", kind.name, kind.path_form());
    let mut page = format!("{}   ({provider})\n", screen.paint(Ink::Strong, &form));
    for line in wrap(kind.doc, 96) {
        page.push_str(&format!("  {line}\n"));
    }
    for setting in kind.settings {
        page.push_str(&told(setting, &[], screen));
    }
    page
}

/// One resource in full: what can be set of it, each setting with what is live.
pub fn resource(at: &Address, kind: &Kind, live: &Result<Live, String>, screen: &Screen) -> String {
    let mut page = format!("{}\n", screen.paint(Ink::Strong, at.as_str()));
    for line in wrap(kind.doc, 96) {
        page.push_str(&format!("  {line}\n"));
    }
    if let Err(why) = live {
        let text = format!("what is live could not be read: {}", clean(why));
        page.push_str(&format!("  {}\n", screen.paint(Ink::Bad, &text)));
    }
    for setting in kind.settings {
        let read = live.iter().flat_map(|live| &live.settings).filter(|(key, _)| setting.covers(key));
        let now: Vec<String> = read.map(|(key, live)| now(setting, key, live, screen)).collect();
        page.push_str(&told(setting, &now, screen));
    }
    page
}

/// What a setting is now: of one that is one for each key, with the key.
fn now(setting: &Setting, key: &str, live: &LiveSetting, screen: &Screen) -> String {
    let value = match live {
        LiveSetting::Is { value, .. } => shown(Some(value), screen),
        LiveSetting::Absent => shown(None, screen),
        LiveSetting::Hidden(why) => format!("not to be read: {}", clean(why)),
    };
    if setting.key.is_some() { format!("{} = {value}", clean(key)) } else { format!("= {value}") }
}

/// A setting with its type and its bounds, what is live of it, and its doc line.
fn told(setting: &Setting, now: &[String], screen: &Screen) -> String {
    let head = screen.paint(Ink::Strong, &setting.form());
    let (beside, under) = match now {
        [one] if setting.key.is_none() => (format!(" {one}"), &[][..]),
        all => (String::new(), all),
    };
    let mut block = format!("\n  {head}{beside}   {}\n", facts(setting));
    for line in under {
        block.push_str(&format!("    {line}\n"));
    }
    for line in wrap(setting.doc, 92) {
        block.push_str(&format!("      {line}\n"));
    }
    block
}

fn facts(setting: &Setting) -> String {
    let mut facts = vec![type_of(&setting.ty)];
    facts.extend(match setting.effect {
        Effect::Capacity => Some("capacity: more is up".to_owned()),
        Effect::Power => Some("power: true is up".to_owned()),
        Effect::PowerInverted => Some("power: false is up".to_owned()),
        Effect::Traffic => Some("traffic: more is up".to_owned()),
        Effect::Config => None,
    });
    if setting.observed {
        facts.push("only read: for checks".to_owned());
        return facts.join("; ");
    }
    if setting.optional {
        facts.push("may be absent".to_owned());
    }
    if setting.one_way {
        facts.push("one-way: there is no way back".to_owned());
    }
    if let Some(quota) = setting.quota {
        facts.push(format!("at most {} calls in {}", quota.times, format_duration(quota.per)));
    }
    if let Some(group) = setting.group {
        facts.push(format!("set in one call with the others of {group}"));
    }
    facts.join("; ")
}

/// A type as an operator reads it: `integer 0..100`.
fn type_of(ty: &Type) -> String {
    match ty {
        Type::Bool => "true or false".to_owned(),
        Type::Integer { min: i64::MIN, max: i64::MAX } => "integer".to_owned(),
        Type::Integer { min, max: i64::MAX } => format!("integer from {min}"),
        Type::Integer { min, max } => format!("integer {min}..{max}"),
        Type::Number { min, max } if min.is_infinite() && max.is_infinite() => "number".to_owned(),
        Type::Number { min, max } => format!("number {min}..{max}"),
        Type::String => "string".to_owned(),
        Type::OneOf(words) => format!("one of {}", words.join(", ")),
        Type::Text => "text".to_owned(),
        Type::Quantity => "quantity such as 500m or 16Gi".to_owned(),
        Type::Duration => format!("duration such as {}", format_duration(std::time::Duration::from_secs(90))),
        Type::List => "list of strings".to_owned(),
        Type::Set => "set of strings".to_owned(),
        Type::Secret => "secret, by reference".to_owned(),
    }
}
