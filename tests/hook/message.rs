//! Real commits through a real commit-msg hook. The hook scans exactly those lines of the message file that git will
//! commit.

use crate::support::leak::expect_no_leak;
use crate::support::push::{JSONL, expect_report, write_hook};
use crate::support::token::{Maker, Token, base64};
use crate::support::{Call, Repo, Run, client, executable, note};

/// A repository with a commit-msg hook, one commit with an old token, and a clean staged change.
struct Fixture {
    repo: Repo,
    token: Token,
    old: Token,
}

impl Fixture {
    fn new(seed: u64) -> Self {
        let mut make = Maker::new(seed);
        let (token, old) = (make.sk_live(24), make.sk_live(24));
        let repo = Repo::new();
        repo.stage("old.txt", format!("first\n{}last\n", client(&old)));
        repo.commit("base");
        write_hook(&repo, repo.top(), "commit-msg", JSONL);
        repo.stage("a.txt", "innocent\n");
        Self { repo, token, old }
    }

    fn git(&self, args: &[&str]) -> Call {
        self.repo.git_call(args)
    }

    /// A commit whose editor runs this script on the message file.
    fn commit_edited(&self, args: &[&str], script: &str) -> Call {
        let editor = self.repo.base().join("editor");
        executable(&editor, &format!("#!/bin/sh\n{script}\n"));
        self.git(args).env("GIT_EDITOR", editor)
    }

    /// A commit whose editor inserts this text at the start of the message file.
    fn commit_typed(&self, args: &[&str], text: &str) -> Call {
        let typed = self.repo.base().join("typed");
        std::fs::write(&typed, text).expect("write");
        self.commit_edited(args, &format!("cat \"$1\" >>'{0}'\ncp '{0}' \"$1\"", typed.display()))
    }

    fn head(&self) -> String {
        self.repo.git(&["rev-parse", "HEAD"]).line()
    }

    /// Expects that the hook blocks the commit. Returns the report, which git prints on stderr among other lines.
    #[track_caller]
    fn expect_blocked(&self, call: Call) -> Run {
        let before = self.head();
        let mut run = call.run();
        if run.code == Some(0) || self.head() != before {
            run.fail("the hook did not block the commit");
        }
        expect_no_leak(&run, [&self.token, &self.old]);
        run.stdout = report(&run);
        if run.findings().is_empty() || run.findings().iter().any(|f| f["fingerprint"] != self.token.fingerprint()) {
            run.fail("expected a finding for the token");
        }
        run
    }

    /// Expects that git commits the token without the hook, so the hook was right to block the message.
    #[track_caller]
    fn expect_kept_by_git(&self, args: &[&str], text: &str) {
        let before = self.head();
        self.commit_typed(&[args, &["--no-verify"]].concat(), text).run().expect_code(0);
        let message = self.repo.git(&["log", "-1", "--format=%B"]).out();
        assert!(message.contains(self.token.text()), "git removes the token");
        self.repo.git(&["reset", "-q", "--soft", &before]);
    }

    /// Expects that the hook allows the commit and that its message contains no token.
    #[track_caller]
    fn expect_passes(&self, call: Call) {
        let before = self.head();
        let run = call.run().expect_code(0);
        if self.head() == before {
            run.fail("the hook blocked the commit");
        }
        let message = self.repo.git(&["log", "-1", "--format=%B"]).out();
        assert!(
            !message.contains(self.token.text()) && !message.contains(self.old.text()),
            "the message contains a token"
        );
        self.repo.git(&["reset", "-q", "--soft", &before]);
    }
}

fn report(run: &Run) -> Vec<u8> {
    let output = run.err();
    output.split_inclusive('\n').filter(|line| line.starts_with('{')).collect::<String>().into_bytes()
}

const SCISSORS: &str = "------------------------ >8 ------------------------";

