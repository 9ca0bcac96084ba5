//! The conformance suite that every provider passes.
