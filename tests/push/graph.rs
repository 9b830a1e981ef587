//! Random histories. The scan covers the commits of `git rev-list NEW --not REMOTE`, and reports for each commit only
//! lines that no parent has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::support::push::look_like_a_clone;
use crate::support::token::{Maker, Token};
use crate::support::{Repo, client, note, text};

/// A commit that adds a file of its own and a line of its own in `shared.txt`, each with a unique token.
struct Commit {
    parents: Vec<usize>,
    /// The current path of each file, by the number of the commit that added the file.
    files: BTreeMap<usize, String>,
    /// The numbers of the commits whose lines are in `shared.txt`. The lines are always sorted, so the set of added
    /// lines is unambiguous.
    lines: BTreeSet<usize>,
}

struct Dag {
    repo: Repo,
    commits: Vec<Commit>,
    tokens: Vec<Token>,
    ids: Vec<String>,
}

impl Dag {
    fn random(make: &mut Maker, size: usize) -> Self {
        let mut commits: Vec<Commit> = Vec::new();
        for number in 0..size {
            let count = match make.below(10) {
                0 => 0,
                1..=5 => 1,
                6..=8 => 2,
                _ => 2 + make.below(4),
            };
            let parents: BTreeSet<usize> =
                (0..count.min(number)).map(|_| number - 1 - make.below(number.min(7))).collect();
            let mut parents: Vec<usize> = parents.into_iter().collect();
            if make.below(2) == 0 {
                parents.reverse();
            }
            let mut files = BTreeMap::new();
            let mut lines = BTreeSet::new();
            for &parent in &parents {
                for (file, path) in &commits[parent].files {
                    files.entry(*file).or_insert_with(|| path.clone());
                }
                lines.extend(&commits[parent].lines);
            }
            // A commit with one parent may also move or remove a file, or remove a line.
            if let ([_], Some(&victim)) = (&*parents, files.keys().nth(make.below(files.len().max(1)))) {
                match make.below(5) {
                    0 => drop(files.remove(&victim)),
                    1 => drop(files.insert(victim, format!("moved/{victim}-{number}"))),
                    2 => drop(lines.remove(&victim)),
                    _ => {}
                }
            }
            files.insert(number, format!("c{number}"));
            lines.insert(number);
            commits.push(Commit { parents, files, lines });
        }
        let tokens = (0..size).map(|_| make.sk_live(24)).collect();
        let mut dag = Self { repo: Repo::new(), commits, tokens, ids: Vec::new() };
        dag.import(make);
        dag
    }

    /// Imports all commits in one stream, with random dates.
    fn import(&mut self, make: &mut Maker) {
        let mut stream = String::new();
        let mark = |number: usize| 10_000 + number;
        for (number, token) in self.tokens.iter().enumerate() {
            let data = client(token);
            let _ = write!(stream, "blob\nmark :{}\ndata {}\n{data}\n", mark(number), data.len());
        }
        for (number, commit) in self.commits.iter().enumerate() {
            let (author, committer) = (make.below(2_000_000_000), make.below(2_000_000_000));
            let _ =
                write!(stream, "reset refs/imported/{number}\ncommit refs/imported/{number}\nmark :{}\n", number + 1);
            let _ = write!(stream, "author A <a@b> {author} +0000\ncommitter A <a@b> {committer} +0000\ndata 2\nx\n");
            for (place, parent) in commit.parents.iter().enumerate() {
                let word = if place == 0 { "from" } else { "merge" };
                let _ = writeln!(stream, "{word} :{}", parent + 1);
            }
            let _ = writeln!(stream, "deleteall");
            for (file, path) in &commit.files {
                let _ = writeln!(stream, "M 100644 :{} {path}", mark(*file));
            }
            let mut shared = String::new();
            for line in &commit.lines {
                let _ = write!(shared, "{line}: {}", client(&self.tokens[*line]));
            }
            let _ = write!(stream, "M 100644 inline shared.txt\ndata {}\n{shared}\n", shared.len());
        }
        self.repo.git_call(&["fast-import", "--quiet", "--force"]).stdin(stream).run().expect_code(0);
        let listed = self.repo.git(&["for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/imported"]);
        let listed = listed.out();
        let ids: BTreeMap<usize, String> = listed
            .lines()
            .map(|line| {
                let (number, id) = line.split_once(' ').expect("two words");
                (number.parse().expect("a number"), id.to_owned())
            })
            .collect();
        self.ids = ids.into_values().collect();
        assert_eq!(self.ids.len(), self.commits.len());
        let mut unref = String::new();
        for number in 0..self.ids.len() {
            let _ = writeln!(unref, "delete refs/imported/{number}");
        }
        self.repo.git_call(&["update-ref", "--stdin"]).stdin(unref).run().expect_code(0);
    }

