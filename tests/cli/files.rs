//! `keysweep files` scans files on disk.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::token::{Maker, Token};
use crate::support::{Call, Repo, Run, client, copy_program, os, text};

fn files_call(repo: &Repo, paths: &[&str]) -> Call {
    repo.keysweep_call(&["files", "--format", "jsonl"]).args(paths)
}

fn files(repo: &Repo, paths: &[&str]) -> Run {
    files_call(repo, paths).run()
}

/// A repository with an unstaged token in each of these files.
fn repo_with_tokens(seed: u64, paths: &[&str]) -> (Repo, Vec<Token>) {
    let mut make = Maker::new(seed);
    let repo = Repo::new();
    let tokens = paths
        .iter()
        .map(|path| {
            let token = make.sk_live(24);
            repo.write(path, format!("top\n{}", client(&token)));
            token
        })
        .collect();
    (repo, tokens)
}

#[test]
fn untracked_and_committed_files_are_scanned() {
    let (repo, tokens) = repo_with_tokens(1200, &["a.txt"]);
    files(&repo, &["a.txt"]).expect_found(&[("a.txt", 2, &tokens[0])]);
    repo.git(&["add", "."]);
    repo.commit("old");
    files(&repo, &["a.txt"]).expect_found(&[("a.txt", 2, &tokens[0])]);
    repo.write("a.txt", "clean\n");
    files(&repo, &["a.txt"]).expect_silent();
}

#[test]
fn a_finding_has_an_exact_position() {
    let (repo, tokens) = repo_with_tokens(1201, &["src/a.txt"]);
    let finding = files(&repo, &["src/a.txt"]).expect_code(1).only_finding();
    assert_eq!(finding["path"], "src/a.txt", "{finding}");
    assert_eq!((&finding["line"], &finding["column"]), (&2.into(), &18.into()), "{finding}");
    assert_eq!(finding["end_column"], 18 + tokens[0].text().len(), "{finding}");
    assert_eq!(finding["redacted"], tokens[0].redacted(), "{finding}");
}

#[test]
fn a_folder_is_scanned_with_hidden_and_ignored_files() {
    let paths = [
        ".env",
        ".hidden/a.txt",
        "node_modules/x/i.js",
        "target/debug/out",
        "a/b/c/d.txt",
        ".github/workflows/ci.yml",
        "ignored.log",
        ".gitignore.d/x",
    ];
    let (repo, tokens) = repo_with_tokens(1202, &paths);
    repo.write(".gitignore", "*.log\ntarget/\n.env\nnode_modules\n");
    repo.write(".ignore", "*\n");
    repo.write(".rgignore", "*\n");
    repo.write(".git/info/exclude", "*\n");
    let wanted: Vec<_> = paths.iter().zip(&tokens).map(|(path, token)| (*path, 2, token)).collect();
    files(&repo, &["."]).expect_found(&wanted);
    files(&repo, &[]).expect_found(&wanted);
}

#[test]
fn gitignore_applies_only_on_request() {
    let paths = ["kept.txt", "out.log", "sub/out.log", "sub/kept.log", ".env", "excluded.txt"];
    let (repo, t) = repo_with_tokens(1203, &paths);
    repo.write(".gitignore", "*.log\n");
    repo.write("sub/.gitignore", "!kept.log\n");
    repo.write(".git/info/exclude", "excluded.txt\n");
    repo.write(".ignore", "kept.txt\n");
    let wanted: Vec<_> = paths.iter().zip(&t).map(|(path, token)| (*path, 2, token)).collect();
    files(&repo, &["."]).expect_found(&wanted);

    let wanted = [("kept.txt", 2, &t[0]), ("sub/kept.log", 2, &t[3]), (".env", 2, &t[4])];
    files(&repo, &["--respect-gitignore", "."]).expect_found(&wanted);
}

#[test]
fn the_git_directory_is_not_scanned() {
    let (repo, tokens) = repo_with_tokens(1204, &[".git/leak.txt", "a.txt"]);
    files(&repo, &["."]).expect_code(1).expect_has(&tokens[1].redacted()).expect_lacks(&tokens[0].redacted());
    files(&repo, &[".git/leak.txt"]).expect_code(1).expect_has(&tokens[0].redacted());
}