#[test]
fn a_token_in_a_message_blocks_the_commit_for_every_option() {
    let fixture = Fixture::new(4000);
    let token = &fixture.token;
    let file = fixture.repo.base().join("message");
    std::fs::write(&file, format!("subject\n\n{token}\n")).expect("write");
    let file = file.to_str().expect("UTF-8");
    let words = format!("about {token}");
    for args in [
        &["commit", "-q", "-m", &words][..],
        &["commit", "-q", "-m", "subject", "-m", &words],
        &["commit", "-q", "-F", file],
        &["commit", "-q", "--amend", "-m", &words],
        &["commit", "-q", "--allow-empty", "-m", &words],
        &["commit", "-q", "-m", "x", "--trailer", &format!("Key: {token}")],
        &["commit", "-q", "-a", "-m", &words],
    ] {
        note(format!("{}", args.len()));
        let run = fixture.expect_blocked(fixture.git(args));
        let finding = run.only_finding();
        assert_eq!(finding["part"], "message");
        assert_eq!(finding["source"], "message");
        assert!(crate::support::text(&finding["path"]).ends_with("COMMIT_EDITMSG"), "{}", run.all());
    }
    fixture.expect_blocked(fixture.git(&["commit", "-q", "-F", "-"]).stdin(words.as_bytes()));
    fixture.expect_blocked(fixture.commit_typed(&["commit", "-q"], &words));
    fixture.expect_blocked(fixture.commit_typed(&["commit", "-q", "-e", "-m", "x"], &format!("{words}\n")));
    fixture.expect_blocked(fixture.commit_typed(&["commit", "-q", "--amend"], &format!("{words}\n")));
    fixture.expect_passes(fixture.git(&["commit", "-q", "-m", "innocent"]));
    fixture.expect_passes(fixture.git(&["commit", "-q", "--amend", "--no-edit"]));
}

#[test]
fn comment_lines_are_kept_without_an_editor() {
    let fixture = Fixture::new(4001);
    let words = format!("subject\n\n# {}\n", fixture.token);
    let cut = format!("subject\n\n# {SCISSORS}\n{}\n", fixture.token);
    for text in [&words, &cut] {
        fixture.expect_blocked(fixture.git(&["commit", "-q", "-m", text]));
        fixture.expect_blocked(fixture.git(&["commit", "-q", "-F", "-"]).stdin(text));
        fixture.expect_blocked(fixture.git(&["commit", "-q", "--amend", "-m", text]));
        fixture.expect_blocked(fixture.git(&["commit", "-q", "--cleanup=scissors", "-m", text]));
        fixture.expect_blocked(fixture.git(&["commit", "-q", "--cleanup=verbatim", "-m", text]));
    }
}

/// A hook cannot see `--cleanup`, neither as a setting nor as a variable, so git may keep a comment of the user.
#[test]
fn a_comment_of_the_user_is_scanned() {
    let fixture = Fixture::new(4002);
    let token = &fixture.token;
    for text in [
        "subject\n# {T}\n",
        "subject\n#{T}\n",
        "# {T}\nsubject\n",
        "subject\n # {T}\n",
        "subject # {T}\n",
        "subject\n; {T}\n",
    ] {
        fixture.expect_blocked(fixture.commit_typed(&["commit", "-q"], &text.replace("{T}", token.text())));
    }
    fixture.expect_blocked(fixture.commit_typed(&["commit", "-q", "-e", "-m", "x"], &format!("# {token}\n")));
}

#[test]
fn text_kept_by_a_cleanup_option_is_scanned() {
    let fixture = Fixture::new(4012);
    let text = format!("subject\n# {}\n", fixture.token);
    for cleanup in ["whitespace", "verbatim", "scissors"] {
        note(cleanup);
        let option = format!("--cleanup={cleanup}");
        for args in [&["commit", "-q"][..], &["commit", "-q", "--amend"], &["commit", "-q", "-e", "-m", "x"]] {
            let args = [args, &[&option]].concat();
            fixture.expect_kept_by_git(&args, &text);
            fixture.expect_blocked(fixture.commit_typed(&args, &text));
        }
    }
}

#[test]
fn text_kept_by_cleanup_in_a_merge_is_scanned() {
    let fixture = Fixture::new(4013);
    let repo = &fixture.repo;
    repo.commit("innocent");
    repo.git(&["checkout", "-q", "-b", "side", "HEAD~1"]);
    repo.stage("side.txt", "x\n");
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    let text = format!("subject\n# {}\n", fixture.token);
    for cleanup in ["whitespace", "verbatim", "scissors", "strip"] {
        note(cleanup);
        let option = format!("--cleanup={cleanup}");
        let args = ["merge", "-q", "--no-ff", "-e", &option, "side"];
        if cleanup != "strip" {
            let before = fixture.head();
            fixture.commit_typed(&[&args[..], &["--no-verify"]].concat(), &text).run().expect_code(0);
            assert!(
                repo.git(&["log", "-1", "--format=%B"]).out().contains(fixture.token.text()),
                "git removes the token"
            );
            repo.git(&["reset", "-q", "--hard", &before]);
        }
        fixture.expect_blocked(fixture.commit_typed(&args, &text));
        repo.git(&["merge", "--abort"]);
    }
}

