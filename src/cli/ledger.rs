//! `keysweep ledger add`: writes the fingerprint of a token into the ledger of `.keysweep.toml`.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{LedgerAction, LedgerArgs};
use super::one_token::Taker;
use super::options::Common;
use super::today::today;
use super::{code, in_force, output};
use crate::atomic_file::AtomicFile;
use crate::config::{CONFIG_NAME, Config, Date, LedgerEntry, MAX_BYTES, with_entry};
use crate::detect::Detector;
use crate::error::Error;
use crate::finding::Secret;
use crate::git::repository::Repository;
use crate::regular_file;
use crate::rule::Rule;
use crate::rules;

const CONTEXT: &str = "cannot add the token to the ledger";

const TAKER: Taker = Taker { context: CONTEXT, how: "printf %s \"$TOKEN\" | keysweep ledger add" };

pub(super) fn run(args: &LedgerArgs, common: &Common) -> Result<u8, Error> {
    match args.action {
        LedgerAction::Add => add(args, common),
    }
}

fn add(args: &LedgerArgs, common: &Common) -> Result<u8, Error> {
    TAKER.refuse_arguments(&args.typed)?;
    let token = TAKER.read()?;
    // From here on, no message can contain the token, whatever its shape.
    let searched = Arc::new(Detector::for_tokens(rules::ALL, &[&token]));
    output::know_tokens(&searched);
    let path = path(common)?;
    let settings = in_force::of_folder(path.parent(), common)?;
    let title = recognized(&token, &settings.rules)?;
    let entry = entry(args, &token, &searched)?;
    if let Some(known) = settings.ledger.iter().find(|known| known.fingerprint == entry.fingerprint) {
        let cause = format!("line {} lists its fingerprint {} already", known.line, entry.fingerprint);
        return Err(Error::new(context(&path), cause, "change that entry, or give another token"));
    }
    let line = write(&path, &entry)?;
    let name = path.file_name().unwrap_or_default().display();
    let mut lines = vec![format!("added {title} with the fingerprint {} to {name}:{line}", entry.fingerprint)];
    lines.extend(incomplete(&entry));
    lines.push(format!("the entry silences no finding; to share it: git add {name}"));
    output::write(common, |_, out| {
        let mut lines = lines.iter().filter(|_| !common.quiet);
        lines.try_for_each(|line| writeln!(out, "keysweep: {}", output::safe(line)))
    })?;
    Ok(code::CLEAN)
}

fn context(path: &Path) -> String {
    format!("cannot add the token to {}", path.display())
}

/// The configuration to change: the one that `--config` names, or the one at the top of the worktree.
fn path(common: &Common) -> Result<PathBuf, Error> {
    if let Some(path) = &common.config {
        return Ok(path.clone());
    }
    let repository = Repository::discover(Path::new("."))?;
    let top = repository.own_worktree()?.ok_or_else(|| {
        let help = "run it in a clone, and commit the file; or name a file with --config";
        Error::new(CONTEXT, "a bare repository has no worktree", help)
    })?;
    Ok(top.join(CONFIG_NAME))
}

