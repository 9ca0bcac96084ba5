use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use opsctl_api::Catalogue;

use crate::digest::digest;
use crate::entry::Entry;
use crate::file::load;
use crate::log::{Log, LogError, Tail};
use crate::luck::Luck;
use crate::mistake::Mistake;
use crate::world::World;

/// What a simulated instance is made of.
pub struct Options {
    /// Its name: the resources of the world whose `at` begins with it are its own.
    pub instance: String,
    /// What it emulates.
    pub catalogue: &'static dyn Catalogue,
    /// What is there at first; `None` is nothing.
    pub world: Option<WorldFile>,
    /// Where what happens is kept between runs, a file an instance; `None` keeps nothing.
    pub kept: Option<PathBuf>,
}

/// A world file that was read.
#[derive(Debug, Clone)]
pub struct WorldFile {
    /// As it was named, best relative to the operations repository: mistakes are told with it, and the instance's identity follows
    /// from it.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// Why a simulated instance cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The world file has mistakes: all of them, sorted by place.
    #[error("the world of {instance} has {} mistakes, first: {}", mistakes.len(), mistakes.first().map(ToString::to_string).unwrap_or_default())]
    World {
        /// The instance.
        instance: String,
        /// Never empty.
        mistakes: Vec<Mistake>,
    },
    /// What was kept of it cannot be read.
    #[error("cannot go on with the kept world of {instance}")]
    Kept {
        /// The instance.
        instance: String,
        /// Why.
        #[source]
        source: LogError,
    },
}

/// A simulated instance of any provider.
pub struct Sim {
    pub(crate) instance: String,
    catalogue: &'static dyn Catalogue,
    file: WorldFile,
    digest: String,
    kept: Option<PathBuf>,
    held: Mutex<Held>,
    elsewhere: BTreeMap<String, Range<usize>>,
}

/// What changes.
pub(crate) struct Held {
    pub(crate) world: World,
    pub(crate) luck: Luck,
    log: Option<Log>,
    /// The digest of the world file that the kept entries began with.
    begun_with: Option<String>,
}

/// Opens a simulated instance: its world as the file has it, with what was kept of it.
///
/// # Errors
/// The file has mistakes, or what was kept is damaged.
pub fn open(options: Options) -> Result<Sim, OpenError> {
    let Options { instance, catalogue, world, kept } = options;
    let file = world.unwrap_or(WorldFile { path: String::new(), text: String::new() });
    let digest = format!("{:016x}", digest(&[&file.text]));
    let (world, elsewhere) = first_world(&file, &instance, catalogue)
        .map_err(|mistakes| OpenError::World { instance: instance.clone(), mistakes })?;
    let log = kept.as_ref().map(|kept| Log::new(kept, &instance, digest.clone()));
    let held = Mutex::new(Held { world, luck: Luck::default(), log, begun_with: None });
    let sim = Sim { instance, catalogue, file, digest, kept, held, elsewhere };
    match sim.look(|_, _| ()) {
        Ok(()) => Ok(sim),
        Err(source) => Err(OpenError::Kept { instance: sim.instance, source }),
    }
}

/// Other instances that a world file names, each with where in its text it does so first.
type Elsewhere = BTreeMap<String, Range<usize>>;

/// The world at first, and the other instances that its file names.
fn first_world(
    file: &WorldFile,
    instance: &str,
    catalogue: &'static dyn Catalogue,
) -> Result<(World, Elsewhere), Vec<Mistake>> {
    let loaded = load(&file.path, &file.text, instance, catalogue)?;
    Ok((World::new(catalogue, loaded.resources, loaded.everywhere, loaded.here), loaded.elsewhere))
}

impl Sim {
    /// The name of the instance.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The other instances that the world file names, and where in its text it does so first: theirs to take, if they are there.
    pub fn elsewhere(&self) -> &BTreeMap<String, Range<usize>> {
        &self.elsewhere
    }

    /// What an operator should know of a kept world, a sentence each: that its file has changed since.
    ///
    /// The settings that were written since a world began stay as they were written, over the file as it is now; what else the
    /// file says counts at once. `reset` begins anew.
    ///
    /// # Errors
    /// What was kept cannot be read.
    pub fn notes(&self) -> Result<Vec<String>, LogError> {
        let (begun_with, dropped) = {
            let mut held = self.held();
            self.catch_up(&mut held)?;
            (held.begun_with.clone(), held.world.dropped)
        };
        let mut notes = Vec::new();
        if begun_with.is_some_and(|begun| begun != self.digest) {
            notes.push(format!(
                "{} has changed since this world began; what was written since then is kept over it \
                 (`opsctl sim reset` begins anew)",
                self.file.path
            ));
        }
        if dropped > 0 {
            notes.push(format!(
                "{dropped} writes are left out: {} no longer has what they were made to",
                self.file.path
            ));
        }
        Ok(notes)
    }

    /// Forgets all that has happened: the world is as its file has it.
    ///
    /// # Errors
    /// What was kept cannot be removed.
    pub fn reset(&self) -> Result<(), LogError> {
        let mut held = self.held();
        if let Some(log) = &mut held.log {
            log.reset()?;
        }
        self.begin_anew(&mut held);
        Ok(())
    }

    /// The end of the identity, which follows from the instance's name and where its world is.
    pub(crate) fn fingerprint(&self) -> String {
        format!("{:016x}", digest(&[&self.instance, &self.file.path]))
    }

    /// Looks at the world as it is now, with what other processes have done to it.
    pub(crate) fn look<T>(&self, see: impl FnOnce(&mut Held, Timestamp) -> T) -> Result<T, LogError> {
        let mut held = self.held();
        self.catch_up(&mut held)?;
        Ok(see(&mut held, Timestamp::now()))
    }

    /// Does something to the world while no other process does. The entries beside the answer have been folded by `act`, and are
    /// kept.
    pub(crate) fn act<T, E: From<LogError>>(
        &self,
        act: impl FnOnce(&mut Held, Timestamp) -> Result<(T, Vec<Entry>), E>,
    ) -> Result<T, E> {
        let mut held = self.held();
        let Some(mut log) = held.log.take() else {
            return act(&mut held, Timestamp::now()).map(|(answer, _)| answer);
        };
        let done = log.locked(|tail| {
            self.absorb(&mut held, tail);
            act(&mut held, Timestamp::now())
        });
        held.log = Some(log);
        if done.is_err() {
            // Something may have been folded that was not kept: what is kept counts.
            held.log = self.kept.as_ref().map(|kept| Log::new(kept, &self.instance, self.digest.clone()));
            self.begin_anew(&mut held);
        }
        done
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn catch_up(&self, held: &mut Held) -> Result<(), LogError> {
        let Some(log) = &mut held.log else { return Ok(()) };
        let tail = log.tail()?;
        self.absorb(held, tail);
        Ok(())
    }

    fn absorb(&self, held: &mut Held, tail: Tail) {
        let entries = match tail {
            Tail::More(entries) => entries,
            Tail::Anew(entries) => {
                self.begin_anew(held);
                entries
            }
        };
        for entry in entries {
            if let Entry::Begun(begun) = &entry {
                held.begun_with = Some(begun.digest.clone());
            }
            held.world.fold(entry);
        }
    }

    fn begin_anew(&self, held: &mut Held) {
        held.begun_with = None;
        // The text was read without mistakes before.
        if let Ok((world, _)) = first_world(&self.file, &self.instance, self.catalogue) {
            held.world = world;
        }
    }
}

impl std::fmt::Debug for Sim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sim").field("instance", &self.instance).field("world", &self.file.path).finish_non_exhaustive()
    }
}
