use opsctl_api::{Answer, Cx, Fault, Hop, Identity, Limits, Preflight, Provider, Query, Reading, Write, Written};

use crate::client::Client;
use crate::{identity, preflight, read, write};

/// One region of an account.
pub(crate) struct Aws {
    /// Its name in `opsctl.toml`.
    pub(crate) instance: String,
    pub(crate) client: Client,
}

/// Whom to call, and in whose name.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) instance: &'a str,
    pub(crate) client: &'a Client,
    pub(crate) cx: &'a Cx,
}

impl Aws {
    fn site<'a>(&'a self, cx: &'a Cx) -> Site<'a> {
        Site { instance: &self.instance, client: &self.client, cx }
    }
}

impl Provider for Aws {
    fn identity<'a>(&'a self, cx: &'a Cx) -> Answer<'a, Result<Identity, Fault>> {
        Box::pin(identity::identity(&self.client, cx))
    }

    fn read<'a>(&'a self, cx: &'a Cx, ask: &'a [Query]) -> Answer<'a, Vec<Reading>> {
        Box::pin(read::read(self.site(cx), ask))
    }

    fn preflight<'a>(&'a self, cx: &'a Cx, hops: &'a [Hop]) -> Answer<'a, Vec<Preflight>> {
        Box::pin(preflight::preflight(self.site(cx), hops))
    }

    fn write<'a>(&'a self, cx: &'a Cx, batch: &'a [Write]) -> Answer<'a, Vec<Written>> {
        Box::pin(write::write(self.site(cx), batch))
    }

    fn limits(&self) -> Limits {
        self.client.options().limits
    }
}
