//! keysweep finds tokens that start with `sk_` and webhook secrets that start with `whsec_` before they are committed.
//!
//! The modules stand in layers, each using only those above it in this list; `tests/layers.rs` holds that.

// A stray print is how a token gets out: everything goes through a writer that was handed down.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod finding;
pub mod rule;
pub mod trouble;

pub mod atomic_file;

pub mod git;
pub mod regular_file;

pub mod rules;

pub mod detect;

pub mod allow;

pub mod source;

pub mod vault;

pub mod sweep;

pub mod exposure;

pub mod cleaning;

pub mod report;

pub mod hook;

pub mod cli;
