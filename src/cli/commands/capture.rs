use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;

use camino::Utf8Path;
use clap::Args;
use jiff::Timestamp;
use opsctl_api::{Address, Kind, Live, Pattern, Query, Reading, Selector, Wanted};

use crate::capture::{self, Captured, Resource};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::output::Output;
use crate::cli::repository::Repository;
use crate::cli::typed::{self, no_address, no_kind};
use crate::instance::Instances;
use crate::state::{self, Declared, Target};
use crate::view;

/// Writes a state file from what is live, to go on from
///
/// Each resource that is found gets a name and a table with all settings of its kind. A plan of it has nothing to change. Secrets
/// are never read into it: a comment says where to name theirs. No file is ever written over, but for one that has comments alone.
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[
        ("opsctl capture now 'k8s:deployment/cdn/*'", "the deployments of a namespace"),
        ("opsctl capture cdn 'k8s:*/cdn/*'", "all kinds of it"),
        ("opsctl capture - 'k8s:deployment/*' | less", "looks first, and writes nothing"),
    ],
    &[(Exit::Error, "something could not be read")],
))]
pub(in crate::cli) struct Capture {
    /// The name of the new state; - prints it
    #[arg(allow_hyphen_values = true)]
    state: String,
    /// What to capture, as in k8s:deployment/cdn/edge; `*` stands for anything, kinds too
    #[arg(required = true, value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// Prints the file, and writes nothing
    #[arg(long)]
    stdout: bool,
}

impl Capture {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let only_shown = self.stdout || self.state == "-";
        // It has no name until somebody gives it one.
        let state = if self.state == "-" { "NAME" } else { &self.state };
        if !state::is_name(state) {
            return Err(Failure::Usage(format!("`{}` is no name of a state: {}", self.state, state::NAME)));
        }
        let path = repository.config.root.join(format!("states/{state}.toml"));
        let before = if only_shown { None } else { free(&path, state)? };
        let asked = self.addresses.iter().map(|typed| asked(typed, &repository)).collect::<Result<Vec<_>, _>>()?;
        let captured = read(&asked.concat(), &repository, &repository.instances(output)?).await;
        if captured.resources.is_empty() {
            let why = captured.unread.iter().map(|(what, why)| format!("; {what}: {why}")).collect::<String>();
            return Err(Failure::Unknown {
                what: format!("nothing was found that could be captured{why}"),
                hint: "what there is to be named: opsctl kinds".to_owned(),
            });
        }
        let written = capture::to_toml(state, &captured, Timestamp::now());
        if !only_shown {
            write(&path, before.as_deref(), &written.text)?;
        }
        let shown = format!("states/{state}.toml");
        let page = view::capture::Page {
            state,
            path: (!only_shown).then_some(&shown),
            captured: &captured,
            written: &written,
        };
        if output.json {
            output.result(&view::json::document("capture", &view::capture::document(&page))?);
        } else if only_shown {
            output.result(&written.text);
            output.say(&view::capture::notes(&page, &output.progress));
        } else {
            output.result(&view::capture::page(&page, &output.results));
        }
        Ok(if captured.unread.is_empty() { Exit::Done } else { Exit::Error })
    }
}

/// Whether a state can be written here: nothing is there, or only comments, which are given back.
fn free(path: &Utf8Path, state: &str) -> Result<Option<String>, Failure> {
    let taken = || Failure::Unknown {
        what: format!("states/{state}.toml is there already, and nothing is written over it"),
        hint: "take another name, or print what would be written: --stdout".to_owned(),
    };
    match fs_err::read_to_string(path) {
        Ok(text) if text.parse::<toml::Table>().is_ok_and(|table| table.is_empty()) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Ok(_) | Err(_) => Err(taken()),
    }
}

