//! What a new operations repository begins with: its files, made of what was found on the machine.

mod aws;
mod files;
mod names;

pub use aws::{Account, Profile, account, profiles};
pub use files::{Began, File, began, ignored};

/// What was found that opsctl could talk to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Contexts of the kubeconfig.
    pub contexts: Vec<String>,
    /// The account of AWS that the environment names.
    pub account: Option<Account>,
    /// Profiles of AWS.
    pub profiles: Vec<Profile>,
}