#[test]
fn several_paths_are_scanned_in_one_run() {
    let (repo, t) = repo_with_tokens(1205, &["a.txt", "b/c.txt", "d/e.txt"]);
    files(&repo, &["a.txt", "b"]).expect_found(&[("a.txt", 2, &t[0]), ("b/c.txt", 2, &t[1])]);
    let summary = files(&repo, &["."]).expect_code(1).summary();
    assert_eq!(summary["scanned"]["files"], 3, "{summary}");
    assert_eq!(summary["findings"], 3, "{summary}");
}

#[test]
fn paths_are_relative_to_the_top_of_the_repository() {
    let (repo, t) = repo_with_tokens(1206, &["sub/deep/a.txt"]);
    for (folder, path) in [("", "sub/deep/a.txt"), ("sub", "deep/a.txt"), ("sub/deep", "../deep/./a.txt"), ("sub", ".")]
    {
        eprintln!("{path} from {folder:?}");
        let run = files_call(&repo, &[path]).cwd(repo.path(folder)).run();
        run.expect_found(&[("sub/deep/a.txt", 2, &t[0])]);
    }
    let absolute = repo.path("sub/deep/a.txt");
    files(&repo, &[absolute.to_str().expect("UTF-8")]).expect_found(&[("sub/deep/a.txt", 2, &t[0])]);
}

#[test]
fn files_are_scanned_outside_of_a_repository() {
    let token = Maker::new(1207).sk_live(24);
    let repo = Repo::none();
    repo.write("sub/a.txt", client(&token));
    files(&repo, &["sub"]).expect_found(&[("sub/a.txt", 1, &token)]);
    repo.write("sub/a.txt", "innocent\n");
    files(&repo, &["sub"]).expect_silent();
}

#[test]
fn stdin_is_scanned_as_a_file() {
    let token = Maker::new(1208).sk_live(24);
    let repo = Repo::none();
    let run = files_call(&repo, &["-"]).stdin(format!("a\n b {token}\n")).run().expect_code(1);
    let finding = run.only_finding();
    assert_eq!((&finding["line"], &finding["column"]), (&2.into(), &4.into()), "{finding}");
    assert_eq!(finding["fingerprint"], token.fingerprint().as_str(), "{finding}");
    files_call(&repo, &["-"]).stdin("innocent\n").run().expect_silent();
    files_call(&repo, &["-"]).run().expect_silent();
}

#[test]
fn names_that_look_like_options_are_accepted() {
    let (repo, t) = repo_with_tokens(1209, &["--help", "-", "-x"]);
    files(&repo, &["--", "--help", "-x"]).expect_found(&[("--help", 2, &t[0]), ("-x", 2, &t[2])]);
    files(&repo, &["./-"]).expect_found(&[("-", 2, &t[1])]);
    files(&repo, &["."]).expect_found(&[("--help", 2, &t[0]), ("-", 2, &t[1]), ("-x", 2, &t[2])]);
}

#[test]
fn non_utf8_names_are_scanned() {
    let token = Maker::new(1210).sk_live(24);
    let repo = Repo::new();
    if fs::write(repo.path(os(b"caf\xe9.txt")), client(&token)).is_err() {
        eprintln!("skipped: this file system refuses such names");
        return;
    }
    let finding = files(&repo, &["."]).expect_code(1).only_finding();
    assert_eq!(text(&finding["path"]).to_lowercase(), "caf\\xe9.txt", "{finding}");
}

#[test]
fn symlinks_inside_folders_are_not_followed() {
    let token = Maker::new(1211).sk_live(24);
    let repo = Repo::new();
    let outside = repo.base().join("outside");
    fs::create_dir(&outside).expect("create");
    fs::write(outside.join("a.txt"), client(&token)).expect("write");
    repo.write("inside/real.txt", "innocent\n");
    symlink(&outside, repo.path("inside/folder")).expect("symlink");
    symlink(outside.join("a.txt"), repo.path("inside/file")).expect("symlink");
    symlink(".", repo.path("inside/circle")).expect("symlink");
    symlink("nowhere", repo.path("inside/dangling")).expect("symlink");
    files(&repo, &["inside"]).expect_code(0);
    let outside = outside.to_str().expect("UTF-8");
    files(&repo, &[outside]).expect_code(1);
}

