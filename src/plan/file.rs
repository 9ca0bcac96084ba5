use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::digest::digest;
use super::{FORMAT, Plan};

/// A plan file cannot be written, or is not to be obeyed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file system said no.
    #[error("cannot {verb} the plan {path}")]
    Io {
        /// `read` or `write`.
        verb: &'static str,
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no plan.
    #[error("{path} is not a plan of opsctl")]
    NoPlan {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It was made by an opsctl with another format.
    #[error("{path} has the plan format {found}; this opsctl reads {FORMAT}: plan again")]
    Format {
        /// The file.
        path: Utf8PathBuf,
        /// Its format.
        found: u32,
    },
    /// It is not what was written.
    #[error("{path} was changed after it was written: its digest is {found} and should be {said}; plan again")]
    Digest {
        /// The file.
        path: Utf8PathBuf,
        /// What it is.
        found: String,
        /// What it says.
        said: String,
    },
}

impl FileError {
    /// What to do; `None` where the error says it itself.
    pub fn hint(&self) -> Option<String> {
        let (Self::NoPlan { path, .. } | Self::Io { verb: "read", path, .. }) = self else { return None };
        let state = path.file_stem().filter(|_| path.extension() == Some("toml"));
        Some(match state {
            Some(state) => {
                format!("a state is named without its folder: opsctl apply {}", opsctl_api::shell_word(state))
            }
            None => "write it with: opsctl plan STATE --out FILE".to_owned(),
        })
    }
}

/// Writes a plan, whole or not at all.
///
/// # Errors
/// The file system said no.
pub fn write(plan: &Plan, path: &Utf8Path) -> Result<(), FileError> {
    let io = |source: io::Error| FileError::Io { verb: "write", path: path.to_owned(), source };
    let text = serde_json::to_vec_pretty(plan).map_err(|error| io(error.into()))?;
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    fs_err::write(&beside, text).map_err(io)?;
    fs_err::rename(&beside, path).map_err(io)
}

/// Reads a plan and checks its digest.
///
/// # Errors
/// It cannot be read, is no plan, or was changed after it was written.
pub fn read(path: &Utf8Path) -> Result<Plan, FileError> {
    let text = fs_err::read(path).map_err(|source| FileError::Io { verb: "read", path: path.to_owned(), source })?;
    let no_plan = |source| FileError::NoPlan { path: path.to_owned(), source };
    let head: Head = serde_json::from_slice(&text).map_err(no_plan)?;
    if head.format != FORMAT {
        return Err(FileError::Format { path: path.to_owned(), found: head.format });
    }
    let plan: Plan = serde_json::from_slice(&text).map_err(no_plan)?;
    let found = digest(&plan);
    if found == plan.digest {
        Ok(plan)
    } else {
        Err(FileError::Digest { path: path.to_owned(), found, said: plan.digest })
    }
}

#[derive(serde::Deserialize)]
struct Head {
    format: u32,
}
