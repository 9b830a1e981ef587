//! `find` reports every place of a token, for any shape of token and any encoding.

use std::collections::BTreeSet;

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};
use keysweep::detect::Detector;
use keysweep::rules::ALL;
use serde_json::Value;
use sha2::Digest as _;

use crate::support::encode::{ENCODINGS, WIDE_ENCODINGS, wrapped};
use crate::support::leak::FORMATS;
use crate::support::pack::BaseReference::{Id, Offset};
use crate::support::pack::DeltaStep::{Copy, Insert};
use crate::support::pack::PackBuilder;
use crate::support::token::Maker;
use crate::support::{Call, Repo, Run, client, note};

/// A short string of letters and digits. The generator of tokens needs longer ones to test their randomness.
fn letters(make: &mut Maker, count: usize) -> String {
    make.alnum(32)[..count].to_owned()
}

/// Tokens of shapes that no rule matches, except the last one.
fn shapes(make: &mut Maker) -> Vec<(&'static str, Vec<u8>)> {
    let mut texts = vec![
        ("eight bytes", letters(make, 8)),
        ("twelve letters", letters(make, 12)),
        ("eighteen letters", letters(make, 18)),
        ("words", format!("the {} horse {} staple", letters(make, 3), letters(make, 3))),
        ("beyond ASCII", format!("pä{}ß→{}", letters(make, 6), letters(make, 4))),
        ("metacharacters", format!("a.*[{}]+(\\d|{})$^?{{2}}", letters(make, 4), letters(make, 5))),
        ("quotes", format!("x\"{}'&<{}>/%", letters(make, 5), letters(make, 4))),
        ("one letter", "z".repeat(20)),
    ];
    texts.push(("a live key", make.sk_live(24).text().to_owned()));
    let mut all: Vec<_> = texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    all.push(("no UTF-8", [&b"\xff\xfe"[..], letters(make, 9).as_bytes(), b"\x80"].concat()));
    all
}

fn find_call(repo: &Repo, token: impl AsRef<[u8]>, args: &[&str]) -> Call {
    repo.keysweep_call(&["find"]).args(args).stdin(token)
}

fn find(repo: &Repo, token: impl AsRef<[u8]>) -> Run {
    find_call(repo, token, &["--format", "jsonl"]).run()
}

/// Returns the only finding.
#[track_caller]
fn found(repo: &Repo, token: impl AsRef<[u8]>) -> Value {
    let finding = find(repo, token).expect_code(1).only_finding();
    note(format!("{finding:#}"));
    finding
}

/// Describes each place as `path:line`, with its commit or other location.
fn places(finding: &Value) -> BTreeSet<String> {
    let describe = |place: &Value| {
        let line = place["line"].as_u64().map_or(String::new(), |line| format!(":{line}"));
        let path = place["path"].as_str().unwrap_or("-");
        let part = place["part"].as_str().unwrap_or("?");
        let part = if part == "content" { String::new() } else { format!(" ({part})") };
        let whence = match (&place["commit"], &place["on_disk"]) {
            (_, Value::Bool(true)) => " on disk",
            (Value::Null, _) => " in no commit",
            _ => "",
        };
        format!("{path}{line}{part}{whence}")
    };
    finding["places"].as_array().expect("places").iter().map(describe).collect()
}

#[track_caller]
fn expect_places(repo: &Repo, token: impl AsRef<[u8]>, wanted: &[&str]) -> Value {
    let finding = found(repo, token);
    assert_eq!(places(&finding), wanted.iter().map(|&place| place.to_owned()).collect(), "{finding:#}");
    finding
}

fn repo_with_commit() -> Repo {
    let repo = Repo::new();
    repo.stage("base.txt", "innocent\n");
    repo.commit("base");
    repo
}

/// Returns the content of a file that contains the token.
fn line(token: &[u8]) -> Vec<u8> {
    [b"one\nkey = '", token, b"'\n"].concat()
}

#[test]
fn a_token_of_any_shape_is_found_as_it_is() {
    let repo = repo_with_commit();
    let shapes = shapes(&mut Maker::new(8200));
    for (at, (_, token)) in shapes.iter().enumerate() {
        repo.stage(format!("{at}.txt"), line(token));
    }
    repo.commit("bad");
    for (at, (name, token)) in shapes.iter().enumerate() {
        note(name);
        let on_disk = format!("{at}.txt:2 on disk");
        let finding = expect_places(&repo, token, &[&format!("{at}.txt:2"), &on_disk]);
        assert_eq!(finding["standing"], "head");
        let rule = if *name == "a live key" { "stripe-secret-key" } else { "given-token" };
        assert_eq!((&finding["rule"], &finding["source"]), (&rule.into(), &"history".into()));
    }
}