/// A symlink in a folder is scanned as its target text. A symlink named on the command line is followed, to a file or
/// to a folder.
#[test]
fn symlinks_in_folders_are_text_and_named_symlinks_are_followed() {
    let mut make = Maker::new(1219);
    let (text, shown) = (make.sk_live(24), make.sk_live(24));
    let repo = Repo::new();
    repo.write(format!("{text}/a.txt"), client(&shown));
    fs::create_dir(repo.path("in")).expect("create");
    symlink(format!("../{text}"), repo.path("in/folder")).expect("symlink");
    symlink(format!("../{text}/a.txt"), repo.path("in/file")).expect("symlink");
    let found = |path: &str| {
        let found = files(&repo, &[path]).expect_code(1).findings();
        let of = |token: &Token, part: &str| {
            let fingerprint = token.fingerprint();
            found.iter().filter(|one| one["fingerprint"] == fingerprint.as_str() && one["part"] == part).count()
        };
        (of(&text, "symlink"), of(&shown, "content"))
    };
    assert_eq!(found("in"), (2, 0));
    assert_eq!(found("in/file"), (1, 1));
    assert_eq!(found("in/folder"), (1, 1));
}

#[test]
fn a_named_dangling_symlink_is_an_error() {
    let token = Maker::new(1220).sk_live(24);
    let repo = Repo::new();
    let gone = format!("gone/{token}");
    for (link, target) in [("dangling", gone.as_str()), ("circle", "circle")] {
        symlink(target, repo.path(link)).expect("symlink");
        let run = files(&repo, &[link]).expect_code(2).expect_has("cannot read ").expect_has(link);
        assert_eq!(run.findings().len(), usize::from(target == gone), "{}", run.all());
        assert!(run.summary()["skipped"].to_string().contains(link), "{}", run.all());
    }
    // A symlink inside a folder is not followed, so it causes no error.
    files(&repo, &["."]).expect_code(1);
}

#[test]
fn a_named_symlink_into_an_unreadable_folder_is_an_error() {
    let token = Maker::new(1221).sk_live(24);
    let repo = Repo::new();
    repo.write("shut/a.txt", client(&token));
    symlink("shut/a.txt", repo.path("link")).expect("symlink");
    symlink("a.txt", repo.path("shut/inner")).expect("symlink");
    files(&repo, &["link"]).expect_code(1);
    fs::set_permissions(repo.path("shut"), fs::Permissions::from_mode(0o000)).expect("chmod");
    let paths = [&["link"][..], &["shut/inner"], &["shut"]];
    let runs = paths.map(|paths| match fs::read_dir(repo.path("shut")) {
        Ok(_) => as_unprivileged_user(&repo, paths).run(),
        Err(_) => files(&repo, paths),
    });
    // Restore the mode before any assertion, or the folder could not be removed.
    fs::set_permissions(repo.path("shut"), fs::Permissions::from_mode(0o755)).expect("chmod");
    for (run, paths) in runs.into_iter().zip(paths) {
        run.expect_code(2).expect_has("cannot ").expect_has(paths[0]).expect_has("ermission denied");
    }
}

/// Reading the target of this symlink is forbidden, as for the program of another user's process.
#[test]
fn a_symlink_with_an_unreadable_target_is_an_error() {
    let repo = Repo::new();
    let link = "/proc/1/exe";
    if fs::symlink_metadata(link).is_err() {
        eprintln!("skipped: this system has no {link}");
        return;
    }
    let call =
        if fs::read_link(link).is_ok() { as_unprivileged_user(&repo, &[link]) } else { files_call(&repo, &[link]) };
    call.run().expect_code(2).expect_has(link);
}

#[test]
fn binary_files_are_scanned() {
    let token = Maker::new(1212).sk_live(24);
    let repo = Repo::new();
    for (name, around) in [("nul", &b"\0\0"[..]), ("high", b"\xff\xfe"), ("elf", b"\x7fELF\x02\x01\x01\0")] {
        repo.write("a.bin", [around, token.text().as_bytes(), around].concat());
        let finding = files(&repo, &["a.bin"]).expect_code(1).only_finding();
        assert_eq!(finding["fingerprint"], token.fingerprint().as_str(), "{name}: {finding}");
    }
}

#[test]
fn a_token_across_buffer_boundaries_is_found() {
    let token = Maker::new(1213).sk_live(24);
    let repo = Repo::new();
    let length = token.text().len();
    for boundary in [4096_usize, 8192, 65_536, 131_072, 1 << 20] {
        for before in [0, 1, 3, 8, length / 2, length - 1, length] {
            let start = boundary - before;
            let content = format!("{}{token}{}", " ".repeat(start), " ".repeat(200_000));
            repo.write("a.txt", &content);
            for run in [files(&repo, &["a.txt"]), files_call(&repo, &["-"]).stdin(&content).run()] {
                let finding = run.expect_code(1).only_finding();
                assert_eq!(finding["column"], start + 1, "at {boundary} - {before}: {finding}");
            }
        }
    }
}