    /// The findings that each of these commits introduces.
    fn introduced(&self, commits: &BTreeSet<String>) -> BTreeSet<(String, String, String)> {
        let mut all = BTreeSet::new();
        for (number, id) in self.ids.iter().enumerate().filter(|(_, id)| commits.contains(*id)) {
            let redacted = self.tokens[number].redacted();
            let line =
                1 + self.commits[number].lines.iter().position(|line| *line == number).expect("the line of the commit");
            all.insert((id.clone(), format!("c{number}:1"), redacted.clone()));
            all.insert((id.clone(), format!("shared.txt:{line}"), redacted));
        }
        all
    }
}

/// Runs `rev-list` twice, for the included and the excluded commits. Each result is correct for any commit dates.
fn rev_list(repo: &Repo, tips: &[String]) -> BTreeSet<String> {
    repo.git_call(&["rev-list", "--stdin"])
        .stdin(tips.join("\n"))
        .run()
        .expect_code(0)
        .out()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn check(seed: u64, size: usize) {
    note(format!("seed {seed}"));
    let mut make = Maker::new(seed);
    let dag = Dag::random(&mut make, size);
    let repo = &dag.repo;
    let some =
        |make: &mut Maker, n: usize| -> Vec<String> { (0..n).map(|_| dag.ids[make.below(size)].clone()).collect() };
    let count = make.below(4);
    let tracked = some(&mut make, count);
    let mut refs = String::new();
    for (number, id) in tracked.iter().enumerate() {
        let _ = writeln!(refs, "create refs/remotes/origin/t{number} {id}");
    }
    // Tracking refs of another remote, and local branches, do not exclude commits.
    for (number, id) in some(&mut make, 3).iter().enumerate() {
        let _ = writeln!(refs, "create refs/remotes/other/t{number} {id}\ncreate refs/heads/l{number} {id}");
    }
    repo.git_call(&["update-ref", "--stdin"]).stdin(refs).run().expect_code(0);
    look_like_a_clone(repo, "../x");
    match make.below(4) {
        0 => drop(repo.git(&["repack", "-q", "-a", "-d", "-k", "-f"])),
        1 => drop(repo.git(&["commit-graph", "write", "--reachable"])),
        2 => drop(repo.git(&["pack-refs", "--all"])),
        _ => {}
    }

    let count = 1 + make.below(4);
    let (mut lines, mut known) = (String::new(), tracked.clone());
    let pushed = some(&mut make, count);
    for (number, id) in pushed.iter().enumerate() {
        let old = match make.below(3) {
            0 => dag.ids[make.below(size)].clone(),
            1 => "0".repeat(40),
            _ => make.hex(40),
        };
        let _ = writeln!(lines, "refs/heads/p{number} {id} refs/heads/p{number} {old}");
        known.extend(Some(old).filter(|old| dag.ids.contains(old)));
    }
    let commits = &rev_list(repo, &pushed) - &rev_list(repo, &known);
    let wanted = dag.introduced(&commits);

    let threads = ["1", "2", "7"][make.below(3)];
    let args = ["hook", "--format", "jsonl", "--threads", threads, "pre-push", "origin", "../x"];
    let run = repo.keysweep_call(&args).stdin(lines).run();
    let found: Vec<_> = run
        .findings()
        .iter()
        .map(|f| {
            let place = format!("{}:{}", text(&f["path"]), f["line"]);
            (text(&f["commit"]).to_owned(), place, text(&f["redacted"]).to_owned())
        })
        .collect();
    let reported: BTreeSet<_> = found.iter().cloned().collect();
    if reported != wanted || reported.len() != found.len() {
        let missing: Vec<_> = wanted.difference(&reported).collect();
        let extra: Vec<_> = reported.difference(&wanted).collect();
        run.fail(&format!(
            "missing {missing:#?}, unexpected {extra:#?}, {} reported twice",
            found.len() - reported.len()
        ));
    }
    run.expect_code(i32::from(!wanted.is_empty()));
}

#[test]
fn small_random_histories_are_scanned_exactly() {
    for seed in 3400..3420 {
        check(seed, 12);
    }
}

#[test]
fn random_histories_are_scanned_exactly() {
    for seed in 3420..3440 {
        check(seed, 40);
    }
}

#[test]
fn a_large_random_history_is_scanned_exactly() {
    for seed in 3440..3442 {
        check(seed, 150);
    }
}

#[test]
fn the_number_of_threads_does_not_change_the_report() {
    let mut make = Maker::new(3450);
    let repo = Repo::new();
    let mut stream = String::new();
    let mut wanted = Vec::new();
    for number in 1..=400 {
        let _ = write!(
            stream,
            "commit refs/heads/main\nmark :{number}\ncommitter A <a@b> {} +0000\ndata 1\nx\n",
            number * 60
        );
        let token = make.sk_live(24);
        let data = if number % 97 == 0 { client(&token) } else { format!("innocent {number}\n") };
        let _ = write!(stream, "M 100644 inline d{}/f{}\ndata {}\n{data}\n", number % 9, number % 31, data.len());
        if number % 97 == 0 {
            wanted.push((format!("d{}/f{}", number % 9, number % 31), token.redacted()));
        }
    }
    repo.git_call(&["fast-import", "--quiet"]).stdin(stream).run().expect_code(0);
    let id = repo.git(&["rev-parse", "main"]).line();
    let lines = format!("refs/heads/main {id} refs/heads/main {}\n", "0".repeat(40));
    let mut first = None;
    for threads in ["1", "2", "5", "16"] {
        note(threads);
        let args = ["hook", "--format", "jsonl", "--threads", threads, "pre-push", "origin", "../x"];
        let run = repo.keysweep_call(&args).stdin(&lines).run().expect_code(1);
        let mut found: Vec<_> =
            run.findings().iter().map(|f| (text(&f["path"]).to_owned(), text(&f["redacted"]).to_owned())).collect();
        let order = found.clone();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted);
        assert_eq!(run.summary()["scanned"]["files"], 400);
        assert_eq!(*first.get_or_insert_with(|| order.clone()), order, "the order of findings must not vary");
    }
}

