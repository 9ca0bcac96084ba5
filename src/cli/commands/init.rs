use std::io::{self, Write as _};

use camino::Utf8Path;
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::surroundings;
use crate::init::{self, File};
use crate::view;

/// Makes a new operations repository in this folder, or in that of -C
///
/// It finds out what it can: each context of the kubeconfig becomes an instance in opsctl.toml, so does the account of AWS that the
/// environment names (AWS_ACCESS_KEY_ID, AWS_PROFILE or AWS_WEB_IDENTITY_TOKEN_FILE, with a region), and each profile of AWS a
/// comment there, by their names alone. Where there is neither, the instance is simulated. Nothing is ever written over.
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl init", "in this folder"), ("opsctl init -C ops", "in another one, which is made where it is not there")],
    &[],
))]
pub(in crate::cli) struct Init {}

impl Init {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, Failure> {
        if Utf8Path::new("opsctl.toml").exists() {
            return Err(Failure::Unknown {
                what: "this folder is an operations repository already: it has an opsctl.toml".to_owned(),
                hint: "opsctl states shows what it has; opsctl init -C DIR makes another one".to_owned(),
            });
        }
        if is_among_states() {
            return Err(Failure::Unknown {
                what: "this is the folder of states of the operations repository above it".to_owned(),
                hint: "opsctl init -C DIR makes one elsewhere".to_owned(),
            });
        }
        let (found, unread) = surroundings::look();
        for path in &unread {
            output.warn(&format!("warning: not read: {path}\n"));
        }
        let began = init::began(&found);
        let mut page = view::init::Page { began: &began, written: Vec::new(), kept: Vec::new() };
        let has_states = has_states();
        for file in &began.files {
            let kept = if file.path.starts_with("states/") && has_states {
                Some("there are states already".to_owned())
            } else {
                write(file)?
            };
            match kept {
                Some(why) => page.kept.push((file.path, why)),
                None => page.written.push(file),
            }
        }
        if output.json {
            output.result(&view::json::document("init", &view::init::document(&page))?);
        } else {
            output.result(&view::init::page(&page, &output.results));
        }
        Ok(Exit::Done)
    }
}

/// Whether this is where a repository has its states: all files there are read as states.
fn is_among_states() -> bool {
    std::env::current_dir().is_ok_and(|here| here.ends_with("states") && here.join("../opsctl.toml").is_file())
}

/// Whether anybody has written states here.
fn has_states() -> bool {
    let files = Utf8Path::new("states").read_dir_utf8().into_iter().flatten().flatten();
    files.map(|file| file.file_name().to_owned()).any(|name| name.ends_with(".toml"))
}

/// Writes a file that was not there; says what of it is missing where it was.
fn write(file: &File) -> Result<Option<String>, Failure> {
    let failed = |source| Failure::Io { doing: format!("write {}", file.path), source };
    if let Some(folder) = Utf8Path::new(file.path).parent() {
        fs_err::create_dir_all(folder).map_err(failed)?;
    }
    match fs_err::OpenOptions::new().write(true).create_new(true).open(file.path) {
        Ok(mut open) => {
            open.write_all(file.text.as_bytes()).and_then(|()| open.sync_all()).map_err(failed)?;
            Ok(None)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Some(kept(file))),
        Err(error) => Err(failed(error)),
    }
}

/// What is said of a file that was there already.
fn kept(file: &File) -> String {
    let text = fs_err::read_to_string(file.path).unwrap_or_default();
    match (file.path, init::ignored(&text)) {
        (".gitignore", lacking) if !lacking.is_empty() => format!("is there already; add to it: {}", lacking.join(" ")),
        _ => "is there already".to_owned(),
    }
}
