//! What the repository at a URL is known to have: which remote-tracking refs a push may trust.
//!
//! A tracking ref is trusted if all of these conditions hold. The remote fetches from the repository that the push goes to. Its
//! refspecs cover the ref, and no remote of another repository has a refspec that covers it. The ref was written while the remote
//! had its current URL. One of three facts proves that:
//!
//! 1. The last fetch (`FETCH_HEAD`) got the commit from there.
//! 2. At an earlier push the remote was the same repository already (the record), and the record has the commit, or the settings
//!    of the repository have not changed since. Or the clone wrote the ref, and its reflog names the URL that was cloned.
//! 3. The ref is newer than the settings of the repository.
//!
//! A commit that the last fetch got from another repository is not trusted, unless the record has it.
//!
//! Nothing here uses the network. If nothing is known about the destination, the whole push is scanned.

mod location;
mod record;
mod settings;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use gix::ObjectId;

pub use crate::scan::remotes::settings::SAME_REPOSITORY;

use crate::scan::remotes::location::{Location, without_password};
use crate::scan::remotes::record::{
    Fetched, Record, RemoteRecord, clone_source, config_stamp, is_as_cloned, is_newer_than_config, is_of_last_fetch,
};
use crate::scan::remotes::settings::{Remote, Settings};

use crate::error::Error;
use crate::git::refs::Ref;
use crate::git::repository::Repository;
use crate::scan::push_request::{Advice, Destination, Push};

/// What the other side has.
pub(crate) struct There {
    pub ids: Vec<ObjectId>,
    pub advice: Advice,
}

/// Branches that nobody deletes.
const LASTING: &[&[u8]] = &[b"main", b"master", b"trunk", b"develop"];

/// Everything that the decision depends on, read once.
struct Judge<'r> {
    repository: &'r Repository,
    base: PathBuf,
    settings: Settings,
    fetched: Vec<Fetched>,
    record: Record,
    /// The tracking refs.
    refs: Vec<Ref>,
}

/// Which of a remote's tracking refs are trusted.
struct Review {
    trusted: Vec<Ref>,
    /// Whether some refs that the remote may have written are left out.
    is_partial: bool,
    entry: RemoteRecord,
}

/// The ids that the repository at `destination` is known to have, before `pushes` go there.
pub(crate) fn known_at(destination: &Destination, pushes: &[Push], repository: &Repository) -> Result<There, Error> {
    // Git starts a hook there, and resolves relative paths from there.
    let base = std::path::absolute(repository.worktree().unwrap_or(repository.git_dir()));
    let base = base.unwrap_or_else(|_| repository.git_dir().to_owned());
    let settings = Settings::read(repository)?;
    let Some(url) = destination.url.clone().or_else(|| settings.only_push_url(destination.name.as_deref()?)) else {
        return Ok(There { ids: Vec::new(), advice: Advice { is_unsure: true, ..Advice::default() } });
    };
    let location = Location::parse(&url, &base);
    if location.is_folder(repository.common_dir()) {
        let ids = repository.refs()?.into_iter().map(|found| found.id).collect();
        return Ok(There { ids, advice: Advice::default() });
    }
    let mut refs = repository.refs()?;
    refs.retain(|found| found.name.starts_with(b"refs/remotes/"));
    let fetched = Fetched::read(repository, &base);
    let judge = Judge { repository, base, settings, fetched, record: Record::load(repository), refs };
    judge.known(&Destination { url: Some(url), ..destination.clone() }, location, pushes)
}

