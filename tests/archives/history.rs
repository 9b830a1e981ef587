//! `keysweep history --archives` scans the archives of a history, in every kind of place.

use std::fs;

use serde_json::json;

use crate::support::archive::{LINE, content, gzip_of, stored, tar_archive, zip_archive, zstd};
use crate::support::clean::{file, names, run_plan, step, sweep_with};
use crate::support::history::{GitEnvironment, expect_tokens, finding_of, history, history_call};
use crate::support::history_fixture::{HistoryFixture, place, places};
use crate::support::leak::expect_no_leak;
use crate::support::pack::{BaseReference, DeltaStep, PackBuilder};
use crate::support::token::{Maker, Token};
use crate::support::{Repo, Run, client, note, text};

fn sweep(repo: &Repo, options: &[&str]) -> Run {
    history_call(repo).args(&["--archives"]).args(options).run()
}

/// Lines that compress badly, so that the archive is larger than the context of an insertion.
fn noise(seed: u64) -> String {
    let mut make = Maker::new(seed);
    (0..60).map(|_| make.alnum(60) + "\n").collect()
}

fn long_content(token: &Token, seed: u64) -> String {
    noise(seed) + &client(token)
}

#[test]
fn a_deleted_archive_is_reported_with_its_commits() {
    let mut fixture = HistoryFixture::new(8600);
    let token = fixture.token();
    let introduced_by =
        fixture.add("dist/a.zip", zip_archive(&[("etc/conf.txt", content(&token).as_bytes()), ("b", b"nothing")]));
    let gone = fixture.remove("dist/a.zip");
    history(&fixture.repo).expect_code(0);
    let run = sweep(&fixture.repo, &[]).expect_code(1);
    expect_tokens(&run, [&token]);
    expect_no_leak(&run, [&token]);
    let finding = finding_of(&run, &token);
    let path = "dist/a.zip!/etc/conf.txt";
    assert_eq!(places(&finding), [place(&format!("{path}:{LINE}"), &introduced_by)]);
    assert_eq!((text(&finding["path"]), &finding["line"], &finding["part"]), (path, &json!(LINE), &json!("content")));
    assert_eq!((&finding["last"], &finding["removed"]), (&introduced_by.json(), &gone.json()));
    assert_eq!(
        text(&finding["object"]),
        fixture.git(&["rev-parse", &format!("{}:dist/a.zip", introduced_by.id)]).line()
    );
    assert_eq!(run.summary()["scanned"]["files"], 2);
    let run = fixture.repo.keysweep(&["history", "--archives"]).expect_code(1);
    expect_no_leak(&run, [&token]);
    run.expect_has(&format!("{path}:{LINE}:")).expect_has("objects and 2 files in archives");
}

#[test]
fn a_token_is_found_in_every_kind_of_archive_loose_and_packed() {
    let mut make = Maker::new(8601);
    let repo = Repo::new();
    let mut wanted = Vec::new();
    let mut add = |name: &str, path: &str, pack: &dyn Fn(&[u8]) -> Vec<u8>| {
        let token = make.sk_live(24);
        repo.stage(name, pack(content(&token).as_bytes()));
        wanted.push((path.to_owned(), token));
    };
    add("a.zip", "a.zip!/t.txt", &|text| zip_archive(&[("t.txt", text)]));
    add("lib.jar", "lib.jar!/t.txt", &|text| stored(&[("t.txt", text)]));
    add("a.tar", "a.tar!/t.txt", &|text| tar_archive(&[("t.txt", text)]));
    add("d/a.log.gz", "d/a.log.gz!/a.log", &gzip_of);
    add("a.log.zst", "a.log.zst!/a.log", &zstd);
    add("a.tgz", "a.tgz!/in/b.zip!/t.txt", &|text| {
        gzip_of(&tar_archive(&[("in/b.zip", &zip_archive(&[("t.txt", text)]))]))
    });
    add("x.gz.gz", "x.gz.gz!/x.gz!/x", &|text| gzip_of(&gzip_of(text)));
    repo.commit("all");
    for state in ["loose", "packed"] {
        note(state);
        let run = sweep(&repo, &[]).expect_code(1);
        expect_tokens(&run, wanted.iter().map(|(_, token)| token));
        for (path, token) in &wanted {
            assert_eq!(text(&finding_of(&run, token)["path"]), path);
        }
        assert_eq!(run.summary()["skipped"], json!([]));
        repo.git(&["gc", "-q"]);
    }
}

