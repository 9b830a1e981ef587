//! The proof that a hook works: git runs it on an index, a message or a commit with a random token.
//!
//! Everything is in a temporary folder. The repository's own index, objects and refs are never written: git gets other paths for
//! the index and the objects, and a variable that makes it refuse any change of a ref.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::atomic_file::{PrivateFolder, private_folder};
use crate::detect::Detector;
use crate::error::Error;
use crate::git::command::{GitCommand, Version, version};
use crate::hook::configured::Isolation;
use crate::hook::hooks_dir::{HooksDir, View};
use crate::rules;
use crate::rules::example::{Dice, expand};

/// The result of running a hook on the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The hook failed, and named the token.
    Stopped,
    Passed,
    /// The hook failed without naming the token, so for another reason. Holds the last line that it printed.
    Failed(String),
}

/// A token in its line, and how a report names it.
pub(crate) struct Token {
    pub text: String,
    pub fingerprint: String,
    pub redacted: String,
}

/// A temporary folder with everything that the hooks are run on.
pub(crate) struct Stage<'p> {
    place: &'p HooksDir,
    /// Where git is started to run a hook.
    top: PathBuf,
    git: Version,
    folder: PrivateFolder,
    token: Token,
    /// The token's blob, and the name under which it is planted.
    blob: String,
    name: String,
    /// HEAD's commit, if there is one.
    head: Option<String>,
    /// Variables that make git read the repository's objects and write new ones here.
    variables: Vec<(&'static str, OsString)>,
    /// Variables for the hooks only.
    of_hooks: Vec<(&'static str, OsString)>,
}

/// The first versions with `git hook run` and with its option `--to-stdin`. With older versions [`BY_HAND`] runs a hook.
const HAS_HOOK_RUN: Version = (2, 36);
const HAS_TO_STDIN: Version = (2, 40);

/// An alias that runs the hook's file as git does: from the top of the worktree, with git's own folder in PATH, and with a shell
/// if the file names no interpreter.
const BY_HAND: &str = "alias.keysweep-doctor=!\"$KEYSWEEP_DOCTOR_HOOK\"";

/// A repository in the temporary folder, without settings of its own. Calls that write the index and the objects run in it. In the
/// user's repository git would run the hook post-index-change, and no option switches off a hook that a setting
/// `hook.NAME.command` names.
const SCRATCH: &str = "scratch";

/// A folder that does not exist, for hooks of the configuration without the script in the hooks folder.
const NO_SCRIPTS: &str = "no-scripts";

/// Settings for the hooks. A split index would write a file beside the real index, and in a sparse checkout git would drop the
/// marks of files outside of it.
const SETTINGS: [&str; 6] =
    ["-c", "core.splitIndex=false", "-c", "core.fsmonitor=false", "-c", "sparse.expectFilesOutsideOfPatterns=true"];

const BRANCH: &str = "refs/heads/keysweep-doctor";

impl<'p> Stage<'p> {
    pub fn set(place: &'p HooksDir) -> Result<Self, Error> {
        let git = version(&place.top)?;
        let folder = private_folder().map_err(|err| no_place(&std::env::temp_dir(), &err))?;
        let objects = folder.path().join("objects");
        borrow_objects(place, &objects)?;
        make_scratch(place, &folder.path().join(SCRATCH))?;
        let variables = vec![
            ("GIT_OBJECT_DIRECTORY", objects.clone().into()),
            // Git sets this for a push that is not accepted yet, and then refuses to change refs.
            ("GIT_QUARANTINE_PATH", objects.into()),
            ("GIT_INDEX_FILE", folder.path().join("index").into()),
            // With this value hooks see that no editor is opened.
            ("GIT_EDITOR", ":".into()),
        ];
        let (mut top, mut of_hooks) = (place.top.clone(), Vec::new());
        if place.view == View::Unnamed {
            top = folder.path().join("worktree");
            fs::create_dir(&top).map_err(|err| no_place(&top, &err))?;
            of_hooks.extend([("GIT_DIR", place.top.clone().into()), ("GIT_WORK_TREE", top.clone().into())]);
        }
        let token = Token::make();
        // No extension, so that it matches no glob of another tool.
        let name = format!("keysweep-doctor-{}", token.fingerprint);
        let head = place.of_view(GitCommand::new(&place.top, ["rev-parse", "--quiet", "--verify", "HEAD^{commit}"]));
        let head = head.run()?;
        let head = head.line().map(|id| String::from_utf8_lossy(id).into_owned());
        let mut stage = Self { place, top, git, folder, token, blob: String::new(), name, head, variables, of_hooks };
        stage.blob = stage.id(&["hash-object", "-w", "--no-filters", "--stdin"], stage.token.text.as_bytes())?;
        if !place.bare {
            stage.plant()?;
        }
        Ok(stage)
    }

    /// Adds the token to an index with the content of HEAD. The repository's index would not do: a runner would pass the staged files
    /// to formatters, which write to the user's files.
    fn plant(&self) -> Result<(), Error> {
        if let Some(head) = &self.head {
            self.ask(&["read-tree", head], b"")?;
        }
        let entry = format!("100644,{},{}", self.blob, self.name);
        self.ask(&["update-index", "--add", "--cacheinfo", &entry], b"")?;
        // For the same reason no file may look modified: some runners stash such changes.
        let files = self.ask(&["ls-files", "-z"], b"")?;
        self.ask(&["update-index", "-z", "--skip-worktree", "--stdin"], &files)?;
        Ok(())
    }

    /// Makes git run the hooks of the event that `alone` leaves on.
    pub fn run_event(&self, event: &str, alone: &Isolation) -> Result<Proof, Error> {
        match event {
            "commit-msg" => self.of_message(alone),
            "pre-push" => self.of_push(alone),
            "pre-receive" => self.of_receive(alone),
            "update" => self.of_update(alone),
            _ => self.run(event, None, &[], alone),
        }
    }

    /// The same for an event whose hooks read the index, with the PATH of a desktop client.
    pub fn of_index_with_short_path(&self, event: &str, alone: &Isolation) -> Result<Proof, Error> {
        let call = self.call(event, None, &[])?;
        self.judge(event, GitCommand::with_hooks_and_short_path(&self.top, call), alone)
    }

    fn of_message(&self, alone: &Isolation) -> Result<Proof, Error> {
        let file = self.folder.path().join("COMMIT_EDITMSG");
        // The format that other commit-msg hooks require most often.
        let text = format!("test: keysweep doctor plants a token\n\n{}", self.token.text);
        fs::write(&file, text).map_err(|err| no_place(&file, &err))?;
        self.run("commit-msg", None, &[&file.to_string_lossy()], alone)
    }

    /// A push of one commit on top of HEAD, to a remote that has HEAD.
    fn of_push(&self, alone: &Isolation) -> Result<Proof, Error> {
        let (base, files) = match &self.head {
            Some(head) => (head.clone(), self.ask(&["ls-tree", "-z", "--full-tree", head], b"")?),
            None => (self.commit(&self.id(&["mktree"], b"")?, None)?, Vec::new()),
        };
        let tip = self.commit(&self.tree(files)?, Some(&base))?;
        let (remote, url) = remote(self.place)?;
        self.run("pre-push", Some(&format!("{BRANCH} {tip} {BRANCH} {base}\n")), &[&remote, &url], alone)
    }

    /// A push of a new branch with one commit, as a server receives it.
    fn of_receive(&self, alone: &Isolation) -> Result<Proof, Error> {
        let (nothing, tip) = self.received()?;
        self.run("pre-receive", Some(&format!("{nothing} {tip} {BRANCH}\n")), &[], alone)
    }

    /// The same push, ref by ref.
    fn of_update(&self, alone: &Isolation) -> Result<Proof, Error> {
        let (nothing, tip) = self.received()?;
        self.run("update", None, &[BRANCH, &nothing, &tip], alone)
    }

    fn received(&self) -> Result<(String, String), Error> {
        let tip = self.commit(&self.tree(Vec::new())?, None)?;
        Ok(("0".repeat(tip.len()), tip))
    }

    /// A tree with `files`, in the format of ls-tree, and the token.
    fn tree(&self, mut files: Vec<u8>) -> Result<String, Error> {
        files.extend(format!("100644 blob {}\t{}\0", self.blob, self.name).as_bytes());
        self.id(&["mktree", "-z", "--missing"], &files)
    }

    fn commit(&self, tree: &str, parent: Option<&str>) -> Result<String, Error> {
        let parent = parent.map_or(Vec::new(), |parent| vec!["-p", parent]);
        let args = ["commit-tree", tree, "-m", "keysweep doctor"].into_iter().chain(parent);
        self.id(&args.collect::<Vec<_>>(), b"")
    }

    fn run(&self, hook: &str, stdin: Option<&str>, args: &[&str], alone: &Isolation) -> Result<Proof, Error> {
        let command = GitCommand::with_hooks(&self.top, self.call(hook, stdin, args)?);
        let by_hand = stdin.filter(|_| self.git < HAS_TO_STDIN);
        self.judge(hook, command.stdin(by_hand.unwrap_or_default().as_bytes().to_vec()), alone)
    }

    /// The arguments with which git runs the hook.
    fn call(&self, hook: &str, stdin: Option<&str>, args: &[&str]) -> Result<Vec<OsString>, Error> {
        let mut call: Vec<OsString> = SETTINGS.iter().copied().map(OsString::from).collect();
        let needed = if stdin.is_some() { HAS_TO_STDIN } else { HAS_HOOK_RUN };
        if self.git < needed {
            call.extend(["-c", BY_HAND, "keysweep-doctor"].into_iter().chain(args.iter().copied()).map(OsString::from));
            return Ok(call);
        }
        call.extend(["hook", "run"].map(OsString::from));
        if let Some(stdin) = stdin {
            let file = self.folder.path().join("stdin");
            fs::write(&file, stdin).map_err(|err| no_place(&file, &err))?;
            let mut option = OsString::from("--to-stdin=");
            option.push(file);
            call.push(option);
        }
        call.extend([hook, "--"].into_iter().chain(args.iter().copied()).map(OsString::from));
        Ok(call)
    }

    fn judge(&self, hook: &str, command: GitCommand, alone: &Isolation) -> Result<Proof, Error> {
        let command = alone.apply(command, &self.folder.path().join(NO_SCRIPTS));
        let command = self.place.of_view(command).env("KEYSWEEP_DOCTOR_HOOK", self.place.hooks.join(hook));
        let command = self.of_hooks.iter().fold(command, |command, (name, value)| command.env(name, value));
        let answer = self.equip(command).run()?;
        if answer.succeeded() {
            return Ok(Proof::Passed);
        }
        let said = [answer.stdout, answer.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        if said.contains(&self.token.fingerprint) || said.contains(&self.token.redacted) {
            return Ok(Proof::Stopped);
        }
        let words = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing");
        let code = answer.code.map_or("a signal".to_owned(), |code| format!("exit {code}"));
        Ok(Proof::Failed(format!("{code}: {}", words.chars().take(300).collect::<String>())))
    }

    fn equip(&self, command: GitCommand) -> GitCommand {
        self.variables.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// The output of git, which writes only to this folder.
    fn ask(&self, args: &[&str], stdin: &[u8]) -> Result<Vec<u8>, Error> {
        let scratch = self.folder.path().join(SCRATCH);
        let command = GitCommand::new(&scratch, args).ignoring_git_env().stdin(stdin.to_vec());
        let person = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"];
        let command = person.iter().fold(command, |command, name| command.env(name, "keysweep doctor"));
        let answer = self.equip(command).run()?;
        if answer.succeeded() {
            return Ok(answer.stdout);
        }
        Err(Error::new(
            format!("cannot plant a token for the hooks of {}", self.place.top.display()),
            format!("git {}: {}", args[0], answer.error_output()),
            "see what git status says of this repository",
        ))
    }

    fn id(&self, args: &[&str], stdin: &[u8]) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(self.ask(args, stdin)?.trim_ascii()).into_owned())
    }
}

impl Token {
    /// A line with a random token that the detector finds.
    pub fn make() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let seed = u64::try_from(now & u128::from(u64::MAX)).expect("masked") ^ (u64::from(std::process::id()) << 32);
        let mut dice = Dice::new(seed);
        let detector = Detector::new(rules::ALL);
        loop {
            let text = expand("client = Client(\"sk_live_{alnum:32}\")\n", &mut dice);
            if let [hit] = detector.find(text.as_bytes()).as_slice() {
                return Self { fingerprint: hit.fingerprint.to_string(), redacted: hit.redacted.to_string(), text };
            }
        }
    }
}

