//! Damaged repositories: no fault in git's files may turn a token into a clean report.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod checksum;
mod flips;
