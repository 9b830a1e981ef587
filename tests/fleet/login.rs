//! Credentials: git gets them, and nobody else.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use crate::harness::{Fleet, expect_error, expect_found, files};
use crate::support::Run;

/// Expects that none of the words is in the output, or in a file below the home folder and the cache.
#[track_caller]
fn expect_nowhere(fleet: &Fleet, run: &Run, words: &[&str]) {
    for word in words {
        assert!(!run.all().contains(word), "{word}: {}", run.all());
        for file in files(fleet.repo.base()) {
            let bytes = fs::read(&file).unwrap_or_default();
            let found = bytes.windows(word.len()).any(|part| part == word.as_bytes());
            assert!(!found && !file.to_string_lossy().contains(word), "{word} in {}", file.display());
        }
    }
}

#[test]
fn ssh_gets_the_user_and_asks_nobody() {
    let mut fleet = Fleet::new(2701);
    let token = fleet.token();
    fleet.add("one", Some(&token));
    let path = fleet.folder("one");
    let (scp, url) = (format!("ada@example.org:{path}"), format!("ssh://ada@example.org:2222{path}"));
    let script = "exit 9";
    let call = fleet.call(&["--since-last"], &[&scp, &url]).env("PATH", fleet.fake_ssh());
    let run = call.env("GIT_SSH_COMMAND", script).env("GIT_SSH", "/nosuch").run().expect_code(1);
    expect_found(&run, &scp, &[&token]);
    expect_found(&run, &url, &[&token]);
    let args = fs::read_to_string(fleet.repo.base().join("ssh-args")).expect("ssh was started");
    assert!(args.contains("BatchMode=yes") && args.contains("ada@example.org") && args.contains("2222"), "{args}");
}

#[test]
fn a_password_is_in_no_output_and_no_file() {
    let fleet = Fleet::new(2702);
    let store = fleet.repo.base().join("store");
    let secret = ["hunter", "2secret"].concat();
    // Nobody listens on port 1.
    let url = ["https://ada-user", ":", &secret, "@127.0.0.1:1/x.git"].concat();
    let query = format!("https://127.0.0.1:1/x?key={secret}");
    let broken = ["https://ada-user", ":a/", &secret, "@127.0.0.1:1/x"].concat();
    let call = fleet.call(&["--timeout", "60"], &[&url, &query, &broken]).env("GIT_CONFIG_COUNT", "1");
    let call = call.env("GIT_CONFIG_KEY_0", "credential.helper");
    let run = call.env("GIT_CONFIG_VALUE_0", format!("store --file {}", store.display())).run().expect_code(2);
    assert_eq!(run.objects().len(), 3, "{}", run.out());
    expect_error(&run, "https://127.0.0.1:1/x.git", "127.0.0.1");
    expect_nowhere(&fleet, &run, &[&secret, "ada-user"]);
}

/// The connection fails, since the server has no TLS. Git may neither ask nor tell another helper.
#[test]
fn no_other_helper_is_asked_or_told() {
    let fleet = Fleet::new(2703);
    let secret = ["hunter", "2secret"].concat();
    let helper = ["credential.https://127.0.0.1:9.helper", "credential.helper"];
    let asked = fleet.repo.base().join("asked");
    let port = closed_after_one_request();
    let url = ["https://ada-user", ":", &secret, &format!("@127.0.0.1:{port}/x.git")].concat();
    let spy = format!("!f() {{ echo \"$1\" >> '{}'; cat >> '{}'; }}; f", asked.display(), asked.display());
    let mut call = fleet.call(&["--timeout", "60"], &[&url]).env("GIT_CONFIG_COUNT", "2");
    for (at, name) in helper.iter().enumerate() {
        call = call.env(&format!("GIT_CONFIG_KEY_{at}"), name).env(&format!("GIT_CONFIG_VALUE_{at}"), &spy);
    }
    let run = call.run().expect_code(2);
    assert!(!asked.exists(), "another helper was asked: {}", fs::read_to_string(&asked).unwrap_or_default());
    expect_nowhere(&fleet, &run, &[&secret]);
}

/// The port of a server that answers one connection with text that is no TLS.
fn closed_after_one_request() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten().take(1) {
            let mut line = Vec::new();
            let _ = BufReader::new(&stream).read_until(b'\n', &mut line);
            let _ = (&stream).write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    port
}
