use opsctl_api::{Config, ConfigProblem, Provider};

use crate::client::Client;
use crate::config::Options;
use crate::provider::Aws;

/// Opens an instance of AWS: one region, with the credentials that the SDK's chain finds. Talks to nobody yet.
///
/// # Errors
/// All that is wrong with its table in `opsctl.toml`.
pub fn open(instance: &str, config: &Config) -> Result<Box<dyn Provider>, Vec<ConfigProblem>> {
    let options = Options::read(config)?;
    Ok(Box::new(Aws { instance: instance.to_owned(), client: Client::new(options) }))
}
