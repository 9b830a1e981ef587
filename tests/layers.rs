//! The architecture: modules form layers and use only lower layers. gix, `unsafe` and similar items may occur in one place.

use std::fs;
use std::path::{Path, PathBuf};

/// The layers from bottom to top. A module may use the modules before it.
const LAYERS: &[&str] = &[
    "error",
    "random",
    "text",
    "threads",
    "regular_file",
    "interruption",
    "atomic_file",
    "subprocess",
    "http",
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
    "verify",
    "delivery",
    "hook",
    "agent",
    "audit",
    "rotation",
    "scopes",
    "fleet",
    "report",
    "cli",
];

/// Items that may occur in only one place each, and those places.
const RESERVED: &[(&str, &str)] = &[
    ("gix::", "git/"),
    ("gix::", "scan/"),
    ("gix::", "history/"),
    ("bzip2::", "scan/archive/"),
    ("deflate64::", "scan/archive/"),
    ("lzma_rust2::", "scan/archive/"),
    ("flate2::", "scan/archive/"),
    ("ruzstd::", "scan/archive/"),
    ("unsafe {", "cli/start.rs"),
    ("unsafe {", "interruption.rs"),
    ("unsafe {", "git/mmap.rs"),
    ("unsafe {", "detect/decode/"),
    ("clap::", "cli/"),
    ("clap_complete::", "cli/"),
    ("clap_mangen::", "cli/man.rs"),
    ("tempfile::", "atomic_file.rs"),
    ("owo_colors", "report/style.rs"),
    ("maud::", "report/html/"),
    ("terminal_size::", "cli/output.rs"),
    ("signal_hook", "interruption.rs"),
    ("serde_json", "agent/"),
    ("serde_json", "audit/package.rs"),
    ("serde_json", "report/audit_json.rs"),
    ("serde_json", "report/rotation.rs"),
    ("serde_json", "report/scopes.rs"),
    ("serde_json", "config/baseline.rs"),
    ("serde_json", "fleet/merge/line.rs"),
    ("serde_json", "report/fleet.rs"),
    ("serde_json", "report/fleet_merge/"),
    ("serde_core", "fleet/merge/line.rs"),
    ("serde_core", "report/fleet_merge/sarif.rs"),
    ("serde_json", "report/json.rs"),
    ("serde_json", "report/gitlab.rs"),
    ("serde_json", "report/sarif.rs"),
    ("serde_json", "report/probe_json.rs"),
    ("serde_json", "report/verification_json.rs"),
    ("serde_json", "verify/"),
    ("simple_dns::", "http/dns.rs"),
    ("ureq::", "http/"),
    ("brush_parser", "agent/shell/"),
    ("globset", "config/globs.rs"),
    ("toml::", "config/file/"),
    ("toml::", "agent/switches.rs"),
    ("aho_corasick", "detect/prefilter.rs"),
    ("aho_corasick", "rules/vendors.rs"),
    ("aho_corasick", "scan/archive/embedded.rs"),
    ("aho_corasick", "scan/message_context.rs"),
    ("Command::new(", "agent/doctor.rs"),
    ("Command::new(", "fleet/worker.rs"),
    ("Command::new(", "git/command/"),
    // Its tests run a shell.
    ("Command::new(", "subprocess.rs"),
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
                // Comments may mention any module.
                let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
                files.push((name, code.join("\n")));
            }
        }
    }
    assert!(files.len() > 20, "found too few source files");
    files
}

/// The layer of a file. None for files of the crate's root.
fn layer_of(file: &str) -> Option<usize> {
    let module = file.split('/').next().expect("a name").trim_end_matches(".rs");
    LAYERS.iter().position(|layer| *layer == module)
}

#[test]
fn modules_use_only_lower_layers() {
    for (file, text) in sources() {
        let Some(own) = layer_of(&file) else {
            assert!(matches!(file.as_str(), "lib.rs" | "main.rs"), "{file} belongs to no layer");
            continue;
        };
        for used in text.split("crate::").skip(1) {
            let module = used.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().expect("a first piece");
            let layer = LAYERS.iter().position(|layer| *layer == module);
            let layer = layer.unwrap_or_else(|| panic!("{file} uses crate::{module}, which is not a layer"));
            assert!(layer <= own, "{file} uses the higher layer {module}");
        }
    }
}

#[test]
fn every_layer_is_declared_and_exists() {
    let files = sources();
    let (_, lib) = files.iter().find(|(name, _)| name == "lib.rs").expect("lib.rs");
    // Modules that only the program uses are private.
    let declared: Vec<&str> =
        lib.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")).collect();
    for layer in LAYERS {
        assert!(declared.contains(&&*format!("{layer};")), "{layer} is not declared in lib.rs");
    }
    assert_eq!(declared.len(), LAYERS.len(), "lib.rs declares a module that is not a layer");
}

/// Reports whether `text` contains `word`, but not as the end of a longer name.
fn uses_word(text: &str, word: &str) -> bool {
    let starts = |at: usize| !text[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
    text.match_indices(word).any(|(at, _)| starts(at))
}

#[test]
fn each_reserved_item_is_in_its_place() {
    for (word, place) in RESERVED {
        let users: Vec<String> =
            sources().into_iter().filter(|(_, text)| uses_word(text, word)).map(|(name, _)| name).collect();
        let is_in = |user: &String, place: &str| user.starts_with(place);
        assert!(users.iter().any(|user| is_in(user, place)), "{place} no longer uses {word}; remove it from the list");
        for user in users {
            let is_allowed = RESERVED.iter().any(|(other, place)| other == word && is_in(&user, place));
            assert!(is_allowed, "{user} uses {word}, which is reserved for {place}");
        }
    }
}

/// A test file without a `mod` declaration would never run.
#[test]
fn every_test_file_has_a_mod_declaration() {
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
    assert!(files > 50, "found too few tests");
}
