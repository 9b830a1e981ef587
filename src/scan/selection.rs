//! Commits that are named on the command line, as `git log` takes names and filters.

use std::collections::HashSet;
use std::path::Path;

use gix::ObjectId;

use crate::error::Error;
use crate::git::command::{GitCommand, GitOutput};
use crate::git::repository::Repository;

/// Which commits.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `main`, `A..B`, `^C`; none means what any ref or HEAD leads to.
    pub revisions: Vec<String>,
    /// Dates as git reads them: `2024-01-31`, `2 weeks ago`.
    pub since: Option<String>,
    pub until: Option<String>,
    /// Globs of branches.
    pub branches: Vec<String>,
    /// A basic regular expression for the name and address, as they are written or as `.mailmap` corrects them.
    pub author: Option<String>,
    /// Commits that change one of these.
    pub paths: Vec<String>,
}

impl Selection {
    /// Whether it stands for all there is.
    pub fn is_all(&self) -> bool {
        let Self { revisions, since, until, branches, author, paths } = self;
        let filters = [since, until, author].iter().any(|filter| filter.is_some());
        revisions.is_empty() && !filters && branches.is_empty() && paths.is_empty()
    }

    /// The words for git to list the commits by. Neither the graph that it caches nor a setting for expressions, encodings or
    /// authors decides what it lists.
    fn words(&self, authors: Authors, repository: &Repository) -> Vec<String> {
        let mut words: Vec<String> = vec!["-c".into(), "core.commitGraph=false".into()];
        match authors {
            Authors::AsWritten => words.push("rev-list".into()),
            Authors::AsMapped => {
                let blob = if repository.worktree().is_none() { "HEAD:.mailmap" } else { "" };
                words.extend(["-c".into(), "mailmap.file=".into(), "-c".into(), format!("mailmap.blob={blob}")]);
                // git rev-list cannot do it.
                let list = ["log", "--format=%H", "--no-patch", "--no-follow", "--no-show-signature", "--use-mailmap"];
                words.extend(list.map(Into::into));
            }
        }
        words.extend(["--full-history", "--basic-regexp", "--encoding=UTF-8"].map(Into::into));
        words.extend(self.since.iter().map(|date| format!("--since={date}")));
        words.extend(self.until.iter().map(|date| format!("--until={date}")));
        words.extend(self.author.iter().map(|author| format!("--author={author}")));
        words.extend(self.globs().map(|glob| format!("--branches={glob}")));
        if self.revisions.is_empty() && self.branches.is_empty() {
            words.push(ALL.into());
        }
        words.extend(self.revisions.iter().filter(|word| *word == ALL).cloned());
        words.push("--end-of-options".into());
        words.extend(self.branches.iter().filter(|branch| !is_glob(branch)).map(|name| format!("refs/heads/{name}")));
        words.extend(self.revisions.iter().filter(|word| *word != ALL).cloned());
        words.push("--".into());
        words.extend(self.paths.iter().cloned());
        words
    }

    fn globs(&self) -> impl Iterator<Item = &String> {
        self.branches.iter().filter(|branch| is_glob(branch))
    }
}

/// Git takes a plain name for a folder of branches.
fn is_glob(branch: &str) -> bool {
    branch.contains(['*', '?', '['])
}

/// All refs, and HEAD.
const ALL: &str = "--all";

/// How an author is called: as the commit has it, or as `.mailmap` corrects that, which `git log` shows.
#[derive(Clone, Copy)]
enum Authors {
    AsWritten,
    AsMapped,
}

impl Repository {
    /// The commits that are meant, the oldest first; more than those, where that is told as well. Git is asked for ids, and for no
    /// content.
    pub(crate) fn selected(&self, selection: &Selection) -> Result<(Vec<ObjectId>, Option<Error>), Error> {
        // Git says of a pipe in place of a pack only that objects are missing.
        self.select(selection).map_err(|err| self.object_dirs.expect_no_pipe_among_packs().err().unwrap_or(err))
    }

