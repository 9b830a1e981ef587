//! `keysweep fleet`: scans the repositories of a list, one after the other.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::args::FleetArgs;
use super::options::Common;
use super::settings::Settings;
use super::{code, output};
use crate::error::{Error, counted};
use crate::finding::ShownPath;
use crate::fleet::address::{Address, RefusedAddress, Remote};
use crate::fleet::cache::{Cache, Entry};
use crate::fleet::list::{Line, List};
use crate::fleet::mirror;
use crate::fleet::worker::{self, Target};
use crate::interruption::{self, Leftover, when_stopped};
use crate::regular_file;
use crate::report::{FleetLine, fleet_line_of, shown_path, write_fleet_error};
use crate::subprocess::Limits;

pub(super) fn run(args: &FleetArgs, common: &Common) -> Result<u8, Error> {
    // A wrong configuration is one error, not one for each repository.
    match &common.config {
        Some(path) => Settings::from_file(path, &common.allow)?,
        None => Settings::without_file(&common.allow)?,
    };
    let mut list = List::new(open(&args.list)?);
    let cache = Cache::open(cache_folder(args)?, args.cache_size)?;
    when_stopped(|| output::announce("stopped: the repositories that have no summary yet were not scanned"));
    let fleet = Fleet { args, common, cache, options: options(args, common)?, totals: Totals::default() };
    let mut failed = None;
    output::write(common, |_, out| {
        while let Some(line) = list.next_line().unwrap_or_else(|err| {
            failed = Some(unreadable(&args.list, err));
            None
        }) {
            fleet.scan(line, out)?;
            // Somebody may wait for the result of this repository.
            out.flush()?;
        }
        fleet.totals.is_whole.set(true);
        failed.as_ref().map_or(Ok(()), |error| report_unread(error, out))
    })?;
    Ok(fleet.finish(list.duplicates, failed.as_ref()))
}

/// An error that concerns no single repository has none.
fn report_unread(error: &Error, out: &mut dyn Write) -> io::Result<()> {
    crate::report::write_error(&output::masked(error.clone()), crate::report::Format::Jsonl, out)
}

struct Fleet<'f> {
    args: &'f FleetArgs,
    common: &'f Common,
    cache: Cache,
    /// The options of each `keysweep history`.
    options: Vec<OsString>,
    totals: Totals,
}

/// Counts of repositories.
#[derive(Default)]
struct Totals {
    all: Cell<usize>,
    with_tokens: Cell<usize>,
    failed: Cell<usize>,
    /// Whether the list was read to its end.
    is_whole: Cell<bool>,
}

fn count(cell: &Cell<usize>, one: bool) {
    cell.set(cell.get() + usize::from(one));
}

/// What was written about a repository.
#[derive(Default)]
struct Written {
    has_finding: bool,
    has_error: bool,
    has_summary: bool,
}

impl Written {
    fn add(&mut self, kind: FleetLine) {
        match kind {
            FleetLine::Finding => self.has_finding = true,
            FleetLine::Error => self.has_error = true,
            FleetLine::Summary => self.has_summary = true,
        }
    }
}

/// Takes a line of a scan. An error ends the scan.
type OnLine<'l> = &'l mut dyn FnMut(&[u8]) -> Result<(), String>;

