//! Archives on disk and in a history.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod files;
mod hidden;
mod history;
mod kinds;
mod mutated;