fn no_place(path: &Path, err: &std::io::Error) -> Error {
    Error::new(format!("cannot write {}", path.display()), err, "make room there, or set TMPDIR to another folder")
}

/// Makes an object directory that borrows the repository's objects. It uses the file `info/alternates`, since a path in the
/// variable for alternates would need quoting.
fn borrow_objects(place: &HooksDir, objects: &Path) -> Result<(), Error> {
    let theirs = place.of_view(GitCommand::new(&place.top, ["rev-parse", "--git-path", "objects"])).run()?;
    let theirs = place.top.join(theirs.path().unwrap_or_else(|| ".git/objects".into()));
    let mut line = theirs.into_os_string().into_encoded_bytes();
    line.push(b'\n');
    let info = objects.join("info");
    let written = fs::create_dir_all(&info).and_then(|()| fs::write(info.join("alternates"), line));
    written.map_err(|err| no_place(&info, &err))
}

/// Makes a repository whose ids are as long as those of `place`.
fn make_scratch(place: &HooksDir, scratch: &Path) -> Result<(), Error> {
    let format = place.of_view(GitCommand::new(&place.top, ["rev-parse", "--show-object-format"])).run()?;
    let format = format!("--object-format={}", String::from_utf8_lossy(format.line().unwrap_or(b"sha1")));
    let at = scratch.as_os_str();
    let init = ["init", "--quiet", "--template=", &format, "--"].map(OsStr::new).into_iter().chain([at]);
    let made = GitCommand::new(Path::new("."), init).ignoring_git_env().run()?;
    if made.succeeded() {
        return Ok(());
    }
    let context = format!("cannot make a repository in {}", scratch.display());
    Err(Error::new(context, made.error_output(), "make room there, or set TMPDIR to another folder"))
}

fn remote(place: &HooksDir) -> Result<(String, String), Error> {
    let ask = |args: &[&str]| place.of_view(GitCommand::new(&place.top, args)).run();
    let remotes = ask(&["remote"])?;
    let first = String::from_utf8_lossy(&remotes.stdout).lines().next().map(str::to_owned);
    let url = match &first {
        Some(name) => ask(&["remote", "get-url", "--push", name])?.path(),
        None => None,
    };
    let url = url.map_or("https://example.invalid/keysweep-doctor.git".to_owned(), |url| url.display().to_string());
    Ok((first.unwrap_or("origin".to_owned()), url))
}
