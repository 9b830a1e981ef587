//! Behavior that all commands share: input, allowlists, output, and tokens that must never be printed.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod allow;
mod bad_config;
mod bad_input;
mod bounded_time;
mod changing;
mod completions;
mod config_variable;
mod deep_folders;
mod effects;
mod errors_in_formats;
mod files;
mod formats;
mod full_disk;
mod gitignore;
mod json_schema;
mod leaks;
mod leaks_encoded;
mod leaks_in_errors;
mod leaks_matrix;
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64", target_endian = "little"))]
mod linking;
mod long_line;
mod man;
mod message;
mod output;
mod pipes;
mod programs;
mod stopped;
mod usage;
mod worktree;
