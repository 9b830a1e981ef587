//! `keysweep history --verify`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::server::{Request, Server, response};
use crate::support::schema::Reports;
use crate::support::{Call, Repo, Run};
use crate::verify::{expect_hidden, token};

/// Tokens of shapes that Stripe and Svix alone issue, of one that several vendors issue, and of Attio.
struct Tokens {
    removed: String,
    restricted: String,
    shared: String,
    svix: String,
    attio: String,
}

impl Tokens {
    fn all(&self) -> [&String; 5] {
        [&self.removed, &self.restricted, &self.shared, &self.svix, &self.attio]
    }
}

/// A repository with these tokens, all but the removed one in HEAD. Everything in it says that they are Stripe's.
fn fixture(seed: u64) -> (Repo, Tokens) {
    let repo = Repo::new();
    let tokens = Tokens {
        removed: token("rk_live_{alnum:24}", seed),
        restricted: token("rk_test_{alnum:24}", seed + 1),
        shared: token("sk_live_{alnum:24}", seed + 2),
        svix: token("sk_{base64url:24}.eu", seed + 3),
        attio: token("{hex:64}", seed + 4),
    };
    repo.stage("old.py", format!("STRIPE_KEY = \"{}\"\n", tokens.removed));
    repo.commit("one");
    repo.git(&["rm", "-q", "old.py"]);
    let fingerprint = keysweep::finding::Secret::new(tokens.shared.as_bytes()).fingerprint();
    let ledger =
        format!("[[token]]\nfingerprint = \"{fingerprint}\"\nowner = \"Stripe\"\nenvironment = \"production\"\n");
    repo.stage(".keysweep.toml", ledger);
    let Tokens { restricted, shared, svix, attio, .. } = &tokens;
    let code = format!(
        "STRIPE_RESTRICTED_KEY = \"{restricted}\"\nSTRIPE_SECRET_KEY = \"{shared}\"\nSVIX = \"{svix}\"\nATTIO_API_KEY = \"{attio}\"\n"
    );
    repo.stage("app.py", code);
    repo.commit("two");
    (repo, tokens)
}

fn history(repo: &Repo, words: &[&str]) -> Call {
    let mut call = repo.keysweep_call(&["history", "--verify", "--no-progress"]).args(words);
    for name in ["https_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE"] {
        call.command.env_remove(name);
    }
    // Nothing leaves this machine, whatever a test does wrong.
    call.env("HTTPS_PROXY", "http://127.0.0.1:1")
}

/// What the report says of each token, by fingerprint.
fn verified(run: &Run) -> BTreeMap<String, Value> {
    let findings = run.json()["findings"].as_array().expect("findings").clone();
    findings
        .iter()
        .map(|one| (one["fingerprint"].as_str().expect("text").to_owned(), one["verified"].clone()))
        .collect()
}

fn id(token: &str) -> String {
    keysweep::finding::Secret::new(token.as_bytes()).fingerprint().to_string()
}

#[test]
fn only_a_vendor_that_the_shape_names_is_asked() {
    let (repo, tokens) = fixture(100);
    let proxy = Server::always(502, "", "");
    let run = history(&repo, &["--format", "json"]).env("HTTPS_PROXY", proxy.url()).run().expect_code(2);
    let verified = verified(&run);
    for (token, status, vendor) in [
        (&tokens.restricted, "unknown", "stripe".into()),
        (&tokens.removed, "not-asked", "stripe".into()),
        (&tokens.svix, "unknown", "svix".into()),
        (&tokens.shared, "not-asked", Value::Null),
        (&tokens.attio, "not-asked", Value::Null),
    ] {
        let one = &verified[&id(token)];
        assert_eq!((&one["status"], &one["vendor"]), (&status.into(), &vendor), "{one}");
    }
    // Stripe did not answer the first time, so it was not asked again.
    let mut lines: Vec<String> = proxy.requests().iter().map(|request| request.line().to_owned()).collect();
    lines.sort();
    assert_eq!(lines, ["CONNECT api.eu.svix.com:443 HTTP/1.1", "CONNECT api.stripe.com:443 HTTP/1.1"]);
    for token in tokens.all() {
        assert!(proxy.requests().iter().all(|request| !request.head.contains(token.as_str())));
        expect_hidden(&run, token);
    }
    let human =
        history(&repo, &[]).run().expect_code(2).expect_has("verified: not asked, because its shape does not name");
    let human =
        human.expect_has("verified: unknown: no answer from api.stripe.com").expect_has("cannot verify 2 tokens");
    let human = human.expect_has("no vendor was asked about 2 tokens");
    tokens.all().into_iter().for_each(|token| expect_hidden(&human, token));
}

