//! Broken inputs, a file a case in `tests/broken/`: the files of an operations repository, and the exact report.
//!
//! A case begins with a comment. A line `=== PATH` begins a file; `=== PATH (crlf)` writes it with the line ends of Windows,
//! `=== PATH (latin1)` a byte a character, `=== PATH (utf16)` as some editors do, `=== PATH (link)` a link to what its text names, and
//! `=== PATH/` makes a directory. `=== no states` reads the states of a repository that has no folder of them. `=== snapshot` is read as a snapshot,
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
    let made = [
        Trial::test("made_ten_megabytes_of_mistakes", ten_megabytes_of_mistakes),
        Trial::test("made_ten_megabytes_without_an_end", ten_megabytes_without_an_end),
        Trial::test("made_as_deep_as_it_goes", as_deep_as_it_goes),
        #[cfg(unix)]
        Trial::test("made_without_permission", without_permission),
        #[cfg(unix)]
        Trial::test("made_a_pipe", a_pipe),
    ];
    let trials = trials.chain([every_code]).chain(made).collect();
    Ok(libtest_mimic::run(&Arguments::from_args(), trials).exit_code())
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
    let (mut snapshot, mut together, mut no_states) = (None, None, false);
    for section in inputs.split("\n=== ").skip(1) {
        let (header, text) = section.split_once('\n').unwrap_or((section, ""));
        let (path, option) = header.split_once(" (").unwrap_or((header, ""));
        configured |= path == "opsctl.toml";
        if path == "snapshot" {
            snapshot = Some(text.to_owned());
        } else if path == "together" {
            together = Some(text.trim().to_owned());
        } else if path == "no states" {
            no_states = true;
        } else if let Some(directory) = path.strip_suffix('/') {
            std::fs::create_dir_all(root.join(directory))?;
        } else {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap_or(root))?;
            if option == "link)" {
                link(text.trim(), &path)?;
                continue;
            }
            let bytes: Vec<u8> = match option {
                "utf16)" => std::iter::once(0xfeff)
                    .chain(text.encode_utf16())
                    .flat_map(|unit: u16| unit.to_le_bytes())
                    .collect(),
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
            let state =
                opsctl::state::load_literal("@1", "live.toml", &text, &catalogues(), opsctl::state::Strangers::Refused);
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
        None if no_states || root.join("states").exists() => opsctl::state::load(root, &catalogues()).report,
        None => opsctl::config::load(root).1,
    };
    let here = std::path::absolute(root)?.display().to_string();
    Ok(drawn(&report).replace(&here, "/the/folder"))
}

#[cfg(unix)]
fn link(to: &str, path: &Utf8Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, path)
}

#[cfg(not(unix))]
fn link(_: &str, _: &Utf8Path) -> std::io::Result<()> {
    Err(std::io::Error::other("links are made on Unix alone"))
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

/// What is said of one state whose text is this.
fn said(text: &str) -> Result<String, Failed> {
    said_of(|path| std::fs::write(path, text))
}

fn said_of(make: impl FnOnce(&Utf8Path) -> std::io::Result<()>) -> Result<String, Failed> {
    let folder = tempfile::tempdir()?;
    let root = Utf8Path::from_path(folder.path()).ok_or("a path that is not UTF-8")?;
    std::fs::create_dir(root.join("states"))?;
    make(&root.join("states/baseline.toml"))?;
    Ok(drawn(&opsctl::state::load(root, &catalogues()).report))
}

fn holds(holds: bool, said: &str) -> Result<(), Failed> {
    let cut: String = said.chars().take(2_000).collect();
    if holds { Ok(()) } else { Err(format!("{} bytes: {cut}", said.len()).into()) }
}

fn ten_megabytes_of_mistakes() -> Result<(), Failed> {
    let resource = |nth| format!("[resource.r{nth}]\nat = \"k8s:deployment/cdn/r{nth}\"\nreplcias = {nth}\n");
    let text: String = (0..170_000).map(resource).collect();
    let said = said(&text)?;
    let end = "170000 errors in 1 file; opsctl explain E0104 says more.\n";
    holds(text.len() > 10_000_000 && said.len() < 100_000 && said.ends_with(end), &said)
}

fn ten_megabytes_without_an_end() -> Result<(), Failed> {
    let text = format!("[resource.a]\nneeds = [\n{}", "\"b\",\n".repeat(2_000_000));
    let said = said(&text)?;
    holds(said.len() < 1_000 && said.contains("baseline.toml:2:9\n"), &said)
}

/// Tables in braces as deep as the parser takes them, each under a key of as many parts.
fn as_deep_as_it_goes() -> Result<(), Failed> {
    let key = vec!["a"; 79].join(".");
    let text = format!("a = 1\na = 2\nvars = {}1{}\n", format!("{{ {key} = ").repeat(78), " }".repeat(78));
    let small = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || said(&text).map_err(|failed| format!("{failed:?}")));
    let said = small?.join().map_err(|_| "it ended with a panic")??;
    holds(said.len() < 2_000 && said.contains("error["), &said)
}

#[cfg(unix)]
fn without_permission() -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut may_all_the_same = false;
    let said = said_of(|path| {
        std::fs::write(path, "summary = \"x\"\n")?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o000))?;
        // The superuser reads everything.
        may_all_the_same = std::fs::read(path).is_ok();
        Ok(())
    })?;
    let expected = "error[E0001]: the file cannot be read: Permission denied\n  ┌ states/baseline.toml\n";
    holds(may_all_the_same || said.starts_with(expected), &said)
}

#[cfg(unix)]
fn a_pipe() -> Result<(), Failed> {
    let said = said_of(|path| {
        let made = std::process::Command::new("mkfifo").arg(path).status()?;
        if made.success() { Ok(()) } else { Err(std::io::Error::other("mkfifo")) }
    })?;
    holds(said.starts_with("error[E0001]: the file cannot be read: it is not a regular file\n"), &said)
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
