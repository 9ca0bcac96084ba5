//! Secrets that cannot be had here: said before anybody is asked.

use std::collections::BTreeMap;

use opsctl_api::Source;

use super::failure::Failure;
use super::repository::Repository;
use crate::apply::{self, ApplyError};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::plan::Plan;
use crate::state;

/// Whether all secrets can be had that an apply of a plan needs.
///
/// # Errors
/// All that cannot, each with where the state names it, as far as its files say what was planned.
pub(super) fn none(plan: &Plan, repository: &Repository) -> Result<(), Failure> {
    let lacking = apply::lacking(plan, &repository.secrets());
    if lacking.is_empty() {
        return Ok(());
    }
    match report(plan, repository, &lacking) {
        Some(report) => Err(report.into()),
        None => Err(ApplyError::Secrets(lacking.into_iter().collect()).into()),
    }
}

/// The mistakes in the files; `None` where those do not tell of all.
fn report(plan: &Plan, repository: &Repository, lacking: &BTreeMap<Source, String>) -> Option<Report> {
    let mut loaded = state::load(&repository.config.root, &repository.catalogues);
    if loaded.report.has_errors() {
        return None;
    }
    let state = loaded.find(&plan.intent.name).ok()?;
    if state.digest != plan.intent.state_digest {
        return None;
    }
    let places = loaded.secret_places(&state, &lacking.keys().cloned().collect());
    let mistake = |(source, why): (&Source, &String)| {
        let mut spans = places.get(source)?.iter();
        let mistake = Diagnostic::error(Code::SecretMissing, *spans.next()?, format!("a secret cannot be had: {why}"));
        let mend = match source {
            Source::Env(name) => format!("set {name} to its text in the environment of opsctl, and apply again"),
            Source::File(path) => format!("have {path} be a file with its text in UTF-8, and apply again"),
        };
        Some(spans.fold(mistake, |mistake, span| mistake.and(*span, "and here")).note(mend))
    };
    let diagnostics = lacking.iter().map(mistake).collect::<Option<Vec<Diagnostic>>>()?;
    let mut report = Report { sources: loaded.report.sources, diagnostics };
    report.sort();
    Some(report)
}
