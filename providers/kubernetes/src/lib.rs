//! Kubernetes for opsctl: the kinds `configmap`, `deployment` and `hpa`.
//!
//! Without the feature `live` this crate is its [catalogue](catalogue()) alone: data and arithmetic, no client.
//!
//! # How it reads
//! A kind that is asked for up to three times in a namespace is read by GET, otherwise by one LIST; where that would still be more
//! than ten calls, the whole cluster is listed. A list that proves to be long is broken off where what is still missing is
//! cheaper to get. With anything that has replicas its namespace's HPAs are listed, for they own them. Where a resource is not
//! ready, its pods say why (of five resources a read at most, and not while more than twenty are merely on their way). Argo CD's
//! Applications and Flux' Kustomizations and HelmReleases are read where an object says that it belongs to one. What may not be
//! read is said: as a note among the owners.
//!
//! # How it writes
//! Every hop is one JSON Patch that tests each value that it replaces, so nothing that somebody else has set in between is
//! overwritten, and no race is left. Replicas by themselves go to the subresource `scale`, as with `kubectl scale`: a role may
//! allow no more than that. Where a setting's place or its letters are not known from the hop (a container's position, how a
//! quantity is written), the object is read right before, and the patch tests that it is still so. All fields that opsctl sets
//! are marked with the field manager `opsctl`. Before an apply the same patches, without the tests, are sent with `dryRun=All`.
//!
//! # What it needs
//! | to | verbs |
//! |---|---|
//! | identify the cluster | `get` `namespaces` (`kube-system`) |
//! | read | `get`, `list` `deployments`, `horizontalpodautoscalers`, `configmaps`; `list` `pods` |
//! | name Argo CD and Flux as owners | `list` `applications`; `get` `kustomizations`, `helmreleases` |
//! | set replicas | `patch` `deployments/scale` |
//! | set anything else | `get` and `patch` the kind |

// What a kind knows of its objects stands beside its settings, and is used by the client alone.
#![cfg_attr(not(feature = "live"), allow(dead_code))]

mod catalogue;
#[cfg(feature = "live")]
mod client;
mod condition;
#[cfg(feature = "live")]
mod config;
#[cfg(feature = "live")]
mod contexts;
#[cfg(feature = "live")]
mod fault;
#[cfg(feature = "live")]
mod fetch;
#[cfg(feature = "live")]
mod identity;
#[cfg(feature = "live")]
mod keeper;
mod kinds;
mod object;
#[cfg(feature = "live")]
mod open;
#[cfg(feature = "live")]
mod owner;
mod patch;
mod path;
#[cfg(feature = "live")]
mod pods;
#[cfg(feature = "live")]
mod preflight;
#[cfg(feature = "live")]
mod read;
#[cfg(feature = "live")]
mod request;
mod selector;
mod touch;
#[cfg(feature = "live")]
mod write;

pub use catalogue::catalogue;
#[cfg(feature = "live")]
pub use contexts::contexts;
#[cfg(feature = "live")]
pub use open::open;