#[test]
fn an_archive_with_several_places_is_unpacked_once() {
    let mut fixture = HistoryFixture::new(8602);
    let token = fixture.token();
    let bytes = zip_archive(&[("a.txt", content(&token).as_bytes())]);
    fixture.branch("side", "main");
    let side = fixture.add("there/b.zip", &bytes);
    fixture.git(&["checkout", "-q", "main"]);
    let main = fixture.add("here/a.zip", &bytes);
    // The archive is also in two packs.
    for name in ["main", "side"] {
        let packed = fixture.git(&["rev-list", "--objects", name]).out();
        let ids: Vec<&str> = packed.lines().filter_map(|line| line.split(' ').next()).collect();
        fixture
            .repo
            .git_call(&["pack-objects", "-q", ".git/objects/pack/pack"])
            .stdin(ids.join("\n") + "\n")
            .run()
            .expect_code(0);
    }
    let run = sweep(&fixture.repo, &[]).expect_code(1);
    let finding = finding_of(&run, &token);
    assert_eq!(
        places(&finding),
        [place(&format!("there/b.zip!/a.txt:{LINE}"), &side), place(&format!("here/a.zip!/a.txt:{LINE}"), &main),]
    );
    assert_eq!((&finding["copies"], &run.summary()["scanned"]["files"]), (&json!(1), &json!(1)));
    assert_eq!(finding["refs"], json!(["refs/heads/main", "refs/heads/side", "index"]));
}

#[test]
fn each_file_of_an_archive_with_the_token_is_a_place() {
    let mut fixture = HistoryFixture::new(8603);
    let token = fixture.token();
    let text = content(&token);
    let named = format!("d/{token}.txt");
    let introduced_by = fixture.add("a.zip", stored(&[("a", text.as_bytes()), ("b", text.as_bytes()), (&named, b"x")]));
    let run = sweep(&fixture.repo, &[]).expect_code(1);
    expect_no_leak(&run, [&token]);
    let mut found_places = places(&finding_of(&run, &token));
    let name = found_places.iter().position(|place| place.contains("a.zip!/d/sk_live_")).expect("the name");
    assert!(found_places.remove(name).ends_with(&format!(" in {}", introduced_by.id)));
    assert_eq!(found_places, ["a", "b"].map(|name| place(&format!("a.zip!/{name}:{LINE}"), &introduced_by)));
}

#[test]
fn metadata_of_an_archive_is_reported_at_the_archive() {
    let mut fixture = HistoryFixture::new(8604);
    let token = fixture.token();
    let mut bytes = zip_archive(&[("a.txt", b"nothing")]);
    bytes.splice(0..0, format!("KEY={token}\n").into_bytes());
    let introduced_by = fixture.add("a.zip", bytes);
    let run = sweep(&fixture.repo, &[]).expect_code(1);
    assert_eq!(places(&finding_of(&run, &token)), [place("a.zip:1", &introduced_by)]);
}

#[test]
fn an_archive_may_be_a_delta_of_another() {
    let mut make = Maker::new(8605);
    let (first, second) = (make.sk_live(24), make.sk_live(24));
    let base = zip_archive(&[("a.txt", long_content(&first, 1).as_bytes())]);
    let other = zip_archive(&[("b.txt", long_content(&second, 2).as_bytes())]);
    assert!(base.len() > 2048, "{}", base.len());
    for by in [BaseReference::Offset, BaseReference::Id] {
        let mut pack = PackBuilder::default();
        let root = pack.blob(&base);
        // The first and the last half of each archive come from different deltas.
        let half = other.len() / 2;
        let front = pack.delta(root, by, &[DeltaStep::Insert(&other[..half]), DeltaStep::Copy(0, base.len())]);
        pack.delta(front, by, &[DeltaStep::Copy(0, half), DeltaStep::Insert(&other[half..])]);
        let plain = pack.blob("plain\n".repeat(400));
        pack.delta(plain, by, &[DeltaStep::Insert(&gzip_of(long_content(&second, 3).as_bytes()))]);
        let repo = Repo::new();
        pack.index_into(&repo);
        // The entry in between is an archive too, with half of another archive before it.
        let run = sweep(&repo, &[]);
        let copies = |token| finding_of(&run, token)["copies"].clone();
        assert_eq!((copies(&first), copies(&second)), (json!(2), json!(2)), "{}", run.all());
        history(&repo).expect_code(0);
    }
    // Deltas as git makes them.
    let fixture = HistoryFixture::new(8606);
    let mut wanted = Vec::new();
    let filler: String = (0..10).map(noise).collect();
    for n in 0..8 {
        let token = make.sk_live(24);
        let packed = gzip_of(long_content(&token, n).as_bytes());
        fixture.add("a.tar", tar_archive(&[("filler", filler.as_bytes()), (&format!("{n}.gz"), &packed)]));
        wanted.push(token);
    }
    fixture.git(&["gc", "-q", "--aggressive"]);
    let pack = fs::read_dir(fixture.repo.path(".git/objects/pack")).expect("list");
    let index = pack.map(|entry| entry.expect("an entry").path()).find(|path| path.extension() == Some("idx".as_ref()));
    let listed = fixture.repo.git_call(&["verify-pack", "-v"]).args(&[index.expect("an index")]).run().out();
    assert!(listed.lines().any(|line| line.contains(" blob ") && line.split_whitespace().count() == 7), "{listed}");
    let run = sweep(&fixture.repo, &[]).expect_code(1);
    expect_tokens(&run, &wanted);
    GitEnvironment::of(&fixture.repo).expect_counted(&run);
}

