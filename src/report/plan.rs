//! The last part of the report on a sweep: what to do, in order, and nothing that does not apply.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Report;
use super::shown::{shell_word, shown_path};
use crate::cleaning::{Cleaning, Layout, Written};
use crate::exposure::{Archive, Exposure, Standing};
use crate::finding::{Part, ShownPath};
use crate::trouble::counted;

/// One thing to do.
#[derive(Debug)]
pub(super) struct Step {
    /// For scripts.
    pub name: &'static str,
    pub says: String,
    pub list: Vec<String>,
    /// For a POSIX shell, one after the other in the one shell.
    pub run: Vec<String>,
}

impl Step {
    fn new(name: &'static str, says: impl Into<String>) -> Self {
        Self { name, says: says.into(), list: Vec::new(), run: Vec::new() }
    }

    fn list(self, list: Vec<String>) -> Self {
        Self { list, ..self }
    }

    fn run<S: Into<String>>(self, run: impl IntoIterator<Item = S>) -> Self {
        Self { run: run.into_iter().map(Into::into).collect(), ..self }
    }
}

/// What `--replace-text` and `--replace-message` leave alone, and the callbacks of filter-repo that do not.
const ALL: [(Part, &str); 4] =
    [(Part::Name, "filename"), (Part::Person, "name"), (Part::Person, "email"), (Part::Ref, "refname")];
const CONTENT: [(Part, &str); 3] = [ALL[0], ALL[1], ALL[2]];

/// What the steps are made from.
struct Case<'r> {
    exposures: &'r [Exposure],
    cleaning: &'r Cleaning,
    /// Where the tokens stand.
    parts: BTreeSet<&'static str>,
    /// Whether there are archives of a kind that is named and not unpacked.
    leaves_packed: bool,
}

/// The steps, in order. Empty where no token was found.
pub(super) fn plan(report: &Report<'_>) -> Vec<Step> {
    let (Some(exposures), Some(cleaning)) = (report.exposures, report.cleaning) else { return Vec::new() };
    // What stands in an archive goes with it, be it a name in there.
    let replaced = report.outcome.findings.iter().filter(|finding| finding.path_in_archive().is_none());
    let parts = replaced.map(|finding| finding.part.name()).collect();
    let leaves_packed = report.outcome.skipped.iter().any(|one| one.why.ends_with("not unpacked"));
    let case = Case { exposures, cleaning, parts, leaves_packed };
    let mut steps = Vec::new();
    steps.extend(case.rotate());
    steps.extend(case.unstage());
    match &cleaning.replacements {
        Some(file) => {
            steps.extend(case.rename());
            steps.extend(case.strip());
            steps.extend(case.rewrite_here(file));
            steps.extend(case.rewrite_copy(file));
            steps.extend(case.publish());
        }
        None => steps.extend(case.ask_for_a_file()),
    }
    steps.extend(case.drop_stash());
    steps.extend(case.forget());
    steps.extend(case.forge());
    steps.extend(case.sweep_again());
    steps.extend(cleaning.replacements.as_ref().map(delete));
    steps
}

