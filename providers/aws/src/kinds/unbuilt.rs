//! Kinds that can be planned and simulated, and whose client is not there yet.

use opsctl_api::{Answer, Fault, Live, Write, Written};

use super::Calls;
use crate::provider::Site;
use crate::read::{Found, Need};

pub(super) struct Unbuilt(pub(super) &'static str);

impl Unbuilt {
    fn fault(&self) -> Fault {
        Fault::Invalid(format!(
            "the client of {} is not built yet: it can be simulated (type = \"sim\", emulates = \"aws\")",
            self.0
        ))
    }
}

impl Calls for Unbuilt {
    fn read<'a>(&'a self, _site: Site<'a>, need: &'a Need<'a>) -> Answer<'a, Found> {
        Box::pin(async move {
            let mut found = Found { partly: Some(self.fault()), ..Found::default() };
            found.failed(need.one.keys().copied(), &self.fault());
            found
        })
    }

    fn write<'a>(&'a self, _site: Site<'a>, batch: &'a [(&'a Write, &'a Live)]) -> Answer<'a, Vec<Written>> {
        Box::pin(async move { batch.iter().map(|_| Written::Refused(self.fault())).collect() })
    }
}
