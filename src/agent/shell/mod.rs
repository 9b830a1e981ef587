//! Shell commands: a script as the grammar of bash reads it, and what in it goes round the hooks.

pub(crate) mod judge;
pub(crate) mod ruling;

mod command;
mod environment;
mod expansion;
mod folders;
mod foreign;
mod git;
mod git_config;
mod git_line;
mod git_programs;
mod heredoc;
mod lines;
mod mentions;
mod parse;
mod programs;
mod script;
mod variables;
mod words;
