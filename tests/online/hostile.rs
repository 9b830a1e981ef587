//! Nobody but the user decides who receives a token: no repository, no redirect, no proxy, no server.

use crate::server::Server;
use crate::support::Repo;
use crate::support::token::Maker;
use crate::verify::{expect_hidden, verify};

#[test]
fn a_redirect_is_not_followed() {
    let repo = Repo::none();
    let token = Maker::new(11).sk(32).text().to_owned();
    let other = Server::always(200, "", r#"{"active":false}"#);
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}/v2/self\r\n", other.url());
        let server = Server::always(status, &location, r#"{"active":false}"#);
        let run = verify(&repo, &token, &["--vendor", "attio", "--base-url", &server.url()]).run();
        expect_hidden(&run.expect_code(2).expect_has("a redirect, which is not followed"), &token);
        assert_eq!(server.requests().len(), 1);
    }
    assert!(other.requests().is_empty());
}

/// The proxy is asked to connect to the vendor's own host, and sees no request.
#[test]
fn a_repository_does_not_choose_the_host() {
    let repo = Repo::new();
    let token = Maker::new(12).sk(32).text().to_owned();
    let thief = Server::always(200, "", r#"{"active":false}"#);
    let url = thief.url();
    let proxy = Server::always(502, "", "");
    repo.git(&["config", "http.proxy", &url]);
    repo.git(&["config", &format!("url.{url}/.insteadOf"), "https://api.attio.com/"]);
    repo.write(".env", format!("HTTPS_PROXY={url}\nhttps_proxy={url}\nATTIO_BASE_URL={url}\nSSL_CERT_FILE=x\n"));
    repo.write(".curlrc", format!("proxy = {url}\n"));
    for text in ["", "[verify]\nbase_url = 'x'\n", "base_url = 'x'\n"] {
        repo.write(".keysweep.toml", text.replace('x', &url));
        let call = verify(&repo, &token, &["--vendor", "attio"]).env("HTTPS_PROXY", proxy.url());
        expect_hidden(&call.run().expect_code(2).expect_has("is unknown"), &token);
    }
    assert!(thief.requests().is_empty());
    let requests = proxy.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(request.line(), "CONNECT api.attio.com:443 HTTP/1.1");
        assert!(!request.head.contains(&token));
    }
}

/// A server may answer with what it was sent, as the name of a scope.
#[test]
fn a_scope_that_repeats_the_token_is_not_printed() {
    let repo = Repo::none();
    let body: String = Maker::new(14).sk(32).text().bytes().skip(3).map(|b| char::from(b'a' + b % 26)).collect();
    let token = format!("sk_{body}");
    for echoed in [token.clone(), body.clone(), format!("{body}:read"), body[4..20].to_owned()] {
        let server = Server::always(200, "", &format!(r#"{{"active":true,"scope":"note:read {echoed}"}}"#));
        for format in ["human", "json"] {
            let words = ["--vendor", "attio", "--base-url", &server.url(), "--expect", "live", "--format", format];
            let run = verify(&repo, &token, &words).run();
            let shown = run.out() + &run.err();
            assert!(!shown.contains(&body[4..20]), "{echoed} in {format}");
        }
    }
}

#[test]
fn a_proxy_does_not_see_plain_requests() {
    let repo = Repo::none();
    let token = Maker::new(13).sk(32).text().to_owned();
    let (proxy, server) = (Server::always(502, "", ""), Server::always(200, "", r#"{"active":false}"#));
    let mut call = verify(&repo, &token, &["--vendor", "attio", "--base-url", &server.url()]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        call = call.env(name, proxy.url());
    }
    call.run().expect_code(0);
    assert_eq!((proxy.requests().len(), server.requests().len()), (0, 1));
}

#[test]
fn a_proxy_that_cannot_be_used_is_not_bypassed() {
    let repo = Repo::none();
    let token = Maker::new(14).sk(32).text().to_owned();
    let secret = Maker::new(15).alnum(24);
    let proxy = ["socks5://user:", &secret, "@127.0.0.1:1"].concat();
    let run = verify(&repo, &token, &["--vendor", "attio"]).env("ALL_PROXY", proxy).run();
    let run = run.expect_code(2).expect_has("variable ALL_PROXY").expect_lacks(&secret);
    expect_hidden(&run, &token);
}

#[test]
fn plain_http_goes_to_this_machine_only() {
    let repo = Repo::none();
    let token = Maker::new(16).sk(32).text().to_owned();
    let server = Server::always(200, "", r#"{"active":false}"#);
    let port = server.address.port();
    let ask = |url: &str| verify(&repo, &token, &["--vendor", "attio", "--timeout", "5", "--base-url", url]).run();
    ask(&format!("http://localhost:{port}")).expect_code(0);
    ask(&format!("http://127.0.0.1:{port}/")).expect_code(0);
    for host in ["0.0.0.0", "10.0.0.1", "[2001:db8::1]", "[::ffff:10.0.0.1]"] {
        let run = ask(&format!("http://{host}:{port}")).expect_code(2).expect_has("not that of this machine");
        expect_hidden(&run, &token);
    }
    let with_password = ["http://a", ":b@127.0.0.1"].concat();
    for url in [&*with_password, "http://127.0.0.1/?a=b", "http://127.0.0.1/#a", "ftp://127.0.0.1", "127.0.0.1", ""] {
        ask(url).expect_code(2).expect_has("--base-url");
    }
    assert_eq!(server.requests().len(), 2);
}

/// What a server sends back is masked, or not printed at all.
#[test]
fn a_server_cannot_print_the_token() {
    let repo = Repo::none();
    let token = Maker::new(17).sk(32).text().to_owned();
    for format in ["human", "json"] {
        for (status, headers, body) in [
            (200, "", format!("{{\"active\":true,\"scope\":\"{token} {}\"}}", &token[3..])),
            (429, "retry-after: TOKEN\r\n", format!("\"{token}\"")),
            (302, "location: http://TOKEN/\r\n", token.clone()),
            (400, "", format!("{{\"message\":\"{token}\"}}")),
            (200, "", token.clone()),
        ] {
            let server = Server::always(status, &headers.replace("TOKEN", &token), &body);
            let words = ["--vendor", "attio", "--format", format, "--base-url"];
            expect_hidden(&verify(&repo, &token, &words).args(&[server.url()]).run(), &token);
        }
        let odd = Server::always(200, "", "{\"active\":true,\"scope\":\"\\u001b[2J \\u202e a:read\"}");
        let run =
            verify(&repo, &token, &["--vendor", "attio", "--format", format, "--base-url"]).args(&[odd.url()]).run();
        run.expect_code(1).expect_lacks("\u{1b}[2J").expect_lacks("\u{202e}").expect_has("unprintable");
    }
}

/// The report of a scan is not lost because no vendor can be asked.
#[test]
fn a_history_with_a_wrong_proxy_is_not_scanned_first() {
    let repo = Repo::new();
    repo.stage("a", format!("key = {}\n", Maker::new(15).sk_live(24)));
    repo.commit("one");
    let call = repo.keysweep_call(&["history", "--verify", "--format", "jsonl"]).env("https_proxy", "socks5://x");
    let run = call.run().expect_code(2).expect_has("cannot use the proxy");
    assert!(!run.out().contains("sighting"), "{}", run.out());
    repo.keysweep_call(&["history"]).env("https_proxy", "socks5://x").run().expect_code(1);
}
