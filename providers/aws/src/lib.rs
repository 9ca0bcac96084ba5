//! AWS for opsctl: so far the catalogue of `route53-record`. Its client is not built yet.

mod catalogue;
mod kinds;
#[cfg(feature = "live")]
mod open;

pub use catalogue::catalogue;
#[cfg(feature = "live")]
pub use open::open;