#[test]
fn an_unreachable_archive_is_reported_by_its_object() {
    let mut fixture = HistoryFixture::new(8607);
    let (dangling, packed) = (fixture.token(), fixture.token());
    let id = fixture.repo.blob(zip_archive(&[("a.txt", content(&dangling).as_bytes())]));
    fixture.repo.blob(gzip_of(content(&packed).as_bytes()));
    let run = sweep(&fixture.repo, &[]).expect_code(1);
    let finding = finding_of(&run, &dangling);
    assert_eq!(
        (text(&finding["object"]), text(&finding["path"]), &finding["commit"]),
        (id.as_str(), "!/a.txt", &json!(null))
    );
    assert_eq!(text(&finding_of(&run, &packed)["path"]), "!/");
    let run = fixture.repo.keysweep(&["history", "--archives"]).expect_code(1);
    run.expect_has(&format!("object {}!/a.txt:{LINE}:", &id[..12]));
}

#[test]
fn a_staged_archive_is_reported_with_its_path() {
    let mut fixture = HistoryFixture::new(8608);
    let token = fixture.token();
    fixture.repo.stage("new/a.log.gz", gzip_of(content(&token).as_bytes()));
    let run = sweep(&fixture.repo, &[]).expect_code(1);
    let finding = finding_of(&run, &token);
    assert_eq!((text(&finding["path"]), text(&finding["standing"])), ("new/a.log.gz!/a.log", "index"));
    assert_eq!(step(&run, "unstage")["list"], json!(["new/a.log.gz!/a.log"]));
}

#[test]
fn an_unreadable_archive_is_reported_with_blob_and_path() {
    let mut fixture = HistoryFixture::new(8609);
    let token = fixture.token();
    let good = zip_archive(&[("a.txt", &b"nothing"[..]), ("b.txt", content(&token).as_bytes())]);
    fixture.add("d/cut.zip", &good[..good.len() - 30]);
    let id = fixture.git(&["rev-parse", "HEAD:d/cut.zip"]).line();
    fixture.remove("d/cut.zip");
    let named = format!("cannot look into d/cut.zip (blob {}): it is damaged or cut short", &id[..16]);
    let run = sweep(&fixture.repo, &[]).expect_code(2);
    assert!(run.err().contains(&named), "{}", run.err());
    assert_eq!(run.summary()["unread"], 1);
    expect_no_leak(&run, [&token]);
    history(&fixture.repo).expect_code(0);
    // An archive that no commit reaches.
    let id = fixture.repo.blob(&good[..good.len() - 29]);
    let run = sweep(&fixture.repo, &[]).expect_code(2);
    assert!(run.err().contains(&format!("cannot look into blob {}: it is damaged", &id[..16])), "{}", run.err());
    // Known missing objects can be accepted, but damage cannot.
    sweep(&fixture.repo, &["--allow-incomplete"]).expect_code(2);
}

