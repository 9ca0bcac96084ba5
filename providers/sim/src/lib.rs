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
//! [`Knobs`] says it all: `settle`, `latency`, `fail`, `refuse`, `deny`, `throttle`, `lose_answer`, `conflict`, `unreachable`,
//! `owners`, `sync`, `preflight`, `hidden`, `missing`, `incomplete`, `seed`, and `identity`, `writes_at_once`,
//! `writes_per_second` of an instance. What a resource does not say its instance says, and what that does not `[sim]`.
//!
//! - A written setting is there at once; the resource is ready once `settle` has passed. Members of a count come one by one.
//! - A resource of a kind that confines others (an HPA) moves them into its bounds `sync` after the last change (1s where nothing
//!   is said). At 0 it leaves them alone. A minimum above the maximum is refused.
//! - An owner that `reverts` puts a setting back to what the file had (or what was there when the owner came) `soon` after the
//!   last change.
//! - What takes several calls by its catalogue's [`hops`](opsctl_api::Catalogue::hops) is refused in one call, and what a hop
//!   couples is moved along.
//! - Writes that share one call are done all or not at all.
//!
//! # What is kept
//! Nothing is ever written to the world file. What happens is appended to `INSTANCE.jsonl` in the directory that the caller
//! names; a world is a fold of file, entries and time, so it goes on while no process runs, and several processes may change it.
//! If the file changes, its new resources and values count at once, and what was written since the world began stays as it was
//! written; [`Sim::notes`] says so. [`Sim::reset`] begins anew.
//!
//! Of a secret only its source and version are kept, never its text: in a later process it equals one of the same source, whatever
//! text that has by then.

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
