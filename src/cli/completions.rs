//! `keysweep completions`: the scripts that shells source.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::Cli;
use super::options::Common;
use super::{code, output};
use crate::error::Error;

pub(super) fn run(shell: Shell, common: &Common) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "keysweep", &mut script);
    output::write(common, |_, out| out.write_all(&script))?;
    Ok(code::CLEAN)
}