impl Fleet<'_> {
    /// Scans a repository. Only writing fails: all other errors are lines of the result.
    fn scan(&self, line: Line, out: &mut dyn Write) -> io::Result<()> {
        let (repository, address) = parsed(line);
        self.show_progress(&format!("repository {}: {repository}", self.totals.all.get() + 1));
        let mut written = Written::default();
        let (mut broken, mut unfetched) = (None, None);
        let scanned = address.and_then(|address| {
            self.scan_address(&address, &mut unfetched, &mut |line| {
                let Some((kind, line)) = fleet_line_of(line, &repository)? else { return Ok(()) };
                written.add(kind);
                writeln!(out, "{line}").map_err(|err| {
                    let cause = err.to_string();
                    broken = Some(err);
                    cause
                })
            })
        });
        self.show_progress("");
        if let Some(err) = broken {
            return Err(err);
        }
        let silent = || Error::new("cannot scan the repository", "the scan ended without a summary", "run it again");
        let failed = scanned.err().or_else(|| (!written.has_summary && !written.has_error).then(silent));
        for error in failed.into_iter().chain(unfetched) {
            written.has_error = true;
            let error = output::masked(error);
            output::complain(&Error { context: format!("{repository}: {}", error.context), ..error.clone() });
            write_fleet_error(&error, &repository, out)?;
        }
        count(&self.totals.all, true);
        count(&self.totals.with_tokens, written.has_finding);
        count(&self.totals.failed, written.has_error);
        Ok(())
    }

    fn scan_address(&self, address: &Address, unfetched: &mut Option<Error>, on_line: OnLine<'_>) -> Result<(), Error> {
        let deadline = Instant::now() + Duration::from_secs(self.args.seconds);
        match address {
            Address::Folder(path) => self.scan_folder(&Target::at(path)?, deadline, on_line),
            Address::Remote(remote) => {
                let entry = self.cache.entry(address.key(), deadline)?;
                *unfetched = self.update(remote, &entry, deadline)?;
                self.scan_with(&entry, &Target::at(&mirror_in(&entry))?, deadline, on_line)
            }
        }
    }

    fn scan_folder(&self, target: &Target, deadline: Instant, on_line: OnLine<'_>) -> Result<(), Error> {
        if !self.args.since_last {
            return worker::scan(target, &self.options, &Limits { deadline, check: &|| Ok(()) }, on_line);
        }
        // Anyone who can write to the repository could forge a list of clean objects in it.
        let entry = self.cache.entry(Address::Folder(target.folder().to_owned()).key(), deadline)?;
        self.scan_with(&entry, target, deadline, on_line)
    }

    /// Fetches what is new. Returns an error about refs that git does not fetch.
    fn update(&self, remote: &Remote, entry: &Entry, deadline: Instant) -> Result<Option<Error>, Error> {
        let mirror = mirror_in(entry);
        let limits = Limits { deadline, check: &|| self.cache.make_room(entry) };
        let stopped = mirror.clone();
        let removal = Leftover::Removal(Box::new(move || mirror::remove_leftovers(&stopped)));
        // Without it, the next update removes what a stopped git left behind.
        let _registered = interruption::create(|| Ok(((), removal)));
        let updated = mirror::update(remote, &mirror, &limits)
            .and_then(|unfetched| self.cache.make_room(entry).map(|()| unfetched).map_err(|cause| too_large(&cause)));
        if updated.is_err() {
            mirror::remove_leftovers(&mirror);
            // A repository that alone exceeds the limit is not kept.
            if self.cache.make_room(entry).is_err() {
                self.cache.clear(entry);
                // Others may exceed a limit that is lower than before. An error concerns the next repository.
                let _ = self.cache.make_room(entry);
            }
            self.cache.record(entry);
        }
        updated
    }

    /// Scans with the cache of clean objects in the folder of the entry, if the user wants one.
    fn scan_with(&self, entry: &Entry, target: &Target, deadline: Instant, on_line: OnLine<'_>) -> Result<(), Error> {
        let mut options = self.options.clone();
        if self.args.since_last {
            options.extend(["--since-last".into(), "--clean-cache".into(), entry.folder.clone().into()]);
        }
        let scanned = worker::scan(target, &options, &Limits { deadline, check: &|| Ok(()) }, on_line);
        // The list of clean objects is small. If the cache is too large with it, the next repository makes room.
        let _ = self.cache.make_room(entry);
        self.cache.record(entry);
        scanned
    }

    /// Replaces the progress line on the terminal. An empty line removes it.
    fn show_progress(&self, line: &str) {
        if output::is_watched() && !self.common.quiet && !self.common.no_progress {
            output::show_progress(line);
        }
    }

    /// Reports the totals, and returns the exit code.
    fn finish(&self, duplicates: usize, failed: Option<&Error>) -> u8 {
        let Totals { with_tokens, failed: with_errors, is_whole, .. } = &self.totals;
        failed.into_iter().for_each(output::complain);
        if !is_whole.get() {
            output::announce("standard output was closed, so the rest of the list was not scanned");
        } else if !self.common.quiet {
            output::announce(&self.totals.sentence(duplicates));
        }
        match (failed.is_some() || !is_whole.get() || with_errors.get() > 0, with_tokens.get() > 0) {
            (true, _) => code::TROUBLE,
            (false, true) => code::FOUND,
            (false, false) => code::CLEAN,
        }
    }
}