/// What the token is, as a noun with an article. An error if only a part of it is a token, since an audit would compare another
/// fingerprint.
fn recognized(token: &[u8], rules: &[&'static Rule]) -> Result<String, Error> {
    match Detector::new(rules).find(token).first() {
        Some(hit) if hit.span == (0..token.len()) && hit.encoding.is_none() => {
            Ok(format!("{} ({})", hit.redacted, hit.rule.title))
        }
        Some(_) => Err(Error::new(
            CONTEXT,
            "standard input has other text around the token, or the token is encoded",
            "give only the token, as the vendor issued it, without a name and without quotes",
        )),
        None => Ok("a token that no rule recognizes without its context".to_owned()),
    }
}

fn entry(args: &LedgerArgs, token: &[u8], searched: &Detector) -> Result<LedgerEntry, Error> {
    let today = today()?;
    let scopes = |text: &String| {
        let words = text.split([' ', ',', '\t', '\n']).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let texts = [("--owner", &args.owner), ("--environment", &args.environment), ("--scopes", &args.scopes)];
    for (option, text) in texts.iter().filter_map(|(option, text)| Some((option, text.as_ref()?))) {
        if searched.mask(text.as_bytes()) != text.as_bytes() {
            return Err(Error::new(format!("cannot use {option}"), "it contains a token", "leave the token out"));
        }
    }
    let date = |option: &str, text: &Option<String>| text.as_ref().map(|text| parse_date(option, text)).transpose();
    let (created, rotate_by) = (date("--created", &args.created)?, date("--rotate-by", &args.rotate_by)?);
    expect(created.is_none_or(|created| created <= today), "--created", "it is in the future")?;
    expect(rotate_by.is_none_or(|by| by >= today), "--rotate-by", "it is in the past")?;
    Ok(LedgerEntry {
        fingerprint: Secret::new(token).fingerprint(),
        owner: args.owner.clone(),
        environment: args.environment.clone(),
        created,
        rotate_by,
        scopes: args.scopes.as_ref().map(scopes),
        line: 0,
    })
}

fn parse_date(option: &str, text: &str) -> Result<Date, Error> {
    // The error does not repeat the text, which may be a token.
    let is_date = |date: &Date| date.to_string() == text;
    let cause = "it is not a date of the calendar";
    Date::parse(text).filter(is_date).ok_or_else(|| bad_date(option, cause))
}

fn expect(holds: bool, option: &str, cause: &str) -> Result<(), Error> {
    holds.then_some(()).ok_or_else(|| bad_date(option, cause))
}

fn bad_date(option: &str, cause: &str) -> Error {
    Error::new(format!("cannot use the value of {option}"), cause, "name a day such as 2027-03-31")
}

/// Which facts `keysweep audit` misses in the entry.
fn incomplete(entry: &LedgerEntry) -> Option<String> {
    let facts = [
        (entry.owner.is_none(), "--owner"),
        (entry.created.is_none(), "--created"),
        (entry.rotate_by.is_none(), "--rotate-by"),
        (entry.scopes.is_none(), "--scopes"),
    ];
    let missing: Vec<&str> = facts.iter().filter(|(is_missing, _)| *is_missing).map(|(_, option)| *option).collect();
    (!missing.is_empty())
        .then(|| format!("keysweep audit asks for more facts, which you can add to the entry: {}", missing.join(", ")))
}

/// Appends the entry, and returns its line. Nothing is written unless the result is a valid configuration with this entry.
fn write(path: &Path, entry: &LedgerEntry) -> Result<usize, Error> {
    let failed = |err: io::Error| Error::new(context(path), err, "make the file and its folder writable");
    let refused = |cause: String, help: &str| Error::new(context(path), cause, help);
    if path.is_symlink() {
        let help = "name the file that it refers to with --config, or make it a regular file";
        return Err(refused("it is a symbolic link".to_owned(), help));
    }
    let mut file = AtomicFile::lock(path, &context(path))?;
    let before = content(path).map_err(failed)?;
    let after = with_entry(&before, entry);
    let help = "correct the option, or the file; if its entries are a list, write each as a table [[token]]";
    let config = Config::parse(&after).map_err(|wrong| refused(wrong.to_string(), help))?;
    let (line, others) = config.ledger.split_last().map_or((0, &[][..]), |(last, others)| (last.line, others));
    if others.iter().any(|other| other.fingerprint == entry.fingerprint) {
        return Err(refused("another program has just added the token".to_owned(), "give another token"));
    }
    file.write_all(&after).map_err(failed)?;
    keep_mode(&file, path).map_err(failed)?;
    if content(path).map_err(failed)? != before {
        return Err(refused("another program has just changed it".to_owned(), "run the command again"));
    }
    file.replace().map_err(failed)?;
    Ok(line)
}

/// Empty if there is no file.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    match regular_file::open_named(path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(err) => Err(err),
        Ok(file) => {
            let mut text = Vec::new();
            file.take(MAX_BYTES as u64 + 1).read_to_end(&mut text)?;
            Ok(text)
        }
    }
}

/// Git tracks the file, so others may read it. An existing file keeps its mode.
fn keep_mode(file: &AtomicFile, path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(meta) => file.file().set_permissions(meta.permissions()),
        #[cfg(unix)]
        Err(_) => file.file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644)),
        #[cfg(not(unix))]
        Err(_) => Ok(()),
    }
}
