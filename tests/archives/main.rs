//! Archives on disk and in a history.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod embedded;
mod files;
mod hidden;
mod history;
mod kinds;
mod mutated;
