//! The table of docs/hooks.md: each way around a hook, and what still stops the token. Every cell is the result of a try.
//!
//! `BLESS=1 cargo test --test hook ways_around` updates the table.

use std::fs;
use std::path::PathBuf;

use crate::support::runner::{HookedRepo, Runner, ours};
use crate::support::token::{Maker, Token};
use crate::support::tools::{gits, newest_git};
use crate::support::{Call, Run, client, executable, note};

const BEGIN: &str = "<!-- ways-around: BLESS=1 cargo test --test hook ways_around -->\n";
const END: &str = "<!-- /ways-around -->\n";

/// A way to commit a token although a hook is there.
struct Way {
    hook: &'static str,
    /// In Markdown.
    text: &'static str,
    runner: Runner,
    /// Puts a commit with the token on the branch. None of the calls may be stopped.
    commit: fn(&Try),
    /// The variables and options that the person also uses for the push.
    push: fn(Call) -> Call,
}

const fn way(hook: &'static str, text: &'static str, runner: Runner, commit: fn(&Try)) -> Way {
    Way { hook, text, runner, commit, push: |call| call }
}

/// A clone with the hooks of a runner and a remote that has its first commit.
struct Try {
    at: HookedRepo,
    token: Token,
    /// The commit that the remote has.
    base: String,
}

impl Try {
    fn new(way: &Way) -> Self {
        let at = HookedRepo::new(way.runner);
        let base = at.repo.git(&["rev-parse", "HEAD"]).line();
        let trial = Self { at, token: Maker::new(9800).sk_live(24), base };
        trial.reset_remote();
        trial
    }

    /// Where the person works: the linked worktree, if the way made one.
    fn folder(&self) -> PathBuf {
        let linked = self.at.repo.base().join("linked");
        if linked.is_dir() { linked } else { self.at.repo.top().to_owned() }
    }

    fn branch(&self) -> String {
        self.git(&["branch", "--show-current"]).line()
    }

    fn git(&self, args: &[&str]) -> Run {
        self.git_call(args).run().expect_code(0)
    }

    fn git_call(&self, args: &[&str]) -> Call {
        self.at.git(args).cwd(self.folder())
    }

    fn stage(&self) {
        fs::write(self.folder().join("leak.txt"), client(&self.token)).expect("write");
        self.git(&["add", "leak.txt"]);
    }

    /// Stages the token and commits it with these arguments and variables of git.
    fn commit_with(&self, args: &[&str], variables: &[(&str, &str)]) {
        self.stage();
        let call = self.git_call(&[args, &["commit", "-q", "-m", "leak"]].concat());
        variables.iter().fold(call, |call, (name, value)| call.env(name, value)).run().expect_code(0);
    }

    /// A commit with the token on the branch `side`, in a way that needs no hook.
    fn commit_on_side(&self) {
        self.git(&["checkout", "-q", "-b", "side"]);
        self.stage();
        self.git(&["commit", "-q", "--no-verify", "-m", "leak"]);
        self.git(&["checkout", "-q", "main"]);
    }

    /// Moves the remote back to the first commit.
    fn reset_remote(&self) {
        let repo = &self.at.repo;
        let main = format!("{}:refs/heads/main", self.base);
        repo.git(&["push", "-q", "--no-verify", "--force", "../remote", &main]);
        repo.git(&["--git-dir=../remote", "update-ref", "-d", "refs/heads/linked"]);
    }

    fn expect_committed(&self) {
        let range = format!("{}..{}", self.base, self.branch());
        let log = self.git(&["log", "-p", "-m", "--format=%B", &range]).out();
        assert!(log.contains(self.token.text()), "no commit has the token: {log}");
    }

    /// Whether the call stops because of the token. It has no other reason to fail.
    #[track_caller]
    fn stops(&self, call: Call) -> bool {
        let run = call.run();
        if run.code == Some(0) {
            return false;
        }
        run.expect_has(&self.token.redacted()).expect_lacks(self.token.body());
        true
    }

    fn push(&self, args: &[&str]) -> Call {
        self.git_call(&[&["push", "origin", &self.branch()], args].concat())
    }

    fn stopped_by_pre_push(&self, way: &Way) -> bool {
        let stopped = self.stops((way.push)(self.push(&[])));
        self.reset_remote();
        stopped
    }

