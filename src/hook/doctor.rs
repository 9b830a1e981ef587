//! The state of every hook of a clone, and the proof that it blocks a token.

use std::path::Path;

use super::event::{Event, Hook, Source, State};
use super::runner::Runner;
use super::{Changes, OF_A_CLONE};
use crate::error::Error;
use crate::hook::bypasses::bypasses;
use crate::hook::configured::{ConfiguredHooks, older_gits_note};
use crate::hook::hooks_dir::{HooksDir, View};
use crate::hook::probe::{Proof, Stage};

/// The findings, and whether a token would be stopped.
#[derive(Debug)]
pub struct Diagnosis {
    pub changes: Changes,
    pub guard: Guard,
}

/// Whether a token would be blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Every hook stops a token.
    Whole,
    /// The commit's hook stops a token, and not every other hook does.
    Partial,
    None,
    Unproved,
}

/// Examines the hooks of the repository that `dir` is in, and makes git run them on a planted token.
pub fn doctor(dir: &Path) -> Result<Diagnosis, Error> {
    let places = HooksDir::all(dir)?;
    let mut whole: Option<Diagnosis> = None;
    for place in &places {
        let one = diagnose(place, places.len() > 1)?;
        whole = Some(match whole {
            None => one,
            Some(mut whole) => {
                whole.changes.absorb(one.changes);
                whole.changes.drop_repeated_notes();
                Diagnosis { guard: weaker(whole.guard, one.guard), ..whole }
            }
        });
    }
    Ok(whole.expect("a repository has hooks in one place at least"))
}

/// What reading shows about the hooks of an event.
#[derive(Debug)]
pub struct ReadEvent {
    pub name: &'static str,
    /// The hook that decides, as a report names it.
    pub hook: String,
    pub state: ReadState,
}

#[derive(Debug, PartialEq, Eq)]
pub enum ReadState {
    Missing,
    NotExecutable,
    Unreadable(String),
    /// A hook of the configuration that calls keysweep. Holds the setting that switches it off.
    SwitchedOff(String),
    CallsKeysweep,
    /// Another hook, with a noun for it. It may call keysweep indirectly.
    Other(String),
}

/// Reads the hooks of the repository that `dir` is in, and the warnings about what switches them off. Runs none. The first event is
/// the one that matters most.
pub fn read_hooks(dir: &Path) -> Result<(Vec<ReadEvent>, Vec<String>), Error> {
    let place = HooksDir::find(dir)?;
    let configured = ConfiguredHooks::read(&place)?;
    let events = events(&place, &configured)?;
    let needs_scripts = events.iter().any(Event::needs_script);
    let mut warnings = bypasses(&place, events.iter().any(Event::calls_keysweep), needs_scripts);
    warnings.extend(configured.warnings(&names(&events), events.iter().all(Event::calls_keysweep)));
    Ok((events.iter().map(read_event).collect(), warnings))
}

fn read_event(event: &Event) -> ReadEvent {
    let of = |state: fn(&Hook) -> bool| event.hooks.iter().find(|hook| state(hook));
    let decides = of(Hook::calls_keysweep)
        .or_else(|| of(|hook| matches!(&hook.source, Source::Configuration(set) if set.calls_keysweep)))
        .or_else(|| of(|hook| matches!(hook.state, State::Live(_))));
    let hook = decides.unwrap_or_else(|| event.script());
    let state = match &hook.state {
        State::Missing => ReadState::Missing,
        State::NotExecutable => ReadState::NotExecutable,
        State::Unreadable(why) => ReadState::Unreadable(why.clone()),
        State::SwitchedOff(setting) => ReadState::SwitchedOff(setting.clone()),
        State::Live(script) if script.calls_keysweep => ReadState::CallsKeysweep,
        State::Live(script) => ReadState::Other(script.runner.hook()),
    };
    ReadEvent { name: event.name, hook: hook.shown(), state }
}

fn events(place: &HooksDir, configured: &ConfiguredHooks<'_>) -> Result<Vec<Event>, Error> {
    if place.bare {
        return of_server(place, configured);
    }
    OF_A_CLONE.iter().map(|name| Event::look(name, place, configured)).collect()
}

/// pre-receive, or update in its place, which refuses ref by ref. One of them is enough, and a foreign update hook is ignored.
fn of_server(place: &HooksDir, configured: &ConfiguredHooks<'_>) -> Result<Vec<Event>, Error> {
    let look = |name| Event::look(name, place, configured);
    let (pre_receive, update) = (look("pre-receive")?, look("update")?);
    let is_unfit = matches!(update.script().state, State::NotExecutable | State::Unreadable(_));
    Ok(match () {
        () if pre_receive.is_missing() && update.calls_keysweep() => vec![update],
        () if !update.calls_keysweep() && !is_unfit => vec![pre_receive],
        () => vec![pre_receive, update],
    })
}

