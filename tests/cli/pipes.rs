//! A named pipe in place of a file is an error. No command blocks on it.

use std::fs;
use std::time::Duration;

use crate::support::token::Maker;
use crate::support::{Call, Repo, client, note};

const TIMEOUT: Duration = Duration::from_secs(20);

fn repository() -> Repo {
    let repo = Repo::new();
    repo.stage("a.txt", "innocent\n");
    repo.commit("base");
    repo.git(&["gc", "-q"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "second"]);
    repo.write("message", "innocent\n");
    repo
}

fn put_pipe(repo: &Repo, path: &str) {
    let path = repo.path(path);
    fs::remove_file(&path).unwrap_or_default();
    fs::create_dir_all(path.parent().expect("below top")).expect("create parents");
    repo.call("mkfifo", &[&path]).run().expect_code(0);
}

#[track_caller]
fn expect_refused(call: Call, path: &str) {
    let name = path.rsplit('/').next().expect("a name");
    let run = call.timeout(TIMEOUT).run().expect_code(2);
    if !run.err().contains(name) || !run.err().contains("it is a pipe, a socket or a device") {
        run.fail(&format!("expected a sentence that names {path}"));
    }
}

#[test]
fn every_command_reports_a_pipe_in_the_git_directory() {
    let commands: [&[&str]; 9] = [
        &["staged"],
        &["worktree"],
        &["history"],
        &["history", "HEAD"],
        &["hook", "pre-commit"],
        &["hook", "commit-msg", "message"],
        &["install"],
        &["doctor"],
        &["uninstall"],
    ];
    for path in [".git/HEAD", ".git/config", ".git/packed-refs", ".git/index", ".git/commondir"] {
        note(path);
        let repo = repository();
        put_pipe(&repo, path);
        for args in commands {
            expect_refused(repo.keysweep_call(args), path);
            expect_refused(repo.keysweep_call(args).cwd(repo.path(".git/info/..")), path);
        }
        // Outside of a repository, these names are ordinary files.
        let call = repo.keysweep_call(&["files", "--respect-gitignore", "a.txt", "message"]).timeout(TIMEOUT);
        call.run().expect_code(0);
    }
}

#[test]
fn a_pipe_found_during_a_scan_is_reported() {
    for (path, args) in [
        (".git/refs/heads/main", &["staged"][..]),
        (".git/refs/heads/main", &["hook", "pre-commit"]),
        (".git/refs/heads/main", &["history"]),
        (".git/refs/heads/other", &["history"]),
        (".git/MERGE_HEAD", &["staged"]),
        (".git/shallow", &["history"]),
        (".git/shallow", &["history", "HEAD"]),
        (".git/logs/HEAD", &["history"]),
        (".git/logs/refs/heads/main", &["history"]),
        (".git/objects/info/alternates", &["history"]),
        (".git/objects/pack/pack-x.idx", &["history"]),
        (".git/objects/pack/pack-x.pack", &["history"]),
        ("message", &["message", "message"]),
        ("message", &["hook", "commit-msg", "message"]),
        ("pipe.toml", &["staged", "--config", "pipe.toml"]),
        (".keysweep.toml", &["files", "a.txt"]),
    ] {
        note(format!("{path} {args:?}"));
        let repo = repository();
        put_pipe(&repo, path);
        expect_refused(repo.keysweep_call(args), path);
    }
}

#[test]
fn pipes_in_a_linked_worktree_and_as_the_index() {
    let repo = repository();
    repo.git(&["worktree", "add", "-q", "../linked"]);
    let linked = repo.view("linked");
    for path in [".git/worktrees/linked/HEAD", ".git/config"] {
        let good = fs::read(repo.path(path)).expect("a file");
        put_pipe(&repo, path);
        expect_refused(repo.keysweep_call(&["staged"]).cwd(&linked.top), path);
        fs::remove_file(repo.path(path)).expect("remove");
        fs::write(repo.path(path), good).expect("write");
    }
    put_pipe(&repo, "index");
    let call = repo.keysweep_call(&["staged"]).env("GIT_INDEX_FILE", "index").timeout(TIMEOUT);
    call.run().expect_code(2).expect_has("cannot read the index");
    put_pipe(&repo, "../linked/.git");
    expect_refused(repo.keysweep_call(&["staged"]).cwd(&linked.top), ".git");
}

/// Pipes that the user or the shell passes on purpose.
#[test]
fn a_pipe_that_a_shell_passes_is_read() {
    let token = Maker::new(4420).sk_live(24);
    let repo = repository();
    repo.write("text", client(&token));
    let program = env!("CARGO_BIN_EXE_keysweep");
    for script in ["exec \"$0\" message <(sleep 1; cat text)", "cat text | \"$0\" message /dev/stdin"] {
        let call = repo.call("bash", &["-c", script, program]).timeout(TIMEOUT);
        call.run().expect_code(1).expect_has(&token.fingerprint());
    }
    let allow =
        format!("printf '[allow]\\nfingerprints = [{{ id = \"{}\", reason = \"a test\" }}]\\n'", token.fingerprint());
    let script = format!("exec \"$0\" files --config <(sleep 1; {allow}) text");
    repo.call("bash", &["-c", &script, program]).timeout(TIMEOUT).run().expect_code(0);
}