#[test]
fn the_adjacent_text_does_not_matter() {
    let repo = repo_with_commit();
    let mut make = Maker::new(8201);
    let token = make.sk_live(24);
    repo.stage("a.txt", format!("{0}{token}{0}\n", "a9".repeat(30)));
    expect_places(&repo, token.text(), &["a.txt:1 in no commit", "a.txt:1 on disk"]);
}

#[test]
fn every_encoding_of_every_shape() {
    let shapes = shapes(&mut Maker::new(8202));
    for (name, token) in &shapes {
        let repo = Repo::new();
        let mut wanted = BTreeSet::new();
        let is_text = str::from_utf8(token).is_ok();
        let whole = WIDE_ENCODINGS.iter().filter(|_| is_text);
        // Encodings that keep some letters, and escapes by number, are defined for ASCII only.
        let for_ascii = |name: &str| ["underscores", "escapes", "entities"].iter().any(|word| name.contains(word));
        let encodings = ENCODINGS.iter().filter(|encoding| token.is_ascii() || !for_ascii(encoding.name));
        for (at, encoding) in encodings.chain(whole).enumerate() {
            note(format!("{name}: {at} is {}", encoding.name));
            let bare = [b"key: ".to_vec(), (encoding.write)(token), b"\n".to_vec()].concat();
            let text = if encoding.label == "UTF-16" { (encoding.write)(token) } else { bare };
            // An encoding that escapes only underscores changes nothing in a token without underscores.
            repo.stage(format!("{at:02}.txt"), text);
            wanted.insert(format!("{at:02}.txt"));
        }
        repo.commit("bad");
        let finding = found(&repo, token);
        let got: BTreeSet<String> = places(&finding)
            .iter()
            .filter(|place| place.ends_with(" on disk"))
            .map(|place| place[..6].to_owned())
            .collect();
        let missed: Vec<_> = wanted.difference(&got).collect();
        assert!(missed.is_empty(), "{name}: missed {missed:?}");
    }
}