impl Judge<'_> {
    fn known(mut self, destination: &Destination, location: Location, pushes: &[Push]) -> Result<There, Error> {
        let places = self.settings.same_as(location, &self.base);
        let is_there = |remote: &&Remote| places.contains(&self.fetched_from(remote));
        let remotes: Vec<Remote> = self.settings.remotes.iter().filter(is_there).cloned().collect();
        let named = destination.name.as_deref().and_then(|name| self.settings.remote(name)).cloned();

        let mut ids: Vec<ObjectId> = Vec::new();
        let mut fetched: Vec<Fetched> = self.fetched.iter().filter(|one| one.is_from(&places)).cloned().collect();
        let (mut is_unsure, mut is_changed) = (fetched.is_empty(), false);
        let mut is_other = false;
        for remote in &remotes {
            let mut review = self.review(remote)?;
            // The push is scanned, so its commits can be trusted once it is done.
            review.entry.trusted.extend(pushes.iter().filter_map(|push| ObjectId::from_hex(push.new.as_bytes()).ok()));
            is_changed |= self.record.put(review.entry);
            if destination.is_live {
                is_other |= leave_out_what_is_gone(remote, &mut review.trusted, &mut fetched, pushes);
            }
            is_unsure &= review.is_partial || review.trusted.is_empty();
            ids.extend(review.trusted.iter().map(|found| found.id));
        }
        if is_other {
            (ids, fetched) = (Vec::new(), Vec::new());
        }
        ids.extend(fetched.iter().map(|one| one.id));
        if let Some(named) = &named
            && !remotes.contains(named)
        {
            is_changed |= self.expect_to_be_written(named, pushes)?;
        }
        if is_changed {
            // If that fails, the next push computes it again.
            let _ = self.record.store(self.repository);
        }
        let advice = self.advice(destination, &remotes, named.as_ref(), is_unsure || is_other);
        Ok(There { ids, advice })
    }

    fn fetched_from(&self, remote: &Remote) -> Location {
        Location::parse(&self.settings.fetch_url(remote), &self.base)
    }

    /// Finds the refs under `refs/remotes/` that this remote got from the repository that it fetches from now. Other refs are not
    /// considered: a local branch that a mirror also fetches into changes without a fetch.
    fn review(&self, remote: &Remote) -> Result<Review, Error> {
        let location = self.fetched_from(remote);
        let digest = location.digest();
        let places = self.settings.same_as(location, &self.base);
        let strangers: Vec<&Remote> =
            self.settings.remotes.iter().filter(|other| !places.contains(&self.fetched_from(other))).collect();
        let (mut tracked, others): (Vec<Ref>, Vec<Ref>) = self.refs.iter().cloned().partition(|found| {
            remote.covers(&found.name) && !strangers.iter().any(|stranger| stranger.may_write(&found.name))
        });
        let mut is_partial = others.iter().any(|found| remote.may_write(&found.name));

        let fetched: HashSet<ObjectId> =
            self.fetched.iter().filter(|one| one.is_from(&places)).map(|one| one.id).collect();
        let mut doubtful = self.doubtful(remote, &places, &tracked)?;
        doubtful.extend(self.fetched_from_elsewhere(remote, &places, &tracked));
        doubtful.retain(|id| !fetched.contains(id));
        let all = tracked.len();
        tracked.retain(|found| !doubtful.contains(&found.id));
        is_partial |= tracked.len() < all;
        let trusted = tracked.iter().map(|found| found.id).collect();
        if !self.is_pushed_to(remote, &places) {
            // A push that goes elsewhere also writes these refs.
            is_partial |= !tracked.is_empty();
            tracked.clear();
        }
        let stamp = config_stamp(self.repository);
        Ok(Review { trusted: tracked, is_partial, entry: RemoteRecord::new(remote, digest, doubtful, trusted, stamp) })
    }

    /// The commits of `tracked` that may come from another repository than the one at `places`.
    fn doubtful(&self, remote: &Remote, places: &[Location], tracked: &[Ref]) -> Result<HashSet<ObjectId>, Error> {
        let here: HashSet<ObjectId> = tracked.iter().map(|found| found.id).collect();
        let earlier = self.record.of(remote);
        let is_local = self.settings.is_local(remote);
        let is_new = |found: &Ref| is_local && is_newer_than_config(found, self.repository);
        let all_but = |is_trusted: &dyn Fn(&Ref) -> bool| {
            tracked.iter().filter(|found| !is_trusted(found)).map(|found| found.id).collect::<HashSet<_>>()
        };
        if let Some(entry) = earlier.filter(|entry| places.iter().any(|place| place.digest() == entry.location)) {
            // The URL may have been a different one in between. After any change of the settings only recorded commits count.
            let is_unchanged = entry.stamp.is_some() && entry.stamp == config_stamp(self.repository);
            let mut doubtful = all_but(&|found| is_unchanged || entry.trusted.contains(&found.id) || is_new(found));
            doubtful.extend(entry.doubtful.intersection(&here));
            return Ok(doubtful);
        }
        // At the last push the remote was another repository.
        if earlier.is_some() || tracked.is_empty() {
            return Ok(here);
        }
        match clone_source(remote, self.repository, &self.base)? {
            Some(source) if places.contains(&source) => {
                Ok(all_but(&|found| is_as_cloned(found, self.repository) || is_new(found)))
            }
            None => Ok(all_but(&is_new)),
            Some(_) => Ok(here),
        }
    }

    /// The commits of `tracked` that the last fetch wrote, and that it got only from another repository than the one at `places`.
    fn fetched_from_elsewhere(&self, remote: &Remote, places: &[Location], tracked: &[Ref]) -> HashSet<ObjectId> {
        let on_record = |id: &ObjectId| self.record.of(remote).is_some_and(|entry| entry.trusted.contains(id));
        let strange: HashSet<ObjectId> =
            self.fetched.iter().filter(|one| !one.is_from(places) && !on_record(&one.id)).map(|one| one.id).collect();
        // Another remote may have the same commit.
        let elsewhere: HashSet<ObjectId> =
            self.refs.iter().filter(|found| !remote.covers(&found.name)).map(|found| found.id).collect();
        let is_strange = |found: &&Ref| {
            strange.contains(&found.id)
                && is_of_last_fetch(found, self.repository).unwrap_or_else(|| !elsewhere.contains(&found.id))
        };
        tracked.iter().filter(is_strange).map(|found| found.id).collect()
    }

    /// Whether one of the URLs that the remote pushes to is the repository that it fetches from.
    fn is_pushed_to(&self, remote: &Remote, places: &[Location]) -> bool {
        let urls = self.settings.push_urls(remote);
        urls.is_empty() || urls.iter().any(|url| places.contains(&Location::parse(url, &self.base)))
    }

    /// Notes that git updates the tracking refs of `remote`, although this push goes to another repository than the remote fetches
    /// from. Returns whether the record was changed.
    fn expect_to_be_written(&mut self, remote: &Remote, pushes: &[Push]) -> Result<bool, Error> {
        let Review { trusted, mut entry, .. } = self.review(remote)?;
        let written = pushes.iter().filter(|push| remote.tracking_ref(&push.name).is_some());
        let written = written.filter_map(|push| ObjectId::from_hex(push.new.as_bytes()).ok());
        let trusted: HashSet<ObjectId> = trusted.iter().map(|found| found.id).collect();
        entry.doubtful.extend(written.filter(|id| !trusted.contains(id)));
        Ok(self.record.put(entry))
    }

    fn advice(&self, destination: &Destination, remotes: &[Remote], named: Option<&Remote>, is_unsure: bool) -> Advice {
        let url = destination.url.clone().unwrap_or_default();
        let known = remotes.iter().find(|remote| named == Some(remote)).or(remotes.first());
        // Another remote may have fetched from the same repository.
        let is_fetched = |remote: &&Remote| self.refs.iter().any(|found| remote.covers(&found.name));
        let other = match known {
            Some(_) => self.settings.remotes.iter().find(|remote| !remotes.contains(remote) && is_fetched(remote)),
            None => named.or(self.settings.remotes.first()),
        };
        let pair = other.map(|remote| (without_password(&self.settings.fetch_url(remote)), without_password(&url)));
        let fetch = known.map_or_else(|| without_password(&url), |remote| remote.name.clone());
        Advice { fetch: Some(fetch), is_unsure, pair }
    }
}

