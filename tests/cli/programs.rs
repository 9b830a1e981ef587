//! No command starts a program that the repository configures.

use std::fs;
use std::path::PathBuf;

use crate::support::token::Maker;
use crate::support::{Call, Repo, client, executable, note};

/// Hooks that `keysweep install` does not write. `doctor` runs only the hooks that it writes.
const HOOKS: &[&str] = &[
    "applypatch-msg",
    "fsmonitor-watchman",
    "p4-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-rebase",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
];

/// Settings whose value git runs as a program or as a shell command.
const PROGRAMS: &[&str] = &[
    "alias.config",
    "alias.hook",
    "alias.log",
    "alias.ls-files",
    "alias.rev-list",
    "alias.rev-parse",
    "browser.planted.cmd",
    "core.alternateRefsCommand",
    "core.askPass",
    "core.editor",
    "core.fsmonitor",
    "core.gitProxy",
    "core.pager",
    "core.sshCommand",
    "credential.helper",
    "diff.external",
    "diff.planted.command",
    "diff.planted.textconv",
    "difftool.planted.cmd",
    "filter.planted.clean",
    "filter.planted.process",
    "filter.planted.smudge",
    "gpg.openpgp.program",
    "gpg.program",
    "gpg.ssh.defaultKeyCommand",
    "gpg.ssh.program",
    "gpg.x509.program",
    "imap.tunnel",
    "interactive.diffFilter",
    "man.planted.cmd",
    "merge.planted.driver",
    "mergetool.planted.cmd",
    "pager.config",
    "pager.log",
    "pager.rev-list",
    "remote.origin.receivepack",
    "remote.origin.uploadpack",
    "sequence.editor",
    "tar.planted.command",
    "trailer.planted.cmd",
    "uploadpack.packObjectsHook",
];

/// Settings that make git run one of the programs.
const SWITCHES: &[(&str, &str)] = &[
    ("commit.gpgSign", "true"),
    ("diff.tool", "planted"),
    ("extensions.partialClone", "origin"),
    ("filter.planted.required", "true"),
    ("gpg.ssh.allowedSignersFile", "/dev/null"),
    ("log.showSignature", "true"),
    ("merge.tool", "planted"),
    ("protocol.allow", "always"),
    ("push.gpgSign", "if-asked"),
    ("remote.origin.promisor", "true"),
    ("tag.gpgSign", "true"),
    ("trailer.planted.key", "Planted"),
];

const SIGNATURES: [(&str, &str); 3] = [
    ("-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"),
    ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"),
    ("-----BEGIN SIGNED MESSAGE-----", "-----END SIGNED MESSAGE-----"),
];

/// A repository with a program behind each setting. A program that runs appends its name to a file.
struct Planted {
    repo: Repo,
    started: PathBuf,
}

impl Planted {
    fn new(format: &str) -> Self {
        let repo = Repo::init(&[&format!("--ref-format={format}")]);
        let started = repo.base().join("started");
        let planted = Self { repo, started };
        planted.make_history();
        planted.configure();
        fs::remove_file(&planted.started).unwrap_or_default();
        planted
    }

    fn program(&self, name: &str) -> String {
        let folder = self.repo.base().join("programs");
        fs::create_dir_all(&folder).expect("create a folder");
        let path = folder.join(name);
        // Read stdin if git writes to it without waiting, or git would get a SIGPIPE.
        let drain = if name.starts_with("gpg.") { "cat > /dev/null\n" } else { "" };
        executable(&path, &format!("#!/bin/sh\necho {name} >> '{}'\n{drain}", self.started.display()));
        path.display().to_string()
    }

    /// Commits signatures of each kind in the reflog, a removed token and a staged token.
    fn make_history(&self) {
        let mut make = Maker::new(4400);
        let repo = &self.repo;
        repo.stage("old.txt", client(&make.sk_live(24)));
        repo.stage("away.txt", "left out by a partial clone\n");
        repo.commit("base");
        for (begin, end) in SIGNATURES {
            let (tree, parent) =
                (repo.git(&["rev-parse", "HEAD^{tree}"]).line(), repo.git(&["rev-parse", "HEAD"]).line());
            let person = "Ada <ada@example.org> 1704164645 +0000";
            let commit = format!(
                "tree {tree}\nparent {parent}\nauthor {person}\ncommitter {person}\ngpgsig {begin}\n \n abcd\n {end}\n\nsigned\n"
            );
            let id = repo.call("git", &["hash-object", "-w", "-t", "commit", "--stdin"]).stdin(commit).run();
            let id = id.expect_code(0).line();
            repo.git(&["update-ref", "-m", "signed", "refs/heads/main", &id]);
        }
        repo.git(&["rm", "-q", "old.txt"]);
        repo.commit("token removed");
        repo.stage("new.txt", client(&make.sk_live(24)));
        let away = repo.git(&["rev-parse", "HEAD:away.txt"]).line();
        fs::remove_file(repo.path(format!(".git/objects/{}/{}", &away[..2], &away[2..]))).expect("a loose object");
    }