/// A repository in which HEAD has a file named after the token. Git's comments about its deletion are not new.
fn fixture_with_token_file(seed: u64) -> Fixture {
    let fixture = Fixture::new(seed);
    let name = format!("sub/{}.txt", fixture.token);
    fixture.repo.stage(&name, "x\n");
    fixture.repo.commit("a name");
    fixture.repo.git(&["rm", "-q", &name]);
    fixture
}

#[test]
fn the_comment_character_follows_git() {
    type Set = fn(&Fixture, Call) -> Call;
    let in_repository: Set = |s, call| {
        s.repo.git(&["config", "core.commentChar", ";"]);
        call
    };
    let of_the_person: Set = |s, call| {
        let file = s.repo.base().join("person");
        std::fs::write(&file, "[core]\n\tcommentChar = \";\"\n").expect("write");
        call.env("GIT_CONFIG_GLOBAL", file)
    };
    let in_the_environment: Set = |_, call| {
        call.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "core.commentchar").env("GIT_CONFIG_VALUE_0", ";")
    };
    let included: Set = |s, call| {
        s.repo.write(".git/more", "[core]\n\tcommentChar = \";\"\n");
        s.repo.git(&["config", "include.path", "more"]);
        call
    };
    for (name, set) in [
        ("repository", in_repository),
        ("person", of_the_person),
        ("environment", in_the_environment),
        ("included", included),
    ] {
        note(name);
        let fixture = fixture_with_token_file(4003);
        let token = &fixture.token;
        fixture.expect_passes(set(&fixture, fixture.commit_typed(&["commit", "-q"], "subject\n")));
        // The same name in a comment that git does not write is new.
        fixture.expect_blocked(set(
            &fixture,
            fixture.commit_typed(&["commit", "-q"], &format!("subject\n#\tdeleted: {token}.txt\n")),
        ));
    }
    for (key, value) in [
        ("core.commentChar", ";"),
        ("core.commentString", "//"),
        ("core.commentString", "REM "),
        ("core.commentChar", "%%"),
    ] {
        note(value);
        let fixture = fixture_with_token_file(4003);
        let token = &fixture.token;
        let setting = format!("{key}={value}");
        let args = ["-c", &setting, "commit", "-q"];
        fixture.expect_passes(fixture.commit_typed(&args, "subject\n"));
        fixture.expect_blocked(fixture.commit_typed(&args, &format!("subject\n# {token}\n")));
        if value.len() > 1 {
            fixture.expect_blocked(fixture.commit_typed(&args, &format!("subject\n{} {token}\n", &value[..1])));
        }
    }
}

/// Git's comments name the file for every kind of change.
#[test]
fn git_comments_about_known_names_are_ignored() {
    let fixture = Fixture::new(4014);
    let token = &fixture.token;
    let (name, other) = (format!("{token}.txt"), format!("sub/{token}/b.txt"));
    let undo = || drop(fixture.repo.git(&["reset", "-q", "--hard"]));
    let passes = |args: &[&str]| {
        fixture.expect_passes(fixture.commit_typed(&[&["commit", "-q"], args].concat(), "subject\n"));
        fixture.expect_passes(fixture.commit_typed(&[&["commit", "-q", "-v"], args].concat(), "subject\n"));
    };
    note("added");
    fixture.repo.stage(&name, "x\n");
    passes(&[]);
    fixture.repo.commit("a name");
    note("added in the commit that is amended");
    passes(&["--amend"]);
    note("removed in the commit that is amended");
    fixture.repo.git(&["rm", "-q", &name]);
    fixture.repo.commit("removed");
    passes(&["--amend"]);
    fixture.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    note("changed, and not staged");
    fixture.repo.stage("a.txt", "more\n");
    fixture.repo.write(&name, "y\n");
    passes(&[]);
    note("changed");
    fixture.repo.stage(&name, "y\n");
    passes(&[]);
    undo();
    note("moved");
    fixture.repo.write(&other, "");
    fixture.repo.git(&["mv", "-f", &name, &other]);
    passes(&[]);
    undo();
    note("removed in a folder");
    fixture.repo.stage(&other, "x\n");
    fixture.repo.commit("a folder");
    fixture.repo.git(&["rm", "-q", "-r", "sub"]);
    passes(&[]);
    // Text that the user types is new, and so is an untracked file, since a cleanup mode may keep the comment.
    fixture.expect_blocked(fixture.commit_typed(&["commit", "-q"], &format!("subject {token}\n")));
    undo();
    let fresh = Maker::new(4114).sk_live(24);
    fixture.repo.stage("a.txt", "again\n");
    fixture.repo.write(format!("{fresh}.txt"), "x\n");
    let run = fixture.commit_typed(&["commit", "-q"], "subject\n").run();
    assert!(run.code != Some(0) && run.err().contains(&fresh.fingerprint()), "{}", run.all());
}

