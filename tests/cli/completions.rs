//! `keysweep completions`: the scripts work in the shells themselves.

use crate::support::Repo;

fn script(repo: &Repo, shell: &str) -> String {
    let run = repo.keysweep(&["completions", shell]).expect_code(0);
    assert_eq!(run.err(), "");
    run.out()
}

/// What bash offers for the last of `words`, by the function that the script registers with `complete`.
fn bash_completes(repo: &Repo, words: &[&str]) -> Vec<String> {
    repo.write("keysweep.bash", script(repo, "bash"));
    let program = r#"
        source ./keysweep.bash
        [[ $(complete -p keysweep) =~ -F\ ([^ ]+) ]] || exit 3
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
        "${BASH_REMATCH[1]}" keysweep "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let run = repo.call("bash", &["--norc", "-c", program, "bash"]).args(words).run().expect_code(0);
    assert_eq!(run.err(), "");
    run.out().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_values() {
    let repo = Repo::none();
    assert_eq!(bash_completes(&repo, &["keysweep", "hist"]), ["history"]);
    assert_eq!(bash_completes(&repo, &["keysweep", "history", "--since-"]), ["--since-last"]);
    assert_eq!(bash_completes(&repo, &["keysweep", "history", "--format", "h"]), ["human", "html"]);
    assert_eq!(bash_completes(&repo, &["keysweep", "staged", "--format", "h"]), ["human"]);
    assert_eq!(bash_completes(&repo, &["keysweep", "staged", "--format", "jso"]), ["json", "jsonl"]);
    assert_eq!(bash_completes(&repo, &["keysweep", "hook", "pre-p"]), ["pre-push"]);
    let commands = bash_completes(&repo, &["keysweep", ""]);
    for command in ["staged", "files", "find", "install", "doctor", "rules", "completions", "man"] {
        assert!(commands.iter().any(|other| other == command), "{command} in {commands:?}");
    }
}

#[test]
fn bash_reads_the_script_without_a_complaint() {
    let repo = Repo::none();
    repo.call("bash", &["-n"]).stdin(script(&repo, "bash")).run().expect_code(0);
}

/// Shells that a machine may lack check the syntax where they are.
#[test]
fn the_other_shells_read_their_scripts() {
    let repo = Repo::none();
    for (shell, start, program, args) in [
        ("zsh", "#compdef keysweep", "zsh", &["-n", "script"][..]),
        ("fish", "", "fish", &["--no-execute", "script"][..]),
        ("powershell", "", "pwsh", &["-NoProfile", "-File", "script"][..]),
        ("elvish", "", "elvish", &["-compileonly", "script"][..]),
    ] {
        let script = script(&repo, shell);
        assert!(script.starts_with(start) && script.contains("since-last"), "{shell}");
        repo.write("script", script);
        let is_here = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .any(|folder| folder.join(program).is_file());
        if is_here {
            repo.call(program, args).run().expect_code(0);
        }
    }
}

#[test]
fn an_unknown_shell_is_an_error() {
    let repo = Repo::none();
    let run = repo.keysweep(&["completions", "tcsh"]).expect_code(2);
    assert!(run.err().contains("bash") && run.out().is_empty(), "{}", run.err());
}