    fn configure(&self) {
        let repo = &self.repo;
        let hooks = repo.base().join("hooks");
        fs::create_dir_all(&hooks).expect("create a folder");
        let mut settings: Vec<(String, String)> = vec![
            ("core.hooksPath".into(), hooks.display().to_string()),
            ("remote.origin.url".into(), format!("ext::{}", self.program("remote-ext"))),
        ];
        for hook in HOOKS {
            executable(
                &hooks.join(hook),
                &fs::read_to_string(self.program(&format!("hook-{hook}"))).expect("a script"),
            );
            settings.push((format!("hook.planted-{hook}.command"), self.program(&format!("configured-{hook}"))));
            settings.push((format!("hook.planted-{hook}.event"), (*hook).into()));
        }
        settings.extend(PROGRAMS.iter().map(|name| {
            let shell = if name.starts_with("alias.") { "!" } else { "" };
            ((*name).to_owned(), format!("{shell}{}", self.program(name)))
        }));
        settings.extend(SWITCHES.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        repo.write(".git/info/attributes", "* diff=planted filter=planted merge=planted\n");
        // Set the format version first, since git ignores extensions in version 0.
        repo.git(&["config", "core.repositoryFormatVersion", "1"]);
        let file = repo.path(".git/config");
        for (name, value) in settings {
            repo.git(&["config", "--file", &file.display().to_string(), &name, &value]);
        }
    }

    /// The programs that were started since the last call.
    fn started(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.started).unwrap_or_default();
        fs::remove_file(&self.started).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn expect_starts_nothing(&self, what: &str, codes: &[i32], call: Call) {
        let run = call.run();
        let started = self.started();
        if !started.is_empty() {
            run.fail(&format!("{what} started {started:?}"));
        }
        if !run.code.is_some_and(|code| codes.contains(&code)) {
            run.fail(&format!("{what}: expected one of {codes:?}"));
        }
    }

    #[track_caller]
    fn expect_started(&self, program: &str, args: &[&str]) {
        let run = self.repo.git_call(args).run();
        let started = self.started();
        if !started.iter().any(|name| name == program) {
            run.fail(&format!("git did not start {program}: {started:?}"));
        }
    }
}

/// Shows that git starts the programs, so that the test below can fail.
#[test]
fn git_itself_starts_the_planted_programs() {
    let planted = Planted::new("reftable");
    for (program, args) in [
        ("gpg.program", &["log", "--walk-reflogs", "--all"][..]),
        ("gpg.ssh.program", &["log"]),
        ("gpg.x509.program", &["log"]),
        ("core.fsmonitor", &["status"]),
        ("hook-post-index-change", &["read-tree", "HEAD"]),
        ("hook-reference-transaction", &["update-ref", "refs/heads/other", "HEAD"]),
        ("remote-ext", &["cat-file", "blob", "HEAD:away.txt"]),
        ("filter.planted.process", &["add", "new.txt"]),
    ] {
        planted.expect_started(program, args);
    }
}

#[test]
fn no_command_starts_a_program_of_the_configuration() {
    for format in ["reftable", "files"] {
        note(format);
        let planted = Planted::new(format);
        let repo = &planted.repo;
        let id = |name: &str| repo.git(&["rev-parse", name]).line();
        let (base, tip) = (id("HEAD~4"), id("HEAD"));
        let token = client(&Maker::new(4401).sk_live(24));
        repo.write("message", format!("subject\n\n{token}\n# {token}"));
        let replacements = repo.base().join("replacements").display().to_string();
        let push = format!("refs/heads/main {tip} refs/heads/main {base}\n");
        let received = format!("{base} {tip} refs/heads/main\n");
        let range = format!("{base}..{tip}");
        let calls: [(&[&str], &[i32], &str); 27] = [
            (&["staged"], &[1], ""),
            (&["history"], &[2], ""),
            (&["history", "--allow-incomplete"], &[1, 2], ""),
            (&["history", "--since-last"], &[2], ""),
            (&["history", "--allow-incomplete", "--replacements", &replacements], &[1, 2], ""),
            (&["history", &range], &[0, 2], ""),
            (&["history", "--branch", "ma*", "--since", "2.years.ago"], &[0, 2], ""),
            (&["history", "--author", "ada"], &[1, 2], ""),
            (&["history", "--", "old.txt"], &[1, 2], ""),
            (&["find"], &[1, 2], "Client("),
            (&["message", "message"], &[1], ""),
            (&["files", "."], &[1], ""),
            (&["worktree"], &[1], ""),
            (&["files", "--respect-gitignore", "."], &[1], ""),
            (&["rules"], &[0], ""),
            (&["hook", "pre-commit"], &[1], ""),
            (&["hook", "pre-merge-commit"], &[1], ""),
            (&["hook", "commit-msg", "message"], &[1], ""),
            (&["hook", "pre-push", "origin", "ext::x"], &[0, 1, 2], &push),
            (&["hook", "pre-receive"], &[0, 1, 2], &received),
            (&["hook", "update", "refs/heads/main", &base, &tip], &[0, 1, 2], ""),
            (&["install"], &[0], ""),
            (&["doctor"], &[0], ""),
            (&["uninstall"], &[0], ""),
            (&["doctor"], &[1], ""),
            (&["install", "--global"], &[0, 2], ""),
            (&["uninstall", "--global"], &[0, 2], ""),
        ];
        for (args, codes, stdin) in calls {
            // Set a file for `install --global`. Git would replace /dev/null if the tests run as root.
            let call = repo.keysweep_call(args).stdin(stdin).env("GIT_CONFIG_GLOBAL", repo.base().join("gitconfig"));
            planted.expect_starts_nothing(&args.join(" "), codes, call);
        }
        // A call as a framework makes it.
        for (name, from) in [("pre-commit", base.as_str()), ("pre-push", "HEAD~1")] {
            let call = repo.keysweep_call(&["hook", name]).env("PRE_COMMIT", "1").env("PRE_COMMIT_FROM_REF", from);
            let call = call.env("PRE_COMMIT_TO_REF", "HEAD").env("PRE_COMMIT_REMOTE_NAME", "origin");
            planted.expect_starts_nothing(name, &[0, 1, 2], call);
        }
    }
}
