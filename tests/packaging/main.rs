//! The packages, built as a release builds them and installed by the real pip, pipx, uv, pre-commit and prek.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod built;
mod ci;
mod frameworks;
mod measure;
mod npm;
mod release;
mod scanners;
mod wheel;