#[test]
fn a_wrong_date_of_the_tip_makes_no_old_commit_new() {
    let mut make = Maker::new(3460);
    let (old, new) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    let mut stream = String::new();
    let mut commit = |name: &str, parent: Option<usize>, number: usize, date: usize, data: &str| {
        let _ = write!(stream, "commit refs/{name}\nmark :{number}\ncommitter A <a@b> {date} +0000\ndata 1\nx\n");
        let _ = parent.map(|parent| writeln!(stream, "from :{parent}"));
        let _ = write!(stream, "M 100644 inline f{}\ndata {}\n{data}\n", number % 7, data.len());
    };
    for number in 1..=1500 {
        commit("chain", None, number, number * 60, &format!("{number}: {}", client(&old)));
    }
    // A commit on the remote whose date is older than the dates of its ancestors.
    commit("remotes/origin/main", Some(1500), 1501, 0, "x\n");
    commit("heads/clean", Some(1400), 1502, 100_000, "x\n");
    commit("heads/bad", Some(700), 1503, 100_000, &client(&new));
    repo.git_call(&["fast-import", "--quiet"]).stdin(stream).run().expect_code(0);
    repo.git(&["update-ref", "-d", "refs/chain"]);
    look_like_a_clone(&repo, "../x");
    for (branch, wanted) in [("clean", 0), ("bad", 1)] {
        let oid = repo.git(&["rev-parse", branch]).line();
        let line = format!("refs/heads/{branch} {oid} refs/heads/{branch} {}\n", "0".repeat(40));
        let args = ["hook", "--format", "jsonl", "pre-push", "origin", "../x"];
        let run = repo.keysweep_call(&args).stdin(line).run().expect_code(wanted);
        assert_eq!(run.findings().len(), usize::try_from(wanted).expect("small"), "{}", run.summary());
    }
}