/// A pipe or a symlink in a place where keysweep need not read must not block or fail.
#[test]
fn an_unused_pipe_does_not_block() {
    let token = Maker::new(4421).sk_live(24);
    let repo = repository();
    repo.stage("b.txt", client(&token));
    for path in [".keysweep.toml", ".pre-commit-config.yaml", ".git/hooks/pre-push", "lefthook.yml"] {
        put_pipe(&repo, path);
    }
    for (args, codes) in [(&["staged"][..], [1, 1]), (&["hook", "pre-commit"], [1, 1]), (&["doctor"], [1, 2])] {
        let run = repo.keysweep_call(args).timeout(TIMEOUT).run();
        assert!(run.code.is_some_and(|code| codes.contains(&code)), "{args:?}: {}", run.all());
    }
}

#[test]
fn a_configuration_that_is_a_symlink_is_reported_and_not_followed() {
    let repo = repository();
    repo.write("real.toml", "[allow]\npaths = [\"a.txt\"]\n");
    std::os::unix::fs::symlink("real.toml", repo.path(".keysweep.toml")).expect("link");
    for add in [false, true] {
        if add {
            repo.git(&["add", ".keysweep.toml"]);
        }
        for args in [&["staged"][..], &["hook", "pre-commit"], &["message", "message"], &["history"]] {
            let run = repo.keysweep(args).expect_code(0).expect_lacks("is not staged");
            run.expect_has(".keysweep.toml is a symbolic link, which is not followed")
                .expect_has("make it a regular file");
        }
    }
}

/// The path of the loose object that a revision names.
fn loose(repo: &Repo, revision: &str) -> String {
    let id = repo.git(&["rev-parse", revision]).line();
    format!(".git/objects/{}/{}", &id[..2], &id[2..])
}

const SCANS: [&[&str]; 8] = [
    &["staged"],
    &["hook", "pre-commit"],
    &["history"],
    &["history", "HEAD"],
    &["history", "HEAD~1..HEAD"],
    &["history", "--since-last"],
    &["history", "--author", "ada"],
    &["find"],
];

#[test]
fn a_pipe_or_a_device_in_place_of_an_object_is_an_error() {
    for (revision, readers) in [
        (":new.txt", &["staged", "hook pre-commit", "history", "history --since-last", "find"][..]),
        ("HEAD^{tree}", &["staged", "hook pre-commit", "history", "history HEAD", "history HEAD~1..HEAD", "find"]),
        ("HEAD", &["staged", "history", "history HEAD", "history --author ada", "find"]),
    ] {
        for device in [None, Some("/dev/zero")] {
            note(format!("{revision} {device:?}"));
            let repo = repository();
            repo.stage("b.txt", "more\n");
            repo.commit("third");
            repo.stage("new.txt", "new\n");
            let path = loose(&repo, revision);
            put_pipe(&repo, &path);
            if let Some(device) = device {
                fs::remove_file(repo.path(&path)).expect("remove");
                std::os::unix::fs::symlink(device, repo.path(&path)).expect("link");
            }
            for args in SCANS {
                let run = repo.keysweep_call(args).stdin("searched-for-1234").timeout(TIMEOUT).run();
                let must_fail = readers.contains(&args.join(" ").as_str());
                if run.code != Some(2) && (must_fail || run.code != Some(0)) || run.all().contains("panic") {
                    run.fail(&format!("{args:?} with a pipe at {path}"));
                }
            }
        }
    }
}

#[test]
fn a_pipe_in_place_of_a_pack_or_its_index_is_reported() {
    for extension in ["idx", "pack"] {
        note(extension);
        let repo = repository();
        repo.git(&["gc", "-q"]);
        let packs = fs::read_dir(repo.path(".git/objects/pack")).expect("list").map(|file| file.expect("file").path());
        let pack = packs.into_iter().find(|path| path.extension().is_some_and(|end| end == extension)).expect("a pack");
        let path = pack.strip_prefix(repo.top()).expect("below top").display().to_string();
        put_pipe(&repo, &path);
        for args in SCANS {
            let run = repo.keysweep_call(args).stdin("searched-for-1234").timeout(TIMEOUT).run().expect_code(2);
            run.expect_has(&format!(".{extension}")).expect_has("it is a pipe, a socket or a device");
        }
    }
}

