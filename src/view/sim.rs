//! Simulated worlds.

use std::collections::BTreeMap;

use opsctl_api::{Address, Readiness, Value};
use opsctl_sim::{Done, Shown};

use super::screen::{Ink, Screen};
use super::table::{Cell, Column, Table};
use super::value::{shown, way};
use super::words::{clean, count};

/// One simulated instance, as far as it is shown.
pub struct World<'a> {
    /// Its name.
    pub instance: &'a str,
    /// What was said of its behaviour, by name.
    pub behaviour: Vec<(String, String)>,
    /// The resources that are shown.
    pub resources: Vec<Shown>,
}

/// What is there, and how it behaves.
pub fn show(worlds: &[World<'_>], screen: &Screen) -> String {
    if worlds.is_empty() {
        return "Nothing of this name is simulated.\n".to_owned();
    }
    let mut page = String::new();
    for world in worlds {
        page.push_str(&screen.paint(Ink::Strong, world.instance));
        for (knob, value) in &world.behaviour {
            page.push_str(&screen.paint(Ink::Dim, &format!("   sim.{knob} = {}", clean(value))));
        }
        page.push('\n');
        let mut table = Table::new([Column::gap(2).folds(), Column::gap(2), Column::gap(1), Column::gap(2)]);
        for resource in &world.resources {
            rows(resource, screen, &mut table);
        }
        page.push_str(&table.draw(screen));
    }
    page
}

fn rows(resource: &Shown, screen: &Screen, table: &mut Table) {
    let live = &resource.live;
    let mut local = live.at.local();
    let mut state = readiness(&live.readiness);
    for (key, setting) in &live.settings {
        let value = shown(setting.value(), screen);
        table.row([
            Cell::new(local),
            Cell::new(clean(key)),
            Cell::new(value),
            Cell::new(&state).ink(Ink::Attention).open(),
        ]);
        local = "";
        state.clear();
    }
    for (knob, value) in &resource.knobs {
        let knob = Cell::new(format!("sim.{knob}")).ink(Ink::Dim);
        table.row([Cell::new(local), knob, Cell::new(clean(value)).ink(Ink::Dim).open()]);
        local = "";
    }
}

fn readiness(readiness: &Readiness) -> String {
    match readiness {
        Readiness::Ready => String::new(),
        Readiness::Progressing { done, total, .. } => format!("{done} of {total} ready"),
        Readiness::Failed(why) => format!("failed: {}", clean(why)),
        Readiness::Unknown => "unknown".to_owned(),
    }
}

/// What was set.
pub fn set(instance: &str, done: &[Done], screen: &Screen) -> String {
    let mut page = String::new();
    let mut changed = 0;
    for done in done {
        let on = done.on.as_ref().map_or(instance, Address::as_str);
        for edit in &done.edits {
            changed += 1;
            page.push_str(&format!("{on} {} {}\n", clean(&edit.setting), way(edit, screen)));
        }
        for (knob, value) in &done.knobs {
            changed += 1;
            let value = value.as_deref().map_or_else(|| "as before".to_owned(), clean);
            page.push_str(&format!("{on} sim.{knob} = {value}\n"));
        }
    }
    if changed == 0 {
        page.push_str(&format!("{} had that already.\n", count(done.len(), "resource")));
    }
    page
}

/// A simulated instance as a document.
#[derive(serde::Serialize)]
pub struct Document<'a> {
    instance: &'a str,
    behaviour: BTreeMap<&'a str, &'a str>,
    resources: Vec<ResourceDocument<'a>>,
}

#[derive(serde::Serialize)]
struct ResourceDocument<'a> {
    at: &'a Address,
    settings: BTreeMap<&'a str, Option<&'a Value>>,
    readiness: &'a Readiness,
    behaviour: BTreeMap<&'a str, &'a str>,
}

/// Simulated instances as documents.
pub fn documents<'a>(worlds: &'a [World<'a>]) -> Vec<Document<'a>> {
    let words =
        |pairs: &'a [(String, String)]| pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let resource = |shown: &'a Shown| ResourceDocument {
        at: &shown.live.at,
        settings: shown.live.settings.iter().map(|(key, setting)| (key.as_str(), setting.value())).collect(),
        readiness: &shown.live.readiness,
        behaviour: words(&shown.knobs),
    };
    let world = |world: &'a World<'a>| Document {
        instance: world.instance,
        behaviour: words(&world.behaviour),
        resources: world.resources.iter().map(resource).collect(),
    };
    worlds.iter().map(world).collect()
}
