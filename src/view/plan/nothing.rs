use std::collections::BTreeSet;

use opsctl_api::Address;

use super::super::Screen;
use super::super::record::named;
use super::super::value::shown;
use super::super::words::{and, clean, count};
use super::Now;
use super::danger::{actions, missing, not_restored, under_way, unready};
use crate::plan::Plan;

/// With nothing to do, one line says so, and why it can be believed. What was not looked at is said too.
pub(super) fn line(plan: &Plan, now: &Now<'_>, screen: &Screen) -> String {
    let totals = super::totals(plan);
    let read: BTreeSet<&str> = plan.resources.keys().map(Address::instance).collect();
    let read: Vec<&str> = read.into_iter().collect();
    let name = named(&plan.intent.name, plan.intent.rest_of.is_some(), &plan.intent.part);
    let mut page = if totals.settings == 0 {
        format!("{name}: nothing to change, for it sets nothing that was looked at.\n")
    } else {
        let (settings, resources) = (count(totals.settings, "setting"), count(totals.resources, "resource"));
        let settings = match totals.fine {
            all if all == totals.settings => settings,
            fine => format!("{fine} of {settings}"),
        };
        let are = if totals.fine == 1 { "is as it" } else { "are as they" };
        format!("{name}: nothing to change. {settings} of {resources} read from {} {are} should be.\n", read.join(", "))
    };
    if totals.left_out > 0 {
        let are = if totals.left_out == 1 { "is" } else { "are" };
        let changes = count(totals.left_out, "change");
        page.push_str(&format!("{changes} {are} left out by --target or --exclude.\n"));
    }
    let told = [missing(plan), not_restored(plan, screen), actions(plan, now), under_way(now, screen)];
    for line in told.into_iter().flatten() {
        page.push_str(&format!("{line}.\n"));
    }
    for (name, seen) in &plan.instances {
        if let Some(why) = &seen.unreachable {
            page.push_str(&format!("{name} did not say what it is: {}.\n", clean(why)));
        }
    }
    let unready = unready(plan);
    if !unready.is_empty() {
        page.push_str(&format!("Not ready: {}.\n", and(&unready)));
    }
    let unread: Vec<String> = plan
        .resources
        .iter()
        .flat_map(|(at, seen)| seen.settings.iter().map(move |(key, setting)| (at, key, setting)))
        .filter_map(|(at, key, setting)| Some(format!("{at} {key} ({})", clean(setting.hidden.as_ref()?))))
        .collect();
    if !unread.is_empty() {
        page.push_str(&format!("Could not be read: {}.\n", and(&unread)));
    }
    if screen.verbose {
        for leave in &plan.leaves {
            let live = shown(leave.live.as_ref(), screen);
            page.push_str(&format!("left alone  {} {} = {live}\n", leave.at, leave.setting));
        }
        let instances = plan.instances.iter().map(|(name, seen)| (name.as_str(), &seen.calls));
        page.push_str(&format!("{}.\n", super::calls(instances, screen)));
    } else if !plan.leaves.is_empty() {
        let settings = count(plan.leaves.len(), "setting");
        let are = if plan.leaves.len() == 1 { "is" } else { "are" };
        page.push_str(&format!("{settings} that other states set {are} left alone (-v lists them).\n"));
    }
    page
}