    fn select(&self, selection: &Selection) -> Result<(Vec<ObjectId>, Option<Error>), Error> {
        for date in selection.since.iter().chain(&selection.until) {
            self.validate_date(date)?;
        }
        for glob in selection.globs() {
            self.see_that_it_names_a_branch(glob)?;
        }
        let meant = match self.meant(selection) {
            Err(_) if self.lacks_trees_of(&selection.paths) => {
                let anywhere = Selection { paths: Vec::new(), ..selection.clone() };
                (self.meant(&anywhere)?, Some(unsorted()))
            }
            Err(unknown) if !selection.revisions.is_empty() => return Err(self.mention_shallow(unknown)),
            ids => (ids?, None),
        };
        for revision in &selection.revisions {
            self.see_that_it_names_commits(revision)?;
        }
        self.expect_author(selection)?;
        if meant.1.is_none() {
            self.expect_paths(selection)?;
        }
        Ok(meant)
    }

    fn meant(&self, selection: &Selection) -> Result<Vec<ObjectId>, Error> {
        let mut ids = self.ids(&selection.words(Authors::AsWritten, self))?;
        if selection.author.is_some() {
            let written: HashSet<ObjectId> = ids.iter().copied().collect();
            let mapped: HashSet<ObjectId> = self.ids(&selection.words(Authors::AsMapped, self))?.into_iter().collect();
            if !mapped.is_subset(&written) {
                // Both in the order of all.
                ids = self.ids(&Selection { author: None, ..selection.clone() }.words(Authors::AsWritten, self))?;
                ids.retain(|id| written.contains(id) || mapped.contains(id));
            }
        }
        ids.reverse();
        Ok(ids)
    }

    /// What git lists, the newest first.
    fn ids(&self, words: &[String]) -> Result<Vec<ObjectId>, Error> {
        let listed = self.listed(words)?;
        let lines = listed.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        let ids = lines.map(|line| {
            let wrong = |err| Error::new("cannot read what git listed", err, "see that git works here");
            ObjectId::from_hex(line).map_err(wrong)
        });
        ids.collect()
    }

    /// Whether git understands these paths, and cannot tell which commits change one: this clone left out trees.
    fn lacks_trees_of(&self, paths: &[String]) -> bool {
        let mut words: Vec<String> = ["rev-list", "--no-walk", "--max-count=0", "--all", "--"].map(Into::into).into();
        words.extend(paths.iter().cloned());
        !paths.is_empty() && self.is_partial() && self.listed(&words).is_ok()
    }

    /// One that is written wrongly names none.
    fn see_that_it_names_a_branch(&self, glob: &str) -> Result<(), Error> {
        let named = self.query_git(&["rev-parse", &format!("--branches={glob}")])?;
        if named.is_none_or(|ids| ids.is_empty()) {
            let context = format!("cannot list the commits of {glob}");
            return Err(Error::new(context, "no branch has such a name", "git branch --list shows all of them"));
        }
        Ok(())
    }