#[test]
fn a_large_file_is_scanned_to_the_end() {
    let token = Maker::new(1214).sk_live(24);
    let repo = Repo::new();
    let lines = "a line of a very long log file, again and again\n".repeat(1_000_000);
    repo.write("big.log", format!("{lines}{}", client(&token)));
    files(&repo, &["big.log"]).expect_found(&[("big.log", 1_000_001, &token)]);
}

#[test]
fn an_empty_file_and_an_empty_folder_are_accepted() {
    let repo = Repo::new();
    repo.write("empty.txt", "");
    fs::create_dir(repo.path("folder")).expect("create");
    files(&repo, &["empty.txt", "folder"]).expect_silent();
}

#[test]
fn a_missing_path_does_not_hide_other_findings() {
    let (repo, t) = repo_with_tokens(1215, &["a.txt", "b.txt"]);
    let run = files(&repo, &["a.txt", "gone.txt", "b.txt"]).expect_code(2).expect_has("gone.txt");
    let found = run.findings();
    assert_eq!(found.len(), t.len(), "{}", run.all());
}

#[test]
fn an_unreadable_file_does_not_hide_other_findings() {
    let (repo, t) = repo_with_tokens(1216, &["a.txt", "closed.txt", "shut/b.txt", "z.txt"]);
    for (path, mode) in [("closed.txt", 0o000), ("shut", 0o000)] {
        fs::set_permissions(repo.path(path), fs::Permissions::from_mode(mode)).expect("chmod");
    }
    let mut call = files_call(&repo, &["."]);
    if fs::read(repo.path("closed.txt")).is_ok() {
        call = as_unprivileged_user(&repo, &["."]);
    }
    let run = call.run();
    // Restore the mode before any assertion, or the folder could not be removed.
    fs::set_permissions(repo.path("shut"), fs::Permissions::from_mode(0o755)).expect("chmod");
    let run = run.expect_code(2).expect_has("closed.txt").expect_has("shut");
    assert_eq!(run.findings().len(), t.len() - 2, "{}", run.all());
    let skipped = run.summary()["skipped"].to_string();
    assert!(skipped.contains("closed.txt") && skipped.contains("shut"), "{skipped}");
}

/// Root can read every file, so run as an unprivileged user, with a copy of the program that this user can start.
fn as_unprivileged_user(repo: &Repo, paths: &[&str]) -> Call {
    let program = repo.base().join("keysweep");
    copy_program(Path::new(env!("CARGO_BIN_EXE_keysweep")), &program);
    let mut call = repo.call(program.to_str().expect("UTF-8"), &["files", "--format", "jsonl"]).args(paths);
    call.command.uid(65_534).gid(65_534);
    // git and keysweep distrust folders of other users.
    call.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "safe.directory").env("GIT_CONFIG_VALUE_0", "*")
}

#[test]
fn a_read_error_is_not_a_clean_file() {
    if fs::metadata("/proc/self/mem").is_err() {
        eprintln!("skipped: this system has no /proc/self/mem");
        return;
    }
    files(&Repo::none(), &["/proc/self/mem"]).expect_code(2).expect_has("/proc/self/mem");
}

#[test]
fn a_pipe_in_a_folder_does_not_block() {
    let (repo, t) = repo_with_tokens(1217, &["a.txt"]);
    let made = Command::new("mkfifo").arg(repo.path("pipe")).status().expect("mkfifo");
    assert!(made.success());
    let run = files(&repo, &["."]);
    if !matches!(run.code, Some(1 | 2)) || run.findings().len() != t.len() {
        run.fail("expected the finding next to the pipe");
    }
}

#[test]
fn files_uses_the_configuration_on_disk() {
    let (repo, t) = repo_with_tokens(1218, &["src/a.txt", "docs/b.txt"]);
    repo.write(".keysweep.toml", "[allow]\npaths = ['docs/**']\n");
    let run = files(&repo, &["."]).expect_found(&[("src/a.txt", 2, &t[0])]);
    assert_eq!(run.summary()["allowed"], 1, "{}", run.all());
    files(&repo, &["--allow", "src/**", "."]).expect_code(0);
}

#[test]
fn a_file_that_is_named_twice_is_one_file() {
    let token = Maker::new(1130).sk_live(24);
    let repo = Repo::new();
    repo.write("sub/a.txt", client(&token));
    let run = repo.keysweep(&["files", "--format", "jsonl", "sub/a.txt", "./sub/a.txt", "sub"]).expect_code(1);
    run.only_finding();
}