/// Examines the hooks of one place. `among_others` is whether the repository has several.
fn diagnose(place: &HooksDir, among_others: bool) -> Result<Diagnosis, Error> {
    let configured = ConfiguredHooks::read(place)?;
    let mut events = events(place, &configured)?;
    let mut changes = Changes::default();
    let mut warnings = Vec::new();
    match prove(place, &mut events) {
        Ok(warning) => warnings.extend(warning),
        Err(error) => changes.errors.push(error),
    }
    changes.errors.extend(events.iter().flat_map(Event::unproved));
    let called = |event: &Event| event.calls_keysweep() || event.stopper().is_some();
    warnings.extend(bypasses(place, events.iter().any(called), events.iter().any(Event::needs_script)));
    warnings.extend(configured.warnings(&names(&events), events.iter().all(Event::calls_keysweep)));

    let what = match place.view {
        _ if !among_others => String::new(),
        _ if place.bare => "for pushes to this repository, ".to_owned(),
        View::Unnamed => "for commits with --work-tree, ".to_owned(),
        _ => format!("for commits in {}, ", place.top.display()),
    };
    changes.lines.push(format!("{what}git looks for hooks in {}", place.hooks.display()));
    changes.lines.extend(events.iter().flat_map(|event| event.lines(place)));
    changes.lines.extend(missing(&events));
    if events.iter().any(depends_on_configuration) {
        changes.lines.push(format!("note: {}", older_gits_note()));
    }
    changes.lines.extend(warnings.into_iter().map(|warning| format!("warning: {warning}")));
    let guard = guard(&events, place, &changes);
    // Guarded commits may be enough without a hook for pushes. A hook that lets a token through is a failure in any case.
    let only_missing = guard == Guard::None && events.iter().all(Event::is_missing);
    let guard = if among_others && place.bare && only_missing { Guard::Partial } else { guard };
    Ok(Diagnosis { changes, guard })
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.name).collect()
}

/// Whether only a hook of the configuration stops the token.
fn depends_on_configuration(event: &Event) -> bool {
    event.stopper().is_some() && !event.script().stopped()
}

/// The weaker one of two states.
fn weaker(one: Guard, other: Guard) -> Guard {
    let order = [Guard::None, Guard::Unproved, Guard::Partial, Guard::Whole];
    order.into_iter().find(|guard| [one, other].contains(guard)).unwrap_or(Guard::None)
}

/// Runs the hooks that can stop a token. Returns a warning about a problem that exists even if all of them do.
fn prove(place: &HooksDir, events: &mut [Event]) -> Result<Option<String>, Error> {
    if !events.iter().any(Event::is_worth_running) {
        return Ok(None);
    }
    let stage = Stage::set(place)?;
    events.iter_mut().try_for_each(|event| event.prove(&stage))?;
    without_a_path(place, &events[0], &stage)
}

/// Runs the hook that stops the token with the PATH of a desktop client. Returns a warning if it does not find keysweep then.
fn without_a_path(place: &HooksDir, event: &Event, stage: &Stage<'_>) -> Result<Option<String>, Error> {
    let Some(at) = event.stopper() else { return Ok(None) };
    let hook = &event.hooks[at];
    let is_direct = matches!(hook.runner(), Some(Runner::Keysweep | Runner::Setting));
    if place.bare || place.is_husky() && hook.runner() == Some(Runner::Keysweep) || !is_direct {
        return Ok(None);
    }
    if stage.of_index_with_short_path(event.name, &event.alone(at))? == Proof::Stopped {
        return Ok(None);
    }
    let help = match &hook.source {
        Source::Configuration(set) => format!("write its full path in hook.{}.command", set.name.display()),
        // Such a script never names a path of this machine, so installing it again does not help.
        Source::Folder(file) if place.shared || file.is_symlink() => {
            "mkdir -p ~/.local/bin && ln -s \"$(command -v keysweep)\" ~/.local/bin/, where the script also looks"
                .to_owned()
        }
        Source::Folder(_) => "keysweep install".to_owned(),
    };
    Ok(Some(format!(
        "with PATH=/usr/bin:/bin, which desktop clients use, {} does not find keysweep and blocks every commit: {help}",
        event.name
    )))
}

/// A token must be stopped at the commit, or by the server. A hook that calls keysweep and lets a token through counts as none.
fn guard(events: &[Event], place: &HooksDir, changes: &Changes) -> Guard {
    if events.iter().any(Event::leaks) {
        return Guard::None;
    }
    if !changes.errors.is_empty() && events[0].is_worth_running() {
        return Guard::Unproved;
    }
    let stopped = events.iter().filter(|event| event.stopper().is_some()).count();
    match () {
        () if stopped == events.len() || (place.bare && stopped > 0) => Guard::Whole,
        () if events[0].stopper().is_some() => Guard::Partial,
        () => Guard::None,
    }
}

fn missing(events: &[Event]) -> Option<String> {
    let missing = events.iter().filter(|event| event.hooks.iter().all(|hook| matches!(hook.state, State::Missing)));
    let missing = missing.map(|event| event.name).collect::<Vec<_>>().join(" ");
    (!missing.is_empty()).then(|| format!("note: to install what is missing, run: keysweep install {missing}"))
}