    /// An author whom no commit has is a mistake in the name, as a branch is that there is not.
    fn expect_author(&self, selection: &Selection) -> Result<(), Error> {
        let Some(author) = &selection.author else { return Ok(()) };
        let anywhere = self.anywhere(selection, Some(author), None)?;
        for authors in [Authors::AsWritten, Authors::AsMapped] {
            if !self.ids(&first_of(anywhere.words(authors, self)))?.is_empty() {
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

    /// The same for paths that no commit changes.
    fn expect_paths(&self, selection: &Selection) -> Result<(), Error> {
        // One that excludes means nothing by itself.
        let excludes = |path: &str| path.starts_with(":!") || path.starts_with(":^") || path.starts_with(":(exclude");
        for path in selection.paths.iter().filter(|path| !excludes(path)) {
            let anywhere = self.anywhere(selection, None, Some(path))?;
            if self.ids(&first_of(anywhere.words(Authors::AsWritten, self)))?.is_empty() {
                let context = format!("cannot list the commits that change {path}");
                let help =
                    "correct the path, which is relative to this folder; git log --all -- PATH shows its commits";
                return Err(Error::new(context, "no commit changes such a path", help));
            }
        }
        Ok(())
    }

    /// This filter alone, over all refs and all commits that are named.
    fn anywhere(
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

    /// Of a tree or a blob git lists nothing, without a word.
    fn see_that_it_names_commits(&self, revision: &str) -> Result<(), Error> {
        let ids = self.listed(&["rev-parse", "--revs-only", revision].map(Into::into))?;
        let ids = String::from_utf8_lossy(&ids);
        for id in ids.lines().filter(|id| !id.starts_with('^')) {
            let words = ["rev-parse", "--verify", &format!("{id}^{{commit}}")].map(Into::into);
            if !self.asked(&words)?.succeeded() {
                let context = format!("cannot list the commits of {revision}");
                return Err(Error::new(
                    context,
                    "it is no commit",
                    "name a commit that has it, and the path behind --",
                ));
            }
        }
        Ok(())
    }

    /// Git takes what it cannot read for now, so that nothing would be listed. What says now itself has a number in it, or one of
    /// two words.
    fn validate_date(&self, date: &str) -> Result<(), Error> {
        let says_now = ["now", "today"].contains(&date) || date.contains(|c: char| c.is_ascii_digit());
        let seconds = |date: &str| -> Result<Option<i64>, Error> {
            let answer = self.query_git(&["rev-parse", &format!("--since={date}")])?.unwrap_or_default();
            let text = String::from_utf8_lossy(&answer).trim().trim_start_matches("--max-age=").parse().ok();
            Ok(text)
        };
        if !says_now && seconds(date)?.zip(seconds("now")?).is_some_and(|(it, now)| (now - it).abs() < 5) {
            let context = format!("cannot tell which day {date} is");
            return Err(Error::new(context, "git reads no date in it", "write it as 2024-01-31 or as 2.weeks.ago"));
        }
        Ok(())
    }

    /// What git prints, where it succeeds.
    fn listed(&self, words: &[String]) -> Result<Vec<u8>, Error> {
        let answer = self.asked(words)?;
        if answer.succeeded() {
            return Ok(answer.stdout);
        }
        let help = "correct the revision, the filter or the path";
        Err(Error::new("cannot list the commits that are asked for", answer.cause(), help))
    }

    /// Grafts and replacements are left aside: what commits say themselves is what is scanned.
    fn asked(&self, words: &[String]) -> Result<GitOutput, Error> {
        let none = if cfg!(windows) { "NUL" } else { "/dev/null" };
        let mut places = vec!["--git-dir".as_ref(), self.git_dir().as_os_str()];
        // Without it, git takes the folder that we stand in for the top, from which paths are counted.
        places.extend(self.worktree().into_iter().flat_map(|top| ["--work-tree".as_ref(), top.as_os_str()]));
        let words = places.into_iter().chain(words.iter().map(AsRef::as_ref));
        let command = GitCommand::new(Path::new("."), words).env("GIT_NO_REPLACE_OBJECTS", "1");
        command.env("GIT_GRAFT_FILE", none).run()
    }
}

/// The words for a list that ends with its first commit.
fn first_of(mut words: Vec<String>) -> Vec<String> {
    let end = words.iter().position(|word| word == "--end-of-options").unwrap_or(words.len());
    words.insert(end, "--max-count=1".into());
    words
}

fn unsorted() -> Error {
    Error::new(
        "cannot tell which commits change the paths that are asked for, so all were scanned",
        "this is a partial clone, which left out trees",
        "git fetch --refetch --no-filter gets them",
    )
}
