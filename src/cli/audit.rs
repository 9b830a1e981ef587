//! `keysweep audit`.

use std::path::Path;
use std::time::Instant;

use super::args::AuditArgs;
use super::history::rules_version;
use super::options::Common;
use super::scan::threads;
use super::today::today;
use super::{baselines, code, in_force, output};
use crate::audit::{Audited, CHECKS, Check, Place, Settings, run as run_checks};
use crate::detect::Detector;
use crate::error::{Error, nearest};
use crate::git::repository::Repository;
use crate::report::{self, AuditFormat, AuditReport, Format};

pub(super) fn run(args: &AuditArgs, common: &Common) -> Result<u8, Error> {
    if let Some(name) = &args.explain {
        let check = named(name)?;
        output::write(common, |_, out| report::explain_check(check, out))?;
        return Ok(code::CLEAN);
    }
    let started = Instant::now();
    let checks = selected(&args.checks)?;
    let repository = Repository::discover(Path::new("."))?;
    let top = repository.own_worktree()?.ok_or_else(|| {
        let context = format!("cannot audit {}", repository.common_dir().display());
        Error::new(context, "it has no worktree", "run keysweep audit in a clone or a worktree")
    })?;
    let settings = in_force::of_folder(Some(top), common)?;
    let baseline = baselines::of_folder(top)?;
    let detector = Detector::new(&settings.rules);
    let digests = [false, true].map(|archives| rules_version(&settings.rules, archives));
    let mut audit = run_checks(
        &checks,
        &Settings {
            repository: &repository,
            top,
            detector: &detector,
            allow: &settings.allow,
            baseline: &baseline,
            ledger: &settings.ledger,
            accepted: &settings.accepted,
            today: today()?,
            threads: threads(common),
            run_hooks: args.run_hooks,
            rule_digests: &digests,
        },
    );
    audit.unread.iter().for_each(output::complain);
    let errors: Vec<Error> = audit.unread.drain(..).map(output::masked).collect();
    let checks: Vec<Audited> = audit.checks.into_iter().map(masked).collect();
    let report = AuditReport { checks: &checks, errors: &errors, seconds: started.elapsed().as_secs_f64() };
    let (format, quiet) = (args.format(), common.quiet || settings.quiet);
    output::write(common, |style, out| {
        report::write_audit(&report, format, style, quiet, out)?;
        // On a terminal, standard error has already shown them.
        let mut in_file = errors.iter().filter(|_| format == AuditFormat::Human && common.output.is_some());
        in_file.try_for_each(|error| report::write_error(error, Format::Human, out))
    })?;
    let failed = checks.iter().any(|one| one.is_failure(args.strict));
    Ok(match (errors.is_empty(), failed) {
        (false, _) => code::TROUBLE,
        (true, true) => code::FOUND,
        (true, false) => code::CLEAN,
    })
}

/// The named checks in the order of the list, or all.
fn selected(names: &[String]) -> Result<Vec<&'static Check>, Error> {
    let wanted = names.iter().map(|name| named(name)).collect::<Result<Vec<_>, _>>()?;
    let is_wanted = |check: &&Check| names.is_empty() || wanted.iter().any(|one| one.name == check.name);
    Ok(CHECKS.iter().filter(is_wanted).collect())
}

fn named(name: &str) -> Result<&'static Check, Error> {
    CHECKS.iter().find(|check| check.name == name).ok_or_else(|| {
        let nearest = nearest(name, CHECKS.iter().map(|check| check.name));
        let all: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        let help = format!("did you mean {nearest}? The checks are {}", all.join(", "));
        Error::new(format!("cannot run the check {name}"), "there is no such check", help)
    })
}

/// Texts may quote names of variables, paths and messages of git.
fn masked(mut one: Audited) -> Audited {
    let answer = &mut one.answer;
    let texts = answer.places.iter_mut().flat_map(|Place { why, help, .. }| [why, help]);
    texts.chain([&mut answer.why, &mut answer.help]).for_each(|text| *text = output::safe(text));
    one
}
