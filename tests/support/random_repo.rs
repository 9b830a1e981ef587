//! A repository, its remotes and another developer's clone, after a random history that contains tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::state::{Normalizer, Objects, RefMeanings, listed, worktree};
use super::token::{Maker, Token};
use super::{Repo, client};

pub struct RandomRepo {
    pub repo: Repo,
    pub tokens: Vec<Token>,
    /// The git directories of the remotes.
    pub remotes: Vec<PathBuf>,
    make: Maker,
    count: usize,
}

/// The files of a worktree and their bytes.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The state of one git directory.
pub struct RepoState {
    names: RefMeanings,
    clean_objects: BTreeSet<String>,
    /// Names of clean objects, with their ids.
    same: Vec<(String, String)>,
    worktrees: Vec<(PathBuf, Files, BTreeSet<PathBuf>)>,
    indexes: RefMeanings,
}

impl RandomRepo {
    pub fn new(seed: u64, remotes: usize) -> Self {
        let repo = Repo::new();
        let make = Maker::new(seed);
        let mut random = Self { repo, tokens: Vec::new(), remotes: Vec::new(), make, count: 0 };
        random.repo.stage("base.txt", "innocent\n");
        random.repo.commit("base");
        for number in 0..remotes {
            let folder = random.repo.base().join(format!("remote{number}.git"));
            let shown = folder.to_str().expect("UTF-8").to_owned();
            random.git(&["init", "-q", "--bare", "-b", "main", &shown]);
            let url = match random.below(3) {
                0 => format!("../remote{number}.git"),
                1 => shown,
                _ => format!("file://{shown}"),
            };
            let name = if number == 0 { "origin".to_owned() } else { format!("other{number}") };
            random.git(&["remote", "add", &name, &url]);
            random.remotes.push(folder);
        }
        if remotes > 1 && random.below(3) == 0 {
            // A push to `origin` updates both remotes.
            let second = random.remotes[1].to_str().expect("UTF-8").to_owned();
            let first = random.remotes[0].to_str().expect("UTF-8").to_owned();
            random.git(&["config", "remote.origin.pushurl", &first]);
            random.git(&["config", "--add", "remote.origin.pushurl", &second]);
        }
        for _ in 0..12 + random.below(10) {
            random.act();
        }
        if random.tokens.is_empty() {
            let text = random.text_with_token();
            random.commit_file("last.txt", &text);
        }
        random.leave_uncommitted_work();
        random
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.make.below(limit)
    }

    fn next(&mut self) -> usize {
        self.count += 1;
        self.count
    }

    pub fn git(&self, args: &[&str]) {
        self.repo.git(args);
    }

    fn ask(&self, args: &[&str]) -> Vec<String> {
        self.repo.git(args).out().lines().map(str::to_owned).collect()
    }

    /// Runs a command that the current state may not allow.
    fn try_git(&self, args: &[&str]) -> bool {
        self.repo.git_call(args).run().code == Some(0)
    }

    fn token(&mut self) -> Token {
        if !self.tokens.is_empty() && self.below(3) == 0 {
            let at = self.below(self.tokens.len());
            return self.tokens[at].clone();
        }
        let token = self.make.sk_live(24);
        self.tokens.push(token.clone());
        token
    }

    fn text_with_token(&mut self) -> String {
        let number = self.next();
        format!("line {number}\n{}", client(&self.token()))
    }

    /// Returns text that contains a token once in `often` calls.
    fn text(&mut self, often: usize) -> String {
        if self.below(often) == 0 { self.text_with_token() } else { format!("line {}\n", self.next()) }
    }

    fn commit_file(&mut self, path: &str, text: &str) {
        let number = self.next();
        self.repo.stage(path, text);
        self.repo.commit(&format!("commit {number}"));
    }

    fn pick(&mut self, from: &[String]) -> Option<String> {
        if from.is_empty() { None } else { Some(from[self.below(from.len())].clone()) }
    }

    fn branch(&mut self) -> Option<String> {
        let branches = self.ask(&["for-each-ref", "--format=%(refname:short)", "refs/heads/"]);
        self.pick(&branches)
    }

    fn remote(&mut self) -> Option<String> {
        let names = self.ask(&["remote"]);
        self.pick(&names)
    }

