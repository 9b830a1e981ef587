//! What every command has in common: what it reads and allows, what it says, and what it must never print.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod allow;
mod bad_config;
mod bad_input;
mod bounded_time;
mod changing;
mod deep_folders;
mod errors_in_formats;
mod files;
mod gitignore;
mod leaks;
mod leaks_encoded;
mod leaks_in_errors;
mod leaks_matrix;
mod long_line;
mod output;
mod pipes;
mod programs;
