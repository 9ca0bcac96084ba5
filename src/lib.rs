//! opsctl
