//! keysweep finds tokens that start with `sk_` and webhook secrets that start with `whsec_` before they are committed.
//!
//! The modules stand in layers, each using only those above it in this list; `tests/layers.rs` holds that.

// A stray print is how a token gets out: everything goes through a writer that was handed down.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod error;
pub mod random;
pub mod text;
pub mod threads;

pub mod atomic_file;
pub mod regular_file;

pub mod git;

pub mod rule;

pub mod finding;

pub mod rules;

pub mod detect;

pub mod config;

pub mod secrets;

pub mod scan;

pub mod history;

pub mod cleanup;

pub mod report;

pub mod hook;

pub mod cli;
