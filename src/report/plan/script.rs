//! Generates the script of the plan: the same text for every repository, with the values of this one at the top. The script asks
//! the remotes when it runs, since keysweep uses no network.

use std::path::{Path, PathBuf};

use crate::detect::Detector;
use crate::history::provenance::{Archive, Provenance};

const SHELL: &str = include_str!("clean.sh");
/// The Python program in the script, for what a shell cannot do.
const PROGRAM: [&str; 5] = [
    include_str!("objects.py"),
    include_str!("refs.py"),
    include_str!("worktree.py"),
    include_str!("disk.py"),
    include_str!("steps.py"),
];

/// The values of one repository.
pub struct Setup {
    /// The git directory that all worktrees share.
    pub git_dir: PathBuf,
    /// The worktree in which the scan ran, or the git directory of a bare repository.
    pub top: PathBuf,
    pub replacements: PathBuf,
    pub config: Option<PathBuf>,
    /// Further options of the scan, quoted for a shell.
    pub options: Vec<String>,
}

/// Returns the script. It contains no token: if a path contains one, the script asks for that path when it runs.
pub fn script(setup: &Setup, provenances: &[Provenance], detector: &Detector) -> Vec<u8> {
    let path = |name: &str, path: &Path| {
        let asked = || format!("${{KEYSWEEP_{}:?set it to the path}}", name.to_uppercase()).into_bytes();
        let word = word(path.as_os_str().as_encoded_bytes(), detector).unwrap_or_else(asked);
        [name.as_bytes(), b"=", &word, b"\n"].concat()
    };
    let archives: Vec<&str> = archives(provenances).iter().map(|one| one.object.as_str()).collect();
    let options = setup.options.join(" ");
    let values = [
        path("repository", &setup.git_dir),
        path("top", &setup.top),
        path("replacements", &setup.replacements),
        format!("archives='{}'\n", archives.join(" ")).into_bytes(),
        setup.config.as_ref().map_or_else(|| b"config=''\n".to_vec(), |config| path("config", config)),
        format!("sweep() {{ keysweep history --no-baseline {options} \"$@\"; }}\n").into_bytes(),
    ];
    let (head, rest) = SHELL.split_once("# values\n").unwrap_or((SHELL, ""));
    let (_, rest) = rest.split_once("# end of values\n").unwrap_or(("", rest));
    let rest = rest.replacen("# program\n", &PROGRAM.concat(), 1);
    [head.as_bytes(), &values.concat(), rest.as_bytes()].concat()
}

/// Quotes bytes for a shell. None if they contain a token.
pub fn word(bytes: &[u8], detector: &Detector) -> Option<Vec<u8>> {
    if detector.mask(bytes) != bytes {
        return None;
    }
    let quoted = bytes.iter().flat_map(|&byte| if byte == b'\'' { b"'\\''".to_vec() } else { vec![byte] });
    Some([b"'", &quoted.collect::<Vec<_>>()[..], b"'"].concat())
}

/// The archives with a token, by their ids. A build without archives returns none.
pub(super) fn archives(provenances: &[Provenance]) -> Vec<&Archive> {
    if !cfg!(feature = "archives") {
        return Vec::new();
    }
    let mut archives: Vec<&Archive> = provenances.iter().flat_map(|one| &one.archives).collect();
    // One token may have the path of an archive where another has none.
    archives.sort_by_key(|one| (&one.object, one.path.is_none()));
    archives.dedup_by_key(|one| &one.object);
    archives
}
