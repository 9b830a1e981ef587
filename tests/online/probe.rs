//! `keysweep probe` against handlers in Python, right ones and wrong ones.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::server::Server;
use crate::support::runner::ours;
use crate::support::schema::Reports;
use crate::support::{Call, Repo, Run};
use crate::verify::{expect_hidden, token};

pub struct Handler {
    process: Child,
    pub url: String,
}

impl Handler {
    pub fn new(args: &[&str]) -> Self {
        let mut command = Command::new("python3");
        command.arg(ours("tests/online/probe.py")).args(args).stdout(Stdio::piped());
        let mut process = command.spawn().expect("start Python");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        Self { process, url: format!("http://127.0.0.1:{}/webhooks", line.trim()) }
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn secret(vendor: &str, seed: u64) -> String {
    token(if vendor == "attio" { "{hex:64}" } else { "whsec_{base64:32}" }, seed)
}

pub fn probe(repo: &Repo, url: &str, vendor: &str, secret: &str) -> Call {
    let mut call = repo.keysweep_call(&["probe", url, "--vendor", vendor, "--format", "json"]).stdin(secret);
    call.command.env_remove("SSL_CERT_FILE");
    // Proxies have no effect.
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].iter().fold(call, |call, name| call.env(name, "http://127.0.0.1:1"))
}

/// What each delivery showed, such as `good+ tampered+ unsigned- repeated?`.
fn shown(run: &Run) -> String {
    let held = |one: &Value| match one["held"].as_bool() {
        Some(true) => '+',
        Some(false) => '-',
        None => '?',
    };
    let deliveries = run.json()["deliveries"].as_array().expect("deliveries").clone();
    let words = deliveries.iter().map(|one| format!("{}{}", one["kind"].as_str().expect("a kind"), held(one)));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn right_and_wrong_handlers_are_told_apart() {
    let (repo, mut reports) = (Repo::none(), Reports::new());
    for (seed, vendor) in (50..).zip(["attio", "stripe", "svix"]) {
        let secret = secret(vendor, seed);
        for (behavior, code, wanted) in [
            ("right", 0, "good+ tampered+ unsigned+ stale+ repeated?"),
            ("remembers", 0, "good+ tampered+ unsigned+ stale+ repeated+"),
            ("open", 1, "good+ tampered- unsigned- stale- repeated?"),
            ("optional", 1, "good+ tampered+ unsigned- stale+ repeated?"),
            ("timeless", 1, "good+ tampered+ unsigned+ stale- repeated?"),
            ("reencoded", 1, "good- tampered? unsigned? stale? repeated?"),
            ("closed", 1, "good- tampered? unsigned? stale? repeated?"),
            ("failing", 2, "good+ tampered? unsigned? stale+ repeated?"),
            ("missing", 2, "good? tampered? unsigned? stale? repeated?"),
        ] {
            let handler = Handler::new(&[vendor, behavior, &secret]);
            let run = probe(&repo, &handler.url, vendor, &secret).run();
            // Attio signs no time.
            let (code, wanted) = match (vendor, behavior) {
                ("attio", "timeless") => (0, "good+ tampered+ unsigned+ repeated?".to_owned()),
                ("attio", _) => {
                    (code, wanted.split(' ').filter(|one| !one.starts_with("stale")).collect::<Vec<_>>().join(" "))
                }
                _ => (code, wanted.to_owned()),
            };
            assert_eq!(shown(&run), wanted, "{vendor} {behavior}");
            let run = run.expect_code(code).expect_has("the good delivery is real");
            expect_hidden(&run, &secret);
            let signature = run.json()["promises"]["signature"].clone();
            assert_eq!(
                signature == true,
                ["right", "remembers", "timeless"].contains(&behavior),
                "{vendor} {behavior}"
            );
            reports.add(behavior, &run.json());
        }
    }
    reports.check().expect_code(0);
}

#[test]
fn quiet_prints_only_what_is_wrong() {
    let repo = Repo::none();
    let secret = secret("svix", 57);
    for (behavior, code) in [("right", 0), ("open", 1)] {
        let handler = Handler::new(&["svix", behavior, &secret]);
        let words = ["probe", &handler.url, "--vendor", "svix", "--quiet"];
        let run = repo.keysweep_call(&words).stdin(&secret).run().expect_code(code);
        assert_eq!(run.out().is_empty(), code == 0, "{}", run.out());
    }
}

#[test]
fn results_have_colors_if_asked() {
    let repo = Repo::none();
    let secret = secret("svix", 58);
    let handler = Handler::new(&["svix", "right", &secret]);
    for (color, has_escapes) in [("always", true), ("never", false)] {
        let words = ["probe", &handler.url, "--vendor", "svix", "--color", color];
        let run = repo.keysweep_call(&words).stdin(&secret).run().expect_code(0);
        assert_eq!(run.out().contains('\u{1b}'), has_escapes, "{}", run.out());
    }
}

/// The guide's handler asks for a time that Attio does not sign, so it refuses every real delivery.
#[test]
fn a_handler_that_asks_attio_for_a_time_is_wrong() {
    let repo = Repo::none();
    let secret = secret("attio", 60);
    let handler = Handler::new(&["attio", "timestamped", &secret]);
    let run = probe(&repo, &handler.url, "attio", &secret).run().expect_code(1);
    assert!(shown(&run).starts_with("good- "));
}

#[test]
fn a_handler_that_verifies_nothing_is_found_without_its_secret() {
    let repo = Repo::none();
    let own = secret("stripe", 61);
    for (behavior, code, wanted) in [
        ("open", 1, "good- tampered- unsigned- stale- repeated?"),
        ("right", 2, "good? tampered+ unsigned+ stale+ repeated?"),
        ("missing", 2, "good? tampered? unsigned? stale? repeated?"),
    ] {
        let handler = Handler::new(&["stripe", behavior, &own]);
        let run = probe(&repo, &handler.url, "stripe", "").run().expect_code(code);
        assert_eq!((shown(&run), run.json()["made_up_secret"].clone()), (wanted.to_owned(), true.into()), "{behavior}");
        let human = repo.keysweep_call(&["probe", &handler.url, "--vendor", "stripe"]).run();
        human.expect_code(code).expect_has("the secret was made up");
    }
}

#[test]
fn deliveries_stay_on_this_machine() {
    let repo = Repo::none();
    let secret = secret("attio", 62);
    let other = Server::always(200, "", "");
    let handler = Handler::new(&["attio", "moved", &secret, &other.url()]);
    let run = probe(&repo, &handler.url, "attio", &secret).run().expect_code(2);
    assert_eq!(shown(&run), "good? tampered? unsigned? repeated?");
    assert!(other.requests().is_empty());
    let port = other.address.port();
    for host in ["0.0.0.0", "10.0.0.1", "[2001:db8::1]"] {
        let run = probe(&repo, &format!("http://{host}:{port}/"), "attio", &secret).run().expect_code(2);
        run.expect_has("not that of this machine");
    }
    // Plain HTTP stays here even then, and https goes elsewhere only then.
    let (plain, tls) = (format!("http://10.0.0.1:{port}/"), format!("https://10.0.0.1:{port}/"));
    let remote = probe(&repo, &plain, "attio", &secret).args(&["--allow-remote"]).run();
    remote.expect_code(2).expect_has("not that of this machine");
    probe(&repo, &tls, "attio", &secret).run().expect_code(2).expect_has("not that of this machine");
    let remote = probe(&repo, &tls, "attio", &secret).args(&["--allow-remote", "--timeout", "1"]).run();
    remote.expect_code(2).expect_lacks("not that of this machine");
    assert!(other.requests().is_empty());
}

#[test]
fn what_is_typed_wrong_is_an_error() {
    let repo = Repo::none();
    let secret = secret("svix", 63);
    let server = Server::always(200, "", "");
    let url = server.url();
    for (words, stdin, says) in [
        (vec![&*url], "", "--vendor <VENDOR>"),
        (vec![&url, "--vendor", "clerk"], "", "no such vendor"),
        (vec!["localhost", "--vendor", "svix"], "", "http://localhost:3000"),
        (vec![&url, "--vendor", "svix"], &secret[6..], "it is not a secret of Svix's webhooks"),
        (vec![&url, "--vendor", "stripe"], &secret[6..], "it is not a secret of Stripe's webhooks"),
        (vec![&url, &secret, "--vendor", "svix"], "", "unexpected argument"),
    ] {
        let run = repo.keysweep_call(&["probe"]).args(&words).stdin(stdin).run().expect_code(2).expect_has(says);
        expect_hidden(&run, &secret);
    }
    assert!(server.requests().is_empty());
}
