//! `keysweep scopes`: the scopes that the code needs at Attio.

use std::path::Path;

use super::args::ScopesArgs;
use super::options::Common;
use super::scan::threads;
use super::{code, in_force, output};
use crate::detect::Detector;
use crate::error::{Error, counted};
use crate::git::repository::Repository;
use crate::report::{self, Format, ScopesFormat};
use crate::scopes::Needed;

pub(super) fn run(args: &ScopesArgs, common: &Common) -> Result<u8, Error> {
    let repository = Repository::discover(Path::new("."))?;
    let top = repository.own_worktree()?.ok_or_else(|| {
        Error::new("cannot look for calls", "a bare repository has no worktree", "run keysweep scopes in a clone")
    })?;
    let settings = in_force::of_folder(Some(top), common)?;
    let detector = Detector::new(&settings.rules);
    let mut needed = Needed::read(&repository, top, &detector, threads(common));
    needed.unread.iter().for_each(output::complain);
    let errors: Vec<Error> = needed.unread.drain(..).map(output::masked).collect();
    let format = args.format();
    if format == ScopesFormat::List && !needed.untold.is_empty() {
        // The line itself cannot say so.
        let count = counted(needed.untold.len(), "call");
        output::announce(&format!("the scopes of {count} are not known; keysweep scopes lists them"));
    }
    if format == ScopesFormat::List && needed.scopes.is_empty() {
        output::announce(
            "the list is empty, which verify --expect-scopes refuses: the code needs no scope that is known",
        );
    }
    output::write(common, |style, out| {
        report::write_scopes(&needed, &errors, format, style, out)?;
        // On a terminal, standard error has already shown them.
        let mut in_file = errors.iter().filter(|_| format == ScopesFormat::Human && common.output.is_some());
        in_file.try_for_each(|error| report::write_error(error, Format::Human, out))
    })?;
    Ok(if errors.is_empty() { code::CLEAN } else { code::TROUBLE })
}
