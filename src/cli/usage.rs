//! Errors about the command line: clap's text, without what must not be repeated.

use std::ffi::OsString;
use std::num::ParseIntError;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::Cli;
use super::options::FormatName;
use super::{code, output, parse};
use crate::error::Error;

/// Commands that work with a token, or about one. A typed word may be that token, in a shape that nothing knows yet.
const WITH_A_TOKEN: [&str; 6] = ["find", "ledger", "verify", "probe", "rotate", "baseline"];

/// In place of a typed word.
const HIDDEN: &str = "…";

/// Prints clap's help, or its error about the arguments, and returns the exit code.
pub(super) fn report(err: &clap::Error, words: &[OsString]) -> u8 {
    if !err.use_stderr() || err.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        output::help(err);
        return if err.use_stderr() { code::TROUBLE } else { code::CLEAN };
    }
    let (format, path) = parse::destination(words);
    let is_secret = words.iter().any(|word| WITH_A_TOKEN.iter().any(|name| word == name));
    let words = parse::command_first(words);
    let command = words.get(1).and_then(|word| word.to_str()).unwrap_or_default();
    // It has no other format, but merge has.
    let is_merge = words.get(2).is_some_and(|word| word == "merge");
    let format = if command == "fleet" && !is_merge { FormatName::Jsonl } else { format };
    output::report_errors_as(format, path.as_deref());
    let refused =
        missing_command(err).or_else(|| refused_option(err, command)).or_else(|| refused_format(err, command));
    if let Some(error) = refused {
        output::fail(&error);
        return code::TROUBLE;
    }
    let text = if is_secret { without_typed(err) } else { err.to_string() };
    let text = text.trim_end().trim_start_matches("error: ");
    output::fail_with_usage(text, &in_brief(text, command));
    code::TROUBLE
}

/// The text of an error in one line, without the usage.
fn in_brief(text: &str, command: &str) -> Error {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let cause = lines.filter(|line| !line.starts_with("Usage: ") && !line.starts_with("For more information"));
    let cause = cause.collect::<Vec<_>>().join("; ");
    let of_command = if parse::is_command(command) { format!("{command} ") } else { String::new() };
    Error::new("cannot understand the command line", cause, format!("see keysweep {of_command}--help"))
}

/// clap's text, with a placeholder for each typed word. Names of options and commands, and the values that an option can have, are
/// not typed.
fn without_typed(err: &clap::Error) -> String {
    let mut hidden = clap::Error::new(err.kind()).with_cmd(&Cli::command());
    let placeholder = || ContextValue::String(HIDDEN.to_owned());
    for (kind, value) in err.context() {
        let value = match kind {
            ContextKind::InvalidArg if err.kind() == ErrorKind::UnknownArgument => placeholder(),
            ContextKind::InvalidSubcommand => placeholder(),
            ContextKind::InvalidValue if *value != ContextValue::String(String::new()) => placeholder(),
            ContextKind::InvalidArg
            | ContextKind::InvalidValue
            | ContextKind::PriorArg
            | ContextKind::ValidValue
            | ContextKind::SuggestedArg
            | ContextKind::SuggestedValue
            | ContextKind::SuggestedSubcommand
            | ContextKind::Usage => value.clone(),
            // Among others how to pass the typed word as a value.
            _ => continue,
        };
        hidden.insert(kind, value);
    }
    let text = hidden.to_string();
    match (text.split_once('\n'), reason(err)) {
        (Some((first, rest)), Some(reason)) => format!("{first}: {reason}\n{rest}"),
        _ => text,
    }
}

/// Why the value of an option is refused, without the value.
fn reason(err: &clap::Error) -> Option<String> {
    let source = std::error::Error::source(err)?;
    let text = source.to_string();
    match text.split_once(" is not in ") {
        Some((_, range)) => Some(format!("it is not in {range}")),
        None => source.is::<ParseIntError>().then_some(text),
    }
}

/// Explains that another build has the command.
fn missing_command(err: &clap::Error) -> Option<Error> {
    let Some(ContextValue::String(name)) = err.get(ContextKind::InvalidSubcommand) else { return None };
    let is_online = cfg!(not(feature = "online")) && ["verify", "probe"].contains(&name.as_str());
    is_online.then(|| without_online(&format!("cannot run keysweep {name}")))
}

fn without_online(context: &str) -> Error {
    let cause = "this keysweep was built without the feature online";
    Error::new(context, cause, "build it again with cargo install --locked --path . --features online")
}

/// Explains why this command does not take an option that another command, or another build, takes.
fn refused_option(err: &clap::Error, command: &str) -> Option<Error> {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(name))) = (err.kind(), err.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    if name == "--archives" && cfg!(not(feature = "archives")) && ["files", "history"].contains(&command) {
        let cause = "this keysweep was built without the feature archives";
        let help = "build it again with cargo install --locked --path . --features archives";
        return Some(Error::new("cannot use --archives", cause, help));
    }
    if name == "--verify" && cfg!(not(feature = "online")) && command == "history" {
        return Some(without_online("cannot use --verify"));
    }
    parse::option(name)?;
    let cause = format!("it has no effect in keysweep {command}");
    parse::is_command(command).then(|| Error::new(format!("cannot use {name}"), cause, "leave it out"))
}

/// Explains which command has the incident report.
fn refused_format(err: &clap::Error, command: &str) -> Option<Error> {
    let is_html = err.get(ContextKind::InvalidValue) == Some(&ContextValue::String("html".to_owned()));
    let is_format =
        matches!(err.get(ContextKind::InvalidArg), Some(ContextValue::String(name)) if name.starts_with("--format"));
    let cause = "the incident report follows each token through the whole history";
    let help = "use keysweep history --format html";
    (is_html && is_format && parse::is_command(command))
        .then(|| Error::new(format!("cannot use --format html in keysweep {command}"), cause, help))
}
