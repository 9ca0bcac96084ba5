//! A world with enough fresh resources of each kind for all trials.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opsctl_api::testkit::{Example, Harness};
use opsctl_api::{Address, Answer, Catalogue, Kind, Pattern, Provider, Value, format_duration};
use opsctl_sim::{Assignment, Options, Sim, Target, WorldFile, open};

/// What is told of a catalogue so that its kinds can be simulated.
pub(crate) trait Emulation: Send + Sync + 'static {
    fn catalogue(&self) -> &'static dyn Catalogue;
    /// The settings of a fresh resource, as a world file has them, and what stands before its number in its path.
    fn fresh(&self, kind: &str, nth: usize) -> Fresh;
    fn examples(&self, kind: &str) -> Vec<Example>;
    fn illegal(&self, _kind: &str) -> Vec<Example> {
        Vec::new()
    }
}

pub(crate) struct Fresh {
    pub(crate) path: String,
    pub(crate) settings: String,
    /// A resource that has to be there too, as a table without its header.
    pub(crate) beside: String,
}

pub(crate) struct Simulated {
    emulation: &'static dyn Emulation,
    sim: Arc<Sim>,
    denied_reads: Arc<Sim>,
    denied_writes: Arc<Sim>,
    unreachable: Arc<Sim>,
    used: Mutex<BTreeMap<&'static str, AtomicUsize>>,
    _kept: tempfile::TempDir,
}

/// How many fresh resources of each kind there are.
const FRESH: usize = 300;

impl Simulated {
    pub(crate) fn new(emulation: &'static dyn Emulation) -> Self {
        let mut text = String::new();
        for kind in emulation.catalogue().kinds() {
            for nth in 0..FRESH {
                let fresh = emulation.fresh(kind.name, nth);
                let name = kind.name;
                write!(
                    text,
                    "[resource.\"{name}/{nth}\"]\nat = \"sim:{name}/{}\"\nsim = {{ labels = {{ made = \"fresh\" }} }}\n{}\n",
                    fresh.path, fresh.settings
                )
                .unwrap();
                if !fresh.beside.is_empty() {
                    write!(text, "[resource.\"beside/{name}/{nth}\"]\n{}\n", fresh.beside).unwrap();
                }
            }
        }
        let kept = tempfile::tempdir().unwrap();
        let with = |knob, kept| simulated(emulation, format!("[sim.instance.sim]\n{knob}\n{text}"), kept);
        Self {
            emulation,
            sim: with("settle = \"5ms\"\nlatency = \"1ms\"", Some(kept.path().to_owned())),
            denied_reads: with("deny = \"all\"", None),
            denied_writes: with("deny = \"write\"", None),
            unreachable: with("unreachable = \"connection refused\"", None),
            used: Mutex::default(),
            _kept: kept,
        }
    }
}

fn simulated(emulation: &dyn Emulation, text: String, kept: Option<std::path::PathBuf>) -> Arc<Sim> {
    let world = Some(WorldFile { path: "conformance.toml".to_owned(), text });
    let options = Options { instance: "sim".to_owned(), catalogue: emulation.catalogue(), world, kept };
    Arc::new(open(options).unwrap_or_else(|error| panic!("{error}")))
}

impl Harness for Simulated {
    fn catalogue(&self) -> &'static dyn Catalogue {
        self.emulation.catalogue()
    }

    fn provider(&self) -> Arc<dyn Provider> {
        self.sim.clone()
    }

    fn fresh<'a>(&'a self, kind: &'static Kind) -> Answer<'a, Result<Address, String>> {
        Box::pin(async move {
            let nth = self.used.lock().unwrap().entry(kind.name).or_default().fetch_add(1, Ordering::Relaxed);
            let path = self.emulation.fresh(kind.name, nth).path;
            if nth < FRESH {
                Address::new("sim", kind.name, &path).map_err(|error| error.to_string())
            } else {
                Err(format!("{FRESH} of {} are not enough", kind.name))
            }
        })
    }

    fn examples(&self, kind: &'static Kind) -> Vec<Example> {
        self.emulation.examples(kind.name)
    }

    fn illegal(&self, kind: &'static Kind) -> Vec<Example> {
        self.emulation.illegal(kind.name)
    }

    fn disturb<'a>(
        &'a self,
        at: &'a Address,
        setting: &'a str,
        to: Option<&'a Value>,
    ) -> Answer<'a, Result<(), String>> {
        Box::pin(async move {
            let assignment = Assignment { key: setting.to_owned(), value: to.map(typed) };
            let target = Target::Resources(Pattern::new(at.as_str()));
            self.sim.set(&target, &[assignment], "another operator").map_err(|error| error.to_string())?;
            Ok(())
        })
    }

    fn missing(&self, kind: &'static Kind) -> Address {
        let path = self.emulation.fresh(kind.name, FRESH + 1).path;
        Address::new("sim", kind.name, &path).unwrap()
    }

    fn labels(&self, _kind: &'static Kind) -> Option<BTreeMap<String, String>> {
        Some([("made".to_owned(), "fresh".to_owned())].into())
    }

    fn denied_reads(&self) -> Option<Arc<dyn Provider>> {
        Some(self.denied_reads.clone())
    }

    fn denied_writes(&self) -> Option<Arc<dyn Provider>> {
        Some(self.denied_writes.clone())
    }

    fn unreachable(&self) -> Option<Arc<dyn Provider>> {
        Some(self.unreachable.clone())
    }

    fn settles_within(&self) -> Duration {
        Duration::from_secs(20)
    }
}

/// A value as an operator would type it.
fn typed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Duration(time) => format_duration(*time),
        Value::Secret(secret) => secret.plain.as_ref().unwrap().expose().to_owned(),
        other => other.to_string(),
    }
}
