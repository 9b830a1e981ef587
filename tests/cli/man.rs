//! `keysweep man`: pages that groff formats without a complaint.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::Repo;

/// The page as a terminal shows it. A warning of groff fails the test.
fn formatted(repo: &Repo, page: &str) -> String {
    let groff = repo.call("groff", &["-man", "-ww", "-Tascii", "-P-cbou", "-rLL=78n"]).stdin(page).run().expect_code(0);
    assert_eq!(groff.err(), "");
    groff.out()
}

#[test]
fn the_main_page_has_the_commands_and_what_scripts_need() {
    let repo = Repo::none();
    let page = repo.keysweep(&["man"]).expect_code(0).out();
    let text = formatted(&repo, &page);
    for part in [
        "keysweep - Finds sk_ tokens",
        "keysweep-history(1)",
        "EXIT STATUS",
        "1 tokens were found, 2 something could not be read",
        "KEYSWEEP_CONFIG",
        ".keysweep.toml",
        "EXAMPLES",
    ] {
        // groff fills lines with spaces.
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(part), "{part} in {text}");
    }
    let example = "       keysweep staged                   scan what the next commit adds\n";
    assert!(text.contains(example), "{text}");
}

#[test]
fn a_folder_gets_one_page_for_each_command() {
    let repo = Repo::none();
    let folder = repo.path("share/man1");
    let run = repo.keysweep(&["man", "--dir", "share/man1"]).expect_code(0);
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    for command in ["", "-staged", "-history", "-find", "-completions", "-man"] {
        let name = format!("keysweep{command}.1");
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
    assert_eq!(run.out(), format!("keysweep: wrote {} pages to share/man1\n", names.len()));
    for name in &names {
        let page = fs::read_to_string(folder.join(name)).expect("a page");
        let text = formatted(&repo, &page);
        assert!(text.contains("EXAMPLES") && text.contains("SYNOPSIS") && !text.contains("EXTRA"), "{name}: {text}");
        let mode = fs::metadata(folder.join(name)).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "{name}");
    }
    let history = formatted(&repo, &fs::read_to_string(folder.join("keysweep-history.1")).expect("a page"));
    assert!(history.contains("--since-last") && history.contains("keysweep history main..topic\n"), "{history}");
    // The same pages again, over those that are there.
    repo.keysweep(&["man", "--dir", "share/man1"]).expect_code(0);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let repo = Repo::none();
    repo.write("file", "x");
    let run = repo.keysweep(&["man", "--dir", "file"]).expect_code(2);
    assert!(run.err().contains("cannot write the manual pages to file"), "{}", run.err());
}
