//! `keysweep rotate`: the procedure to rotate a vendor's tokens in this repository.

use std::path::Path;

use super::args::RotateArgs;
use super::options::Common;
use super::scan::threads;
use super::{code, in_force, output};
use crate::detect::Detector;
use crate::error::{Error, nearest};
use crate::git::repository::Repository;
use crate::report::{self, DocumentFormat, Format, RotationReport};
use crate::rotation::{Credential, Deployment, Heading, of_vendor, steps, vendor_names};

/// The first sentence of the procedure.
const CREATE: &str = "Create the new token at the vendor. If the old one did not leak, keep it until the new one works: where an item \
                      ends it now, choose a later time if the vendor offers one.";

pub(super) fn run(args: &RotateArgs, common: &Common) -> Result<u8, Error> {
    let all = of_vendor(args.vendor.trim());
    if all.is_empty() {
        return Err(unknown(&args.vendor));
    }
    let repository = Repository::discover(Path::new("."))?;
    let top = repository.own_worktree()?;
    let settings = in_force::of_folder(top, common)?;
    let detector = Detector::new(&settings.rules);
    let mut deployment = top
        .map_or_else(Deployment::default, |top| Deployment::read(&repository, top, &all, &detector, threads(common)));
    let (chosen, others) = choose(all, &mut deployment);
    deployment.unread.iter().for_each(output::complain);
    let errors: Vec<Error> = deployment.unread.drain(..).map(output::masked).collect();
    let steps = steps(&chosen, &deployment, CREATE, Heading::Titles);
    let titles: Vec<&str> = chosen.iter().map(|one| &*one.title).collect();
    let report = RotationReport { titles: &titles, others: &others, steps: &steps, errors: &errors };
    let format = args.format();
    output::write(common, |style, out| {
        report::write_rotation(&report, format, style, out)?;
        // On a terminal, standard error has already shown them.
        let mut in_file = errors.iter().filter(|_| format == DocumentFormat::Human && common.output.is_some());
        in_file.try_for_each(|error| report::write_error(error, Format::Human, out))
    })?;
    Ok(if errors.is_empty() { code::CLEAN } else { code::TROUBLE })
}

/// The kinds of token that the repository names, and the titles of the others. If it names none, the first key.
fn choose(all: Vec<Credential>, deployment: &mut Deployment) -> (Vec<Credential>, Vec<String>) {
    let mut named: Vec<usize> = (0..all.len()).filter(|index| deployment.names(*index)).collect();
    if named.is_empty() {
        named.push(all.iter().position(Credential::is_key).unwrap_or_default());
    }
    deployment.keep(&named);
    let (chosen, others): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(index, _)| named.contains(index));
    let titles = others.into_iter().map(|(_, one)| one.title);
    (chosen.into_iter().map(|(_, one)| one).collect(), titles.collect())
}

/// The error does not repeat the text, which may be a token.
fn unknown(vendor: &str) -> Error {
    let names = vendor_names();
    let nearest = nearest(&vendor.to_ascii_lowercase(), names.iter().copied());
    let help = format!("did you mean {nearest}? keysweep rotate knows {}", names.join(", "));
    Error::new("cannot describe the rotation", "no rule has a vendor of the given name", help)
}