/// Writes a file that was not there, or behind the comments that were.
fn write(path: &Utf8Path, before: Option<&str>, text: &str) -> Result<(), Failure> {
    let failed = |source| Failure::Io { doing: format!("write {path}"), source };
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder).map_err(failed)?;
    }
    let mut options = fs_err::OpenOptions::new();
    match before {
        None => options.write(true).create_new(true),
        Some(_) => options.append(true),
    };
    let gap = before.map_or("", |before| if before.is_empty() || before.ends_with("\n\n") { "" } else { "\n" });
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(format!("{gap}{text}").as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

/// The questions that one word of the command line means. Where its kind has a `*`, one for each kind that matches.
fn asked(typed: &str, repository: &Repository) -> Result<Vec<Selector>, Failure> {
    if !Pattern::is_pattern(typed) {
        let (at, _) = typed::address(typed, repository)?;
        return Ok(vec![Selector::One(at)]);
    }
    let (instance, local) = typed.split_once(':').ok_or_else(|| no_address(&format!("`{typed}` names no instance")))?;
    if instance.contains('*') {
        return Err(no_address(&format!("`{typed}` is about several instances")));
    }
    let catalogue = typed::catalogue(instance, repository)?;
    // `k8s:*` is every path of every kind.
    let (kinds, path) = local.split_once('/').unwrap_or((local, "*"));
    let matching = catalogue.kinds().iter().filter(|kind| Pattern::new(kinds).matches_text(kind.name));
    let patterns = matching.map(|kind| Pattern::new(format!("{instance}:{}/{path}", kind.name)));
    let all: Vec<Selector> = patterns.map(|pattern| Selector::Many { pattern, labels: BTreeMap::new() }).collect();
    if all.is_empty() { Err(no_kind(kinds, catalogue)) } else { Ok(all) }
}

/// Reads all settings of all that is asked for, and names it.
async fn read(asked: &[Selector], repository: &Repository, instances: &Instances) -> Captured {
    let query = |at: &Selector| Query { at: at.clone(), settings: Wanted::All, receipt: None };
    let queries: Vec<Query> = asked.iter().map(query).collect();
    let mut found: BTreeMap<Address, Live> = BTreeMap::new();
    let mut unread = Vec::new();
    for (at, reading) in asked.iter().zip(instances.read(&queries).await) {
        match reading {
            Reading::Members { found: members, complete } => {
                if !complete {
                    unread.push((at.to_string(), "there are more, which could not be read".to_owned()));
                }
                found.extend(members.into_iter().map(|live| (live.at.clone(), live)));
            }
            Reading::Fault(fault) => unread.push((at.to_string(), fault.to_string())),
        }
    }
    let kinds: BTreeMap<Address, &'static Kind> = found
        .keys()
        .filter_map(|at| Some((at.clone(), repository.catalogues.kind(at.instance(), at.kind())?)))
        .collect();
    let declared = declared(repository);
    let (known, taken) = others(&declared);
    let names = capture::names(&kinds, &known, &taken);
    let resources = names.into_iter().filter_map(|(at, name)| {
        let (kind, live) = (*kinds.get(&at)?, found.remove(&at)?);
        let stands_for = |target: &Target| match target {
            Target::One(one) => *one == at,
            // Whether it has these labels is not known.
            Target::Many { pattern, select, .. } => {
                select.is_empty() && pattern.matches(&at) && !target.leaves_out(&at)
            }
        };
        let declared = declared.values().filter(|declared| stands_for(&declared.at)).cloned().collect();
        Some(Resource { name, live, kind, declared })
    });
    let resources: Vec<Resource> = resources.collect();
    let beside = beside(&resources, &declared);
    Captured { resources, beside, unread }
}

/// What these need or come after, directly or through others, and is not among them.
fn beside(resources: &[Resource], declared: &Names) -> Names {
    let mut beside = BTreeMap::new();
    let mut open: Vec<&Arc<Declared>> = resources.iter().flat_map(|resource| &resource.declared).collect();
    while let Some(of) = open.pop() {
        let needed = of.needs.iter().flat_map(|need| &need.any_of);
        for name in needed.chain(of.after.iter().map(|after| &after.name)) {
            let Some(found) = declared.get(name) else { continue };
            let is_captured = resources.iter().any(|resource| resource.name == *name);
            if !is_captured && beside.insert(name.clone(), Arc::clone(found)).is_none() {
                open.push(found);
            }
        }
    }
    beside
}

/// What the states declare, by name.
type Names = BTreeMap<String, Arc<Declared>>;

fn declared(repository: &Repository) -> Names {
    state::load(&repository.config.root, &repository.catalogues).scope.declared
}

/// The names that the states have already, as far as their files can be read: those of single addresses, and all others.
fn others(declared: &Names) -> (BTreeMap<Address, String>, BTreeSet<String>) {
    let mut known = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (name, declared) in declared {
        taken.insert(name.clone());
        if let Target::One(at) = &declared.at {
            known.entry(at.clone()).or_insert_with(|| name.clone());
        }
    }
    (known, taken)
}