#[test]
fn a_missing_folder_is_not_an_empty_folder() {
    let repo = Repo::none();
    let gone = repo.path("gone");
    let shell = format!(
        "mkdir '{0}' && cd '{0}' && rmdir '{0}' && exec '{1}' files .",
        gone.display(),
        env!("CARGO_BIN_EXE_keysweep")
    );
    let run = repo.call("sh", &["-c", &shell]).run().expect_code(2);
    run.expect_has("cannot find the current directory");
}

#[test]
fn a_folder_without_a_file_was_not_scanned() {
    Repo::none().keysweep(&["files", "."]).expect_code(0).expect_has("nothing was scanned");
}

#[cfg(not(feature = "archives"))]
#[test]
fn archives_are_not_offered_without_the_feature() {
    let repo = Repo::new();
    for words in [&["files", "."][..], &["history"]] {
        repo.keysweep(&[words[0], "--help"]).expect_code(0).expect_lacks("archive");
        repo.keysweep(&[words, &["--archives"]].concat()).expect_code(2).expect_has("--archives");
    }
}

#[test]
fn stdin_is_reported_as_the_file_that_an_editor_names() {
    let token = Maker::new(1290).sk_live(24);
    let repo = Repo::new();
    repo.write(".keysweep.toml", "[allow]\npaths = [\"allowed/**\"]\n");
    let run = |path: &str| files_call(&repo, &["-", "--stdin-path", path]).stdin(client(&token)).run();
    for (given, reported) in [("sub/new.py", "sub/new.py"), ("./sub/../b.py", "b.py")] {
        assert_eq!(run(given).expect_code(1).only_finding()["path"], reported);
    }
    let absolute = repo.path("sub/new.py");
    assert_eq!(run(absolute.to_str().expect("UTF-8")).expect_code(1).only_finding()["path"], "sub/new.py");
    run("allowed/a.py").expect_code(0);
    let run = repo.keysweep(&["files", "--stdin-path", "a.py"]).expect_code(2);
    assert!(run.all().contains("standard input is not among the paths"), "{}", run.all());
}

/// Visual Studio Code reads the report with the expression in the documentation.
#[test]
fn the_problem_matcher_of_the_documentation_matches_a_finding() {
    let token = Maker::new(1291).sk_live(24);
    let repo = Repo::new();
    repo.write("sub/a.py", format!("# a\n  key = '{token}'\n"));
    let tasks = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/editors/tasks.json")).expect("tasks");
    let tasks: serde_json::Value = serde_json::from_str(&tasks).expect("JSON");
    let pattern = &tasks["tasks"][0]["problemMatcher"]["pattern"];
    let expression = regex::Regex::new(pattern["regexp"].as_str().expect("an expression")).expect("valid");
    let run = files(&repo, &["sub/a.py"]).expect_code(1);
    let report = run.out();
    let lines: Vec<regex::Captures<'_>> = report.lines().filter_map(|line| expression.captures(line)).collect();
    assert_eq!(lines.len(), 1, "{}", run.all());
    let group = |name: &str| &lines[0][usize::try_from(pattern[name].as_u64().expect("a number")).expect("small")];
    let found = ["message", "file", "line", "column", "endColumn"].map(group);
    assert_eq!(found, ["stripe-secret-key", "sub/a.py", "2", "10", "42"]);
}

#[test]
fn a_pipe_that_nobody_reads_is_named() {
    let repo = Repo::new();
    repo.write("a.txt", "text\n");
    let note = "standard input was not read; to scan it, run keysweep files -";
    let has_note = |script: &str| {
        let run = repo.call("sh", &["-c", script, env!("CARGO_BIN_EXE_keysweep")]).run().expect_code(0);
        run.all().contains(note)
    };
    // `read` takes the first line, so the second is in the pipe before the scan begins.
    assert!(has_note("printf '1\\n2\\n' | { read -r first; exec \"$0\" files; }"));
    assert!(has_note("exec \"$0\" files < a.txt"));
    assert!(!has_note("printf '1\\n2\\n' | { read -r first; exec \"$0\" files .; }"), "a path was named");
    assert!(!has_note("exec \"$0\" files - < a.txt"), "it was read");
    assert!(!has_note("printf '1\\n' | { read -r first; exec \"$0\" files; }"), "an empty pipe");
    assert!(!has_note("exec \"$0\" files < /dev/null"));
}
