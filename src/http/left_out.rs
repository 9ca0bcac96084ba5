use super::{Request, Unanswered};
use crate::check::left_out;

/// Without a client there is no answer.
pub(crate) enum Response {}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        match *self {}
    }

    pub(crate) fn header(&self, _: &str) -> Vec<&[u8]> {
        match *self {}
    }

    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Unanswered> {
        match *self {}
    }
}

/// Sends nothing.
///
/// # Errors
/// Always: which feature is missing.
pub(crate) async fn send(_: Request<'_>) -> Result<Response, Unanswered> {
    Err(Unanswered { sent: false, why: left_out("http") })
}
