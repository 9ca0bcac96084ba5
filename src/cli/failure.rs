use std::error::Error;
use std::io;

use camino::Utf8PathBuf;

use super::exit::Exit;
use super::output::Output;
use crate::apply::ApplyError;
use crate::diagnostic::{Code, Report};
use crate::plan::{FileError, PlanError};
use crate::snapshot::StoreError;
use crate::view;

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The command line asks for something that does not go together.
    #[error("{0}")]
    Usage(String),
    /// No `opsctl.toml` in the folder or above.
    #[error("there is no opsctl.toml in {0} or above it")]
    NoRepository(Utf8PathBuf),
    /// Mistakes in files.
    #[error("there are mistakes in the files of the operations repository")]
    Report(Box<Report>),
    /// Something that was named is not there.
    #[error("{what}")]
    Unknown {
        /// What was named.
        what: String,
        /// What to do.
        hint: String,
    },
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A plan file is no good.
    #[error(transparent)]
    PlanFile(#[from] FileError),
    /// The snapshot repository is no good.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The apply did not come to its end.
    #[error(transparent)]
    Apply(Box<ApplyError>),
    /// An apply failed, and what it did is not taken back.
    #[error("what {operation} did is not taken back")]
    NotTakenBack {
        /// The apply. It is open.
        operation: String,
        /// Why.
        source: Box<Failure>,
    },
    /// Another operation began while this one was looked at.
    #[error("stale: {operation} began after this was planned; nothing was changed")]
    Overtaken {
        /// The other one.
        operation: String,
    },
    /// The operator, or the lack of one, said no.
    #[error("{what}")]
    Refused {
        /// What was refused.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A simulated world could not be shown or set.
    #[error(transparent)]
    World(#[from] opsctl_sim::SetError),
    /// What was kept of a simulated world is no good.
    #[error("the simulated world cannot be read")]
    Kept(#[from] opsctl_sim::LogError),
    /// The operating system said no.
    #[error("cannot {doing}")]
    Io {
        /// What was tried.
        doing: String,
        /// Why.
        source: io::Error,
    },
    /// A document could not be written as JSON: a defect of opsctl.
    #[error("cannot write the result as JSON")]
    Json(#[from] serde_json::Error),
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        Self::Apply(Box::new(error))
    }
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self::Report(Box::new(report))
    }
}

impl Failure {
    /// The exit code that it means.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Refused { .. } => Exit::Refused,
            Self::Apply(error) => of_apply(error),
            Self::NotTakenBack { .. } => Exit::Failed,
            Self::Overtaken { .. } => Exit::Stale,
            Self::NoRepository(_)
            | Self::Report(_)
            | Self::Unknown { .. }
            | Self::Plan(_)
            | Self::PlanFile(_)
            | Self::Store(_)
            | Self::World(_)
            | Self::Kept(_)
            | Self::Io { .. }
            | Self::Json(_) => Exit::Error,
        }
    }

    /// What to do; `None` where there is nothing to say.
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoRepository(_) => {
                Some("go into an operations repository, name one with -C DIR, or make one: opsctl init".to_owned())
            }
            Self::Unknown { hint, .. } | Self::Refused { hint, .. } => {
                Some(hint.clone()).filter(|hint| !hint.is_empty())
            }
            Self::NotTakenBack { .. } => {
                Some("opsctl resume tries it again; opsctl resume --abandon REASON leaves all as it is now".to_owned())
            }
            Self::Overtaken { operation } => Some(format!("see what it did (opsctl show {operation}), and plan again")),
            Self::Store(error) => error.hint(),
            Self::PlanFile(error) => error.hint(),
            Self::Usage(_)
            | Self::Report(_)
            | Self::Plan(_)
            | Self::Apply(_)
            | Self::World(_)
            | Self::Kept(_)
            | Self::Io { .. }
            | Self::Json(_) => None,
        }
    }

    /// What `opsctl explain` tells more of, where the failure is one alone; problems and mistakes have a code each.
    fn code(&self) -> Option<Code> {
        match self {
            Self::PlanFile(error) => error.code(),
            Self::Store(error) => error.code(),
            _ => None,
        }
    }

    /// Says what is wrong, on standard error; with `--json` as a document too.
    pub(super) fn tell(&self, output: &Output) {
        let screen = &output.progress;
        output.warn(&match self {
            Self::Report(report) => view::error::report(report, screen) + view::error::NOTHING,
            Self::Plan(error) => view::error::problems(error, screen) + view::error::NOTHING,
            Self::Apply(error) => view::error::apply(error, screen),
            Self::NotTakenBack { source, .. } => {
                let problems = match source.as_ref() {
                    Self::Report(report) => view::error::report(report, screen),
                    Self::Plan(error) => view::error::problems(error, screen),
                    _ => String::new(),
                };
                problems + &view::error::chain(self, self.hint().as_deref(), screen)
            }
            other => view::error::chain_of(other, other.code(), other.hint().as_deref(), screen),
        });
        if output.json {
            let exit = self.exit();
            let document = Document {
                exit: exit.code(),
                error: exit.word(),
                code: self.code().map(Code::number),
                message: messages(self),
                hint: self.hint(),
            };
            // Where even that cannot be written, standard error has said it.
            let _ = output.document("error", &document);
        }
    }
}

