//! Obeys a plan: lock, journal, execute, settle. It sends events and gives back the operation's record.
//!
//! [`run`] is the order of an apply, [`resume`] goes on with one that did not end. Both drive the same machine, in which a
//! step goes from pending to sent to settling to done, and which a journal replays.

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

mod abandon;
#[cfg(test)]
mod abandon_test;
mod act;
#[cfg(test)]
mod act_test;
mod answers;
#[cfg(test)]
mod answers_test;
mod astray;
#[cfg(test)]
mod bed;
mod calls;
mod conflict;
#[cfg(test)]
mod conflict_test;
mod dispatch;
#[cfg(test)]
mod dispatch_test;
mod entry;
mod error;
mod event;
mod execute;
mod finish;
mod gate;
mod id;
mod interrupt;
#[cfg(test)]
mod interrupt_test;
mod journal;
#[cfg(test)]
mod kill_test;
mod legal;
mod let_go;
mod lock;
mod looks;
mod missed;
mod moment;
mod overtaken;
mod pace;
mod probe;
mod progress;
mod record;
mod replay;
mod resume;
#[cfg(test)]
mod resume_test;
mod run;
#[cfg(test)]
mod run_test;
mod running;
mod secrets;
mod settle;
#[cfg(test)]
mod settle_test;
mod sight;
mod stale;
mod tempo;
mod unfinished;
mod watch;
#[cfg(test)]
mod watch_test;

pub use abandon::{Closing, abandon, settled};
pub use astray::{Astray, Changed};
pub use error::ApplyError;
pub use event::{Event, What};
pub use gate::{still, strangers};
pub use journal::JournalError;
pub use legal::Illegal;
pub use let_go::{LetGo, let_go};
pub use lock::{Holder, Lock, LockError, holder};
pub use missed::{is_lost, missed};
pub use overtaken::Overtaken;
pub use progress::Stand;
pub use resume::{Resume, resume};
pub use run::{Run, run};
pub use running::{Running, running};
pub use secrets::{Secrets, lacking};
pub use stale::{Moved, Unreadable};
pub use tempo::Tempo;
pub use unfinished::{Effect, Mark, OpenStep, Unfinished, open_record, unfinished};

/// Tells what happened to whoever listens; nobody has to.
fn say(events: &UnboundedSender<Event>, what: What) {
    let _ = events.send(Event { at: Timestamp::now(), what });
}

/// Where the journals of a checkout are.
fn journals(work_dir: &camino::Utf8Path) -> camino::Utf8PathBuf {
    work_dir.join("journal")
}
