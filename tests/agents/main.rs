//! AI agents: their events, the answers that they obey, and the commands that go round the hooks.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod bypasses;
mod documents;
mod event;
mod failures;
mod files;
mod install;
mod tokens;
mod ways_round;
mod working_day;