    fn act(&mut self) {
        let path = format!("f{}/{}.txt", self.below(2), self.below(4));
        match self.below(22) {
            0..=4 => {
                let text = self.text(3);
                self.commit_file(&path, &text);
            }
            5 => {
                let (name, text) = (self.token(), self.text(4));
                self.commit_file(&format!("{name}/{name}.txt"), &text);
            }
            6 => {
                let message = format!("message {} {}", self.next(), self.text(2));
                self.git(&["commit", "-q", "--allow-empty", "-m", &message]);
            }
            7 | 8 => {
                let name = format!("b{}", self.next());
                self.git(&["checkout", "-q", "-b", &name]);
            }
            9 => {
                if let Some(branch) = self.branch() {
                    self.try_git(&["checkout", "-q", &branch]);
                }
            }
            10 => {
                if let Some(branch) = self.branch() {
                    let message = format!("merge {}", self.next());
                    if !self.try_git(&["merge", "-q", "--no-ff", "-X", "ours", "-m", &message, &branch]) {
                        self.try_git(&["merge", "--abort"]);
                    }
                }
            }
            11 => {
                let (name, message) = (format!("v{}", self.next()), self.text(3));
                self.git(&["tag", "-a", "-m", &message, &name]);
            }
            12 => {
                let name = format!("light{}", self.next());
                let text = self.text(2);
                let blob = self.repo.blob(&text);
                let target = [blob, "HEAD^{tree}".to_owned(), "HEAD".to_owned()][self.below(3)].clone();
                self.git(&["tag", &name, &target]);
            }
            13..=15 => self.push(),
            16 => {
                // This commit is reachable only from the reflog.
                let text = self.text(2);
                self.commit_file(&path, &text);
                self.git(&["reset", "-q", "--hard", "HEAD^"]);
            }
            17 => {
                let text = self.text(2);
                self.repo.write("base.txt", text);
                self.try_git(&["stash", "-q"]);
            }
            18 => self.other_developer(),
            19 => self.commit_with_signature(),
            20 => {
                let text = self.text(2);
                self.try_git(&["notes", "add", "-f", "-m", &text]);
            }
            _ => {
                let name = format!("fix-{}", self.token());
                self.try_git(&["branch", &name]);
            }
        }
    }

    fn push(&mut self) {
        let Some(remote) = self.remote() else { return };
        match self.below(4) {
            0 => _ = self.try_git(&["push", "-q", "--tags", &remote]),
            1 => _ = self.try_git(&["push", "-q", &remote, "refs/notes/*"]),
            _ => {
                if let Some(branch) = self.branch() {
                    self.try_git(&["push", "-q", &remote, &branch]);
                }
            }
        }
    }

    /// Another developer pushes to a remote. This repository fetches the push in half of the cases.
    fn other_developer(&mut self) {
        if self.remotes.is_empty() {
            return;
        }
        let remote = self.below(self.remotes.len());
        let number = self.next();
        let folder = self.repo.base().join(format!("colleague{number}"));
        let remote = self.remotes[remote].clone();
        if self.repo.git_call(&["clone", "-q"]).args(&[&remote, &folder]).run().code != Some(0) {
            return;
        }
        let call = |args: &[&str]| self.repo.git_call(args).cwd(&folder).run();
        let message = format!("theirs {}", self.count);
        call(&["commit", "-q", "--allow-empty", "-m", &message]);
        call(&["push", "-q", "origin", &format!("HEAD:refs/heads/theirs{}", self.count)]);
        let _ = std::fs::remove_dir_all(&folder);
        if self.below(2) == 0 {
            self.try_git(&["fetch", "-q", "--all"]);
        }
    }

    /// Creates a commit with a signature and a Latin-1 message.
    fn commit_with_signature(&mut self) {
        let [tree, parent] = ["HEAD^{tree}", "HEAD"].map(|name| self.ask(&["rev-parse", name])[0].clone());
        let text = self.text(4);
        let number = self.next();
        let mut commit = format!(
            "tree {tree}\nparent {parent}\nauthor Ada <ada@example.org> 1700000{number:03} -0730\ncommitter Ada \
             <ada@example.org> 1700000{number:03} +0000\nencoding ISO-8859-1\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n \
             iQ\n -----END PGP SIGNATURE-----\n\ncaf"
        )
        .into_bytes();
        commit.extend([0xe9, b'\n']);
        commit.extend(text.as_bytes());
        let id = self.repo.git_call(&["hash-object", "-t", "commit", "-w", "--stdin"]).stdin(commit).run().line();
        self.git(&["reset", "-q", "--hard", &id]);
    }

    /// Leaves uncommitted changes, staged and unstaged, here and in a linked worktree, and sometimes a detached HEAD.
    fn leave_uncommitted_work(&mut self) {
        if self.below(2) == 0 {
            let text = self.text(2);
            self.repo.blob(text);
        }
        if self.below(2) == 0 {
            self.git(&["worktree", "add", "-q", "--detach", "../linked"]);
            let (text, commits) = (self.text(2), self.below(2) == 0);
            let linked = self.repo.view("linked");
            linked.stage("staged.txt", text);
            if commits {
                linked.git(&["commit", "-q", "-m", "linked"]);
            }
        }
        if self.below(4) == 0 {
            self.git(&["checkout", "-q", "--detach"]);
        }
        if self.below(2) == 0 {
            let text = self.text(3);
            self.repo.stage("staged.txt", text);
        }
        if self.below(2) == 0 {
            let old = std::fs::read_to_string(self.repo.path("base.txt")).unwrap_or_default();
            self.repo.write("base.txt", format!("{old}not committed\n"));
        }
        if self.below(2) == 0 {
            self.repo.write("untracked.txt", "mine\n");
        }
        if self.below(2) == 0 {
            self.git(&["gc", "-q"]);
        }
        if self.below(6) == 0 {
            self.try_git(&["stash", "-q"]);
        }
    }

