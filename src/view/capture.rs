//! What was captured.

use super::screen::{Ink, Screen};
use super::words::{clean, count};
use crate::capture::{Captured, Written};

/// What is told of a capture.
pub struct Page<'a> {
    /// The state.
    pub state: &'a str,
    /// Where it was written; `None` where it was only printed.
    pub path: Option<&'a String>,
    /// What was read.
    pub captured: &'a Captured,
    /// What was made of it.
    pub written: &'a Written,
}

/// What was written, what was not, and what to do next.
pub fn page(page: &Page<'_>, screen: &Screen) -> String {
    let (settings, resources) = (page.written.settings, page.captured.resources.len());
    let path = page.path.map_or("", String::as_str);
    let mut text = format!("{path}: {} of {}.\n", count(settings, "setting"), count(resources, "resource"));
    text.push_str(&notes(page, screen));
    text.push_str(&format!("To see that nothing would change: opsctl plan {}\n", opsctl_api::shell_word(page.state)));
    text
}

/// What stands in it as a comment only, and what is missing.
pub fn notes(page: &Page<'_>, screen: &Screen) -> String {
    let mut text = String::new();
    for (what, why) in &page.written.commented {
        text.push_str(&format!("  commented out  {what}: {}\n", clean(why)));
    }
    for (what, why) in &page.captured.unread {
        let line = format!("  not read       {what}: {}", clean(why));
        text.push_str(&format!("{}\n", screen.paint(Ink::Attention, &line)));
    }
    text
}

/// The same as a document.
#[derive(serde::Serialize)]
pub struct Document<'a> {
    state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a String>,
    resources: Vec<Resource<'a>>,
    commented: Vec<Why<'a>>,
    unread: Vec<Why<'a>>,
    text: &'a str,
}

#[derive(serde::Serialize)]
struct Resource<'a> {
    name: &'a str,
    at: &'a opsctl_api::Address,
}

#[derive(serde::Serialize)]
struct Why<'a> {
    what: &'a str,
    why: &'a str,
}

/// The same as a document.
pub fn document<'a>(page: &Page<'a>) -> Document<'a> {
    let whys = |all: &'a [(String, String)]| all.iter().map(|(what, why)| Why { what, why }).collect();
    let resources = page.captured.resources.iter();
    Document {
        state: page.state,
        path: page.path,
        resources: resources.map(|resource| Resource { name: &resource.name, at: &resource.live.at }).collect(),
        commented: whys(&page.written.commented),
        unread: whys(&page.captured.unread),
        text: &page.written.text,
    }
}
