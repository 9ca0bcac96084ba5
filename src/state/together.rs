use std::mem::take;

use super::compose::{Conflict, compose};
use super::{Loaded, State};
use crate::diagnostic::{Code, Diagnostic, Label, Place, Report, Severity, Sources};

/// What was named is no state, or its parts do not go together.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// A `+` without a name on both sides.
    #[error("`{0}`: a `+` stands between two names")]
    Nothing(String),
    /// No file has this name.
    #[error("there is no state `{0}`")]
    Unknown(String),
    /// A part behind a `+` that is a state.
    #[error("`{0}` is a state, and only an overlay can be laid over another state")]
    NoOverlay(String),
    /// One overlay, twice.
    #[error("`{0}` is named twice")]
    Twice(String),
    /// Overlays differ.
    #[error("the overlays do not go together")]
    Conflicts(Box<Report>),
}

impl Loaded {
    /// The state of a name: `dr-active`, `dr-active+db-maintenance`.
    ///
    /// # Errors
    /// A part is not there, is no overlay, or is there twice; or two overlays say two things of one setting.
    pub fn find(&mut self, typed: &str) -> Result<State, NotFound> {
        let names: Vec<&str> = typed.split('+').collect();
        let mut parts = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            if name.is_empty() && names.len() > 1 {
                return Err(NotFound::Nothing(typed.to_owned()));
            }
            let part = self.states.get(*name).ok_or_else(|| NotFound::Unknown((*name).to_owned()))?;
            if index > 0 && part.over.is_none() {
                return Err(NotFound::NoOverlay((*name).to_owned()));
            }
            if names[..index].contains(name) {
                return Err(NotFound::Twice((*name).to_owned()));
            }
            parts.push(part);
        }
        compose(&parts).map_err(|conflicts| {
            let sources = take(&mut self.report.sources);
            let diagnostics = conflicts.into_iter().map(|conflict| diagnostic(conflict, &sources)).collect();
            let mut report = Report { sources, diagnostics };
            report.sort();
            NotFound::Conflicts(Box::new(report))
        })
    }
}

fn diagnostic(conflict: Conflict, sources: &Sources) -> Diagnostic {
    let label = |place: &Place| Some(Label { span: sources.span(place)?, text: String::new() });
    let note = match conflict.code {
        Code::TwoNames => "parts that are laid over each other call a resource by one name",
        Code::NotTakenBack => "what is not reached cannot be taken back: leave one of them out",
        _ => "neither is above the other: leave one of them out, or let them say the same",
    };
    Diagnostic {
        code: conflict.code,
        severity: Severity::Error,
        message: conflict.what,
        labels: [label(&conflict.here), label(&conflict.there)].into_iter().flatten().collect(),
        notes: vec![note.to_owned()],
    }
}
