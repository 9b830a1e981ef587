//! Selects commits by the revisions and filters of the command line, which are those of `git log`.

use std::collections::HashSet;
use std::path::Path;

use gix::ObjectId;

use crate::error::Error;
use crate::git::command::{GitCommand, GitOutput};
use crate::git::repository::Repository;

/// The revisions and filters that select commits.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Revisions and ranges: `main`, `A..B`, `^C`. If empty, all refs and HEAD.
    pub revisions: Vec<String>,
    /// Dates in the formats of git: `2024-01-31`, `2 weeks ago`.
    pub since: Option<String>,
    pub until: Option<String>,
    /// Names of branches, or globs for them.
    pub branches: Vec<String>,
    /// A basic regular expression for the name and email address of the author, as in the commit or as mapped by `.mailmap`.
    pub author: Option<String>,
    /// Pathspecs. Only commits that change one of them are selected.
    pub paths: Vec<String>,
}

impl Selection {
    /// Returns whether all commits are selected.
    pub fn is_all(&self) -> bool {
        let Self { revisions, since, until, branches, author, paths } = self;
        let filters = [since, until, author].iter().any(|filter| filter.is_some());
        revisions.is_empty() && !filters && branches.is_empty() && paths.is_empty()
    }

    /// Returns the arguments for git to list the commits. They override the commit-graph cache and all settings for regular
    /// expressions, encodings and authors.
    fn arguments(&self, authors: Authors, repository: &Repository) -> Vec<String> {
        let mut arguments: Vec<String> = vec!["-c".into(), "core.commitGraph=false".into()];
        match authors {
            Authors::AsWritten => arguments.push("rev-list".into()),
            Authors::AsMapped => {
                let blob = if repository.worktree().is_none() { "HEAD:.mailmap" } else { "" };
                arguments.extend(["-c".into(), "mailmap.file=".into(), "-c".into(), format!("mailmap.blob={blob}")]);
                // git rev-list has no --use-mailmap.
                let list = ["log", "--format=%H", "--no-patch", "--no-follow", "--no-show-signature", "--use-mailmap"];
                arguments.extend(list.map(Into::into));
            }
        }
        arguments.extend(["--full-history", "--basic-regexp", "--encoding=UTF-8"].map(Into::into));
        arguments.extend(self.since.iter().map(|date| format!("--since={date}")));
        arguments.extend(self.until.iter().map(|date| format!("--until={date}")));
        arguments.extend(self.author.iter().map(|author| format!("--author={author}")));
        arguments.extend(self.globs().map(|glob| format!("--branches={glob}")));
        if self.revisions.is_empty() && self.branches.is_empty() {
            arguments.push(ALL.into());
        }
        arguments.extend(self.revisions.iter().filter(|word| *word == ALL).cloned());
        arguments.push("--end-of-options".into());
        arguments
            .extend(self.branches.iter().filter(|branch| !is_glob(branch)).map(|name| format!("refs/heads/{name}")));
        arguments.extend(self.revisions.iter().filter(|word| *word != ALL).cloned());
        arguments.push("--".into());
        arguments.extend(self.paths.iter().cloned());
        arguments
    }

    fn globs(&self) -> impl Iterator<Item = &String> {
        self.branches.iter().filter(|branch| is_glob(branch))
    }
}

/// Returns whether a name of `--branch` is a glob. Git would read a plain name as the folder of branches `name/*`.
fn is_glob(branch: &str) -> bool {
    branch.contains(['*', '?', '['])
}

/// All refs, and HEAD.
const ALL: &str = "--all";

/// Which names of authors git compares: those in the commits, or those mapped by `.mailmap`, which `git log` shows.
#[derive(Clone, Copy)]
enum Authors {
    AsWritten,
    AsMapped,
}

impl Repository {
    /// Returns the selected commits, oldest first. Git lists only their ids. If the result has more commits than the selection, it has
    /// an error that says so.
    pub(crate) fn selected(&self, selection: &Selection) -> Result<(Vec<ObjectId>, Option<Error>), Error> {
        // If a pack is a pipe, git reports only missing objects, so report the pipe instead.
        self.select(selection).map_err(|err| self.object_dirs.expect_no_pipe_among_packs().err().unwrap_or(err))
    }