    pub fn normalizer(&self) -> Normalizer {
        Normalizer::new(&self.tokens)
    }

    pub fn git_dir(&self) -> PathBuf {
        self.repo.path(".git")
    }

    fn worktree_folders(&self, git_dir: &Path) -> Vec<PathBuf> {
        if *git_dir != self.git_dir() {
            return Vec::new();
        }
        let linked = self.repo.base().join("linked");
        [self.repo.top().to_owned()].into_iter().chain(linked.exists().then_some(linked)).collect()
    }

    pub fn state(&self, git_dir: &Path) -> RepoState {
        let normalizer = self.normalizer();
        let mut objects = Objects::of(&self.repo, git_dir);
        let listed = listed(&self.repo, git_dir);
        let clean_objects = objects.clean_ids(&normalizer);
        let names = objects.names(&listed, &normalizer);
        let same = listed
            .into_iter()
            .filter(|(name, id)| clean_objects.contains(id) && !normalizer.has_token(name.as_bytes()));
        let same = same.collect();
        let mut indexes = RefMeanings::new();
        let mut worktrees = Vec::new();
        for folder in self.worktree_folders(git_dir) {
            let call = |args: &[&str]| self.repo.git_call(args).cwd(&folder).run().expect_code(0).stdout;
            for entry in call(&["ls-files", "-s", "-z"]).split(|&byte| byte == 0).filter(|entry| !entry.is_empty()) {
                let entry = String::from_utf8_lossy(&normalizer.text(entry)).into_owned();
                let (head, path) = entry.split_once('\t').expect("a path");
                let words: Vec<_> = head.split(' ').collect();
                let name = format!("{} {path} {} {}", folder.display(), words[0], words[2]);
                indexes.insert(name, objects.meaning(words[1], &normalizer));
            }
            let changed = call(&["status", "--porcelain", "-z", "--no-renames", "-uall"]);
            let changed = changed.split(|&byte| byte == 0).filter(|entry| entry.len() > 3);
            let changed = changed.map(|entry| PathBuf::from(super::os(&entry[3..]))).collect();
            worktrees.push((folder.clone(), worktree(&folder), changed));
        }
        RepoState { names, clean_objects, same, worktrees, indexes }
    }

    /// Expects that the rewrite changed nothing except the tokens.
    #[track_caller]
    pub fn expect_unchanged(&self, git_dir: &Path, before: &RepoState) {
        let (normalizer, after) = (self.normalizer(), self.state(git_dir));
        let place = git_dir.display();
        let names = |held: &RepoState| held.names.keys().cloned().collect::<BTreeSet<_>>();
        let lost: Vec<_> = names(before).difference(&names(&after)).cloned().collect();
        let new: Vec<_> = names(&after).difference(&names(before)).cloned().collect();
        assert!(lost.is_empty() && new.is_empty(), "{place}: lost {lost:#?}, new {new:#?}");
        let differ: Vec<_> = before.names.iter().filter(|(name, is)| after.names[*name] != **is).collect();
        assert!(differ.is_empty(), "{place}: the rewrite changed {differ:#?}");
        let ids = Objects::of(&self.repo, git_dir).ids();
        let gone: Vec<_> = before.clean_objects.difference(&ids).collect();
        assert!(gone.is_empty(), "{place}: clean objects are missing: {gone:?}");
        let moved: Vec<_> = before.same.iter().filter(|one| !after.same.contains(one)).collect();
        assert!(moved.is_empty(), "{place}: refs of clean objects moved: {moved:?}");
        assert_eq!(before.indexes, after.indexes, "{place}");
        for ((folder, was, changed), (_, is, _)) in before.worktrees.iter().zip(&after.worktrees) {
            for (path, bytes) in was {
                let shown = folder.join(path);
                if changed.contains(path) {
                    assert_eq!(
                        is.get(path),
                        Some(bytes),
                        "{}: the rewrite changed an uncommitted file",
                        shown.display()
                    );
                } else {
                    let to = PathBuf::from(super::os(&replaced(&normalizer, path, is)));
                    let is = is.get(&to).unwrap_or_else(|| panic!("{} is missing", shown.display()));
                    assert_eq!(normalizer.text(is), normalizer.text(bytes), "{}", shown.display());
                    assert!(!normalizer.has_token(is), "{} contains a token", shown.display());
                }
            }
            assert_eq!(was.len(), is.len(), "{}", folder.display());
        }
    }
}

/// The path that replaces `path` after the rewrite.
fn replaced(normalizer: &Normalizer, path: &Path, now: &Files) -> Vec<u8> {
    let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_vec();
    let wanted = normalizer.text(&bytes(path));
    let found = now.keys().find(|other| normalizer.text(&bytes(other)) == wanted);
    found.map_or_else(|| bytes(path), |path| bytes(path))
}
