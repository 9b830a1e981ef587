//! `keysweep verify` and `keysweep probe`, against servers that answer as the vendors document.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod docs;
mod drip;
mod history;
mod hostile;
mod json_schema;
mod names;
mod probe;
mod server;
mod stopped;
mod tls;
mod verify;
