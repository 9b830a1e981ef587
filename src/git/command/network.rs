//! Git commands that use the network, for `keysweep fleet`. The user named the addresses; a repository decides nothing.
//!
//! The user's own settings are in force, such as proxies, certificates, `insteadOf` and credential helpers, but for those that ask a
//! person or start another program for the connection.

use std::ffi::OsStr;
use std::path::Path;

use super::GitCommand;
use crate::error::Error;
use crate::subprocess::{self, Ended, Limits};

/// Settings of every command that uses the network. The bundles of `transfer.bundleURI` come from addresses that a server names. A
/// check of objects would refuse old repositories that keysweep can read.
const SETTINGS: &[&str] = &[
    "core.askPass=",
    "credential.interactive=false",
    "fetch.fsckObjects=false",
    "fetch.unpackLimit=1",
    "fetch.writeCommitGraph=false",
    "submodule.recurse=false",
    "transfer.bundleURI=false",
    "transfer.fsckObjects=false",
    "transfer.unpackLimit=1",
];

/// Variables that replace those with which all other commands switch the network off. An empty `GIT_ASKPASS` takes precedence over
/// `SSH_ASKPASS`. `GIT_SSH_COMMAND` takes precedence over `core.sshCommand`: the `ssh` in PATH reads the user's `~/.ssh/config`.
const VARIABLES: &[(&str, &str)] = &[
    ("GIT_ALLOW_PROTOCOL", "file:https:ssh"),
    ("GIT_ASKPASS", ""),
    ("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ClearAllForwardings=yes -o ForwardAgent=no -o PermitLocalCommand=no"),
    ("GIT_SSH_VARIANT", "ssh"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GCM_INTERACTIVE", "never"),
    ("SSH_ASKPASS_REQUIRE", "never"),
];

/// Variables that start a program, name another repository, or print what was sent.
const REMOVED: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CURL_VERBOSE",
    "GIT_NAMESPACE",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "SSH_ASKPASS",
];

/// Answers git's question for the credentials of an address from two variables, which are in no argument and no file.
const HELPER: &str = "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \
                      \"$KEYSWEEP_LOGIN_USER\" \"$KEYSWEEP_LOGIN_PASSWORD\"; }; f";

/// A user and a password, for the server at `scope`. Is never printed.
pub struct Login {
    pub user: String,
    /// None if git has to ask the user's credential helpers for it.
    pub password: Option<String>,
    /// `https://host` or `https://host:port`. Git sends the login to no other server.
    pub scope: String,
}

impl GitCommand {
    /// `git ARGS` in `dir`, with the network. Git asks nobody.
    pub fn with_network<A: AsRef<OsStr>>(dir: &Path, login: Option<&Login>, args: impl IntoIterator<Item = A>) -> Self {
        let mut settings: Vec<String> = SETTINGS.iter().map(|&setting| setting.to_owned()).collect();
        if let Some(Login { password: Some(_), scope, .. }) = login {
            // The empty value removes all other helpers, which could store the password.
            settings.push("credential.helper=".to_owned());
            settings.push(format!("credential.{scope}.helper={HELPER}"));
        }
        let settings = settings.iter().flat_map(|setting| [OsStr::new("-c").to_owned(), setting.into()]);
        let args = args.into_iter().map(|word| word.as_ref().to_owned());
        let mut command = Self::new(dir, settings.chain(args)).ignoring_git_env();
        for name in REMOVED {
            command.command.env_remove(name);
        }
        let command = VARIABLES.iter().fold(command, |command, (name, value)| command.env(name, value));
        login.into_iter().fold(command, Self::with_login)
    }

    fn with_login(self, login: &Login) -> Self {
        if let Some(password) = &login.password {
            return self.env("KEYSWEEP_LOGIN_USER", &login.user).env("KEYSWEEP_LOGIN_PASSWORD", password);
        }
        // In a variable, since every user of the machine can read arguments.
        let count = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(0_usize);
        self.env("GIT_CONFIG_COUNT", (count + 1).to_string())
            .env(&format!("GIT_CONFIG_KEY_{count}"), format!("credential.{}.username", login.scope))
            .env(&format!("GIT_CONFIG_VALUE_{count}"), &login.user)
    }

    /// Runs git within `limits`, and passes each line of its output to `on_line`. Fails if git cannot be started.
    pub fn run_within(
        self,
        limits: &Limits<'_>,
        on_line: &mut dyn FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<Ended, Error> {
        let run = subprocess::run(self.command, limits, on_line);
        run.map_err(|err| Error::new("cannot run git", err, "install git, or add it to PATH"))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn login(password: Option<&str>) -> Login {
        let scope = "https://example.org:8443".to_owned();
        Login { user: "it's \"a\" $b".to_owned(), password: password.map(str::to_owned), scope }
    }

    /// What git would use as the credentials for a host.
    fn credentials(login: &Login, host: &str) -> Option<String> {
        let git = GitCommand::with_network(Path::new("/"), Some(login), ["credential", "fill"]);
        let git = git.stdin(format!("protocol=https\nhost={host}\n\n").into_bytes());
        let output = git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").run().expect("git");
        output.succeeded().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    #[test]
    fn git_gets_the_login_for_its_server_alone() {
        let login = login(Some("p%w'\"$(x)"));
        let filled = credentials(&login, "example.org:8443").expect("credentials");
        assert!(filled.contains("username=it's \"a\" $b\n") && filled.contains("password=p%w'\"$(x)\n"), "{filled}");
        for host in ["example.org", "example.org:1", "example.com:8443"] {
            assert_eq!(credentials(&login, host), None, "{host}");
        }
    }

    #[test]
    fn a_user_without_a_password_is_left_to_the_helpers() {
        assert_eq!(credentials(&login(None), "example.org:8443"), None);
        let git =
            GitCommand::with_network(Path::new("/"), Some(&login(None)), ["config", "--get-regexp", "^credential"]);
        let listed = git.run().expect("git").stdout;
        let listed = String::from_utf8_lossy(&listed);
        assert!(listed.contains("credential.https://example.org:8443.username it's \"a\" $b\n"), "{listed}");
    }
}
