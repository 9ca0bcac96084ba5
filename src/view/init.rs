//! What a new operations repository has.

use super::screen::{Ink, Screen};
use super::table::{Cell, Column, Table};
use crate::init::{Began, File};

/// What is told of a new repository.
pub struct Page<'a> {
    /// What it begins with.
    pub began: &'a Began,
    /// What was written.
    pub written: Vec<&'a File>,
    /// What was not, and why.
    pub kept: Vec<(&'a str, String)>,
}

/// What was written, what was left as it was, and what to type next.
pub fn page(page: &Page<'_>, screen: &Screen) -> String {
    let mut files = Table::new([Column::gap(2), Column::gap(2)]);
    for file in page.written.iter().rev() {
        files.row([Cell::new(file.path).ink(Ink::Strong), Cell::new(&file.what).open()]);
    }
    for (path, why) in &page.kept {
        files.row([Cell::new(*path).ink(Ink::Attention), Cell::new(why).open()]);
    }
    let mut next = Table::new([Column::gap(2), Column::gap(3)]);
    for (command, what) in commands(page) {
        next.row([Cell::new(command).ink(Ink::Strong), Cell::new(what).open()]);
    }
    format!("A new operations repository:\n\n{}\nNext:\n\n{}", files.draw(screen), next.draw(screen))
}

/// What to type next, and what that does.
fn commands(page: &Page<'_>) -> Vec<(String, &'static str)> {
    let baseline = page.written.iter().any(|file| file.path.starts_with("states/"));
    let first = match &page.began.capture {
        _ if !baseline => vec![("opsctl states".to_owned(), "what the states set, beside what is live")],
        Some(pattern) => vec![(format!("opsctl capture baseline '{pattern}'"), "writes what is live into it")],
        None => vec![
            ("opsctl plan baseline".to_owned(), "what would be changed, in which order"),
            ("opsctl apply baseline".to_owned(), "does it"),
        ],
    };
    first.into_iter().chain([("opsctl kinds".to_owned(), "what can be set")]).collect()
}

/// The same as a document.
#[derive(serde::Serialize)]
pub struct Document<'a> {
    written: Vec<&'a str>,
    kept: Vec<&'a str>,
    instances: &'a [String],
    next: Vec<String>,
}

/// The same as a document.
pub fn document<'a>(page: &Page<'a>) -> Document<'a> {
    Document {
        written: page.written.iter().rev().map(|file| file.path).collect(),
        kept: page.kept.iter().map(|(path, _)| *path).collect(),
        instances: &page.began.instances,
        next: commands(page).into_iter().map(|(command, _)| command).collect(),
    }
}
