//! Kubernetes for opsctl: the kinds `configmap`, `deployment` and `hpa`.
//!
//! Without the feature `live` this crate is its [catalogue](catalogue()) alone: data and arithmetic, no client.

mod catalogue;
mod kinds;

pub use catalogue::catalogue;
