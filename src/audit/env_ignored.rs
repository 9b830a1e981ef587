//! Env files: git must ignore those with values, and the templates must hold no token.

use std::collections::BTreeSet;

use super::check::Check;
use super::env_file::{EnvFile, EnvKind};
use super::ignore_rules::{Ignored, ask};
use super::model::{Answer, Place};
use super::names::is_secret;
use super::package::{Root, file_of};
use super::reader::{folder_of, name_of};
use super::subject::Subject;

pub(super) const CHECK: Check = Check {
    name: "env-ignored",
    rule: "git ignores env files, and templates hold placeholders",
    explanation: "\
Looks at every env file that exists (.env, .env.*, *.env, .envrc, .dev.vars, .secret.local, env_file of Compose, master.key of
Rails), and asks git's ignore rules about .env at each package root that uses one. Where a framework reads them, it also asks
about .env.local and .env.production.local. Only rules in the repository count: those of this machine protect no other clone.
Files that end in .example, .sample, .template or .dist are templates. Values that dotenvx or sops encrypted are no secrets.

fail: a tracked or unignored env file holds a token; a key such as .env.keys is tracked; git would add .env.
suspect: an env file without a token is tracked, in a package's folder (as Vite and Next.js suggest) or with a variable for a
secret; only rules of this machine ignore a file.",
    run,
};

fn run(subject: &Subject<'_>) -> Answer {
    let files = subject.env_files();
    let mut places: Vec<Place> = files.iter().filter_map(|file| tracked_or_template(file, subject)).collect();
    let asked = questions(subject);
    let is_applicable = !asked.is_empty() || !files.is_empty();
    let ignored = match ask(&asked, &subject.reader, subject.settings.top) {
        Ok(ignored) => ignored,
        Err(error) => {
            subject.reader.record(error);
            return Answer::of(places, || Answer::unknown("git's ignore rules could not be read", "see the error"));
        }
    };
    places.extend(asked.iter().zip(ignored).filter_map(|(path, ignored)| unignored(path, &ignored, subject)));
    Answer::of(places, || {
        if is_applicable {
            Answer::pass("git ignores the env files, and the templates hold no token")
        } else {
            Answer::not_applicable("nothing here uses an env file")
        }
    })
}

/// The place of a file that is wrong whatever the ignore rules say.
fn tracked_or_template(file: &EnvFile, subject: &Subject<'_>) -> Option<Place> {
    let shown = subject.shown(&file.path);
    let path = String::from_utf8_lossy(shown.as_bytes()).into_owned();
    let line = file.tokens.first().map(|token| token.line);
    let untrack = format!("run git rm --cached {path}, add the file to .gitignore, and rotate its tokens");
    match file.kind {
        EnvKind::Template => {
            let token = file.tokens.first()?;
            let why = format!("the template holds a token ({})", token.redacted);
            Some(Place::fail(shown, line, why, "replace it with a placeholder, and rotate the token"))
        }
        EnvKind::Key if file.is_tracked => {
            Some(Place::fail(shown, None, "a key that decrypts secrets is tracked", untrack))
        }
        EnvKind::Values if file.is_tracked && line.is_some() => {
            Some(Place::fail(shown, line, "a tracked env file holds a token", untrack))
        }
        EnvKind::Values if file.is_tracked && !is_encrypted(file) && may_get_secrets(file, subject) => {
            Some(Place::suspect(
                shown,
                None,
                "the env file is tracked; it holds no token now",
                format!("keep only public defaults in it, or run git rm --cached {path} and ignore it"),
            ))
        }
        EnvKind::Key | EnvKind::Values | EnvKind::Encrypted => None,
    }
}

/// Whether the file may get a secret: it is in a package's folder, or has a variable for one.
fn may_get_secrets(file: &EnvFile, subject: &Subject<'_>) -> bool {
    let is_of_package = subject.roots().iter().any(|root| root.folder == folder_of(&file.path));
    is_of_package || file.variables.iter().any(|variable| is_secret(&variable.name))
}

/// Whether the file has no plain value that could be a secret, since dotenvx or sops encrypted them.
fn is_encrypted(file: &EnvFile) -> bool {
    let is_public_key = |name: &str| name.starts_with("DOTENV_PUBLIC_KEY") || name.starts_with("sops_");
    file.variables.iter().any(|variable| variable.is_encrypted)
        && file.variables.iter().all(|one| one.is_encrypted || one.is_empty || is_public_key(&one.name))
}

/// The paths to ask git about: untracked env files, and the usual names at each root that uses env files.
fn questions(subject: &Subject<'_>) -> Vec<Vec<u8>> {
    let files = subject.env_files();
    let with_values = |file: &&EnvFile| matches!(file.kind, EnvKind::Values | EnvKind::Key);
    let untracked = files.iter().filter(with_values).filter(|file| !file.is_tracked).map(|file| file.path.clone());
    let mut asked: BTreeSet<Vec<u8>> = untracked.collect();
    let tracked: BTreeSet<&[u8]> = files.iter().filter(|file| file.is_tracked).map(|file| &file.path[..]).collect();
    for root in subject.roots().iter().filter(|root| uses_env(root, subject)) {
        let modes: &[&str] = if root.has_modes() { &[".env.local", ".env.production.local"] } else { &[] };
        let names = std::iter::once(&".env").chain(modes);
        asked.extend(names.map(|name| file_of(root, name)).filter(|path| !tracked.contains(&path[..])));
    }
    asked.into_iter().collect()
}

/// Whether a package of the root loads `.env`, or such a file or its template is in the root's folder.
fn uses_env(root: &Root, subject: &Subject<'_>) -> bool {
    let is_own = |file: &EnvFile| folder_of(&file.path) == root.folder && name_of(&file.path).starts_with(b".env");
    root.loads_env() || subject.env_files().iter().any(is_own)
}

fn unignored(path: &[u8], ignored: &Ignored, subject: &Subject<'_>) -> Option<Place> {
    let shown = subject.shown(path);
    let existing = subject.env_files().iter().find(|file| file.path == path);
    let line = existing.and_then(|file| file.tokens.first()).map(|token| token.line);
    let name = String::from_utf8_lossy(name_of(path)).into_owned();
    let help = format!("add {name} to .gitignore");
    match ignored {
        Ignored::ByRepository => None,
        Ignored::ByMachine(source) => {
            let why = format!("only {source} ignores it, and no other clone has that file");
            Some(Place::suspect(shown, line, why, help))
        }
        Ignored::No if line.is_some() => {
            Some(Place::fail(shown, line, "git add -A would take the env file, which holds a token", help))
        }
        Ignored::No if existing.is_some() => {
            Some(Place::fail(shown, None, "git does not ignore the env file, so git add -A would take it", help))
        }
        Ignored::No => Some(Place::fail(shown, None, "no rule in .gitignore matches this name", help)),
    }
}