impl Case<'_> {
    fn any(&self, is: impl Fn(&Self, &Exposure) -> bool) -> bool {
        self.exposures.iter().any(|one| is(self, one))
    }

    /// Whether a token stands in such a place.
    fn has(&self, part: Part) -> bool {
        self.parts.contains(part.name())
    }

    /// Whether a commit has it that a ref leads to.
    fn is_committed(one: &Exposure) -> bool {
        one.standing < Standing::Stash
    }

    /// Whether a remote has it, or may: nobody can tell from here of a tag.
    fn is_pushed(&self, one: &Exposure) -> bool {
        let may_be = |name: &ShownPath| match name.as_bytes() {
            name if name.starts_with(b"refs/heads/") => self.has_branches_of_the_remote(),
            name => name.starts_with(b"refs/") && name != b"refs/stash",
        };
        // The name of a remote's branch that is a token itself is told by the standing alone.
        let is_remote = matches!(one.standing, Standing::HeadAndRemote | Standing::Remote);
        self.remote().is_some() && Self::is_committed(one) && (is_remote || names(one).any(may_be))
    }

    fn has_branches_of_the_remote(&self) -> bool {
        matches!(self.cleaning.layout, Layout::Mirror { .. } | Layout::Clone { bare: true, .. })
    }

    /// Whether it is on branches that no remote has.
    fn is_local(&self, one: &Exposure) -> bool {
        self.remote().is_some() && Self::is_committed(one) && !self.is_pushed(one)
    }

    /// Whether a copy of all refs is rewritten, not this repository.
    fn needs_copy(&self) -> bool {
        match self.cleaning.layout {
            Layout::Mirror { .. } | Layout::Clone { .. } => self.any(Self::is_pushed),
            Layout::Bare | Layout::Alone => self.any(|_, one| Self::is_committed(one)),
        }
    }

    /// The remote that is to be cleaned: the first that has a token, or that may have one.
    fn remote(&self) -> Option<&ShownPath> {
        match &self.cleaning.layout {
            Layout::Mirror { remote } => Some(remote),
            Layout::Clone { remotes, .. } => remotes.iter().find(|remote| self.holds(remote)).or(remotes.first()),
            Layout::Bare | Layout::Alone => None,
        }
    }

    /// Whether a branch of the remote leads to a token.
    fn holds(&self, remote: &ShownPath) -> bool {
        self.exposures.iter().flat_map(names).any(|name| branch_of(remote, name).is_some())
    }

    /// Other remotes that have one.
    fn other_remotes(&self) -> Vec<String> {
        let Layout::Clone { remotes, .. } = &self.cleaning.layout else { return Vec::new() };
        let others = remotes.iter().filter(|remote| Some(*remote) != self.remote() && self.holds(remote));
        others.map(shown_path).collect()
    }

    /// Whether a copy takes the place of this repository.
    fn is_replaced(&self) -> bool {
        self.cleaning.layout == Layout::Alone && self.needs_copy()
    }

    fn rotate(&self) -> Option<Step> {
        let mut told = BTreeSet::new();
        let rules = self.exposures.iter().filter(|one| one.standing != Standing::Index).map(|one| one.finding.rule);
        let list: Vec<String> = rules
            .filter(|rule| told.insert(rule.id))
            .map(|rule| format!("{}: {}", rule.title, rule.remedy.join("; ")))
            .collect();
        let says = "Rotate first: what was committed counts as leaked, and no cleaning takes that back.";
        (!list.is_empty()).then(|| Step::new("rotate", says).list(list))
    }

    fn unstage(&self) -> Option<Step> {
        let staged = self.exposures.iter().filter(|one| one.standing == Standing::Index);
        let paths: Vec<String> =
            staged.flat_map(|one| &one.places).filter_map(|place| Some(shown_path(place.path.as_ref()?))).collect();
        let says = "Take out what is staged only: mend the file, and git add it again.";
        self.any(|_, one| one.standing == Standing::Index).then(|| Step::new("unstage", says).list(paths))
    }

    fn ask_for_a_file(&self) -> Option<Step> {
        let says = "Rewrite: this writes the file that git filter-repo needs, and shows the commands:";
        let again = format!("{} --replacements \"$HOME/replacements.txt\"", self.sweep());
        self.any(|_, one| Self::is_committed(one)).then(|| Step::new("rewrite", says).run([again]))
    }

    /// The command that finds what was found.
    fn sweep(&self) -> &'static str {
        if cfg!(feature = "archives") && self.cleaning.archives {
            "keysweep history --archives"
        } else {
            "keysweep history"
        }
    }

    /// The archives that are to be rewritten, by their ids. A build that unpacks none has no code for them.
    fn archives(&self) -> Vec<&Archive> {
        if !cfg!(feature = "archives") {
            return Vec::new();
        }
        let committed = self.exposures.iter().filter(|one| Self::is_committed(one));
        let mut archives: Vec<&Archive> = committed.flat_map(|one| &one.archives).collect();
        // One token may tell the path where another does not.
        archives.sort_by_key(|one| (&one.object, one.path.is_none()));
        archives.dedup_by_key(|one| &one.object);
        archives
    }

    /// No replacement reaches into what is compressed, and what is not would not open any more.
    fn strip(&self) -> Option<Step> {
        let archives = self.archives();
        if archives.is_empty() {
            return None;
        }
        let ids: Vec<&str> = archives.iter().map(|one| one.object.as_str()).collect();
        let list = archives.iter().map(|one| match &one.path {
            Some(path) => format!("{}: {}", shown_path(path), one.object),
            None => one.object.clone(),
        });
        let says = "Name the archives that hold a token, to be taken out whole: no replacement reaches into them. Their files \
                    keep the version before, or are gone. Build them anew without the token, and commit them afterwards.";
        let run = ["strip=$(mktemp)".to_owned(), format!("printf '%s\\n' {} > \"$strip\"", ids.join(" "))];
        Some(Step::new("strip", says).list(list.collect()).run(run))
    }

    /// filter-repo would leave the old name beside the new one where it rewrites some refs only.
    fn rename(&self) -> Option<Step> {
        let says =
            "Give another name to the branch that is called by one (git branch -m OLD NEW), and make this plan anew.";
        (self.has(Part::Ref) && self.any(Self::is_local)).then(|| Step::new("rename", says))
    }

    /// What was never pushed is rewritten where it is.
    fn rewrite_here(&self, file: &Written) -> Option<Step> {
        let refs: BTreeSet<&ShownPath> = self
            .exposures
            .iter()
            .filter(|one| self.is_local(one))
            .flat_map(names)
            .filter(|name| is_ref(name))
            .collect();
        // What cannot be shown is called by a token: another step gives it another name.
        let refs: Vec<String> = refs.into_iter().filter_map(shell_word).collect();
        let says =
            "Rewrite what was not pushed, here. Commit first what is not committed: filter-repo resets the worktree.";
        let is_more_than_a_name = |case: &Self, one: &Exposure| case.is_local(one) && one.finding.part != Part::Ref;
        self.any(is_more_than_a_name).then(|| {
            let refs = if refs.is_empty() { "HEAD".to_owned() } else { refs.join(" ") };
            let command = format!("{} --force --partial --refs {refs}", self.filter_repo(file, &CONTENT));
            Step::new("rewrite-here", says).run([variables(file, self.uses_callbacks(file)), vec![command]].concat())
        })
    }

    fn rewrite_copy(&self, file: &Written) -> Option<Step> {
        let mirror = matches!(self.cleaning.layout, Layout::Mirror { .. });
        let mut run = variables(file, self.uses_callbacks(file));
        if !mirror {
            let from = match self.remote() {
                Some(remote) => format!("\"$(git remote get-url {})\"", word(remote, "REMOTE")),
                None => "\"$(git rev-parse --git-common-dir)\"".to_owned(),
            };
            run.push("clean=$(mktemp -d)/clean.git".to_owned());
            run.push(format!("git clone --mirror --no-local {from} \"$clean\""));
            run.push("cd \"$clean\"".to_owned());
        }
        // filter-repo takes the remote away, so that nobody pushes by mistake.
        let remote = if mirror {
            self.remote().map_or("origin".into(), |remote| word(remote, "REMOTE"))
        } else {
            "origin".to_owned()
        };
        if self.cleaning.layout != Layout::Alone {
            run.push(format!("url=$(git remote get-url {remote})"));
        }
        // A clone of a repository that others work in may have its stash.
        let force = if self.remote().is_none() { " --force" } else { "" };
        run.push(format!("{}{force}", self.filter_repo(file, &ALL)));
        run.push(self.sweep().to_owned());
        let place = match self.cleaning.layout {
            Layout::Mirror { .. } => "this mirror, once nobody pushes any more",
            Layout::Clone { .. } | Layout::Bare => "a fresh mirror, once nobody pushes any more",
            Layout::Alone => "a copy",
        };
        let more =
            if file.in_binary { " A binary file may not open any more: put a good one in its place." } else { "" };
        let says = format!("Rewrite {place}. The sweep is to find nothing in it.{more}");
        self.needs_copy().then(|| Step::new("rewrite", says).run(run))
    }

    fn uses_callbacks(&self, file: &Written) -> bool {
        file.in_binary || ALL.iter().any(|(part, _)| self.has(*part))
    }

    /// The command, with an option for each kind of place where a token stands. `--replace-text` is for blobs without a
    /// NUL in their first 8192 bytes.
    fn filter_repo(&self, file: &Written, callbacks: &[(Part, &str)]) -> String {
        let mut command = "git filter-repo --replace-text \"$REPLACEMENTS\"".to_owned();
        if !self.archives().is_empty() {
            command += " --strip-blobs-with-ids \"$strip\"";
        }
        if self.has(Part::Message) {
            command += " --replace-message \"$REPLACEMENTS\"";
        }
        if file.in_binary {
            command += " --blob-callback \"x = blob.data; $replace; blob.data = x\"";
        }
        for (_, what) in callbacks.iter().filter(|(part, _)| self.has(*part)) {
            write!(command, " --{what}-callback \"x = {what}; $replace; return x\"").expect("writing to memory");
        }
        command
    }

    fn publish(&self) -> Option<Step> {
        if self.is_replaced() {
            let says = "Go on in a clone of \"$clean\", and delete this folder: its objects, reflogs and stashes are the old ones.";
            return Some(Step::new("replace", says));
        }
        let others = match &self.other_remotes()[..] {
            [] => String::new(),
            others => format!(" Rewrite and push likewise what is at {}.", others.join(", ")),
        };
        let says = format!(
            "Push all refs, since rewritten commits have new ids. What others pushed since the clone is lost. A forge may \
             protect branches, and refuses the refs of pull requests; the rest goes through.{others} These held a token:"
        );
        let step = || Step::new("push", says).list(self.pushed_refs()).run(["git push --force --mirror \"$url\""]);
        self.needs_copy().then(step)
    }

    /// The refs that hold a token, by the names that they have where they are pushed.
    fn pushed_refs(&self) -> Vec<String> {
        let may_go = |name: &&ShownPath| is_ref(name) && name.as_bytes() != b"refs/stash";
        let refs = self.exposures.iter().filter(|one| Self::is_committed(one)).flat_map(names).filter(may_go);
        let there = |name: &ShownPath| {
            let shown = shown_path(name);
            let Layout::Clone { bare: false, .. } = self.cleaning.layout else { return Some(shown) };
            // What is here only, and what other remotes have.
            let here = ["refs/heads/", "refs/remotes/", "refs/stash"].iter().any(|start| shown.starts_with(start));
            let branch = branch_of(self.remote()?, name).map(|branch| format!("refs/heads/{branch}"));
            branch.or_else(|| (!here).then_some(shown))
        };
        refs.filter_map(there).collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn drop_stash(&self) -> Option<Step> {
        let says =
            "Drop the stash that has one: git stash list, git stash show -p stash@{N}, git stash drop stash@{N}.";
        let in_stash = |one: &Exposure| names(one).any(|name| name.as_bytes() == b"refs/stash");
        let is_stashed = |case: &Self, one: &Exposure| in_stash(one) && !case.is_replaced();
        self.any(is_stashed).then(|| Step::new("stash", says))
    }

    /// What only reflogs lead to, or nothing.
    fn forget(&self) -> Option<Step> {
        // `git reflog expire --expire=now --all` would empty the list of stashes, which is a reflog.
        const RUN: &str = "git -c gc.reflogExpire=now -c gc.reflogExpireUnreachable=now gc --prune=now";
        if self.is_replaced() {
            return None;
        }
        let left = self.exposures.iter().filter(|one| one.standing >= Standing::Stash).count();
        let says = match (self.needs_copy(), self.any(Self::is_local), left) {
            (true, _, _) if self.cleaning.layout == Layout::Bare => {
                "Forget the old objects, here. Whoever has a clone makes a new one, since a pull would bring the tokens back:"
                    .to_owned()
            }
            (true, _, _) => {
                "Clone anew wherever somebody works: a pull would bring the tokens back. In a clone that is kept, \
                 git fetch --prune --tags --force, git reset --hard every branch to its upstream, git stash clear, and then:"
                    .to_owned()
            }
            (false, true, _) => "Forget the old objects; stashes stay:".to_owned(),
            (false, false, 0) => return None,
            (false, false, left) => format!(
                "No branch or tag leads to {}: nothing to rewrite. Forget the old objects; stashes stay:",
                counted(left, "token")
            ),
        };
        Some(Step::new("forget", says).run([RUN]))
    }

    fn forge(&self) -> Option<Step> {
        let says = "Ask the forge's support to delete what no push can: refs of pull requests, cached views of commits. \
                    Forks keep all of it; their owners delete them.";
        self.any(Self::is_pushed).then(|| Step::new("forge", says))
    }

    fn sweep_again(&self) -> Option<Step> {
        let again =
            ["again=$(mktemp -d)/again.git", "git clone --mirror --no-local \"$url\" \"$again\"", "cd \"$again\""];
        let elsewhere = self.cleaning.replacements.is_some() && self.any(Self::is_pushed);
        let run = again.into_iter().filter(|_| elsewhere).chain([self.sweep()]);
        let says = if self.leaves_packed {
            "Sweep again. Exit code 0 is no proof for what is not unpacked: unpack by other means what the report names, and scan it:"
        } else {
            "Sweep again. Exit code 0 is the proof:"
        };
        (!self.exposures.is_empty() && !self.is_replaced()).then(|| Step::new("sweep", says).run(run))
    }
}

