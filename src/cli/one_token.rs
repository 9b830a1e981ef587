//! Reads the one token that a command takes, from standard input.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};

use super::find::{LONGEST, SHORTEST};
use crate::error::Error;
use crate::text::without_line_end;

/// A command that takes one token.
pub(super) struct Taker {
    /// What it is about to do, as the context of an error.
    pub context: &'static str,
    /// The command with the token on standard input.
    pub how: &'static str,
}

impl Taker {
    fn refused(&self, cause: &str) -> Error {
        Error::new(self.context, cause, format!("give it on standard input: {}", self.how))
    }

    /// Refuses a token on the command line, since other users can read the arguments of a process.
    pub fn refuse_arguments(&self, typed: &[OsString]) -> Result<(), Error> {
        let is_fine = typed.is_empty();
        is_fine.then_some(()).ok_or_else(|| self.refused("the shell's history would keep an argument"))
    }

    /// Returns the token, or None if standard input is empty or a terminal.
    #[cfg(feature = "online")]
    pub fn read_if_given(&self) -> Result<Option<Vec<u8>>, Error> {
        if io::stdin().is_terminal() {
            return Ok(None);
        }
        let is_empty = io::BufRead::fill_buf(&mut io::stdin().lock()).map(<[u8]>::is_empty);
        if is_empty.unwrap_or(false) { Ok(None) } else { self.read().map(Some) }
    }

    /// Returns the token, without the line end.
    pub fn read(&self) -> Result<Vec<u8>, Error> {
        if io::stdin().is_terminal() {
            return Err(self.refused("standard input is a terminal, which would show it"));
        }
        let mut text = Vec::new();
        // The longest token, a line end, and one byte more than that.
        let most = LONGEST as u64 + 3;
        io::stdin().take(most).read_to_end(&mut text).map_err(|err| self.refused(&err.to_string()))?;
        let token = without_line_end(&text);
        match token.len() {
            0 => Err(self.refused("standard input is empty")),
            _ if token.iter().any(|b| b.is_ascii_whitespace() || b.is_ascii_control()) => {
                Err(self.refused("standard input has more than one token: it contains a space or a line break"))
            }
            length if length < SHORTEST => Err(self.refused("it has fewer than 8 bytes, which no token has")),
            length if length > LONGEST => Err(self.refused("it has more than 512 bytes, which no token has")),
            _ => Ok(token.to_vec()),
        }
    }
}
