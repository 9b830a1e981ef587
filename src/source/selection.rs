//! Commits that are named on the command line, as `git log` takes names and filters.

use std::path::Path;

use gix::ObjectId;

use super::Repository;
use crate::git::Question;
use crate::trouble::Trouble;

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
    /// A basic regular expression for the name and address.
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

    /// The words for `git rev-list`. Neither the graph that git caches nor a setting for expressions decides what it lists.
    fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = vec!["-c".into(), "core.commitGraph=false".into(), "rev-list".into()];
        words.extend(["--full-history".into(), "--basic-regexp".into()]);
        words.extend(self.since.iter().map(|date| format!("--since={date}")));
        words.extend(self.until.iter().map(|date| format!("--until={date}")));
        words.extend(self.author.iter().map(|author| format!("--author={author}")));
        // Git takes a plain name for a folder of branches.
        let is_glob = |branch: &&String| branch.contains(['*', '?', '[']);
        words.extend(self.branches.iter().filter(is_glob).map(|branch| format!("--branches={branch}")));
        if self.revisions.is_empty() && self.branches.is_empty() {
            words.push("--all".into());
        }
        words.push("--end-of-options".into());
        words.extend(self.branches.iter().filter(|branch| !is_glob(branch)).map(|name| format!("refs/heads/{name}")));
        words.extend(self.revisions.iter().cloned());
        words.push("--".into());
        words.extend(self.paths.iter().cloned());
        words
    }
}

impl Repository {
    /// The commits that are meant, the oldest first. Git is asked for ids, and for no content.
    pub(super) fn selected(&self, selection: &Selection) -> Result<Vec<ObjectId>, Trouble> {
        for date in selection.since.iter().chain(&selection.until) {
            self.see_that_it_is_a_date(date)?;
        }
        let listed = self.listed(&selection.words())?;
        let lines = listed.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        let ids = lines.map(|line| {
            let wrong = |err| Trouble::new("cannot read what git rev-list printed", err, "see that git works here");
            ObjectId::from_hex(line).map_err(wrong)
        });
        let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
        ids.reverse();
        Ok(ids)
    }

    /// Git takes what it cannot read for now, so that nothing would be listed. What says now itself has a number in it, or one of
    /// two words.
    fn see_that_it_is_a_date(&self, date: &str) -> Result<(), Trouble> {
        let says_now = ["now", "today"].contains(&date) || date.contains(|c: char| c.is_ascii_digit());
        let seconds = |date: &str| -> Result<Option<i64>, Trouble> {
            let answer = self.ask_git(&["rev-parse", &format!("--since={date}")])?.unwrap_or_default();
            let text = String::from_utf8_lossy(&answer).trim().trim_start_matches("--max-age=").parse().ok();
            Ok(text)
        };
        if !says_now && seconds(date)?.zip(seconds("now")?).is_some_and(|(it, now)| (now - it).abs() < 5) {
            let attempt = format!("cannot tell which day {date} is");
            return Err(Trouble::new(attempt, "git reads no date in it", "write it as 2024-01-31 or as 2.weeks.ago"));
        }
        Ok(())
    }

    /// Grafts and replacements are left aside: what commits say themselves is what is scanned.
    fn listed(&self, words: &[String]) -> Result<Vec<u8>, Trouble> {
        let none = if cfg!(windows) { "NUL" } else { "/dev/null" };
        let mut places = vec!["--git-dir".as_ref(), self.git_dir().as_os_str()];
        // Without it, git takes the folder that we stand in for the top, from which paths are counted.
        places.extend(self.worktree().into_iter().flat_map(|top| ["--work-tree".as_ref(), top.as_os_str()]));
        let words = places.into_iter().chain(words.iter().map(AsRef::as_ref));
        let question = Question::new(Path::new("."), words).env("GIT_NO_REPLACE_OBJECTS", "1");
        let answer = question.env("GIT_GRAFT_FILE", none).answer()?;
        if answer.succeeded() {
            return Ok(answer.stdout);
        }
        let first = answer.complaint().lines().next().unwrap_or_default().to_owned();
        Err(Trouble::new("cannot list the commits that are asked for", first, "correct the revision or the filter"))
    }
}