    fn stopped_by_server(&self) -> bool {
        let server = self.at.repo.base().join("remote");
        self.at.call("keysweep", &["install"]).cwd(&server).run().expect_code(0);
        let stopped = self.stops(self.push(&["--no-verify"]));
        self.at.call("keysweep", &["uninstall"]).cwd(&server).run().expect_code(0);
        self.reset_remote();
        stopped
    }

    /// The job of the GitLab template for a merge request, in a clone of depth 1.
    fn stopped_by_ci(&self) -> bool {
        self.push(&["--no-verify"]).run().expect_code(0);
        let head = self.git(&["rev-parse", "HEAD"]).line();
        let job = self.at.repo.view("job");
        fs::create_dir(&job.top).expect("create");
        job.git(&["init", "-q"]);
        job.git(&["remote", "add", "origin", &format!("file://{}", self.at.repo.base().join("remote").display())]);
        job.git(&["fetch", "-q", "--no-tags", "--depth=1", "origin", &head]);
        job.git(&["checkout", "-q", "FETCH_HEAD"]);
        let script = ours("packaging/ci/scan.sh");
        let scan = self
            .at
            .call("sh", &[&script.display().to_string(), env!("CARGO_BIN_EXE_keysweep"), "gitlab", "report.json"]);
        let scan = scan.cwd(&job.top).env("GITLAB_CI", "true").env("CI_PIPELINE_SOURCE", "merge_request_event");
        self.stops(scan.env("CI_MERGE_REQUEST_DIFF_BASE_SHA", &self.base).env("CI_COMMIT_SHA", &head))
    }

    /// Removes the scripts, and installs hooks in the configuration of the user in their place.
    fn use_configuration(&self) {
        self.at.call("keysweep", &["uninstall"]).run().expect_code(0);
        with_newest(self.at.call("keysweep", &["install", "--global"])).run().expect_code(0);
    }
}

/// The newest git and the configuration of a user.
fn with_newest(call: Call) -> Call {
    with_git(call, newest_git().to_owned())
}

fn with_git(mut call: Call, git: PathBuf) -> Call {
    let own = call.command.get_envs().find_map(|(name, value)| (name == "PATH").then_some(value).flatten());
    let folders = [git].into_iter().chain(std::env::split_paths(own.expect("the PATH of the runner")));
    let path = std::env::join_paths(folders.collect::<Vec<_>>()).expect("no colon in a name");
    call.command.env_remove("GIT_CONFIG_GLOBAL");
    call.env("PATH", path)
}

/// Commits with the newest git, with hooks of the configuration, these arguments and this setting of the repository.
fn commit_with_configuration(at: &Try, args: &[&str], setting: Option<(&str, &str)>) {
    at.use_configuration();
    at.stage();
    assert!(
        at.stops(with_newest(at.git_call(&["commit", "-q", "-m", "leak"]))),
        "the hook must work without the way around"
    );
    if let Some((name, value)) = setting {
        at.git(&["config", name, value]);
    }
    with_newest(at.git_call(&[args, &["commit", "-q", "-m", "leak"]].concat())).run().expect_code(0);
}

const PLAIN: &str = "script of `keysweep install`";
const SETTINGS: &str = "git's configuration (2.54)";

