//! Hooks: installation, runs by git and by each runner, and verification with `keysweep doctor`.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod commit;
mod configured;
mod doctor;
mod framework;
mod git_versions;
mod install;
mod message;
mod message_file;
mod planted_links;
mod receive;
mod receive_server;
mod runner_gaps;
mod runners;
mod script;
mod ways_around;
mod worktrees;
