use super::State;
use super::assemble::Workshop;
use super::chain::Chain;
use super::layer::Layer;
use super::names::Names;
use super::template::environment;
use crate::diagnostic::{Report, Sources};
use crate::document::{Problems, parse};
use crate::instance::Catalogues;

/// Whether a snapshot may have what is at an instance that is not configured any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strangers {
    /// It is a mistake.
    Refused,
    /// It is left out, with the checks, some of which may be about it.
    LeftOut,
}

/// Reads a snapshot as a state: exact values and absent settings; no string is a template, and places are left out.
///
/// `path` is what mistakes are reported under.
///
/// # Errors
/// All mistakes of the text.
pub fn load_literal(
    name: &str,
    path: &str,
    text: &str,
    catalogues: &Catalogues,
    strangers: Strangers,
) -> Result<State, Report> {
    let mut sources = Sources::default();
    let mut found = Problems::default();
    let file = sources.add(path, text);
    let table = parse(file, text, &mut found);
    let mut layer = Layer::read_literal(name, &table, &mut found);
    if strangers == Strangers::LeftOut {
        layer.leave_out(|at| !catalogues.names().any(|name| at.split(':').next() == Some(name)));
    }
    let layers = [layer];
    let chains = [Chain { layers: vec![&layers[0]], broken: false }];
    let names = Names::new(&chains, catalogues, &mut found);
    let environment = environment();
    let workshop = Workshop { names: &names, catalogues, sources: &sources, environment: &environment, literal: true };
    let state = workshop.state(&chains[0], &mut found);
    let mut report = Report { sources, diagnostics: found.into_found() };
    report.sort();
    if report.has_errors() { Err(report) } else { Ok(state) }
}
