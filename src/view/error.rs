//! Why something was not done.

use std::error::Error;

use super::plan::refusal;
use super::screen::{Ink, Screen, Sign};
use super::stale;
use super::unfinished;
use super::words::{clean, count, wrap};
use crate::apply::ApplyError;
use crate::diagnostic::{self, Code, Diagnostic, MOST, Mark, Report, Severity, Style};
use crate::plan::{PlanError, Problem};

/// Mistakes in files, each with its place.
pub fn report(report: &Report, screen: &Screen) -> String {
    let paint = if screen.colour { coloured } else { |_: Mark, text: &str| text.to_owned() };
    diagnostic::render(report, &Style { unicode: screen.unicode, width: screen.width(), paint })
}

fn coloured(mark: Mark, text: &str) -> String {
    let screen = Screen { colour: true, ..Screen::default() };
    let ink = match mark {
        Mark::Severity(Severity::Error) | Mark::Here(Severity::Error) => Ink::Bad,
        Mark::Severity(Severity::Warning) | Mark::Here(Severity::Warning) => Ink::Attention,
        Mark::Message => Ink::Strong,
        Mark::There | Mark::Frame => Ink::Dim,
    };
    screen.paint(ink, text)
}

/// One mistake on one line, for a document.
pub fn line(found: &Diagnostic, report: &Report) -> String {
    let place = found.labels.first().map(|label| format!("{}: ", report.sources.place(label.span)));
    let message = diagnostic::without_credentials(&found.message);
    format!("{}{}[{}]: {message}", place.unwrap_or_default(), word(found.severity), found.code)
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Why there is no plan: all reasons.
pub fn problems(error: &PlanError, screen: &Screen) -> String {
    let shown = error.problems.iter().take(MOST);
    let mut blocks: String = shown.map(|problem| problem_block(problem, screen)).collect();
    if error.problems.len() > MOST {
        blocks.push_str(&format!("\n{} the first {MOST} are shown\n", screen.sign(Sign::More)));
    }
    format!("{blocks}\n{}.\n", count(error.problems.len(), "error"))
}

fn problem_block(problem: &Problem, screen: &Screen) -> String {
    let head = screen.paint(Ink::Bad, &format!("error[{}]", problem.code));
    let mut block = format!("{head}: {}: {}\n", clean(&problem.at), clean(&problem.why));
    if let Some(place) = &problem.place {
        block.push_str(&format!("  written at {place}\n"));
    }
    block + &advice(&problem.instead, screen)
}

/// What to do, where there is something to say.
fn advice(text: &str, screen: &Screen) -> String {
    let lines = wrap(&clean(text), screen.width() - 4);
    lines.iter().enumerate().map(|(at, line)| format!("  {} {line}\n", if at == 0 { "=" } else { " " })).collect()
}

/// Why an apply did not come to its end.
pub fn apply(error: &ApplyError, screen: &Screen) -> String {
    match error {
        ApplyError::Unfinished(open) => unfinished::unfinished(open, &Default::default(), &Default::default(), screen),
        ApplyError::Stale { moved, again } => stale::stale(moved, again, screen),
        ApplyError::Overtaken { found, again } => stale::overtaken(found, again, screen),
        ApplyError::Refused(refusals) => {
            let head = screen.paint(Ink::Bad, "refused");
            let lines: String = refusals.iter().map(|why| format!("{head}: {}\n", refusal(why))).collect();
            format!("{lines}{NOTHING}")
        }
        ApplyError::Unreadable(unreadable) => {
            let lines = unreadable.iter().map(|found| format!("  {}: {}\n", found.at, clean(&found.fault.to_string())));
            format!("{}{}{NOTHING}", headline(error, screen), lines.collect::<String>())
        }
        ApplyError::BeforeChecks(failed) => {
            let lines = failed.iter().map(|(name, seen)| format!("  check {}: {}\n", clean(name), clean(seen)));
            format!("{}{}{NOTHING}", headline(error, screen), lines.collect::<String>())
        }
        ApplyError::Secrets(lacking) => {
            let lines = lacking.iter().map(|(source, why)| format!("  {source}: {}\n", clean(why)));
            format!("{}{}{NOTHING}", headline(error, screen), lines.collect::<String>())
        }
        ApplyError::WrongTarget { .. } => {
            format!("{}  = look at opsctl.toml, and plan again. {NOTHING}", headline(error, screen))
        }
        ApplyError::MidWay { operation, .. } => format!(
            "{}  = {operation} stays open: opsctl status tells where it stands, opsctl resume goes on\n",
            chain(error, None, screen)
        ),
        ApplyError::Locked(_)
        | ApplyError::Running(_)
        | ApplyError::Lock(_)
        | ApplyError::NothingOpen
        | ApplyError::NoIdentity { .. }
        | ApplyError::Interrupted
        | ApplyError::Before(_)
        | ApplyError::Touched(_)
        | ApplyError::NotClosed { .. }
        | ApplyError::Journal(_)
        | ApplyError::Illegal(_) => {
            format!("{}{NOTHING}", chain(error, error.hint().as_deref(), screen))
        }
    }
}

/// Said of what ended before anything was changed.
pub const NOTHING: &str = "Nothing was changed.\n";

fn headline(error: &dyn Error, screen: &Screen) -> String {
    coded(error, None, screen)
}

fn coded(error: &dyn Error, code: Option<Code>, screen: &Screen) -> String {
    let head = code.map_or_else(|| "error".to_owned(), |code| format!("error[{code}]"));
    format!("{}: {}\n", screen.paint(Ink::Bad, &head), clean(&error.to_string()))
}

/// An error with all that led to it, and what to do.
pub fn chain(error: &dyn Error, hint: Option<&str>, screen: &Screen) -> String {
    chain_of(error, None, hint, screen)
}

/// The same of an error that may have a code.
pub fn chain_of(error: &dyn Error, code: Option<Code>, hint: Option<&str>, screen: &Screen) -> String {
    let mut page = coded(error, code, screen);
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        // Some errors repeat their source in their own sentence.
        if !said.contains(&text) {
            page.push_str(&format!("  because: {}\n", clean(&text)));
        }
        said = text;
        source = error.source();
    }
    page + &advice(hint.unwrap_or(""), screen)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::PLAIN;
    use super::*;

    #[test]
    fn test_of_many_problems_the_first_are_shown() {
        let problem = |number| Problem {
            at: format!("k8s:deployment/cdn/edge-{number:03}"),
            code: Code::ResourceMissing,
            why: "it is not there".into(),
            instead: String::new(),
            place: None,
        };
        let page = problems(&PlanError { problems: (0..5000).map(problem).collect() }, &PLAIN);
        assert_eq!(page.matches("error[").count(), MOST);
        assert!(page.ends_with("\n… the first 100 are shown\n\n5000 errors.\n"), "{page}");
    }
}
