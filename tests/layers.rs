//! The house: modules stand in layers and use only those below; gix, `unsafe` and the like have one room each.

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. A module may use those in front of it.
const LAYERS: &[&str] = &[
    "error",
    "random",
    "text",
    "threads",
    "regular_file",
    "atomic_file",
    "git",
    "rule",
    "finding",
    "rules",
    "detect",
    "config",
    "secrets",
    "scan",
    "history",
    "cleanup",
    "report",
    "hook",
    "cli",
];

/// What only one place may name, and the place; two of them, where a word has two.
const ROOMS: &[(&str, &str)] = &[
    ("gix::", "git/"),
    ("gix::", "scan/"),
    ("gix::", "history/"),
    ("bzip2::", "scan/archive/"),
    ("deflate64::", "scan/archive/"),
    ("lzma_rust2::", "scan/archive/"),
    ("flate2::", "scan/archive/"),
    ("ruzstd::", "scan/archive/"),
    ("unsafe {", "git/mmap.rs"),
    ("unsafe {", "detect/decode/"),
    ("clap::", "cli/"),
    ("tempfile::", "atomic_file.rs"),
    ("owo_colors", "report/style.rs"),
    ("terminal_size::", "cli/output.rs"),
    ("signal_hook", "cli/progress.rs"),
    ("serde_json", "report/json.rs"),
    ("serde_json", "report/gitlab.rs"),
    ("serde_json", "report/sarif.rs"),
    ("globset", "config/globs.rs"),
    ("toml::", "config/file/"),
    ("aho_corasick", "detect/prefilter.rs"),
    ("aho_corasick", "scan/archive/embedded.rs"),
    ("aho_corasick", "scan/message_context.rs"),
    ("Command::new(", "git/command/"),
    ("stdout()", "cli/output.rs"),
    ("stderr()", "cli/output.rs"),
];

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
                let text = fs::read_to_string(&path).expect("a source file");
                // Comments may point anywhere.
                let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
                files.push((name, code.join("\n")));
            }
        }
    }
    assert!(files.len() > 20, "the sources were not found");
    files
}

/// The top-level module that a file belongs to; None for the crate's own files.
fn layer_of(file: &str) -> Option<usize> {
    let module = file.split('/').next().expect("a name").trim_end_matches(".rs");
    LAYERS.iter().position(|layer| *layer == module)
}

#[test]
fn imports_go_down_only() {
    for (file, text) in sources() {
        let Some(own) = layer_of(&file) else {
            assert!(matches!(file.as_str(), "lib.rs" | "main.rs"), "{file} belongs to no layer");
            continue;
        };
        for used in text.split("crate::").skip(1) {
            let module = used.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().expect("a first piece");
            let layer = LAYERS.iter().position(|layer| *layer == module);
            let layer = layer.unwrap_or_else(|| panic!("{file} uses crate::{module}, which is no layer"));
            assert!(layer <= own, "{file} looks up to {module}");
        }
    }
}

#[test]
fn every_layer_is_declared_and_exists() {
    let files = sources();
    let (_, lib) = files.iter().find(|(name, _)| name == "lib.rs").expect("lib.rs");
    for layer in LAYERS {
        assert!(lib.contains(&format!("pub mod {layer};")), "{layer} is not declared in lib.rs");
    }
    assert_eq!(lib.matches("pub mod ").count(), LAYERS.len(), "lib.rs declares a module that is no layer");
}

/// Whether `text` has `word`, and not as the end of a longer name.
fn names(text: &str, word: &str) -> bool {
    let starts = |at: usize| !text[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
    text.match_indices(word).any(|(at, _)| starts(at))
}

#[test]
fn each_tool_has_its_room() {
    for (word, room) in ROOMS {
        let users: Vec<String> =
            sources().into_iter().filter(|(_, text)| names(text, word)).map(|(name, _)| name).collect();
        let is_in = |user: &String, room: &str| user.starts_with(room);
        assert!(
            users.iter().any(|user| is_in(user, room)),
            "{room} does not use {word} any more: take it from the list"
        );
        for user in users {
            let has_room = ROOMS.iter().any(|(other, room)| other == word && is_in(&user, room));
            assert!(has_room, "{user} names {word}, which is kept in {room}");
        }
    }
}

/// A file that no `mod` names is no test that runs.
#[test]
fn every_file_of_tests_is_run() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files = 0;
    for entry in fs::read_dir(tests).expect("the folder of tests") {
        let folder = entry.expect("an entry").path();
        let Ok(main) = fs::read_to_string(folder.join("main.rs")) else { continue };
        for entry in fs::read_dir(&folder).expect("a folder of tests") {
            let path: PathBuf = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            assert!(name == "main" || main.lines().any(|line| line == format!("mod {name};")), "{}", path.display());
            files += 1;
        }
    }
    assert!(files > 50, "the tests were not found");
}