#[test]
fn a_damaged_archive_hides_no_other() {
    let mut fixture = HistoryFixture::new(8610);
    let (token, named) = (fixture.token(), fixture.token());
    let name = format!("{named}.txt");
    let mut locked = zip_archive(&[(&name, b"nothing"), ("open.txt", content(&token).as_bytes())]);
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = locked.windows(4).position(|four| four == signature).expect("a header");
        locked[at + flags] |= 1;
    }
    fixture.add("a.zip", locked);
    let run = sweep(&fixture.repo, &[]).expect_code(2);
    assert!(run.err().contains("cannot look into a.zip!/sk_live_"), "{}", run.err());
    expect_no_leak(&run, [&token, &named]);
    assert!(run.err().contains("it is encrypted"), "{}", run.err());
    assert_eq!(text(&finding_of(&run, &token)["path"]), "a.zip!/open.txt");
}

#[test]
fn reached_limits_are_reported() {
    let mut fixture = HistoryFixture::new(8611);
    let token = fixture.token();
    let mut deep = content(&token).into_bytes();
    for depth in 0..9 {
        deep = if depth % 2 == 0 { gzip_of(&deep) } else { zip_archive(&[("in", &deep)]) };
    }
    fixture.add("deep.gz", deep);
    let zeros = vec![0; 32 << 20];
    fixture.add("bomb.zip", zip_archive(&["1", "2", "3"].map(|name| (name, &zeros[..]))));
    let run = sweep(&fixture.repo, &[]).expect_code(2);
    assert_eq!(run.summary()["unread"], 2, "{}", run.err());
    let stderr = run.err();
    assert!(stderr.contains("more than 8 archives are nested"), "{stderr}");
    assert!(stderr.contains("cannot look into bomb.zip (blob "), "{stderr}");
    assert!(stderr.contains("what it holds is larger than 64 MiB and 250 times the file"), "{stderr}");
}

