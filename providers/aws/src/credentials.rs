//! What the SDK's chain says of credentials, said to all that ask.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use aws_config::Region;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::error::metadata::ErrorMetadata;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::call::{causes, chain, never_connected};
use crate::fault::LOG_IN;

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

/// No credentials came: why, and what to do about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lacking(pub(crate) String);

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Lacking {}

/// In less time than a call has: it would look else as if the region did not answer.
const IN_TIME: Duration = Duration::from_secs(8);

/// Who waited while somebody else asked in vain hears the same, and does not ask in turn.
const STILL: Duration = Duration::from_secs(1);

/// The SDK tells what is wrong with a profile to who asks first, and nobody after that. Here all hear the same.
pub(crate) struct Repeated {
    chain: SharedCredentialsProvider,
    first: OnceLock<String>,
    within: Duration,
    lacked: Mutex<Option<(Instant, Lacking)>>,
}

impl Repeated {
    pub(crate) fn new(chain: SharedCredentialsProvider) -> Self {
        Self { chain, first: OnceLock::new(), within: IN_TIME, lacked: Mutex::new(None) }
    }

    async fn credentials(&self) -> Result {
        if let Some((at, lacking)) = &*self.lacked()
            && at.elapsed() < STILL
        {
            return Err(CredentialsError::provider_error(lacking.clone()));
        }
        let late = |_| Err(CredentialsError::provider_timed_out(self.within));
        let loaded = tokio::time::timeout(self.within, self.chain.provide_credentials()).await.unwrap_or_else(late);
        loaded.map_err(|error| {
            let lacking = self.lacking(&error);
            *self.lacked() = Some((Instant::now(), lacking.clone()));
            CredentialsError::provider_error(lacking)
        })
    }

    fn lacking(&self, error: &CredentialsError) -> Lacking {
        let raw = said(error);
        let said = plain(&raw);
        let first = self.first.get_or_init(|| said.clone());
        let said = if raw.contains("already taken") { first } else { &said };
        Lacking(format!("{said}; {}", what_to_do(error, said)))
    }

    fn lacked(&self) -> MutexGuard<'_, Option<(Instant, Lacking)>> {
        self.lacked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Repeated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repeated").finish_non_exhaustive()
    }
}

impl ProvideCredentials for Repeated {
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

/// Why there are none: a refusal by its code, all else as the chain tells it.
fn said(error: &CredentialsError) -> String {
    let refusal = causes(error).find_map(|cause| cause.downcast_ref::<ErrorMetadata>());
    match refusal.and_then(|refusal| Some((refusal.code()?, refusal.message()?))) {
        Some((code, message)) => format!("{code}: {message}"),
        // The SDK tells of each place where it looked.
        None => chain(error).split(". Attempted").next().unwrap_or_default().to_owned(),
    }
}

/// What to do about a role that is not given.
const ROLE: &str = "see whether the trust policy of the role names who asks, and whether role_arn and source_profile of the profile are right";

/// What to do about who gives credentials, and does not answer.
const AWAY: &str = "who gives them (STS, SSO, the metadata of an instance, credential_process) did not answer, which says nothing of \
                    the region: mend the way there, or name other credentials (AWS_PROFILE, or profile in opsctl.toml)";

fn what_to_do(error: &CredentialsError, said: &str) -> &'static str {
    if said.starts_with("AccessDenied") {
        ROLE
    } else if never_connected(error) || ["timed out", "timeout"].iter().any(|late| said.contains(late)) {
        AWAY
    } else {
        LOG_IN
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Silent;

    impl ProvideCredentials for Silent {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(std::future::pending())
        }
    }

    #[tokio::test]
    async fn test_who_waited_for_nothing_hears_it_at_once() {
        let silent = Repeated::new(SharedCredentialsProvider::new(Silent));
        let told = Repeated { within: Duration::from_millis(1), ..silent };
        let why = |error: CredentialsError| causes(&error).find_map(|cause| cause.downcast_ref::<Lacking>()).cloned();
        let first = why(told.credentials().await.unwrap_err()).unwrap();
        assert_eq!(first, Lacking(format!("credentials provider timed out after 0 seconds; {AWAY}")));
        let told = Repeated { within: Duration::from_secs(3600), ..told };
        assert_eq!(why(told.credentials().await.unwrap_err()), Some(first));
    }
}