/// Removes branches that the remote had and lacks now. Git reports which of the pushed refs it lacks, and such a branch was
/// deleted there. Returns true for a branch that nobody deletes: the URL then refers to another repository, and nothing is known
/// of what that has.
fn leave_out_what_is_gone(
    remote: &Remote,
    trusted: &mut Vec<Ref>,
    fetched: &mut Vec<Fetched>,
    pushes: &[Push],
) -> bool {
    let missing = pushes.iter().filter(|push| push.old.is_none());
    let branches: HashSet<&[u8]> = missing.filter_map(|push| push.name.strip_prefix(b"refs/heads/")).collect();
    let tracking_ref = |branch: &[u8]| remote.tracking_ref(&[b"refs/heads/", branch].concat());
    let gone: HashMap<Vec<u8>, &[u8]> =
        branches.iter().filter_map(|branch| Some((tracking_ref(branch)?, *branch))).collect();
    let branch_of = |one: &Fetched| one.branch.as_deref().and_then(|branch| branches.get(branch)).copied();
    let seen = trusted.iter().filter_map(|found| gone.get(&found.name).copied());
    let is_other = seen.chain(fetched.iter().filter_map(branch_of)).any(|branch| LASTING.contains(&branch));
    trusted.retain(|found| !gone.contains_key(&found.name));
    fetched.retain(|one| branch_of(one).is_none());
    is_other
}
