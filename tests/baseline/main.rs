//! The baseline: which tokens it covers, in which scans, and who decides.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod change;
mod command;
mod file;
mod history;
mod merge;
mod receive;