#[rustfmt::skip]
const WAYS: &[Way] = &[
    way(PLAIN, "`git commit --no-verify`", Runner::Git, |at| {
        at.stage();
        at.git(&["commit", "-q", "--no-verify", "-m", "leak"]);
    }),
    way(PLAIN, "`git commit --no-verify`, with the token in the message", Runner::Git, |at| {
        at.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", &format!("use {}", at.token)]);
    }),
    way(PLAIN, "`git -c core.hooksPath=/dev/null commit`", Runner::Git, |at| {
        at.commit_with(&["-c", "core.hooksPath=/dev/null"], &[]);
    }),
    way(PLAIN, "`core.hooksPath` in the configuration, for commit and push", Runner::Git, |at| {
        at.git(&["config", "core.hooksPath", "/dev/null"]);
        at.commit_with(&[], &[]);
    }),
    way(PLAIN, "`chmod -x .git/hooks/pre-commit`", Runner::Git, |at| {
        at.at.repo.call("chmod", &["-x", ".git/hooks/pre-commit"]).run().expect_code(0);
        at.commit_with(&[], &[]);
    }),
    way(PLAIN, "`git merge --no-verify`", Runner::Git, |at| {
        at.git(&["checkout", "-q", "-b", "side"]);
        at.at.repo.stage("a.txt", "side\n");
        at.git(&["commit", "-q", "-m", "side"]);
        at.git(&["checkout", "-q", "main"]);
        at.at.repo.stage("a.txt", "main\n");
        at.at.repo.stage(".gitattributes", "a.txt merge=token\n");
        at.git(&["commit", "-q", "-m", "main"]);
        at.at.repo.write("../merged", client(&at.token));
        at.git(&["config", "merge.token.driver", "cp ../merged %A"]);
        at.git(&["merge", "-q", "--no-edit", "--no-verify", "side"]);
    }),
    way(PLAIN, "`git cherry-pick`", Runner::Git, |at| {
        at.commit_on_side();
        at.git(&["cherry-pick", "side"]);
    }),
    way(PLAIN, "`git rebase`", Runner::Git, |at| {
        at.commit_on_side();
        at.git(&["commit", "-q", "--allow-empty", "-m", "main"]);
        at.git(&["rebase", "-q", "main", "side"]);
        at.git(&["checkout", "-q", "-B", "main"]);
    }),
    way(PLAIN, "`git revert` of a commit that removed the token", Runner::Git, |at| {
        at.commit_on_side();
        at.git(&["merge", "-q", "side"]);
        at.git(&["rm", "-q", "leak.txt"]);
        at.git(&["commit", "-q", "-m", "removed"]);
        at.git(&["revert", "--no-edit", "HEAD"]);
    }),
    way(PLAIN, "`git am`", Runner::Git, |at| {
        at.commit_on_side();
        let patch = at.git(&["format-patch", "--stdout", "main..side"]).out();
        at.git_call(&["am", "-q"]).stdin(patch).run().expect_code(0);
    }),
    way(PLAIN, "`git merge` that fast-forwards", Runner::Git, |at| {
        at.commit_on_side();
        at.git(&["merge", "-q", "--ff-only", "side"]);
    }),
    way(PLAIN, "`git commit-tree` and `git update-ref`", Runner::Git, |at| {
        at.stage();
        let tree = at.git(&["write-tree"]).line();
        let commit = at.git(&["commit-tree", &tree, "-p", "HEAD", "-m", "leak"]).line();
        at.git(&["update-ref", "refs/heads/main", &commit]);
    }),
    Way { push: |mut call| { call.command.arg("--no-verify"); call }, ..way(PLAIN, "`--no-verify` for commit and push", Runner::Git, |at| {
        at.stage();
        at.git(&["commit", "-q", "--no-verify", "-m", "leak"]);
    }) },
    way("every hook", "a `.keysweep.toml` in the same commit that allows the path", Runner::Git, |at| {
        at.at.repo.stage(".keysweep.toml", "[allow]\npaths = [\"leak.txt\"]\n");
        at.commit_with(&[], &[]);
    }),
    way("every hook", "a comment `keysweep:allow` on the line", Runner::Git, |at| {
        at.at.repo.stage("leak.txt", format!("{} # keysweep:allow\n", client(&at.token).trim_end()));
        at.git(&["commit", "-q", "-m", "leak"]);
    }),
    Way { push: with_newest, ..way(SETTINGS, "`git commit --no-verify`", Runner::Git, |at| {
        at.use_configuration();
        at.stage();
        with_newest(at.git_call(&["commit", "-q", "--no-verify", "-m", "leak"])).run().expect_code(0);
    }) },
    Way { push: with_newest, ..way(SETTINGS, "`git -c hook.keysweep-pre-commit.enabled=false commit`", Runner::Git, |at| {
        commit_with_configuration(at, &["-c", "hook.keysweep-pre-commit.enabled=false"], None);
    }) },
    Way { push: with_newest, ..way(SETTINGS, "`hook.pre-commit.enabled = false` in the repository (2.55)", Runner::Git, |at| {
        commit_with_configuration(at, &[], Some(("hook.pre-commit.enabled", "false")));
    }) },
    Way { push: with_newest, ..way(SETTINGS, "a script that stages a file after the scan", Runner::Git, |at| {
        at.use_configuration();
        let text = client(&at.token);
        executable(&at.at.repo.path(".git/hooks/pre-commit"), &format!("#!/bin/sh\nprintf '%s' '{text}' >leak.txt\ngit add leak.txt\n"));
        with_newest(at.git_call(&["commit", "-q", "--allow-empty", "-m", "leak"])).run().expect_code(0);
    }) },
    Way { push: |call| with_git(call, gits()[1].1.clone()), ..way(SETTINGS, "an older git, for commit and push", Runner::Git, |at| {
        at.use_configuration();
        at.stage();
        with_git(at.git_call(&["commit", "-q", "-m", "leak"]), gits()[1].1.clone()).run().expect_code(0);
    }) },
    way("pre-commit", "`SKIP=ID git commit`, with the id of the hook", Runner::PreCommit, |at| at.commit_with(&[], &[("SKIP", "keysweep-system")])),
    Way { push: |call| call.env("SKIP", "keysweep-system,keysweep-pre-push"), ..way("pre-commit", "`SKIP` with all ids, for commit and push", Runner::PreCommit, |at| {
        at.commit_with(&[], &[("SKIP", "keysweep-system,keysweep-pre-push")]);
    }) },
    Way { push: |call| call.env("PRE_COMMIT_ALLOW_NO_CONFIG", "1"), ..way("pre-commit", "no configuration and `PRE_COMMIT_ALLOW_NO_CONFIG=1`", Runner::PreCommit, |at| {
        at.git(&["rm", "-q", ".pre-commit-config.yaml"]);
        at.commit_with(&[], &[("PRE_COMMIT_ALLOW_NO_CONFIG", "1")]);
    }) },
    way("prek", "`PREK_SKIP=ID git commit`", Runner::Prek, |at| at.commit_with(&[], &[("PREK_SKIP", "keysweep-system")])),
    way("husky", "`HUSKY=0 git commit`", Runner::Husky, |at| at.commit_with(&[], &[("HUSKY", "0")])),
    Way { push: |call| call.env("HUSKY", "0"), ..way("husky", "`HUSKY=0` for commit and push", Runner::Husky, |at| {
        at.commit_with(&[], &[("HUSKY", "0")]);
    }) },
    way("husky", "a new worktree without `npx husky`", Runner::Husky, |at| {
        at.at.repo.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
        at.commit_with(&[], &[]);
    }),
    way("lefthook", "`LEFTHOOK=0 git commit`", Runner::Lefthook, |at| at.commit_with(&[], &[("LEFTHOOK", "0")])),
    Way { push: |call| call.env("LEFTHOOK", "0"), ..way("lefthook", "`LEFTHOOK=0` for commit and push", Runner::Lefthook, |at| {
        at.commit_with(&[], &[("LEFTHOOK", "0")]);
    }) },
];

#[test]
fn the_table_of_the_documentation_is_the_result_of_tries() {
    let rows = WAYS.iter().map(|way| {
        note(way.text);
        let trial = Try::new(way);
        (way.commit)(&trial);
        trial.expect_committed();
        let cells = [trial.stopped_by_pre_push(way), trial.stopped_by_server(), trial.stopped_by_ci()];
        let [pre_push, server, ci] = cells.map(|stopped| if stopped { "stops" } else { "**passes**" });
        format!("| {} | {} | {pre_push} | {server} | {ci} |\n", way.hook, way.text)
    });
    let table = format!(
        "| hook | way around it | pre-push | server | CI |\n|---|---|---|---|---|\n{}",
        rows.collect::<String>()
    );
    let page = ours("docs/hooks.md");
    let text = fs::read_to_string(&page).expect("read the page");
    let (before, rest) = text.split_once(BEGIN).expect("the page has the table");
    let (_, after) = rest.split_once(END).expect("the table ends");
    let wanted = format!("{before}{BEGIN}{table}{END}{after}");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&page, &wanted).expect("write the page");
    }
    assert!(fs::read_to_string(&page).expect("read the page") == wanted, "docs/hooks.md differs from:\n{table}");
}