    fn select(&self, selection: &Selection) -> Result<(Vec<ObjectId>, Option<Error>), Error> {
        for date in selection.since.iter().chain(&selection.until) {
            self.validate_date(date)?;
        }
        for glob in selection.globs() {
            self.expect_branch(glob)?;
        }
        let selected = match self.list_selected(selection) {
            Err(_) if self.lacks_trees_of(&selection.paths) => {
                let over_all = Selection { paths: Vec::new(), ..selection.clone() };
                (self.list_selected(&over_all)?, Some(unfiltered_error()))
            }
            Err(unknown) if !selection.revisions.is_empty() => return Err(self.mention_shallow(unknown)),
            ids => (ids?, None),
        };
        for revision in &selection.revisions {
            self.expect_commits(revision)?;
        }
        self.expect_author(selection)?;
        if selected.1.is_none() {
            self.expect_paths(selection)?;
        }
        Ok(selected)
    }

    fn list_selected(&self, selection: &Selection) -> Result<Vec<ObjectId>, Error> {
        let mut ids = self.ids(&selection.arguments(Authors::AsWritten, self))?;
        if selection.author.is_some() {
            let written: HashSet<ObjectId> = ids.iter().copied().collect();
            let mapped: HashSet<ObjectId> =
                self.ids(&selection.arguments(Authors::AsMapped, self))?.into_iter().collect();
            if !mapped.is_subset(&written) {
                // List all commits again, so that both sets are in one order.
                ids = self.ids(&Selection { author: None, ..selection.clone() }.arguments(Authors::AsWritten, self))?;
                ids.retain(|id| written.contains(id) || mapped.contains(id));
            }
        }
        ids.reverse();
        Ok(ids)
    }

    /// Runs git and parses the ids that it lists, newest first.
    fn ids(&self, arguments: &[String]) -> Result<Vec<ObjectId>, Error> {
        let listed = self.listed(arguments)?;
        let lines = listed.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        let ids = lines.map(|line| {
            let wrong =
                |err| Error::new("cannot read what git listed", err, "check that git log works in this repository");
            ObjectId::from_hex(line).map_err(wrong)
        });
        ids.collect()
    }

    /// Returns whether git accepts these paths, but cannot list the commits that change them, since a partial clone has no trees.
    fn lacks_trees_of(&self, paths: &[String]) -> bool {
        let mut arguments: Vec<String> =
            ["rev-list", "--no-walk", "--max-count=0", "--all", "--"].map(Into::into).into();
        arguments.extend(paths.iter().cloned());
        !paths.is_empty() && self.is_partial() && self.listed(&arguments).is_ok()
    }

    /// Returns an error if a glob matches no branch. It probably has a typo.
    fn expect_branch(&self, glob: &str) -> Result<(), Error> {
        let named = self.query_git(&["rev-parse", &format!("--branches={glob}")])?;
        if named.is_none_or(|ids| ids.is_empty()) {
            let context = format!("cannot list the commits of {glob}");
            return Err(Error::new(context, "no branch has such a name", "git branch --list shows all of them"));
        }
        Ok(())
    }

    /// Returns an error if no commit has this author. The name probably has a typo.
    fn expect_author(&self, selection: &Selection) -> Result<(), Error> {
        let Some(author) = &selection.author else { return Ok(()) };
        let over_all = self.over_all(selection, Some(author), None)?;
        for authors in [Authors::AsWritten, Authors::AsMapped] {
            if !self.ids(&first_of(over_all.arguments(authors, self)))?.is_empty() {
                return Ok(());
            }
        }
        let context = format!("cannot list the commits of the author {author}");
        Err(Error::new(
            context,
            "no commit has such an author",
            "git shortlog --summary --email --all shows all of them",
        ))
    }

    /// Returns an error if a path is changed by no commit.
    fn expect_paths(&self, selection: &Selection) -> Result<(), Error> {
        // A pathspec that excludes has no meaning by itself.
        let excludes = |path: &str| path.starts_with(":!") || path.starts_with(":^") || path.starts_with(":(exclude");
        for path in selection.paths.iter().filter(|path| !excludes(path)) {
            let over_all = self.over_all(selection, None, Some(path))?;
            if self.ids(&first_of(over_all.arguments(Authors::AsWritten, self)))?.is_empty() {
                let context = format!("cannot list the commits that change {path}");
                let help =
                    "correct the path, which is relative to this folder; git log --all -- PATH shows its commits";
                return Err(Error::new(context, "no commit changes such a path", help));
            }
        }
        Ok(())
    }

