//! Damaged repositories: no fault in what git keeps may turn a token into an all-clear.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod checksum;
mod flips;