#[test]
fn the_output_of_common_encoders() {
    let mut make = Maker::new(8203);
    let inner = letters(&mut make, 6);
    let token = format!("p\"{inner}/ä&'<");
    let utf16 = |order: fn(u16) -> [u8; 2]| token.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let written: Vec<Vec<u8>> = vec![
        serde_json::to_string(&token).expect("JSON").into(),
        format!("\"p\\\"{inner}\\/\\u00e4&'<\"").into(),
        format!("\"p\\\"{inner}/\\u00e4\\u0026'\\u003c\"").into(),
        format!("p%22{inner}%2F%C3%A4%26%27%3C").into(),
        format!("p%22{inner}%2f%c3%a4%26%27%3c").into(),
        format!("p%22{inner}%2F%C3%A4%26'%3C").into(),
        format!("<b>p&quot;{inner}/ä&amp;&#39;&lt;</b>").into(),
        format!("<b>p\"{inner}/&#228;&amp;'&lt;</b>").into(),
        format!("p\"{inner}/\\303\\244&'<").into(),
        HEXLOWER.encode(token.as_bytes()).into(),
        HEXUPPER.encode(format!("x{token}y").as_bytes()).into(),
        BASE64.encode(format!("user:{token}").as_bytes()).into(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ];
    for text in &written {
        note(text.escape_ascii());
        let repo = Repo::new();
        repo.write("a.txt", text);
        expect_places(&repo, &token, &["a.txt:1 on disk"]);
    }
}

/// The first and last base64 digit also contain bits of adjacent bytes. Only the bits of the token are compared.
#[test]
fn base64_of_a_similar_text_is_not_a_match() {
    let mut make = Maker::new(8204);
    let token = letters(&mut make, 9).into_bytes();
    for others in 0..4 {
        for at in [0, token.len() - 1] {
            for bit in 0..7 {
                let mut near = token.clone();
                near[at] ^= 1 << bit;
                let repo = Repo::new();
                repo.write("a.txt", BASE64.encode(&[&vec![b'#'; others], &near[..], b"#"].concat()));
                find(&repo, &token).expect_silent();
            }
        }
        let repo = Repo::new();
        repo.write("a.txt", BASE64.encode(&[&vec![0xff; others], &token[..], b"\xff"].concat()));
        expect_places(&repo, &token, &["a.txt:1 on disk"]);
    }
}

#[test]
fn nested_and_wrapped_encodings_of_long_tokens() {
    let mut make = Maker::new(8205);
    let token = letters(&mut make, 32);
    let text = "some text in front of it that fills a line and more of this, ";
    let repo = Repo::new();
    repo.write("twice.txt", BASE64.encode(BASE64.encode(token.as_bytes()).as_bytes()));
    repo.write("hex.txt", HEXLOWER.encode(BASE64.encode(token.as_bytes()).as_bytes()));
    repo.write("wrapped.txt", wrapped(BASE64.encode(format!("{text}{token}{text}").as_bytes()).as_bytes(), 76, "\n"));
    let run = find(&repo, &token).expect_code(1);
    let notes = run.summary()["notes"].to_string();
    assert!(notes.contains("quoted-printable") && !notes.contains("may not be found"), "{notes}");
    let got: BTreeSet<String> =
        places(&run.only_finding()).iter().map(|place| place.split(':').next().unwrap_or("").to_owned()).collect();
    assert_eq!(got, ["hex.txt", "twice.txt", "wrapped.txt"].map(str::to_owned).into());
}

#[test]
fn branches_stash_reflog_dangling_index_and_worktree() {
    let repo = repo_with_commit();
    let token = letters(&mut Maker::new(8206), 14);
    let text = line(token.as_bytes());
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.stage("side.txt", &text);
    repo.commit("on a branch");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("stashed.txt", &text);
    repo.git(&["stash", "push", "-q", "--include-untracked"]);
    repo.stage("gone.txt", &text);
    repo.commit("to be forgotten");
    repo.git(&["reset", "-q", "--hard", "HEAD^"]);
    // Different content, so that each place has its own object.
    repo.blob([&text[..], b"dangling"].concat());
    repo.stage("staged.txt", [&text[..], b"staged"].concat());
    repo.write("staged.txt", "innocent\n");
    repo.write("base.txt", &text);
    repo.write("deep/er/untracked.txt", &text);
    repo.write(".gitignore", "ignored/\n");
    repo.write("ignored/it.txt", &text);
    let wanted = [
        "side.txt:2",
        "stashed.txt:2",
        "gone.txt:2",
        "-:2 in no commit",
        "staged.txt:2 in no commit",
        "base.txt:2 on disk",
        "deep/er/untracked.txt:2 on disk",
        "ignored/it.txt:2 on disk",
    ];
    let finding = expect_places(&repo, &token, &wanted);
    assert_eq!((&finding["standing"], &finding["reachable"]), (&"branch".into(), &true.into()));
    let run = find(&repo, &token);
    assert_eq!((&run.summary()["tokens"], &run.summary()["skipped"]), (&1.into(), &serde_json::json!([])));
    // From a subfolder, the result is the same.
    let below = find_call(&repo, &token, &["--format", "jsonl"]).cwd(repo.path("deep")).run().expect_code(1);
    assert_eq!(places(&below.only_finding()), places(&finding));
}

#[test]
fn names_messages_people_tags_and_refs() {
    let repo = repo_with_commit();
    let token = letters(&mut Maker::new(8207), 14);
    repo.stage(format!("a/{token}/file.txt"), "innocent\n");
    repo.git(&["commit", "-q", "-m", &format!("why {token}")]);
    repo.git(&["tag", "-a", "-m", &format!("tagged {token}"), "v1", "HEAD^"]);
    repo.git(&["branch", &format!("x-{token}"), "HEAD^"]);
    repo.git(&["rm", "-q", "-r", "a"]);
    let author = format!("Ada <{token}@example.org>");
    repo.git(&["commit", "-q", "--author", &author, "-m", "gone"]);
    let run = find(&repo, &token).expect_code(1).expect_lacks(&token);
    let got = places(&run.only_finding());
    note(format!("{got:#?}"));
    for wanted in
        ["-:1 (message)", "-:1 (message) in no commit", "- (person)", "refs/heads/x-… (ref) in no commit", "a/… (name)"]
    {
        assert!(got.contains(wanted), "{wanted} is not in {got:#?}");
    }
}

#[test]
fn files_of_the_git_directory() {
    let repo = repo_with_commit();
    let token = letters(&mut Maker::new(8208), 20);
    repo.git(&["remote", "add", "origin", &format!("https://ada:{token}@example.org/a.git")]);
    let finding = found(&repo, &token);
    assert_eq!((&finding["standing"], &finding["object"]), (&"disk".into(), &Value::Null));
    assert!(finding["path"].as_str().is_some_and(|path| path == ".git/config"), "{finding}");
    // An editor's lock is a dangling symlink. Its target text contains the token.
    std::os::unix::fs::symlink(&token, repo.path(".git/.#COMMIT_EDITMSG")).expect("symlink");
    assert!(found(&repo, &token).to_string().contains(".#COMMIT_EDITMSG"));
}

#[test]
fn allow_entries_and_markers_do_not_apply_to_find() {
    let repo = repo_with_commit();
    let token = Maker::new(8209).sk_live(24);
    let config = format!(
        "[allow]\npaths = [\"a.txt\"]\nfingerprints = [{{ id = \"{}\", reason = \"x\" }}]\n",
        token.fingerprint()
    );
    repo.stage(".keysweep.toml", config);
    repo.stage("a.txt", format!("{token} # keysweep:allow\n"));
    repo.stage("b.txt", format!("{token} # gitleaks:allow\n"));
    repo.commit("allowed");
    repo.keysweep(&["history"]).expect_code(0);
    let finding = expect_places(&repo, token.text(), &["a.txt:1", "b.txt:1", "a.txt:1 on disk", "b.txt:1 on disk"]);
    assert_eq!(finding["fingerprint"], token.fingerprint());
    // `find` ignores an invalid configuration.
    repo.stage(".keysweep.toml", "nonsense");
    found(&repo, token.text());
    for refused in [["--allow", "a.txt"], ["--config", ".keysweep.toml"]] {
        find_call(&repo, token.text(), &refused).run().expect_code(2).expect_has(refused[0]);
    }
}

#[test]
fn nowhere() {
    let repo = repo_with_commit();
    let mut make = Maker::new(8210);
    repo.stage("a.txt", line(make.sk_live(24).text().as_bytes()));
    repo.commit("another token");
    let run = find(&repo, letters(&mut make, 20)).expect_silent();
    assert_eq!((&run.summary()["scanned"]["objects"], &run.summary()["tokens"]), (&6.into(), &0.into()));
    let run = find_call(&repo, letters(&mut make, 20), &[]).run().expect_code(0);
    let run = run.expect_has("the token is in none of 6 objects and ").expect_has("nothing skipped");
    run.expect_has("note: searched for as written").expect_has("not in what is compressed");
    let short = find_call(&repo, letters(&mut make, 9), &[]).run().expect_code(0);
    short.expect_has("the token is short").expect_has("(base64, hex, ").expect_has("may not be found");
    find_call(&repo, letters(&mut make, 20), &["--quiet"]).run().expect_code(0).expect_lacks("keysweep");
}

#[test]
fn a_line_end_is_not_part_of_the_token() {
    let repo = repo_with_commit();
    let token = letters(&mut Maker::new(8211), 12);
    repo.write("a.txt", line(token.as_bytes()));
    for end in ["\n", "\r\n", ""] {
        expect_places(&repo, format!("{token}{end}"), &["a.txt:2 on disk"]);
    }
}

#[test]
fn a_bare_repository_has_no_worktree() {
    let repo = repo_with_commit();
    let token = letters(&mut Maker::new(8212), 12);
    repo.stage("a.txt", line(token.as_bytes()));
    repo.commit("bad");
    repo.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    let bare = find_call(&repo, &token, &["--format", "jsonl"]).cwd(repo.base().join("bare.git")).run().expect_code(1);
    assert_eq!(places(&bare.only_finding()), ["a.txt:2".to_owned()].into());
}

#[track_caller]
fn expect_refused(run: Run, word: &str) {
    let run = run.expect_code(2).expect_has(word);
    let kinds: Vec<_> = run.objects().iter().map(|one| one["type"].clone()).collect();
    if run.err().lines().count() != 1 || kinds.iter().any(|kind| kind != "error") {
        run.fail("expected one sentence on stderr, and the same sentence as JSON");
    }
}

#[test]
fn invalid_tokens_are_refused_in_one_sentence() {
    let repo = repo_with_commit();
    let mut make = Maker::new(8213);
    let short = letters(&mut make, 7);
    let long = letters(&mut make, 20).repeat(30);
    for (text, word) in [
        ("", "empty"),
        ("\n", "empty"),
        (&short[..], "8 bytes"),
        ("one that is long enough\nshort", "token 2 of 2 has fewer than 8 bytes"),
        ("a NUL \0 in it", "NUL"),
        (&long[..], "512 bytes"),
    ] {
        expect_refused(find(&repo, text), word);
    }
    let typed = letters(&mut make, 20);
    expect_refused(find_call(&repo, "", &[&typed[..]]).run().expect_lacks(&typed), "printf %s");
    expect_refused(find(&Repo::none(), letters(&mut make, 12)), "repositor");
}

#[test]
fn missing_objects_are_an_error_unless_accepted() {
    let repo = repo_with_commit();
    repo.stage("a.txt", "more\n");
    repo.commit("second");
    let from = format!("file://{}", repo.top().display());
    repo.git(&["clone", "-q", "--depth=1", &from, "../shallow"]);
    let token = letters(&mut Maker::new(8214), 12);
    let call = |args: &[&str]| find_call(&repo, &token, args).cwd(repo.base().join("shallow")).run();
    call(&["--format", "jsonl"]).expect_code(2).expect_has("shallow");
    call(&["--format", "jsonl", "--allow-incomplete"]).expect_code(0);
}

/// No output contains twelve consecutive bytes of the token, or the whole of a shorter token.
#[test]
fn find_never_prints_the_token() {
    let shapes = shapes(&mut Maker::new(8215));
    let mut make = Maker::new(8216);
    for (name, token) in shapes.iter().filter(|(name, _)| *name != "one letter") {
        let (repo, other) = (repo_with_commit(), make.sk_live(24));
        let text = [b"a = '", &token[..], b"', b = '", other.text().as_bytes(), b"'\n"].concat();
        repo.stage("a.txt", &text);
        repo.git_call(&["commit", "-q", "-F", "-"]).stdin(&text).run().expect_code(0);
        repo.write("b.txt", BASE64.encode(&text));
        let is_name = !token.contains(&b'/') && str::from_utf8(token).is_ok();
        if is_name {
            repo.stage(format!("c-{}", String::from_utf8_lossy(token)), "innocent\n");
            repo.write(format!("d/e-{}/f", String::from_utf8_lossy(token)), "innocent\n");
        }
        for format in FORMATS {
            note(format!("{name} {format:?}"));
            let run = find_call(&repo, token, format).run().expect_code(1);
            let pieces: Vec<Vec<u8>> = [token, other.text().as_bytes()]
                .iter()
                .flat_map(|secret| {
                    secret
                        .windows(secret.len().min(12))
                        .skip(usize::from(secret.len() > 20) * 8)
                        .map(<[u8]>::to_vec)
                        .collect::<Vec<_>>()
                })
                .collect();
            for printed in [&run.stdout, &run.stderr] {
                if let Some(piece) =
                    pieces.iter().find(|piece| printed.windows(piece.len()).any(|window| window == &piece[..]))
                {
                    run.fail(&format!("{:?} was printed", piece.escape_ascii().to_string()));
                }
            }
        }
    }
}

/// Text that is longer than the context of an insertion that `find` searches.
fn filler(make: &mut Maker) -> String {
    let lines: Vec<String> =
        (0..12).map(|_| format!("nothing {} to be seen here at all\n", make.below(1_000_000))).collect();
    lines.concat()
}

#[test]
fn a_token_split_between_a_copy_and_an_insertion() {
    let mut make = Maker::new(8217);
    for (name, token) in shapes(&mut make) {
        let mut forms: Vec<Vec<u8>> = vec![token.clone(), BASE64.encode(&token).into(), HEXLOWER.encode(&token).into()];
        if let Ok(text) = str::from_utf8(&token) {
            forms.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        }
        let mut pack = PackBuilder::default();
        for form in &forms {
            for cut in (1..form.len()).filter(|cut| *cut < 10 || cut % 5 == 0 || cut + 4 > form.len()) {
                split(&mut pack, form.split_at(cut), if cut % 2 == 0 { Offset } else { Id }, &mut make);
            }
        }
        let repo = Repo::new();
        pack.index_into(&repo);
        let finding = found(&repo, &token);
        let detector = Detector::for_tokens(ALL, &[&token]);
        let holders: BTreeSet<_> = pack.contents.iter().filter(|bytes| !detector.find(bytes).is_empty()).collect();
        assert_eq!(finding["copies"], holders.len(), "{name}");
        assert!(holders.len() * 4 >= pack.contents.len() * 3, "{name}: each delta must join the token");
    }
}

/// Adds a base that contains both halves apart, and deltas that join them.
fn split(
    pack: &mut PackBuilder,
    (head, tail): (&[u8], &[u8]),
    by: crate::support::pack::BaseReference,
    make: &mut Maker,
) {
    let start = [filler(make).as_bytes(), b"key = \"", head].concat();
    let end = [tail, b"\"\n", filler(make).as_bytes()].concat();
    let base_bytes = [&start[..], b" ", &end].concat();
    let base = pack.blob(&base_bytes);
    pack.delta(base, by, &[Copy(0, start.len()), Insert(&end)]);
    pack.delta(base, by, &[Insert(&start), Copy(start.len() + 1, end.len()), Insert(b"second")]);
    pack.delta(base, by, &[Copy(0, start.len()), Copy(start.len() + 1, end.len()), Insert(b"third")]);
}

#[test]
fn a_token_that_is_twice_in_a_file_is_reported_twice() {
    let repo = Repo::new();
    let token = Maker::new(7390).sk_live(24);
    repo.stage("a.txt", format!("{}\n\n{}", client(&token), client(&token)));
    repo.git(&["commit", "-q", "-m", &format!("one\n\n{token}\n{token}")]);
    let got = places(&found(&repo, token.text()));
    for wanted in ["a.txt:1", "a.txt:4", "a.txt:1 on disk", "a.txt:4 on disk", "-:3 (message)", "-:4 (message)"] {
        assert!(got.contains(wanted), "{wanted}: {got:?}");
    }
}

#[test]
fn a_fingerprint_finds_the_token_without_the_token() {
    let (repo, mut make) = (Repo::new(), Maker::new(8610));
    let (wanted, other, custom) = (make.sk_live(24), make.sk_live(24), format!("acme_{}", make.alnum(32)));
    let config = "[[rule]]\nid = \"acme\"\nprefix = \"acme_\"\nalphabet = \"alnum\"\nlength = 32\n";
    repo.stage(".keysweep.toml", format!("{config}[allow]\npaths = [\"src/**\"]\n"));
    repo.stage("src/a.txt", client(&wanted));
    repo.stage("b.txt", format!("{}{custom}\n", client(&other)));
    repo.commit("tokens");
    repo.write("untracked.txt", client(&wanted));
    let by = |fingerprint: &str| repo.keysweep(&["find", "--format", "jsonl", "--fingerprint", fingerprint]);
    let of = |token: &str| keysweep::finding::Secret::new(token.as_bytes()).fingerprint().to_string();
    let finding = by(&of(wanted.text())).expect_code(1).only_finding();
    assert_eq!(finding["fingerprint"], of(wanted.text()));
    let paths: BTreeSet<&str> =
        finding["places"].as_array().expect("places").iter().filter_map(|place| place["path"].as_str()).collect();
    assert_eq!(paths, BTreeSet::from(["src/a.txt", "untracked.txt"]), "{finding:#}");
    // All digits of the hash, in capitals, as some tools print them.
    let whole = HEXUPPER.encode(&sha2::Sha256::digest(custom.as_bytes()));
    assert_eq!(by(&whole).expect_code(1).only_finding()["rule"], "acme");
    let both = ["find", "--fingerprint", &of(wanted.text()), "--fingerprint", &of(other.text()), "--format", "jsonl"];
    assert_eq!(repo.keysweep(&both).expect_code(1).summary()["tokens"], 2);
    let none = repo.keysweep(&["find", "--fingerprint", "0123456789abcdef"]).expect_code(0);
    assert!(none.out().contains("found no token with that fingerprint in"), "{}", none.all());
    assert!(none.out().contains("only tokens that detection recognizes were compared"), "{}", none.all());
}

#[test]
fn a_token_in_place_of_a_fingerprint_is_not_repeated() {
    let (repo, mut make) = (Repo::new(), Maker::new(8611));
    let token = make.alnum(20);
    for wrong in [token.as_str(), "", "0123456789abcde", "é123456789abcdef"] {
        let run = repo.keysweep(&["find", "--fingerprint", wrong]).expect_code(2);
        assert!(run.all().contains("it is not 16 or 64 hex digits"), "{}", run.all());
        assert!(wrong.is_empty() || !run.all().contains(wrong), "{}", run.all());
    }
}

#[test]
fn hex_digits_on_standard_input_are_a_value_and_the_option_is_named() {
    let (repo, value) = (Repo::new(), "0123456789abcdef");
    repo.stage("a.txt", format!("id = {value}\n"));
    repo.commit("hex");
    let run = find_call(&repo, value, &[]).run().expect_code(1);
    assert!(run.out().contains("use --fingerprint"), "{}", run.all());
}
