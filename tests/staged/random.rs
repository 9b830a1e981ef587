//! Random sequences of changes to an index. Each step is compared with a simple model.

use std::collections::BTreeMap;

use crate::support::token::{Maker, Token};
use crate::support::{Repo, client, note};

#[derive(Clone)]
struct Line {
    text: String,
    token: Option<Token>,
}

type Tree = BTreeMap<String, Vec<Line>>;

/// The tree of HEAD at each commit, and the current content of the index.
struct Model {
    repo: Repo,
    make: Maker,
    heads: Vec<Tree>,
    staged: Tree,
    lines: usize,
    commands: &'static [&'static [&'static str]],
    is_sparse: bool,
}

/// Commands that change the form of the index but not its content.
const WHOLE: &[&[&str]] = &[
    &["write-tree"],
    &["update-index", "--index-version", "2"],
    &["update-index", "--index-version", "4"],
    &["update-index", "--split-index"],
    &["update-index", "--no-split-index"],
    &["repack", "-q", "-a", "-d"],
    &["pack-refs", "--all"],
    &["update-index", "--force-write-index"],
];

const SPARSE: &[&[&str]] = &[
    &["write-tree"],
    &["update-index", "--index-version", "2"],
    &["update-index", "--index-version", "4"],
    &["sparse-checkout", "reapply"],
    &["sparse-checkout", "set", "--cone", "--sparse-index", "b", "d"],
    &["sparse-checkout", "set", "--cone", "--sparse-index", "c/d", "f"],
    &["sparse-checkout", "set", "--cone", "--sparse-index", "b/b/b"],
    &["update-index", "--force-write-index"],
];

/// Names of folders that sort before, between and after the names of adjacent files.
const PATHS: &[&str] = &[
    "a", "a.b", "a-b/c", "a0", "ab/c", "b/a", "b/b/a", "b/b/b/a", "b/b/b/b", "b/b.c", "b/c", "b.c", "c/d/e/f",
    "c/d/e.f", "c/d-e/f", "d/a", "d/b", "d/c", "d/d/a", "d/d/b", "e", "f/\u{e9}", "f/Z", "f/~", "z",
];

impl Model {
    fn new(seed: u64) -> Self {
        let repo = Repo::new();
        repo.git(&["config", "splitIndex.maxPercentChange", "90"]);
        Self {
            repo,
            make: Maker::new(seed),
            heads: Vec::new(),
            staged: Tree::new(),
            lines: 0,
            commands: WHOLE,
            is_sparse: false,
        }
    }

    /// A unique line, so that the lines that an edit adds are unambiguous.
    fn line(&mut self) -> Line {
        self.lines += 1;
        let token = (self.make.below(3) == 0).then(|| self.make.sk_live(24));
        let code = token.as_ref().map_or("innocent\n".to_owned(), client);
        Line { text: format!("{}: {code}", self.lines), token }
    }

    fn any_path(&mut self) -> &'static str {
        PATHS[self.make.below(PATHS.len())]
    }

    fn edit(&mut self, path: &str) {
        let mut lines = self.staged.get(path).cloned().unwrap_or_default();
        for _ in 0..=self.make.below(3) {
            let at = self.make.below(lines.len() + 1);
            lines.insert(at, self.line());
        }
        if lines.len() > 4 {
            lines.remove(self.make.below(lines.len()));
        }
        let text: String = lines.iter().map(|line| line.text.as_str()).collect();
        let mode = ["100644", "100755"][self.make.below(2)];
        if self.is_sparse {
            // `update-index` of git 2.47 adds a file beside the folder entry that should contain it. `add` does not.
            self.repo.write(path, text);
            self.repo.git(&["add", "--sparse", "--", path]);
        } else {
            self.repo.stage_entry(mode, path, text);
        }
        self.staged.insert(path.to_owned(), lines);
    }

    fn commit(&mut self) {
        self.repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
        self.heads.push(self.staged.clone());
    }

    fn step(&mut self) -> String {
        let path = self.any_path();
        let choice = self.make.below(20);
        match choice {
            0..=7 => {
                self.edit(path);
                format!("edit {path}")
            }
            8 | 9 => {
                self.repo.git(&["rm", "-q", "-f", "--cached", "--sparse", "--ignore-unmatch", path]);
                self.staged.remove(path);
                format!("remove {path}")
            }
            10 => {
                self.commit();
                "commit".to_owned()
            }
            11 if self.heads.len() > 1 => {
                self.repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
                self.heads.pop();
                "take a commit back".to_owned()
            }
            12 if !self.heads.is_empty() && self.make.below(3) == 0 => {
                self.repo.git(&["read-tree", "HEAD"]);
                self.staged = self.heads.last().cloned().unwrap_or_default();
                "read HEAD into the index".to_owned()
            }
            13 if !self.staged.contains_key("intended") => {
                self.repo.write("intended", client(&self.make.sk_live(24)));
                self.repo.git(&["add", "--sparse", "-N", "intended"]);
                "intend to add".to_owned()
            }
            14 => {
                self.repo.git(&["rm", "-q", "-f", "--cached", "--sparse", "--ignore-unmatch", "intended"]);
                "intend no more".to_owned()
            }
            _ => {
                let command = self.commands[self.make.below(self.commands.len())];
                self.repo.git(command);
                format!("{command:?}")
            }
        }
    }

    fn expected(&self) -> Vec<(&str, u64, &Token)> {
        let nothing = Tree::new();
        let head = self.heads.last().unwrap_or(&nothing);
        let mut expected = Vec::new();
        for (path, lines) in &self.staged {
            let old = head.get(path).map_or(&[][..], Vec::as_slice);
            for (number, line) in (1..).zip(lines) {
                let is_new = old.iter().all(|old| old.text != line.text);
                expected.extend(line.token.as_ref().filter(|_| is_new).map(|token| (path.as_str(), number, token)));
            }
        }
        expected
    }

    fn check(&self) {
        let expected = self.expected();
        let run = self.repo.staged();
        if expected.is_empty() {
            run.expect_silent();
        } else {
            run.expect_found(&expected);
        }
    }
}

fn run_steps(mut model: Model, steps: usize) {
    for number in 0..steps {
        let step = model.step();
        note(format!("step {number}: {step}"));
        model.check();
    }
}

#[test]
fn random_steps_agree_with_the_model() {
    for seed in 1400..1404 {
        eprintln!("seed {seed}");
        run_steps(Model::new(seed), 100);
    }
}

#[test]
fn more_random_steps_agree_with_the_model() {
    for seed in 1404..1408 {
        eprintln!("seed {seed}");
        run_steps(Model::new(seed), 100);
    }
}

#[test]
fn random_steps_in_a_sparse_index_agree_with_the_model() {
    let mut seen = 0;
    for seed in 1408..1412 {
        eprintln!("seed {seed}");
        let mut model = Model::new(seed);
        for path in PATHS {
            model.edit(path);
        }
        model.commit();
        model.repo.git(&["reset", "-q", "--hard"]);
        (model.commands, model.is_sparse) = (SPARSE, true);
        model.repo.git(SPARSE[4]);
        let listed = model.repo.git(&["ls-files", "--sparse"]).out();
        seen += listed.lines().filter(|line| line.ends_with('/')).count();
        run_steps(model, 100);
    }
    assert!(seen > 0, "the index must be sparse at the start");
}