#[test]
fn a_named_vendor_is_asked_about_the_shapes_that_it_issues() {
    let (repo, tokens) = fixture(200);
    let dead = tokens.shared.clone();
    let server = Server::new(move |request: &Request| {
        let is_dead = request.head.contains(&dead);
        if is_dead { response(401, "", r#"{"error":{}}"#) } else { response(200, "", r#"{"object":"list"}"#) }
    });
    let url = server.url();
    let words = ["--vendor", "stripe", "--base-url", &url];
    let run = history(&repo, &words).args(&["--format", "json"]).run().expect_code(1);
    let verified = verified(&run);
    let status = |token: &str| verified[&id(token)]["status"].as_str().expect("a status").to_owned();
    assert_eq!(tokens.all().map(|token| status(token)), ["live", "live", "dead", "not-asked", "not-asked"]);
    // In HEAD before removed, live keys before test keys.
    let asked: Vec<String> =
        server.requests().iter().filter_map(|one| one.header("authorization").map(id_of_bearer)).collect();
    assert_eq!(asked, [&tokens.shared, &tokens.restricted, &tokens.removed].map(|token| id(token)));
    tokens.all().into_iter().for_each(|token| expect_hidden(&run, token));
    let human = history(&repo, &words).run().expect_code(1).expect_has("verified: live: Stripe accepts it");
    tokens.all().into_iter().for_each(|token| expect_hidden(&human, token));

    let page =
        history(&repo, &words).args(&["--format", "html"]).run().expect_code(1).expect_has("Yes: Stripe accepts it.");
    let page = page.expect_has("No: Stripe refuses it").expect_has("Not asked, because its shape is that of Svix");
    tokens.all().into_iter().for_each(|token| expect_hidden(&page, token));

    let mut reports = Reports::new();
    reports.add("history", &run.json());
    let lines = history(&repo, &words).args(&["--format", "jsonl"]).run().expect_code(1);
    reports.add("history-lines", &Value::Array(lines.objects()));
    reports.check().expect_code(0);
}

fn id_of_bearer(value: &str) -> String {
    id(value.trim_start_matches("Bearer "))
}

#[test]
fn a_vendor_that_wants_to_wait_is_not_asked_again() {
    let (repo, tokens) = fixture(300);
    let server = Server::always(429, "retry-after: 7\r\n", "{}");
    let run = history(&repo, &["--vendor", "stripe", "--format", "json", "--base-url"]).args(&[server.url()]).run();
    let verified = verified(&run.expect_code(2));
    assert_eq!(server.requests().len(), 1);
    assert_eq!(verified[&id(&tokens.shared)]["status"], "unknown");
    assert_eq!(verified[&id(&tokens.removed)]["status"], "not-asked");
}

/// Nobody is asked about tokens that the report leaves out.
#[test]
fn allowed_tokens_are_not_sent() {
    let (repo, tokens) = fixture(400);
    repo.stage(".keysweep.toml", "[allow]\npaths = [\"app.py\"]\n");
    let baseline = format!(
        "{{\"fingerprint\":\"{}\",\"path\":\"old.py\",\"rule\":\"x\",\"reason\":\"x\",\"added\":\"2026-01-01\"}}\n",
        id(&tokens.removed)
    );
    repo.stage(".keysweep-baseline", baseline);
    repo.commit("three");
    let server = Server::always(200, "", r#"{"object":"list"}"#);
    let words = ["--vendor", "stripe", "--base-url"];
    history(&repo, &words).args(&[server.url()]).run().expect_code(0);
    assert!(server.requests().is_empty());
    // The same token is sent where the baseline does not apply.
    history(&repo, &words).args(&[&*server.url(), "--no-baseline"]).run().expect_code(1);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn options_that_would_send_tokens_elsewhere_are_refused() {
    let (repo, _) = fixture(500);
    let server = Server::always(200, "", r#"{"object":"list"}"#);
    let url = server.url();
    for words in [
        &["--base-url", &*url][..],
        &["--vendor", "nobody", "--base-url", &url],
        &["--vendor", "stripe", "--base-url", "http://127.0.0.1/?a"],
        &["--vendor", "stripe", "--base-url", &url, "HEAD"],
    ] {
        history(&repo, words).run().expect_code(2);
    }
    repo.keysweep(&["history", "--vendor", "stripe", "--base-url", &url]).expect_code(2).expect_has("--verify");
    assert!(server.requests().is_empty());
}
