use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::digest::digest;
use super::{FORMAT, Plan};
use crate::diagnostic::Code;

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
    #[error(
        "{path} was written by another version of opsctl: it has the plan format {found}, and this one reads {FORMAT}"
    )]
    Format {
        /// The file.
        path: Utf8PathBuf,
        /// Its format.
        found: u32,
    },
    /// It is not what was written.
    #[error("{path} was changed after it was written: its digest is {found} and should be {said}")]
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
    /// What `opsctl explain` tells more of.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Io { .. } => None,
            Self::NoPlan { .. } => Some(Code::NoPlanFile),
            Self::Format { .. } => Some(Code::PlanFormat),
            Self::Digest { .. } => Some(Code::PlanChanged),
        }
    }

    /// What to do; `None` where there is nothing to say.
    pub fn hint(&self) -> Option<String> {
        let path = match self {
            Self::Format { path, .. } | Self::Digest { path, .. } => {
                return Some(format!("plan again: opsctl plan STATE --out {}", opsctl_api::shell_word(path.as_str())));
            }
            Self::NoPlan { path, .. } | Self::Io { verb: "read", path, .. } => path,
            Self::Io { .. } => return None,
        };
        let state = path.file_stem().filter(|_| path.extension() == Some("toml"));
        Some(match state {
            Some(state) => {
                format!("a state is named without its folder: opsctl apply {}", opsctl_api::shell_word(state))
            }
            None => "write it with: opsctl plan STATE --out FILE".to_owned(),
        })
    }
}

/// Why a text is no plan that can be obeyed.
#[derive(Debug)]
pub enum Unread {
    /// It has this format.
    Format(u32),
    /// It is none.
    Json(serde_json::Error),
}

/// Reads a plan as JSON. What its format is comes first: of another one nothing else is known.
///
/// # Errors
/// It is no plan, or one of another format.
pub fn parse(json: &[u8]) -> Result<Plan, Unread> {
    let head: Head = serde_json::from_slice(json).map_err(Unread::Json)?;
    if head.format != FORMAT {
        return Err(Unread::Format(head.format));
    }
    serde_json::from_slice(json).map_err(Unread::Json)
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
    let plan = parse(&text).map_err(|unread| match unread {
        Unread::Format(found) => FileError::Format { path: path.to_owned(), found },
        Unread::Json(source) => FileError::NoPlan { path: path.to_owned(), source },
    })?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::fixture::failover;

    /// A plan file as this version writes it: who changes what it has in it raises [`FORMAT`], and writes this anew with OPSCTL_REGENERATE=1.
    #[test]
    fn test_what_a_plan_file_has_in_it_goes_with_its_format() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/plan/format.json");
        if std::env::var_os("OPSCTL_REGENERATE").is_some() {
            std::fs::write(path, serde_json::to_string_pretty(&failover()).unwrap() + "\n").unwrap();
        }
        let kept = std::fs::read(path).unwrap();
        let read = parse(&kept).expect("what a plan file has in it is not what it was: raise FORMAT");
        assert_eq!(read, failover());
    }

    #[test]
    fn test_another_format_is_told_before_anything_else() {
        for format in [0, FORMAT - 1, FORMAT + 1] {
            let text = format!("{{ \"format\": {format}, \"whatever\": [1] }}");
            assert!(matches!(parse(text.as_bytes()), Err(Unread::Format(found)) if found == format));
        }
        assert!(matches!(parse(format!("{{ \"format\": {FORMAT} }}").as_bytes()), Err(Unread::Json(_))));
        assert!(matches!(parse(b"{}"), Err(Unread::Json(_))));
    }
}