#[test]
fn unsupported_kinds_are_reported() {
    let fixture = HistoryFixture::new(8612);
    fixture.add("d/a.7z", [&b"7z\xbc\xaf\x27\x1c"[..], &[0; 40]].concat());
    fixture.add("b.tar", tar_archive(&[("in.rar", &[&b"Rar!\x1a\x07"[..], &[0; 40]].concat())]));
    let named = |run: &Run| {
        let skipped = run.summary()["skipped"].clone();
        let skipped = skipped.as_array().expect("a list");
        skipped
            .iter()
            .map(|one| text(&one["what"]).split(' ').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(named(&sweep(&fixture.repo, &[]).expect_code(0)), ["b.tar!/in.rar", "d/a.7z"]);
    // Each scan reports them, whatever the cache contains.
    for _ in 0..2 {
        assert_eq!(named(&sweep(&fixture.repo, &["--since-last"]).expect_code(0)), ["b.tar!/in.rar", "d/a.7z"]);
    }
    assert_eq!(named(&sweep(&fixture.repo, &["HEAD"]).expect_code(0)), ["b.tar!/in.rar", "d/a.7z"]);
    assert_eq!(history(&fixture.repo).summary()["skipped"], json!([]));
}

#[test]
fn objects_scanned_without_archives_are_read_again() {
    let mut fixture = HistoryFixture::new(8613);
    let token = fixture.token();
    fixture.add("a.zip", zip_archive(&[("a.txt", content(&token).as_bytes())]));
    let read = |run: &Run| run.summary()["scanned"]["objects"].as_u64().expect("a number");
    let all = read(&history_call(&fixture.repo).args(&["--since-last"]).run().expect_code(0));
    let run = sweep(&fixture.repo, &["--since-last"]).expect_code(1);
    assert_eq!(read(&run), all);
    expect_tokens(&run, [&token]);
    // The cache does not list the archive with the token as clean.
    let again = sweep(&fixture.repo, &["--since-last"]).expect_code(1);
    assert_eq!((read(&again), again.findings()), (1, run.findings()));
    let plain = history_call(&fixture.repo).args(&["--since-last"]).run().expect_code(0);
    assert_eq!(read(&plain), all);
}

#[test]
fn a_path_in_an_archive_can_be_allowed() {
    let mut fixture = HistoryFixture::new(8614);
    let token = fixture.token();
    fixture.add("d/a.zip", stored(&[("t/a.txt", content(&token).as_bytes()), ("u/b.txt", b"x")]));
    let code = |glob: &str| {
        note(glob);
        let run = sweep(&fixture.repo, &["--allow", glob]);
        let allowed = run.summary()["allowed"].as_u64().expect("a number");
        let code = run.code.expect("a code");
        assert_eq!(allowed, u64::from(code == 0), "{}", run.all());
        code
    };
    for (glob, wanted) in [
        ("d/a.zip!/t/**", 0),
        ("d/**", 0),
        ("a.txt", 0),
        ("d/a.zip", 1),
        ("d/a.zip!/u/**", 1),
        // This glob would match only a path from the top.
        ("*/a.txt", 1),
        ("t/**", 1),
        ("!/**", 1),
        ("*/t/a.txt", 1),
    ] {
        assert_eq!(code(glob), wanted, "{glob}");
    }
    // A token is allowed only if all its places are allowed.
    fixture.add("e/a.zip", stored(&[("v/a.txt", content(&token).as_bytes())]));
    assert_eq!(code("d/a.zip!/t/**"), 1);
    fixture.add(".keysweep.toml", "[allow]\npaths = ['d/a.zip!/t/*', 'e/a.zip!/v/*']\n");
    sweep(&fixture.repo, &[]).expect_code(0).expect_lacks("allows nothing");
}

#[test]
fn markers_and_fingerprints_apply_in_archives() {
    let mut fixture = HistoryFixture::new(8615);
    let (marked, known) = (fixture.token(), fixture.token());
    let text = format!("key = '{marked}' # keysweep:allow\nkey = '{known}'\n");
    fixture.add("a.zip", zip_archive(&[("a.py", text.as_bytes())]));
    expect_tokens(&sweep(&fixture.repo, &[]).expect_code(1), [&known]);
    let config = format!("[allow]\nfingerprints = [{{ id = '{}', reason = 'a test' }}]\n", known.fingerprint());
    fixture.add(".keysweep.toml", config);
    sweep(&fixture.repo, &[]).expect_code(0);
}

/// The path, line and commit of each finding of a commit selection.
fn introduced(run: &Run) -> Vec<(String, u64, String)> {
    let summarize = |finding: &serde_json::Value| {
        let line = finding["line"].as_u64().unwrap_or_default();
        (text(&finding["path"]).to_owned(), line, text(&finding["commit"]).to_owned())
    };
    run.findings().iter().map(summarize).collect()
}

#[test]
fn selected_commits_report_their_changes_in_archives() {
    let mut fixture = HistoryFixture::new(8616);
    let (old, new, named) = (fixture.token(), fixture.token(), fixture.token());
    let with = |more: &str, name: &str| {
        let text = format!("{}{}{more}", content(&old), "and so on\n".repeat(9));
        zip_archive(&[("a.txt", text.as_bytes()), ("in.gz", &gzip_of(text.as_bytes())), (name, b"nothing")])
    };
    let name = format!("{named}.txt");
    let first = fixture.add("a.zip", with("", "b.txt"));
    let second = fixture.add("a.zip", with(&client(&new), &name));
    let third = fixture.add("a.zip", with(&format!("{}more\n", client(&new)), &name));
    fixture.git(&["mv", "a.zip", "moved.zip"]);
    let moved = fixture.commit("moved");
    let of = |range: &[&str]| history_call(&fixture.repo).args(&["--archives"]).args(range).run();
    let at = |line: u64, commit: &str, outer: &str| {
        ["a.txt", "in.gz!/in"].map(|inner| (format!("{outer}!/{inner}"), line, commit.to_owned()))
    };
    assert_eq!(introduced(&of(&[&first.id]).expect_code(1)), at(LINE, &first.id, "a.zip"));
    let run = of(&[&format!("{}..{}", first.id, moved.id)]).expect_code(1);
    expect_no_leak(&run, [&old, &new, &named]);
    let mut places = introduced(&run);
    let name = places.iter().position(|(path, ..)| path.starts_with("a.zip!/sk_live_")).expect("the name");
    assert_eq!(places.remove(name).2, second.id);
    assert_eq!(places, at(LINE + 10, &second.id, "a.zip"));
    of(&[&format!("{}..{}", second.id, third.id)]).expect_code(0);
    assert_eq!(of(&["--since", "2024-03-01T00:00:00Z"]).expect_code(1).findings().len(), 5);
    // Unreadable archives are reported, and globs apply.
    let run = of(&["main", "--allow", "a.zip!/**"]).expect_code(0);
    assert_eq!(run.summary()["allowed"], 5);
    let whole = with("", "b.txt");
    fixture.add("cut.zip", &whole[..whole.len() - 30]);
    let run = of(&["HEAD^.."]).expect_code(2);
    assert!(run.err().contains("cannot look into cut.zip: it is damaged"), "{}", run.err());
}

#[test]
fn archives_are_cleaned_by_the_plan() {
    let mut fixture = HistoryFixture::new(8617);
    let (both, inside, raw, outside) = (fixture.token(), fixture.token(), fixture.token(), fixture.token());
    let good = zip_archive(&[("a.txt", b"nothing")]);
    fixture.add("dist/a.zip", &good);
    fixture.add("dist/a.zip", zip_archive(&[("a.txt", content(&both).as_bytes()), (&format!("{inside}.txt"), b"x")]));
    fixture.add("dist/a.zip", zip_archive(&[("a.txt", content(&both).as_bytes()), ("more.txt", b"x")]));
    let again = fixture.git(&["rev-parse", "HEAD:dist/a.zip"]).line();
    let first = fixture.git(&["rev-parse", "HEAD^:dist/a.zip"]).line();
    fixture.add("b.jar", stored(&[("b.txt", content(&inside).as_bytes())]));
    let mut front = format!("#!/bin/sh\nKEY={raw}\n").into_bytes();
    front.extend(&good);
    fixture.add("install", front);
    let config = fixture.add("a.py", format!("{}{}", client(&both), client(&outside)));
    fixture.remove("b.jar");
    fixture.git(&["branch", "old", &config.id]);
    let repo = &fixture.repo;
    repo.git(&["clone", "-q", "--bare", "--no-local", ".", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["fetch", "-q"]);
    let run = sweep_with(repo, repo.top(), &["--archives"]).expect_code(1);
    let tokens = [&both, &inside, &raw, &outside];
    expect_tokens(&run, tokens);
    expect_no_leak(&run, tokens);
    assert_eq!(names(&run), ["rotate", "store", "verify", "revoke", "record", "clean", "others"]);
    let id = |name: &str| repo.git(&["rev-parse", &format!("old:{name}")]).line();
    let wanted_jar = id("b.jar");
    let mut wanted = vec![format!("dist/a.zip: {first}"), format!("dist/a.zip: {again}")];
    wanted.extend(["b.jar", "install"].map(|name| format!("{name}: {}", id(name))));
    wanted.sort_by_key(|line| line.split(' ').next_back().unwrap_or_default().to_owned());
    assert_eq!(step(&run, "clean")["list"], json!(wanted));
    let refused = repo.keysweep(&["history", "--archives", "--replacements", "../again.txt"]).expect_code(1);
    expect_no_leak(&refused, tokens);
    refused.expect_has(
        "These archives are replaced as a whole, because a replacement cannot change the content of an archive.",
    );
    fs::remove_file(repo.base().join("again.txt")).expect("the file");
    let replaced = fs::read_to_string(file(repo)).expect("the file");
    let forms = replaced.lines().filter(|line| !line.contains("keysweep-token"));
    assert_eq!(forms.count(), 2, "tokens that only archives contain are not replaced");
    let done = run_plan(repo, repo.top(), &run);
    expect_no_leak(&done, tokens);
    let origin = repo.base().join("origin.git");
    for folder in [repo.top(), &origin] {
        repo.keysweep_call(&["history", "--archives"]).cwd(folder).run().expect_code(0);
    }
    let kept = |name: &str| repo.git_call(&["show", name]).cwd(&origin).run().expect_code(0).out();
    assert_eq!(
        kept("main:dist/a.zip"),
        format!("REMOVED-archive-{again}\n"),
        "a line of text must replace the archive"
    );
    assert_eq!(kept("old:b.jar"), format!("REMOVED-archive-{wanted_jar}\n"));
}

#[test]
fn unpushed_archives_are_replaced_in_place() {
    let mut fixture = HistoryFixture::new(8618);
    let token = fixture.token();
    fixture.repo.git(&["clone", "-q", "--bare", "--no-local", ".", "../origin.git"]);
    fixture.git(&["remote", "add", "origin", "../origin.git"]);
    fixture.git(&["fetch", "-q"]);
    fixture.add("a.zip", zip_archive(&[("a.txt", content(&token).as_bytes())]));
    let repo = &fixture.repo;
    let run = sweep_with(repo, repo.top(), &["--archives"]).expect_code(1);
    assert_eq!(names(&run), ["rotate", "store", "verify", "revoke", "record", "clean", "others"]);
    run_plan(repo, repo.top(), &run);
    repo.keysweep_call(&["history", "--archives"]).run().expect_code(0);
}