    /// Returns a selection with only this filter, over all refs and all commits in the revisions.
    fn over_all(
        &self,
        selection: &Selection,
        author: Option<&String>,
        path: Option<&String>,
    ) -> Result<Selection, Error> {
        let mut revisions = vec![ALL.to_owned()];
        for revision in &selection.revisions {
            let ids = self.listed(&["rev-parse", "--revs-only", revision].map(Into::into))?;
            revisions.extend(String::from_utf8_lossy(&ids).lines().map(|id| id.trim_start_matches('^').to_owned()));
        }
        let (author, paths) = (author.cloned(), path.cloned().into_iter().collect());
        Ok(Selection { revisions, author, paths, ..Selection::default() })
    }

    /// Returns an error if a revision is a tree or a blob, for which git lists nothing and reports no error.
    fn expect_commits(&self, revision: &str) -> Result<(), Error> {
        let ids = self.listed(&["rev-parse", "--revs-only", revision].map(Into::into))?;
        let ids = String::from_utf8_lossy(&ids);
        for id in ids.lines().filter(|id| !id.starts_with('^')) {
            let arguments = ["rev-parse", "--verify", &format!("{id}^{{commit}}")].map(Into::into);
            if !self.run_git(&arguments)?.succeeded() {
                let context = format!("cannot list the commits of {revision}");
                return Err(Error::new(
                    context,
                    "it is no commit",
                    "name a commit that contains it, and the path after --",
                ));
            }
        }
        Ok(())
    }

    /// Returns an error if git cannot parse a date. Git takes such a date for the current time, and lists no commits. A date that means
    /// the current time contains a digit, or is `now` or `today`.
    fn validate_date(&self, date: &str) -> Result<(), Error> {
        let says_now = ["now", "today"].contains(&date) || date.contains(|c: char| c.is_ascii_digit());
        let seconds = |date: &str| -> Result<Option<i64>, Error> {
            let answer = self.query_git(&["rev-parse", &format!("--since={date}")])?.unwrap_or_default();
            let text = String::from_utf8_lossy(&answer).trim().trim_start_matches("--max-age=").parse().ok();
            Ok(text)
        };
        if !says_now && seconds(date)?.zip(seconds("now")?).is_some_and(|(it, now)| (now - it).abs() < 5) {
            let context = format!("cannot parse the date {date}");
            return Err(Error::new(context, "git finds no date in it", "write it as 2024-01-31 or as 2.weeks.ago"));
        }
        Ok(())
    }

    /// Runs git and returns its output, or an error if it fails.
    fn listed(&self, arguments: &[String]) -> Result<Vec<u8>, Error> {
        let answer = self.run_git(arguments)?;
        if answer.succeeded() {
            return Ok(answer.stdout);
        }
        let help = "correct the revision, the filter or the path";
        Err(Error::new("cannot list the selected commits", answer.cause(), help))
    }

    /// Runs git without grafts and replacements, so that each commit has its original parents.
    fn run_git(&self, arguments: &[String]) -> Result<GitOutput, Error> {
        let none = if cfg!(windows) { "NUL" } else { "/dev/null" };
        let mut places = vec!["--git-dir".as_ref(), self.git_dir().as_os_str()];
        // Without it, git takes the current directory for the top, and paths would be relative to that.
        places.extend(self.worktree().into_iter().flat_map(|top| ["--work-tree".as_ref(), top.as_os_str()]));
        let arguments = places.into_iter().chain(arguments.iter().map(AsRef::as_ref));
        let command = GitCommand::new(Path::new("."), arguments).env("GIT_NO_REPLACE_OBJECTS", "1");
        command.env("GIT_GRAFT_FILE", none).run()
    }
}

/// Limits the arguments to a list of one commit.
fn first_of(mut arguments: Vec<String>) -> Vec<String> {
    let end = arguments.iter().position(|word| word == "--end-of-options").unwrap_or(arguments.len());
    arguments.insert(end, "--max-count=1".into());
    arguments
}

fn unfiltered_error() -> Error {
    Error::new(
        "cannot list the commits that change the selected paths, so all commits were scanned",
        "this is a partial clone without trees",
        "run git fetch --refetch --no-filter to get them",
    )
}