#[test]
fn an_automatic_comment_character_hides_nothing() {
    let fixture = Fixture::new(4004);
    let token = &fixture.token;
    let auto = ["-c", "core.commentChar=auto"];
    let args = |more: &[&'static str]| [&auto[..], more].concat();
    // Git keeps the `#` line of its template or of -m, and uses `;` for comments.
    let words = format!("#1 {token}");
    let call = fixture.commit_edited(&args(&["commit", "-q", "-e", "-F", "-"]), "true");
    fixture.expect_blocked(call.stdin(&words));
    fixture.expect_blocked(fixture.commit_typed(&args(&["commit", "-q"]), &format!("{words}\nsubject {token}\n")));
    fixture.expect_blocked(fixture.git(&args(&["commit", "-q", "-F", "-"])).stdin(&words));
    // Without git's template, the comment character is unknown. It need not be the first character of the last line.
    let bare = ["-c", "commit.status=false"];
    for text in [
        format!("subject\n#x\n; {token}\n"),
        format!("subject\n\n$ curl -u {token}: https://example.org\n"),
        format!("; {token}\nsubject\n#x\n"),
    ] {
        for more in [&[][..], &bare] {
            let args = [&auto[..], more, &["commit", "-q"]].concat();
            fixture.expect_kept_by_git(&args, &text);
            fixture.expect_blocked(fixture.commit_typed(&args, &text));
        }
    }
    // Git's template names a deleted file.
    let name = format!("{token}.txt");
    fixture.repo.stage(&name, "x\n");
    fixture.repo.commit("a name");
    fixture.repo.git(&["rm", "-q", &name]);
    fixture.expect_passes(fixture.commit_typed(&args(&["commit", "-q"]), "subject\n"));
}

#[test]
fn the_diff_below_the_scissors_is_not_scanned() {
    let fixture = Fixture::new(4005);
    fixture.repo.stage("old.txt", "first\nlast\n");
    let settings: &[&[&str]] = &[
        &[],
        &["-c", "core.commentChar=;"],
        &["-c", "core.commentChar=auto"],
        &["-c", "core.commentString=//"],
        &["-c", "commit.cleanup=scissors"],
        &["-c", "commit.cleanup=whitespace"],
        &["-c", "commit.cleanup=verbatim"],
        &["-c", "commit.verbose=true"],
        &["-c", "commit.verbose=2"],
        &["-c", "diff.noprefix=true"],
        &["-c", "diff.algorithm=patience", "-c", "diff.context=0"],
    ];
    for setting in settings {
        note(format!("{setting:?}"));
        let args = [setting, &["commit", "-q", "-v"][..]].concat();
        fixture.expect_passes(fixture.commit_typed(&args, "subject\n"));
        fixture.expect_blocked(fixture.commit_typed(&args, &format!("subject {}\n", fixture.token)));
    }
    // The comment block names the deleted file, and git removes the block and the diff.
    fixture.expect_passes(fixture.commit_typed(&["commit", "-q", "-v", "-e", "-m", "x"], ""));
    fixture.expect_passes(fixture.commit_typed(&["commit", "-q", "-v", "--amend"], ""));
}

/// The token is in HEAD, in its parent, in the staged change or in an unstaged one. Git's diff can show it in many
/// ways.
#[test]
fn a_diff_of_known_content_blocks_nothing() {
    let fixture = Fixture::new(4015);
    let (repo, old) = (&fixture.repo, &fixture.old);
    let passes = |args: &[&str]| {
        fixture.expect_passes(fixture.commit_typed(&[&["commit", "-q", "-v"], args].concat(), "subject\n"));
    };
    let undo = || drop(repo.git(&["reset", "-q", "--hard"]));
    note("as context");
    repo.stage("old.txt", format!("first\n{}more\n", client(old)));
    passes(&[]);
    note("removed in the commit that is amended");
    repo.stage("old.txt", "first\nlast\n");
    repo.commit("removed");
    passes(&["--amend"]);
    note("in a deleted file");
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.git(&["rm", "-q", "old.txt"]);
    passes(&[]);
    undo();
    note("added");
    repo.stage("new.txt", client(&Maker::new(4115).sk_live(24)));
    passes(&[]);
    undo();
    note("in a root commit that is amended");
    passes(&["--amend"]);
    note("moved and changed");
    repo.stage("long.txt", format!("{}{}", "line\n".repeat(40), client(old)));
    repo.commit("long");
    repo.git(&["mv", "long.txt", "moved.txt"]);
    repo.stage("moved.txt", format!("{}{}last\n", "line\n".repeat(40), client(old)));
    passes(&[]);
    undo();
    note("truncated in the function name of a hunk header");
    let function = |last: &str| {
        let name = "f".repeat(32);
        format!("def {name}(key=\"{old}\"):\n{}{last}\n", "    pass\n".repeat(20))
    };
    repo.stage("f.py", function("a"));
    repo.commit("a function");
    repo.stage("f.py", function("b"));
    passes(&[]);
    undo();
    note("wrapped, encoded, and in a symlink");
    let encoded = base64(format!("key = {old}\n").repeat(3).as_bytes(), *b"+/", true);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(60).map(|line| std::str::from_utf8(line).expect("base64")).collect();
    repo.stage("wrapped.txt", lines.join("\n"));
    repo.stage_entry("120000", "link", format!("../{old}/x"));
    passes(&[]);
    repo.commit("wrapped");
    repo.git(&["rm", "-q", "--cached", "wrapped.txt", "link"]);
    passes(&[]);
}

#[test]
fn a_shallow_clone_can_amend_its_boundary_commit() {
    let fixture = Fixture::new(4017);
    fixture.repo.stage("old.txt", format!("first\n{}more\n", client(&fixture.old)));
    fixture.repo.commit("more");
    let (from, to) = (format!("file://{}", fixture.repo.top().display()), fixture.repo.base().join("shallow"));
    fixture.repo.git_call(&["clone", "-q", "--depth", "1", &from]).args(&[&to]).run().expect_code(0);
    write_hook(&fixture.repo, &to, "commit-msg", JSONL);
    let amend = || fixture.commit_typed(&["commit", "-q", "-v", "--amend"], "subject\n").cwd(&to);
    let run = amend().run().expect_code(0);
    assert!(!run.err().contains("\"findings\":1"), "{}", run.all());
    let typed =
        fixture.commit_typed(&["commit", "-q", "-v", "--amend"], &format!("# {}\n", fixture.token)).cwd(&to).run();
    assert!(typed.code != Some(0) && typed.err().contains(&fixture.token.fingerprint()), "{}", typed.all());
}

/// With a second `-v`, git also shows unstaged changes below the scissors, and removes them.
#[test]
fn a_diff_of_unstaged_changes_blocks_nothing_if_git_removes_it() {
    let fixture = Fixture::new(4016);
    let old = &fixture.token;
    fixture.repo.write("old.txt", client(old));
    for setting in [
        &[][..],
        &["-c", "core.commentChar=;"],
        &["-c", "core.commentChar=auto"],
        &["-c", "commit.cleanup=whitespace"],
        &["-c", "commit.cleanup=verbatim"],
    ] {
        note(format!("{setting:?}"));
        for verbose in [&["-v"][..], &["-v", "-v"]] {
            let args = [setting, &["commit", "-q"], verbose].concat();
            fixture.expect_passes(fixture.commit_typed(&args, "subject\n"));
            fixture.expect_blocked(fixture.commit_typed(&args, &format!("subject {old}\n")));
            fixture.expect_blocked(fixture.commit_typed(&args, &format!("subject\n# {old}\n")));
        }
    }
    fixture.expect_passes(fixture.commit_typed(&["-c", "commit.verbose=2", "commit", "-q"], "subject\n"));
}

/// A message file left by `commit -v -v` and used again without `-v`. Git keeps the diff then.
#[test]
fn a_kept_diff_of_an_earlier_commit_is_scanned() {
    let fixture = Fixture::new(4018);
    fixture.repo.write("old.txt", client(&fixture.token));
    let left = fixture.repo.base().join("left");
    let keep = format!("printf 'subject\\n' | cat - \"$1\" >'{0}'\nexit 1", left.display());
    fixture.commit_edited(&["commit", "-q", "-v", "-v"], &keep).run().expect_code(1);
    let file = left.to_str().expect("UTF-8");
    for setting in [&[][..], &["-c", "commit.status=false"], &["-c", "commit.cleanup=whitespace"]] {
        note(format!("{setting:?}"));
        let args = [setting, &["commit", "-q", "-e", "-F", file]].concat();
        fixture.expect_kept_by_git(&args, "");
        fixture.expect_blocked(fixture.commit_typed(&args, ""));
    }
}

/// Names of branches and subjects of commits that git's template shows. Git removes them with the template.
#[test]
fn the_template_may_name_a_branch_with_a_token() {
    let fixture = Fixture::new(4019);
    let (repo, token) = (&fixture.repo, &fixture.token);
    let branch = format!("fix-{token}");
    repo.git(&["checkout", "-q", "-b", &branch]);
    repo.git(&["remote", "add", "origin", "https://example.org/x"]);
    for upstream in [false, true] {
        if upstream {
            repo.git(&["checkout", "-q", "main"]);
            repo.git(&["update-ref", &format!("refs/remotes/origin/{branch}"), "HEAD"]);
            repo.git(&["branch", "-q", "--set-upstream-to", &format!("origin/{branch}"), "main"]);
        }
        for setting in [&[][..], &["-c", "core.commentString=//"], &["-c", "core.commentChar=auto"]] {
            note(format!("{upstream} {setting:?}"));
            let args = [setting, &["commit", "-q"]].concat();
            fixture.expect_passes(fixture.commit_typed(&args, "subject\n"));
            fixture.expect_passes(fixture.commit_typed(&[&args[..], &["-v"]].concat(), "subject\n"));
            fixture.expect_blocked(fixture.commit_typed(&args, &format!("subject {token}\n")));
            // Git keeps its template in this case.
            let args = [setting, &["commit", "-q", "--cleanup=whitespace"]].concat();
            fixture.expect_kept_by_git(&args, "subject\n");
            fixture.expect_blocked(fixture.commit_typed(&args, "subject\n"));
        }
        // Git writes no template here, so these lines come from the user.
        let hint = "# Please enter the commit message for your changes. Lines starting\n# with '#' will be ignored, and \
                    an empty message aborts the commit.\n";
        let args = ["-c", "commit.status=false", "commit", "-q", "--cleanup=whitespace"];
        let text = format!("subject\n{hint}#\n# On branch {branch}\n");
        fixture.expect_kept_by_git(&args, &text);
        fixture.expect_blocked(fixture.commit_typed(&args, &text));
    }
}

#[test]
fn a_rebase_may_reword_a_subject_with_a_token() {
    for (seed, settings) in
        [(4020, &[][..]), (4021, &["-c", "commit.verbose=true"]), (4022, &["-c", "core.commentChar=;"])]
    {
        note(format!("{settings:?}"));
        let fixture = Fixture::new(seed);
        let (repo, token) = (&fixture.repo, &fixture.token);
        for subject in [format!("add {token}"), format!("second {token}"), format!("third {token}")] {
            repo.stage(format!("{}.txt", &subject[..3]), "x\n");
            repo.git(&["commit", "-q", "--no-verify", "-m", &subject]);
        }
        let sequence = repo.base().join("sequence");
        executable(&sequence, "#!/bin/sh\nsed -i -e 's/^pick/reword/' \"$1\"\n");
        let rebase = |script: &str| {
            let args = [settings, &["rebase", "-q", "-i", "HEAD~3"]].concat();
            fixture.commit_edited(&args, script).env("GIT_SEQUENCE_EDITOR", &sequence)
        };
        // A reworded subject that still contains the token is blocked.
        rebase("true").run().expect_code(1).expect_has(&token.fingerprint());
        repo.git(&["rebase", "--abort"]);
        rebase("sed -i '1s/.*/innocent/' \"$1\"").run().expect_code(0);
        let messages = repo.git(&["log", "-3", "--format=%B"]).out();
        assert_eq!(messages.replace('\n', ""), "innocent".repeat(3));
    }
}

#[test]
fn a_kept_rebase_template_is_scanned() {
    let fixture = Fixture::new(4023);
    let (repo, token) = (&fixture.repo, &fixture.token);
    repo.stage("b.txt", "x\n");
    repo.git(&["commit", "-q", "--no-verify", "-m", &format!("add {token}")]);
    let sequence = repo.base().join("sequence");
    executable(&sequence, "#!/bin/sh\nsed -i -e 's/^pick/edit/' \"$1\"\n");
    let args = ["rebase", "-q", "-i", "HEAD~1"];
    fixture.git(&args).env("GIT_SEQUENCE_EDITOR", &sequence).run().expect_code(0);
    let innocent = "sed -i '1s/.*/innocent/' \"$1\"";
    fixture.expect_blocked(fixture.commit_edited(&["commit", "-q", "--amend", "--cleanup=whitespace"], innocent));
    fixture.expect_passes(fixture.commit_edited(&["commit", "-q", "--amend"], innocent));
}

#[test]
fn scissors_of_the_user_hide_nothing() {
    // Without -v, git keeps all of the text. Git's own scissors are followed by an explanation in a comment.
    let fixture = Fixture::new(4010);
    let token = &fixture.token;
    let diff = format!("diff --git a/x b/x\n-{token}\n");
    for typed in [
        format!("{token}\n"),
        format!("# a comment\n{token}\n"),
        format!("# a comment\n#\n\n{token}\n"),
        // A message that git kept from a commit with --verbose, used again.
        format!("# a comment\n{diff}"),
    ] {
        let text = format!("subject\n# {SCISSORS}\n{typed}");
        fixture.expect_kept_by_git(&["commit", "-q"], &text);
        fixture.expect_blocked(fixture.commit_typed(&["commit", "-q"], &text));
        fixture.expect_blocked(fixture.git(&["commit", "-q", "-F", "-"]).stdin(&text));
        fixture.expect_blocked(fixture.commit_typed(&["-c", "core.commentChar=auto", "commit", "-q"], &text));
        // With -v, git cuts at the first scissors line. The hook scans more, which is safe.
        fixture.expect_blocked(
            fixture.commit_typed(&["commit", "-q", "-v"], &format!("subject\n# {SCISSORS}\n# x\n{token}\n")),
        );
    }
    // Text that looks like git's template, with a diff that git did not write.
    let explained = "# Do not modify or remove the line above.\n# Everything below it will be ignored.\n";
    let bare = ["-c", "commit.status=false", "commit", "-q"];
    for made_up in [
        format!("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+{token}\n"),
        format!(
            "diff --git a/a.txt b/a.txt\nnew file mode 100644\n--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+{token}\n"
        ),
    ] {
        let text = format!("subject\n# {SCISSORS}\n{explained}{made_up}");
        for args in [&bare[..], &["commit", "-q"]] {
            fixture.expect_kept_by_git(args, &text);
            fixture.expect_blocked(fixture.commit_typed(args, &text));
        }
    }
    // With these cleanup modes, git keeps all comments.
    for cleanup in ["verbatim", "whitespace"] {
        let setting = format!("commit.cleanup={cleanup}");
        let text = format!("subject\n# {SCISSORS}\n# a comment\n# {token}\n");
        fixture.expect_kept_by_git(&["-c", &setting, "commit", "-q"], &text);
        fixture.expect_blocked(fixture.commit_typed(&["-c", &setting, "commit", "-q"], &text));
    }
    // Git does not recognize scissors with trailing whitespace or another line end.
    for end in [" \n", "\r\n"] {
        let text = format!("subject\n# {SCISSORS}{end}# a comment\n{diff}");
        fixture
            .expect_blocked(fixture.commit_edited(&["commit", "-q", "-v"], &format!("printf '%s' '{text}' >\"$1\"")));
    }
}

#[test]
fn comments_are_kept_with_cleanup_scissors() {
    let fixture = Fixture::new(4011);
    let args = ["commit", "-q", "--cleanup=scissors"];
    fixture.expect_kept_by_git(&args, &format!("subject\n# {}\n", fixture.token));
    fixture.expect_blocked(fixture.commit_typed(&args, &format!("subject\n# {}\n", fixture.token)));
    fixture.expect_blocked(
        fixture.commit_typed(&[&args[..], &["-v"]].concat(), &format!("subject\n# {}\n", fixture.token)),
    );
    // Git's template names the deleted file.
    let name = format!("{}.txt", fixture.token);
    fixture.repo.stage(&name, "x\n");
    fixture.repo.commit("a name");
    fixture.repo.git(&["rm", "-q", &name]);
    fixture.expect_passes(fixture.commit_typed(&args, "subject\n"));
    fixture.expect_passes(fixture.commit_typed(&["-c", "commit.cleanup=scissors", "commit", "-q"], "subject\n"));
    fixture.expect_passes(fixture.commit_typed(&[&args[..], &["-v"]].concat(), "subject\n"));
}

#[test]
fn comments_kept_by_a_cleanup_setting_are_scanned() {
    let fixture = Fixture::new(4006);
    let line = format!("subject\n\n# {}\n", fixture.token);
    for cleanup in ["verbatim", "whitespace", "scissors"] {
        note(cleanup);
        let setting = format!("commit.cleanup={cleanup}");
        fixture.expect_blocked(fixture.commit_typed(&["-c", &setting, "commit", "-q"], &line));
    }
    // With these cleanup modes, git removes comments unless an option overrides them.
    for cleanup in ["strip", "default"] {
        note(cleanup);
        let setting = format!("commit.cleanup={cleanup}");
        let args = ["-c", &setting, "commit", "-q", "--cleanup=whitespace"];
        fixture.expect_kept_by_git(&args, &line);
        fixture.expect_blocked(fixture.commit_typed(&args, &line));
    }
}

#[test]
fn a_commit_template_is_scanned_as_the_message() {
    let fixture = Fixture::new(4007);
    let template = fixture.repo.base().join("template");
    let setting = format!("commit.template={}", template.display());
    let args = ["-c", &setting, "commit", "-q"];
    std::fs::write(&template, format!("# put no {} in here\n", fixture.token)).expect("write");
    fixture.expect_kept_by_git(&[&args[..], &["--cleanup=whitespace"]].concat(), "subject\n");
    fixture.expect_blocked(fixture.commit_typed(&args, "subject\n"));
    std::fs::write(&template, format!("Key: {}\n", fixture.token)).expect("write");
    fixture.expect_blocked(fixture.commit_typed(&args, "subject\n"));
}

#[test]
fn the_message_of_a_merge_is_read() {
    let fixture = Fixture::new(4008);
    let repo = &fixture.repo;
    repo.commit("innocent");
    repo.git(&["checkout", "-q", "-b", "side", "HEAD~1"]);
    repo.stage("side.txt", "x\n");
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    let words = format!("merge {}", fixture.token);
    let undo = || drop(repo.git_call(&["merge", "--abort"]).run());
    fixture.expect_blocked(fixture.git(&["merge", "-q", "--no-ff", "-m", &words, "side"]));
    undo();
    fixture.expect_blocked(fixture.commit_typed(&["merge", "-q", "--no-ff", "--edit", "side"], &format!("{words}\n")));
    undo();
    repo.git(&["branch", &format!("x-{}", fixture.token), "side"]);
    fixture.expect_blocked(fixture.git(&["merge", "-q", "--no-ff", "--no-edit", &format!("x-{}", fixture.token)]));
    undo();
    fixture.expect_passes(fixture.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]));
    fixture.repo.git(&["reset", "-q", "--hard"]);
    fixture.expect_passes(fixture.commit_typed(&["merge", "-q", "--no-ff", "--edit", "side"], "merge\n"));
}

