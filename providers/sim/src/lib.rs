//! Simulated live infrastructure: the kinds of any other provider, or its own, in a world that starts from a file.
//!
//! # A world file
//! It has the format of a snapshot: each `[resource.NAME]` with `at` and its settings, which are what is live at first. Several
//! instances may live in one file; each takes the resources whose `at` begins with its name. Keys that only say how a state is
//! applied (`needs`, `pool`, `timeout`, …) are passed over, so that a snapshot is a world as it is.
//!
//! ```toml
//! [sim]                                       # all instances
//! settle = "20s"
//!
//! [sim.instance.k8s]                          # one instance
//! latency = "50ms"
//!
//! [resource.edge]
//! at = "k8s:deployment/cdn/ats-edge"
//! replicas = 2
//! sim = { fail = "no node has room", labels = { app = "edge" } }   # one resource
//!
//! [resource.edge-hpa]
//! at = "k8s:hpa/cdn/ats-edge"
//! min = 2
//! max = 6
//! confines = ["k8s:deployment/cdn/ats-edge"]
//!
//! [resource.topology]
//! at = "k8s:configmap/cdn/atc-topology"
//! "data.shield.max-hosts" = "1"               # or a table [resource.topology.data] with "shield.max-hosts"
//! ```
//! `{ absent = true }` says that a key is not there. A secret is `{ env = … }` or `{ file = … }`, or `{ plain = "…" }`, since in
//! a world it is none.
//!
//! # How it behaves
//! | knob | values | what it does |
//! |---|---|---|
//! | `latency` | `"50ms"` | how long each call takes; a write is done after half of it, and longer than the caller's timeout is no answer |
//! | `settle` | `"20s"` | a written setting is there at once, the resource is ready after this; members of a count come one by one |
//! | `fail` | `true`, `"why"` | a resource that was changed ends as failed |
//! | `refuse` | `true`, `"why"` | writes are refused as invalid, by the preflight too |
//! | `deny` | `"write"`, `"all"`, `"nothing"` | what the credentials do not allow |
//! | `unreachable` | `true`, `"why"` | nobody answers |
//! | `throttle` | 0 to 1, `"once"` | calls are turned away as too many; nothing is done |
//! | `lose_answer` | 0 to 1, `"once"` | a write is done and its answer lost: `Unknown` |
//! | `conflict` | 0 to 1, `"once"` | somebody else changes the setting right before a write |
//! | `preflight` | `"accept"`, `"cannot tell"` | what the preflight says of what it would not refuse |
//! | `sync` | `"1s"` | how soon a scaler moves what it confines; one second where nothing is said |
//! | `hidden` | list of settings | they cannot be read |
//! | `missing` | `true` | of a resource: as if it were not there |
//! | `owners` | list of `{ name, settings, reverts, soon, instead }` | of a resource: who else holds its settings |
//! | `labels` | table | of a resource: what `select` goes by |
//! | `needs` | list of addresses | of a resource: what the provider knows that it needs |
//! | `seed` | number | of an instance: from what chances are drawn |
//! | `incomplete` | `true` | of an instance: wildcards say that there are more which could not be read |
//! | `identity` | text | of an instance: what it says that it is; otherwise that follows from its name and its world's path |
//! | `writes_at_once`, `writes_per_second` | numbers | of an instance: how fast the engine may go; 64 at once where nothing is said |
//!
//! What a resource does not say its instance says, and what that does not `[sim]` says for all. Besides:
//!
//! - A resource of a kind that confines others (an HPA) moves them into its bounds `sync` after the last change of either. At 0 it
//!   leaves them alone. A minimum above the maximum is refused.
//! - An owner that `reverts` puts a setting back to what the file had (or what was there when the owner came) `soon` after its
//!   last change.
//! - What takes several calls by its catalogue's [`hops`](opsctl_api::Catalogue::hops) is refused in one call, and what a hop
//!   couples is moved along.
//! - Writes that share one call are done all or not at all; an idempotency token is good for one write.
//!
//! # What is kept
//! Nothing is ever written to the world file. What happens is appended to `INSTANCE.jsonl` in the directory that the caller
//! names; a world is a fold of file, entries and time, so it goes on while no process runs, and several processes may change it.
//! If the file changes, its new resources and values count at once, and what was written since the world began stays as it was
//! written; [`Sim::notes`] says so. [`Sim::reset`] begins anew.
//!
//! Of a secret only its source and version are kept, never its text: in a later process it equals one of the same source, whatever
//! text that has by then. Where the text is known, it is told without its source, as an API tells it.

mod catalogue;
mod digest;
mod entry;
mod file;
mod given;
mod knobs;
mod log;
mod luck;
mod mistake;
mod moment;
mod operator;
mod provider;
mod readiness;
mod resource;
mod settings;
mod sim;
mod validity;
mod world;
mod write;

pub use catalogue::catalogue;
pub use knobs::{Chance, Deny, Keeper, Knobs, Preflights, Time, Trouble};
pub use log::LogError;
pub use mistake::Mistake;
pub use operator::{Assignment, Done, SetError, Shown, Target};
pub use sim::{OpenError, Options, Sim, WorldFile, open};