impl Totals {
    fn sentence(&self, duplicates: usize) -> String {
        let left_out = match duplicates {
            0 => String::new(),
            lines => format!(", {} left out", counted(lines, "repeated line")),
        };
        let (with_tokens, failed) = (self.with_tokens.get(), self.failed.get());
        let repositories = counted(self.all.get(), "repository");
        format!("{repositories}: {with_tokens} with tokens, {failed} with errors{left_out}")
    }
}

fn mirror_in(entry: &Entry) -> PathBuf {
    entry.folder.join("mirror.git")
}

/// The name of the repository as every line shows it, and its address.
fn parsed(line: Line) -> (String, Result<Address, Error>) {
    let line = match line {
        Line::Address(line) => line,
        Line::TooLong => {
            let error = Error::new("cannot use a line of the list", "it is too long", "write one address on each line");
            return ("(a long line)".to_owned(), Err(error));
        }
    };
    match Address::parse(&line) {
        Ok(Address::Remote(remote)) => (output::safe(&remote.url), Ok(Address::Remote(remote))),
        Ok(folder) => (shown(&line), Ok(folder)),
        Err(RefusedAddress { shown, error }) => (output::safe(&shown), Err(error)),
    }
}

fn shown(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok(text) => output::safe(text),
        Err(_) => output::safe(&shown_path(&ShownPath::from_masked(path.to_vec()))),
    }
}

fn too_large(cause: &str) -> Error {
    Error::new("cannot keep the repository", cause, "raise the limit with --cache-size")
}

fn unreadable(list: &Path, err: io::Error) -> Error {
    Error::new(format!("cannot read the list {}", list.display()), err, "name a file, or - for standard input")
}

fn open(list: &Path) -> Result<Box<dyn BufRead>, Error> {
    if list == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = regular_file::open_named(list).map_err(|err| unreadable(list, err))?;
    Ok(Box::new(BufReader::new(file)))
}

/// `keysweep/fleet` in the user's cache folder.
fn cache_folder(args: &FleetArgs) -> Result<PathBuf, Error> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let named = args.cache.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
    let of_user = || {
        let folder = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))?;
        Some(folder.join("keysweep/fleet"))
    };
    named.or_else(of_user).ok_or_else(|| {
        Error::new("cannot find the user's cache folder", "HOME is not set", "name a folder with --cache")
    })
}

/// The options of `keysweep history` for each repository, which runs in another folder.
fn options(args: &FleetArgs, common: &Common) -> Result<Vec<OsString>, Error> {
    let mut options: Vec<OsString> = Vec::new();
    if let Some(config) = &common.config {
        let config = std::path::absolute(config).map_err(|err| {
            Error::new(format!("cannot find {}", config.display()), err, "write the absolute path of the file")
        })?;
        options.extend(["--config".into(), config.into()]);
    }
    options.extend(common.allow.iter().map(|glob| format!("--allow={glob}").into()));
    options.extend(common.threads.map(|threads| format!("--threads={threads}").into()));
    let flags = [
        (!args.trust_config, "--untrusted"),
        (args.allow_incomplete, "--allow-incomplete"),
        (args.archives(), "--archives"),
    ];
    options.extend(flags.into_iter().filter(|(is_on, _)| *is_on).map(|(_, flag)| flag.into()));
    Ok(options)
}
