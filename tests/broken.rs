//! Broken inputs, a file a case in `tests/broken/`: the files of an operations repository, and the exact report.
//!
//! A case begins with a comment. A line `=== PATH` begins a file; `=== PATH (crlf)` writes it with the line ends of Windows,
//! `=== PATH (latin1)` a byte a character, and `=== PATH/` makes a directory. `=== snapshot` is read as a snapshot,
//! and `=== together` names the states and overlays that are laid over each other.
//! `=== report` is what is expected: of `opsctl.toml` where the case has one, of its snapshot, or of its states. The instances
//! are `k8s`, `gke`, `aws`, and `sim`, whose catalogue has every type of setting.
//!
//! With `OPSCTL_REGENERATE=1` the reports are written anew: read the difference before it is committed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use camino::Utf8Path;
use libtest_mimic::{Arguments, Failed, Trial};
use opsctl::diagnostic::{Code, Report, Style, render};
use opsctl::instance::Catalogues;
use opsctl::state::NotFound;

/// Whether a code cannot be had from files alone: what a provider says of its options, and what a plan finds.
fn is_elsewhere(code: Code) -> bool {
    matches!(code, Code::UnknownProvider | Code::ProviderOption) || code.number().starts_with("E03")
}

fn main() -> std::io::Result<ExitCode> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut cases = std::fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .filter(|path: &std::io::Result<PathBuf>| {
            !path.as_ref().is_ok_and(|path| path.extension() != Some("case".as_ref()))
        })
        .collect::<std::io::Result<Vec<PathBuf>>>()?;
    cases.sort();
    let all = cases.clone();
    let trials = cases.into_iter().map(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name, move || run(&path))
    });
    let every_code = Trial::test("every_code_has_a_case", move || every_code(&all));
    Ok(libtest_mimic::run(&Arguments::from_args(), trials.chain([every_code]).collect()).exit_code())
}

fn run(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let (inputs, expected) = text.split_once("=== report\n").unwrap_or((&text, ""));
    let found = report(inputs)?;
    if std::env::var_os("OPSCTL_REGENERATE").is_some() {
        std::fs::write(path, format!("{inputs}=== report\n{found}"))?;
        return Ok(());
    }
    if found == expected { Ok(()) } else { Err(format!("expected:\n{expected}\nfound:\n{found}").into()) }
}

fn report(inputs: &str) -> Result<String, Failed> {
    let folder = tempfile::tempdir()?;
    let root = Utf8Path::from_path(folder.path()).ok_or("a path that is not UTF-8")?;
    let mut configured = false;
    let (mut snapshot, mut together) = (None, None);
    for section in inputs.split("\n=== ").skip(1) {
        let (header, text) = section.split_once('\n').unwrap_or((section, ""));
        let (path, option) = header.split_once(" (").unwrap_or((header, ""));
        configured |= path == "opsctl.toml";
        if path == "snapshot" {
            snapshot = Some(text.to_owned());
        } else if path == "together" {
            together = Some(text.trim().to_owned());
        } else if let Some(directory) = path.strip_suffix('/') {
            std::fs::create_dir_all(root.join(directory))?;
        } else {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap_or(root))?;
            let bytes: Vec<u8> = match option {
                "crlf)" => text.replace('\n', "\r\n").into_bytes(),
                "latin1)" => text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect(),
                _ => text.as_bytes().to_vec(),
            };
            std::fs::write(path, bytes)?;
        }
    }
    let report = match snapshot {
        _ if configured => opsctl::config::load(root).1,
        Some(text) => {
            let state = opsctl::state::load_literal("@1", "live.toml", &text, &catalogues());
            state.err().unwrap_or_default()
        }
        None if together.is_some() => {
            let mut loaded = opsctl::state::load(root, &catalogues());
            if loaded.report.has_errors() {
                return Err(drawn(&loaded.report).into());
            }
            let found = loaded.find(&together.unwrap_or_default());
            match found {
                Err(NotFound::Conflicts(report)) => *report,
                found => return Err(format!("no report: {found:?}").into()),
            }
        }
        None if root.join("states").exists() => opsctl::state::load(root, &catalogues()).report,
        None => opsctl::config::load(root).1,
    };
    let here = std::path::absolute(root)?.display().to_string();
    Ok(drawn(&report).replace(&here, "/the/folder"))
}

fn drawn(report: &Report) -> String {
    render(report, &Style::plain(true))
}

fn catalogues() -> Catalogues {
    let kubernetes = opsctl_kubernetes::catalogue();
    Catalogues(BTreeMap::from([
        ("k8s".to_owned(), kubernetes),
        ("gke".to_owned(), kubernetes),
        ("aws".to_owned(), opsctl_aws::catalogue()),
        ("sim".to_owned(), opsctl_sim::catalogue()),
    ]))
}

/// A code that no broken input shows is one that nobody has ever seen.
fn every_code(cases: &[PathBuf]) -> Result<(), Failed> {
    let mut seen = BTreeSet::new();
    for path in cases {
        let text = std::fs::read_to_string(path)?;
        let report = text.split_once("=== report\n").map_or("", |(_, report)| report);
        seen.extend(Code::ALL.iter().filter(|code| report.contains(&format!("[{code}]"))).copied());
    }
    let missing: Vec<String> =
        Code::ALL.iter().filter(|code| !seen.contains(code) && !is_elsewhere(**code)).map(Code::to_string).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("no case in tests/broken: {}", missing.join(", ")).into()) }
}