/// A failure as a document.
#[derive(serde::Serialize)]
struct Document {
    exit: u8,
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    message: Vec<String>,
    hint: Option<String>,
}

/// Gives a command line that is not understood as a document; standard error has said it.
pub(super) fn misunderstood(error: &clap::Error, output: &Output) {
    let text = error.to_string();
    let mut paragraphs = text.split("\n\n").map(str::trim);
    let message = paragraphs.next().and_then(|first| first.strip_prefix("error: ")).unwrap_or("no command is named");
    let message = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let hint = paragraphs.find(|paragraph| paragraph.starts_with("tip: ") || paragraph.starts_with("Usage: "));
    let document = Document {
        exit: Exit::Usage.code(),
        error: Exit::Usage.word(),
        code: None,
        message: vec![message],
        hint: hint.map(|hint| hint.trim_start_matches("tip: ").to_owned()),
    };
    // Nobody is left to tell.
    let _ = output.document("error", &document);
}

/// Each sentence of what is wrong: of many problems one each, else the chain of sources.
fn messages(failure: &Failure) -> Vec<String> {
    match failure {
        Failure::Report(report) => report.diagnostics.iter().map(|found| view::error::line(found, report)).collect(),
        Failure::Plan(error) => error.problems.iter().map(ToString::to_string).collect(),
        other => {
            let mut messages = vec![other.to_string()];
            let mut source = other.source();
            while let Some(error) = source {
                messages.push(error.to_string());
                source = error.source();
            }
            messages
        }
    }
}

/// The exit code of an apply that did not come to its end.
fn of_apply(error: &ApplyError) -> Exit {
    match error {
        ApplyError::Locked(_) | ApplyError::Running(_) => Exit::Locked,
        ApplyError::Unfinished(_) => Exit::Unfinished,
        // Who stops it before anything was changed has said no.
        ApplyError::Refused(_) | ApplyError::WrongTarget { .. } | ApplyError::Interrupted => Exit::Refused,
        ApplyError::Stale { .. } | ApplyError::Overtaken { .. } | ApplyError::Touched(_) => Exit::Stale,
        ApplyError::BeforeChecks(_) => Exit::CheckFailed,
        ApplyError::MidWay { .. } => Exit::Failed,
        ApplyError::Lock(_)
        | ApplyError::NothingOpen
        | ApplyError::NoIdentity { .. }
        | ApplyError::Unreadable(_)
        | ApplyError::Secrets(_)
        | ApplyError::Before(_)
        | ApplyError::NotClosed { .. }
        | ApplyError::Journal(_)
        | ApplyError::Illegal(_) => Exit::Error,
    }
}