fn delete(file: &Written) -> Step {
    let says = "Delete the file with the replacements, since it holds the tokens themselves:";
    Step::new("delete", says).run([format!("rm -f {}", word(&file.path, "FILE"))])
}

/// What the commands name.
fn variables(file: &Written, callbacks: bool) -> Vec<String> {
    let mut run = vec![format!("export REPLACEMENTS={}", word(&file.path, "FILE"))];
    if callbacks {
        run.push(
            "replace='t = FilteringOptions.get_replace_text(os.environ[\"REPLACEMENTS\"]); \
             [x := x.replace(old, new) for old, new in t[\"literals\"]]; \
             [x := old.sub(new, x) for old, new in t[\"regexes\"]]'"
                .to_owned(),
        );
    }
    run
}

/// For the shell. What cannot be shown is what the reader has to put in.
fn word(path: &ShownPath, instead: &str) -> String {
    shell_word(path).unwrap_or_else(|| instead.to_owned())
}

/// `main`, where `name` is a branch of the remote.
fn branch_of(remote: &ShownPath, name: &ShownPath) -> Option<String> {
    let start = format!("refs/remotes/{}/", shown_path(remote));
    shown_path(name).strip_prefix(&start).map(str::to_owned)
}

fn names(one: &Exposure) -> impl Iterator<Item = &ShownPath> {
    // The name of a ref that is a token itself.
    one.refs.iter().chain(one.finding.path.iter().filter(|_| one.finding.part == Part::Ref))
}

fn is_ref(name: &ShownPath) -> bool {
    name.as_bytes().starts_with(b"refs/")
}
