//! A command of a script, with the pipeline and the script that it is in.

use super::lines::is_text;
use super::programs::name;
use super::script::{Pipeline, Stage};
use super::variables::Variables;
use super::words::{is_download, runs_download, static_text, values};

/// What is the same for all commands of a script.
#[derive(Clone, Copy)]
pub(super) struct Context<'s> {
    pub variables: &'s Variables,
    pub runs_git: bool,
}

/// A command and what surrounds it.
#[derive(Clone, Copy)]
pub(super) struct Command<'s> {
    pub stage: &'s Stage,
    /// The commands in front of it in its pipeline, from which it reads.
    pub before: &'s [Stage],
    /// The commands behind it, which read from it.
    pub after: &'s [Stage],
    pub context: Context<'s>,
}

impl<'s> Command<'s> {
    pub fn of(pipeline: &'s Pipeline, at: usize, context: Context<'s>) -> Self {
        let stages = &pipeline.stages;
        Self { stage: &stages[at], before: &stages[..at], after: &stages[at + 1..], context }
    }

    /// A command without redirections and pipes.
    pub fn alone(stage: &'s Stage, context: Context<'s>) -> Self {
        Self { stage, before: &[], after: &[], context }
    }

    /// The here-documents and here-strings.
    pub fn input(&self) -> Vec<String> {
        self.stage.input.iter().flat_map(|word| values(word, self.context.variables)).collect()
    }

    /// The texts that the commands in front of it may print.
    pub fn printed_before(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for before in self.before {
            let prints = before.words.first().and_then(static_text).is_some_and(|word| {
                let program = name(&word);
                program == "echo" || program == "printf"
            });
            let words = before.words.iter().filter(|_| prints).chain(&before.input);
            texts.extend(words.flat_map(|word| values(word, self.context.variables)));
        }
        texts
    }

    /// Whether its output becomes the arguments of another command.
    pub fn feeds_arguments(&self) -> bool {
        self.after.iter().any(|stage| {
            let first = stage.words.first().map(|word| values(word, &Variables::default())).unwrap_or_default();
            first.iter().any(|word| matches!(name(word).as_str(), "xargs" | "parallel"))
        })
    }

    /// Whether it reads the output of another command.
    pub fn is_fed(&self) -> bool {
        !self.before.is_empty() || self.stage.words.iter().skip(1).any(|word| !word.parts.iter().all(is_text))
    }

    /// Whether it reads only what a program downloads.
    pub fn reads_download(&self) -> bool {
        self.before.iter().all(is_download) && (!self.before.is_empty() || runs_download(self.stage))
    }

    /// Whether a program that encodes text prints what it reads.
    pub fn reads_encoded(&self) -> bool {
        let before = self.before.iter().flat_map(|stage| &stage.words).chain(self.stage.words.iter().skip(1));
        let mut texts = before.flat_map(|word| values(word, self.context.variables));
        texts.any(|text| matches!(name(&text).as_str(), "base64" | "xxd" | "rev" | "openssl" | "tr" | "gunzip"))
    }
}