/// Git itself opens these files and would block.
#[test]
fn a_pipe_that_git_opens_is_reported() {
    type Set = fn(&Repo) -> (&'static str, Vec<(&'static str, String)>);
    let include: Set = |repo| {
        repo.git(&["config", "include.path", "../more"]);
        ("more", vec![])
    };
    let nested: Set = |repo| {
        repo.git(&["config", "includeIf.gitdir:**.path", "more"]);
        repo.write(".git/more", "[include]\n\tpath = \"deeper\"\n");
        (".git/deeper", vec![])
    };
    let of_the_person: Set = |repo| {
        let file = repo.base().join("person");
        fs::write(&file, format!("[include]\n\tpath = {}\n", repo.path("more").display())).expect("write");
        ("more", vec![("GIT_CONFIG_GLOBAL", file.display().to_string())])
    };
    let variable: Set = |repo| {
        let value = repo.path("more").display().to_string();
        let (count, key) = (("GIT_CONFIG_COUNT", "1".into()), ("GIT_CONFIG_KEY_0", "include.path".into()));
        ("more", vec![count, key, ("GIT_CONFIG_VALUE_0", value)])
    };
    let parameters: Set = |repo| {
        let value = format!("'include.path'='{}'", repo.path("more").display());
        ("more", vec![("GIT_CONFIG_PARAMETERS", value)])
    };
    for (name, set) in [
        ("include", include),
        ("nested", nested),
        ("person", of_the_person),
        ("variable", variable),
        ("parameters", parameters),
    ] {
        for args in [&["install"][..], &["doctor"], &["history", "HEAD"], &["uninstall"]] {
            note(format!("{name} {args:?}"));
            let repo = repository();
            let (path, variables) = set(&repo);
            put_pipe(&repo, path);
            let call = repo.keysweep_call(args);
            expect_refused(variables.iter().fold(call, |call, (name, value)| call.env(name, value)), path);
        }
    }
}

fn put_device(repo: &Repo, path: &str, device: &str) {
    fs::remove_file(repo.path(path)).unwrap_or_default();
    std::os::unix::fs::symlink(device, repo.path(path)).expect("link");
}

/// Git would read this device until the memory is full.
#[test]
fn an_endless_device_that_git_reads_is_reported() {
    for (path, args) in [
        (".git/objects/info/alternates", &["history", "HEAD"][..]),
        (".git/refs/heads/main", &["history", "HEAD"]),
        (".git/refs/heads/main", &["install"]),
    ] {
        note(format!("{path} {args:?}"));
        let repo = repository();
        put_device(&repo, path, "/dev/zero");
        expect_refused(repo.keysweep_call(args), path);
    }
}

/// Git would read from the keyboard.
#[test]
#[cfg(target_os = "linux")]
fn a_terminal_that_git_reads_as_settings_is_reported() {
    let program = env!("CARGO_BIN_EXE_keysweep");
    for args in [&["install"][..], &["doctor"], &["history", "HEAD"]] {
        note(format!("{args:?}"));
        let repo = repository();
        repo.git(&["config", "include.path", "/dev/tty"]);
        let words: Vec<String> = [program].iter().chain(args).map(|word| format!("'{word}'")).collect();
        let script = format!(
            "import os, pty, sys\n\
             words = [{}]\n\
             child, terminal = pty.fork()\n\
             if child == 0:\n    os.execv(words[0], words)\n\
             try:\n    while True:\n        sys.stdout.buffer.write(os.read(terminal, 4096))\n\
             except OSError:\n    pass\n\
             sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))",
            words.join(", ")
        );
        let run = repo.call("python3", &["-c", &script]).timeout(TIMEOUT).run().expect_code(2);
        run.expect_has("cannot read /dev/tty: it is a pipe, a socket or a device").expect_has("remove the setting");
    }
}

#[test]
fn unreadable_git_settings_are_an_error_with_help() {
    for (setting, value, cause) in [
        ("include.path", "/dev/zero", "/dev/zero"),
        ("include.path", "broken", "broken"),
        ("core.fileMode", "perhaps", "core.filemode"),
    ] {
        for args in
            [&["install"][..], &["doctor"], &["uninstall"], &["history", "HEAD"], &["hook", "pre-push", "o", "u"]]
        {
            // For the list of remotes, git reads no other setting.
            if setting == "core.fileMode" && args[0] == "hook" {
                continue;
            }
            note(format!("{setting}={value} {args:?}"));
            let repo = repository();
            repo.write(".git/broken", "[section\n");
            repo.git(&["config", setting, value]);
            let run = repo.keysweep_call(args).timeout(TIMEOUT).run().expect_code(2);
            run.expect_has("cannot read git's settings")
                .expect_has(cause)
                .expect_has("correct the file that git names");
        }
    }
}

/// Git reads the commit-graph only to look up a commit.
#[test]
fn a_pipe_in_place_of_a_commit_graph_is_not_a_missing_commit() {
    let repo = repository();
    put_pipe(&repo, ".git/objects/info/commit-graph");
    expect_refused(repo.keysweep_call(&["history", "HEAD"]), "commit-graph");
}
