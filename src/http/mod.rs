//! A request over HTTP, sent once: checks measure with it, actions call with it.

#[cfg(feature = "http")]
mod client;
#[cfg(not(feature = "http"))]
mod left_out;

use std::time::Duration;

#[cfg(feature = "http")]
pub(crate) use client::{Response, send};
#[cfg(not(feature = "http"))]
pub(crate) use left_out::{Response, send};

use crate::check::Along;

/// What is asked of a server.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only the client reads it"))]
pub(crate) struct Request<'a> {
    /// As in `GET`.
    pub(crate) method: &'a str,
    /// With `http://` or `https://`.
    pub(crate) url: &'a str,
    /// The parts of a path beneath that of the URL, in plain text.
    pub(crate) beneath: &'a [&'a str],
    /// What is added to the query of the URL, in plain text.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// Headers, by name.
    pub(crate) header: &'a Along,
    /// The form that the answer shall have; as the server likes where there is none.
    pub(crate) accept: Option<&'static str>,
    pub(crate) body: Option<&'a str>,
    /// How long all of it may take, the answer's body with it.
    pub(crate) limit: Duration,
}

impl<'a> Request<'a> {
    /// A GET with nothing but headers.
    pub(crate) fn get(url: &'a str, header: &'a Along, limit: Duration) -> Self {
        Self { method: "GET", url, beneath: &[], query: &[], header, accept: None, body: None, limit }
    }
}

/// There was no answer, or not all of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unanswered {
    /// Whether the server may have had the request.
    pub(crate) sent: bool,
    /// Why. The URL is not repeated: it may have a token in it.
    pub(crate) why: String,
}

impl From<Unanswered> for String {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.why
    }
}
