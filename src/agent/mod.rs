//! AI agents: what they are about to do, read from the JSON of their hooks, and the answer in the form that each agent obeys.
//!
//! An agent's file has one reader, from its JSON to an [`Event`](event::Event), and one writer, from a
//! [`Verdict`](verdict::Verdict) to an [`Answer`](verdict::Answer). The steps between them are the same for all agents.

pub(crate) mod guard;
pub(crate) mod shell;

pub mod agents;
pub mod doctor;
pub mod event;
pub mod install;
pub mod model;
pub mod settings;
pub mod verdict;

#[doc(hidden)]
pub mod fuzz;

mod claude_code;
mod codex;
mod copilot;
mod cursor;
mod entry;
mod gemini;
mod json_text;
mod lenient;
mod marker;
mod patch;
mod protected;
mod strings;
mod switches;
