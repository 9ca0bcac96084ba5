//! What the SDK's chain says of credentials, said to all that ask.

use std::fmt;
use std::sync::OnceLock;

use aws_config::Region;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::call::chain;

/// Those of a profile that was named, whatever keys the environment has: the SDK's chain would take these first.
pub(crate) fn of_profile(
    name: &str,
    region: &Region,
    http: SharedHttpClient,
    timeouts: TimeoutConfig,
) -> ProfileFileCredentialsProvider {
    let config = ProviderConfig::without_region()
        .with_region(Some(region.clone()))
        .with_http_client(http)
        .with_timeout_config(timeouts);
    ProfileFileCredentialsProvider::builder().configure(&config).profile_name(name).build()
}

/// The SDK tells what is wrong with a profile to who asks first, and nobody after that. Here all hear the same.
pub(crate) struct Told {
    chain: SharedCredentialsProvider,
    first: OnceLock<String>,
}

impl Told {
    pub(crate) fn new(chain: SharedCredentialsProvider) -> Self {
        Self { chain, first: OnceLock::new() }
    }

    async fn credentials(&self) -> Result {
        self.chain.provide_credentials().await.map_err(|error| {
            let raw = chain(&error);
            let said = plain(&raw);
            let first = self.first.get_or_init(|| said.clone());
            let said = if raw.contains("already taken") { first } else { &said };
            if *said == raw { error } else { CredentialsError::invalid_configuration(said.clone()) }
        })
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").finish_non_exhaustive()
    }
}

impl ProvideCredentials for Told {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }

    fn fallback_on_interrupt(&self) -> Option<aws_credential_types::Credentials> {
        self.chain.fallback_on_interrupt()
    }
}

/// What the chain says, in words for who has a profile and no program to build.
fn plain(said: &str) -> String {
    if !said.contains("credentials-login") {
        return said.to_owned();
    }
    let way = "credential_process = aws configure export-credentials --profile NAME --format process";
    format!("a login by `aws login` is not read: hand it on by another profile that has {way}")
}
