//! Random branches. A merge that git makes without conflicts introduces nothing, and later changes to the merge are
//! reported exactly.

use std::collections::BTreeMap;
use std::fs;

use crate::support::push::{Pair, expect_report};
use crate::support::token::Maker;
use crate::support::{client, note};

/// The lines of each file of a branch.
type Tree = BTreeMap<String, Vec<String>>;

struct Editor {
    make: Maker,
    count: usize,
}

impl Editor {
    /// A unique line. Every second line contains a token.
    fn line(&mut self) -> String {
        self.count += 1;
        let token = self.make.sk_live(24);
        if self.count.is_multiple_of(2) {
            format!("{}: {}", self.count, client(&token))
        } else {
            format!("{}\n", self.count)
        }
    }

    fn lines(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.line()).collect()
    }

    fn pick(&mut self, tree: &Tree) -> Option<String> {
        let at = self.make.below(tree.len().max(1));
        tree.keys().nth(at).cloned()
    }

    /// A random change of a tree.
    fn change(&mut self, tree: &mut Tree) {
        let Some(path) = self.pick(tree) else { return };
        let lines = tree[&path].clone();
        let fresh = format!("d{}/n{}", self.make.below(4), self.count);
        match self.make.below(10) {
            0..=4 => {
                let mut lines = lines;
                let at = self.make.below(lines.len() + 1);
                lines.insert(at, self.line());
                if lines.len() > 12 {
                    lines.remove(self.make.below(12));
                }
                tree.insert(path, lines);
            }
            5 => {
                tree.remove(&path);
                tree.insert(fresh, lines);
            }
            6 => drop(tree.insert(fresh, lines)),
            7 => {
                let new = self.lines(8);
                tree.insert(fresh, new);
            }
            8 => drop(tree.remove(&path)),
            _ => {
                // Rename a folder.
                let folder = path.split('/').next().expect("a folder").to_owned();
                let moved: Vec<String> =
                    tree.keys().filter(|p| p.starts_with(&format!("{folder}/"))).cloned().collect();
                let name = format!("f{}", self.count);
                for path in moved {
                    let lines = tree.remove(&path).expect("the file exists");
                    tree.insert(path.replacen(&folder, &name, 1), lines);
                }
            }
        }
    }
}

fn commit(pair: &Pair, tree: &Tree) {
    pair.repo.git(&["rm", "-q", "-r", "-f", "--ignore-unmatch", "."]);
    for (path, lines) in tree {
        pair.repo.write(path, lines.concat());
    }
    pair.repo.git(&["add", "-A"]);
    pair.repo.git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", "x"]);
}

/// Returns whether git merged without conflicts.
fn check(seed: u64) -> bool {
    note(format!("seed {seed}"));
    let mut pair = Pair::new(seed);
    let token = pair.token();
    let mut editor = Editor { make: Maker::new(seed), count: 0 };
    let mut base = Tree::new();
    for n in 0..8 {
        let lines = editor.lines(12);
        base.insert(format!("d{}/f{n}", n % 4), lines);
    }
    commit(&pair, &base);
    for branch in ["ours", "theirs"] {
        pair.branch(branch, "main");
        let mut tree = base.clone();
        for _ in 0..=editor.make.below(4) {
            editor.change(&mut tree);
        }
        commit(&pair, &tree);
    }
    let repo = &pair.repo;
    repo.git(&["push", "-q", "--no-verify", "origin", "--all"]);
    repo.git(&["checkout", "-q", "-B", "merged", "ours"]);
    let args = ["merge", "-q", "--no-ff", "--no-verify", "-m", "merge", "theirs"];
    if repo.git_call(&args).run().code != Some(0) {
        return false;
    }
    let run = pair.direct(pair.new_ref("refs/heads/merged")).expect_code(0);
    expect_report(&run, &[]);
    // `staged` must report the same before the merge is committed.
    repo.git(&["checkout", "-q", "-B", "again", "ours"]);
    repo.git(&["merge", "-q", "--no-ff", "--no-commit", "theirs"]);
    repo.staged().expect_silent();

    let files = repo.git(&["ls-files"]).out();
    let files: Vec<&str> = files.lines().collect();
    let path = files[editor.make.below(files.len())];
    let text = fs::read_to_string(repo.path(path)).expect("read");
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = editor.make.below(lines.len() + 1);
    let evil = client(&token);
    lines.insert(at, &evil);
    repo.stage(path, lines.concat());
    let place = format!("{path}:{}", at + 1);
    expect_report(&repo.staged().expect_code(1), &[("null", &place, &token)]);
    repo.git(&["commit", "-q", "--no-verify", "-m", "evil"]);
    let merge = pair.oid("HEAD");
    let run = pair.direct(pair.new_ref("refs/heads/again")).expect_code(1);
    expect_report(&run, &[(&merge, &place, &token)]);
    true
}

fn check_all(seeds: std::ops::Range<u64>) {
    let clean = seeds.clone().filter(|seed| check(*seed)).count();
    assert!(clean > seeds.count() / 3, "only {clean} merges had no conflict");
}

#[test]
fn clean_merges_introduce_nothing() {
    check_all(7100..7107);
}

#[test]
fn clean_merges_introduce_nothing_in_more_histories() {
    check_all(7107..7114);
}
