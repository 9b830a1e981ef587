//! The judge of shell commands, for the fuzz target.

use super::shell::judge::try_judge;
use super::shell::ruling::Ruling;

/// Whether the command is refused. Panics if the judge panics.
pub fn refuses(command: &str) -> bool {
    let ruling = try_judge(command, ".", &|_, _| None).expect("the judge does not panic");
    matches!(ruling, Some(Ruling::Refused(_)))
}