#[test]
fn messages_in_linked_worktrees_and_folders_of_any_name() {
    let fixture = Fixture::new(4009);
    let words = format!("about {}", fixture.token);
    for name in [&b"linked"[..], b"caf\xe9", b"sp ace"] {
        let folder = fixture.repo.base().join(crate::support::os(name));
        let args = ["worktree", "add", "-q", "--detach"];
        fixture.repo.git_call(&args).args(&[&folder]).run().expect_code(0);
        let commit = |words: &str| fixture.git(&["commit", "-q", "--allow-empty", "-m", words]).cwd(&folder).run();
        let mut run = commit(&words).expect_code(1);
        run.stdout = report(&run);
        expect_report(&run, &[("null", "message", &fixture.token)]);
        commit("innocent").expect_code(0);
    }
    // The folder of the repository itself.
    let odd = fixture.repo.base().join(crate::support::os(b"odd-\xff"));
    std::fs::rename(fixture.repo.top(), &odd).expect("rename");
    std::fs::create_dir(fixture.repo.top()).expect("create");
    let commit = |words: &str| fixture.git(&["commit", "-q", "--allow-empty", "-m", words]).cwd(&odd).run();
    let mut run = commit(&words).expect_code(1);
    run.stdout = report(&run);
    expect_report(&run, &[("null", "message", &fixture.token)]);
    commit("innocent").expect_code(0);
}
