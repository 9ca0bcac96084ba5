//! What can be read and set.

use opsctl_api::{Effect, Kind, Setting, Type, format_duration};

use super::screen::{Ink, Screen, WIDTH};
use super::table::{Cell, Column, Table};
use super::words::wrap;

/// All kinds of some providers, a line each.
pub fn list(kinds: &[(&str, &Kind)], screen: &Screen) -> String {
    let mut table = Table::new([Column::gap(0), Column::gap(2), Column::gap(2)]);
    let widest = |width: fn(&(&str, &Kind)) -> usize| kinds.iter().map(width).max().unwrap_or(0);
    let named = widest(|(provider, _)| provider.len()) + 2;
    let formed = widest(|(_, kind)| kind.name.len() + 1 + kind.path_form().len()) + 2;
    let room = WIDTH.saturating_sub(named + formed).max(30);
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
    let settings = kind.settings.iter().map(|setting| SettingDocument {
        key: setting.form(),
        ty: type_of(&setting.ty),
        doc: setting.doc,
        effect: setting.effect,
        optional: setting.optional,
        one_way: setting.one_way,
        observed: setting.observed,
        group: setting.group,
    });
    Document { provider, name: kind.name, doc: kind.doc, path: kind.path_form(), settings: settings.collect() }
}

/// One kind in full: its path and its settings.
pub fn kind(provider: &str, kind: &Kind, screen: &Screen) -> String {
    let form = format!("INSTANCE:{}/{}", kind.name, kind.path_form());
    let mut page = format!("{}   ({provider})\n", screen.paint(Ink::Strong, &form));
    for line in wrap(kind.doc, 96) {
        page.push_str(&format!("  {line}\n"));
    }
    for setting in kind.settings {
        page.push_str(&format!("\n  {}   {}\n", screen.paint(Ink::Strong, &setting.form()), facts(setting)));
        for line in wrap(setting.doc, 92) {
            page.push_str(&format!("      {line}\n"));
        }
    }
    page
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
