//! The incident report: `keysweep history --format html`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::support::history::history;
use crate::support::history_fixture::HistoryFixture;
use crate::support::leak::expect_no_leak;
use crate::support::runner::ours;
use crate::support::token::{Maker, Token, base64};
use crate::support::{Repo, Run, client};

const HTML: &[&str] = &["history", "--format", "html"];

/// The elements of the page. None of them loads or runs anything.
const ELEMENTS: &[&str] = &[
    "a", "bdi", "body", "br", "caption", "circle", "code", "dd", "desc", "div", "dl", "dt", "figure", "g", "h1", "h2",
    "h3", "head", "header", "html", "input", "label", "li", "line", "main", "meta", "ol", "p", "path", "pre",
    "section", "span", "strong", "style", "svg", "table", "tbody", "td", "text", "th", "thead", "title", "tr", "ul",
];
const VOID: &[&str] = &["br", "input", "meta"];

/// The page, after checks that hold for every page.
#[track_caller]
pub fn page(run: &Run) -> String {
    let page = run.out();
    check(&page).unwrap_or_else(|fault| run.fail(&fault));
    page
}

/// What is wrong with the page: elements that are not nested, or that load or run something; references that lead out of it or to
/// nothing; characters that a browser does not show; a style sheet that its own policy does not allow.
fn check(page: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let (mut ids, mut wanted) = (BTreeSet::new(), Vec::new());
    let (_, rest) = page.split_once("<!DOCTYPE html>").ok_or("no document type")?;
    let (before, style, after) = style_of(rest)?;
    for tag in [before, after].iter().flat_map(|text| text.split('<').skip(1)) {
        let (tag, text) = tag.split_once('>').ok_or_else(|| format!("a tag without an end: {tag}"))?;
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("{name} ends inside of {last:?}"));
            }
        } else {
            let name = tag.split(' ').next().unwrap_or_default();
            if !ELEMENTS.contains(&name) {
                return Err(format!("the element {name} in {tag}"));
            }
            for (attribute, value) in attributes(tag) {
                match attribute {
                    "id" if !ids.insert(value) => return Err(format!("two elements have the id {value}")),
                    "href" => wanted.push(value.strip_prefix('#').ok_or_else(|| format!("a link to {value}"))?),
                    "aria-labelledby" => wanted.extend(value.split(' ')),
                    "src" | "style" | "srcset" | "xlink:href" | "action" => {
                        return Err(format!("{attribute} in {tag}"));
                    }
                    _ if attribute.starts_with("on") => return Err(format!("{attribute} in {tag}")),
                    _ => {}
                }
            }
            if !VOID.contains(&name) {
                open.push(name);
            }
        }
        if text.contains(['>', '"']) && !text.contains('&') {
            return Err(format!("text that is not escaped: {text}"));
        }
    }
    if !open.is_empty() {
        return Err(format!("{open:?} are not closed"));
    }
    if let Some(missing) = wanted.iter().find(|id| !ids.contains(*id)) {
        return Err(format!("nothing has the id {missing}"));
    }
    let hash = base64(&sha256(style), *b"+/", true);
    if !page.contains(&format!("style-src 'sha256-{hash}'")) || !page.contains("content=\"default-src 'none'; ") {
        return Err(format!("the policy does not have the hash {hash}"));
    }
    let hidden = page.chars().find(|letter| letter.is_control() && *letter != '\n' || is_invisible(*letter));
    hidden.map_or(Ok(()), |letter| Err(format!("the page has the character {letter:?}")))
}

/// What is in front of the style sheet, the style sheet, and what is behind it.
fn style_of(page: &str) -> Result<(&str, &str, &str), String> {
    let (before, rest) = page.split_once("<style>").ok_or("no style sheet")?;
    let (style, after) = rest.split_once("</style>").ok_or("the style sheet does not end")?;
    Ok((before, style, after))
}

fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let pieces: Vec<&str> = tag.split('"').collect();
    let pairs = pieces
        .chunks(2)
        .filter_map(|pair| Some((pair[0].trim().rsplit(' ').next()?.strip_suffix('=')?, *pair.get(1)?)));
    pairs.collect::<Vec<_>>().into_iter()
}

/// Characters without a shape, and those that turn the direction of text around.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

fn sha256(text: &str) -> Vec<u8> {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(text).to_vec()
}

/// A repository with a remote: one token was pushed and removed, one is still in HEAD and in a tag, one is on another branch,
/// and one is in no commit.
pub fn story() -> (HistoryFixture, Vec<Token>) {
    let mut story = HistoryFixture::new(9600);
    let tokens = vec![story.token(), story.token(), Maker::new(9601).sk_test(24), story.token()];
    let remote = story.repo.base().join("origin.git").display().to_string();
    story.git(&["init", "-q", "--bare", "-b", "main", &remote]);
    story.git(&["remote", "add", "origin", &remote]);
    story.add("src/crm.py", client(&tokens[0]));
    push_at(&story, "02T17:40", "main");
    story.on_day(5);
    story.commit_by("Ben", &["commit", "-q", "--allow-empty", "-m", "more"]);
    story.add("src/crm.py", "mended\n");
    story.add("src/billing.py", client(&tokens[1]));
    story.git(&["tag", "v1.0"]);
    story.branch("topic", "HEAD");
    story.add("tests/fixture.py", client(&tokens[2]));
    story.git(&["checkout", "-q", "main"]);
    story.repo.blob(client(&tokens[3]));
    (story, tokens)
}

fn push_at(story: &HistoryFixture, time: &str, branch: &str) {
    let date = format!("2024-03-{time}:00+00:00");
    let call = story.repo.git_call(&["push", "-q", "origin", branch]).env("GIT_COMMITTER_DATE", date);
    call.run().expect_code(0);
}

/// The page with one stand-in for the time of the scan and for the version.
fn without_time(page: &str) -> String {
    let (before, rest) = page.split_once("<dt>Scanned</dt><dd>").expect("the time of the scan");
    let (_, rest) = rest.split_once(" UTC, by keysweep").expect("the end of the time");
    let page = format!("{before}<dt>Scanned</dt><dd>TIME UTC, by keysweep{rest}");
    page.replace(concat!("keysweep ", env!("CARGO_PKG_VERSION")), "keysweep VERSION")
}

/// One element a line, so that a difference can be read. The style sheet has a file of its own.
fn lines(page: &str) -> String {
    let (before, style, after) = style_of(page).expect("a style sheet");
    let page = format!("{before}<style></style>{after}").replace(&base64(&sha256(style), *b"+/", true), "HASH");
    let starts =
        ["<tr>", "<section", "<h", "<p", "<dt", "<li", "<svg", "<text", "<line", "<table", "<div", "<meta", "</svg>"];
    starts.iter().fold(page, |page, start| page.replace(start, &format!("\n{start}"))).trim_start().to_owned() + "\n"
}

#[test]
fn the_page_of_a_leak() {
    let (story, tokens) = story();
    let run = story.repo.keysweep(HTML).expect_code(1);
    expect_no_leak(&run, &tokens);
    let text = lines(&without_time(&page(&run)));
    let path = ours("tests/expected/incident.html");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &text).expect("write");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differs = text.lines().zip(expected.lines()).find(|(is, should)| is != should);
    assert!(text == expected, "`BLESS=1 cargo test --test reports` writes {} anew: {differs:?}", path.display());
}

/// Names that could change the page, hide a part of it or make it huge.
fn hostile_names() -> Vec<Vec<u8>> {
    let long = "x".repeat(10_000);
    let marks = format!("a{}", "\u{301}".repeat(5_000));
    let mut names: Vec<Vec<u8>> = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\"><svg onload=alert(1)>",
        "' onmouseover='alert(1)",
        "</style><style>body{display:none}",
        "</title><h1>The scan is complete.</h1>",
        "<!--",
        "&lt;b&gt;&amp;&#60;",
        "javascript:alert(1)",
        "\u{202e}gnp.exe",
        "\u{2066}\u{200f}\u{61c}x\u{feff}",
        "שלום עולם",
        "a\u{1}\u{7}\u{1b}[2J\u{7f}\u{85}",
        &long,
        &marks,
    ]
    .map(|name| name.as_bytes().to_vec())
    .into();
    names.push(b"\xff\xfe\xc3<b>\x80".to_vec());
    names
}

/// A repository with a token in a file of each of these names, by an author of the same name.
pub fn hostile_repo() -> (Repo, Vec<Token>) {
    let mut make = Maker::new(9602);
    let repo = Repo::new();
    let mut stream: Vec<u8> = Vec::new();
    let mut tokens = Vec::new();
    for (at, name) in hostile_names().iter().enumerate() {
        let token = make.sk_live(24);
        let text = client(&token);
        let person: Vec<u8> = name.iter().copied().filter(|byte| !b"<>\0\n".contains(byte)).collect();
        // Quoted paths of fast-import have octal escapes.
        let path = name.iter().map(|byte| format!("\\{byte:03o}")).collect::<Vec<_>>().concat();
        let date = 1_700_000_000 + at;
        stream.extend(format!("commit refs/heads/b{at}\nauthor ").into_bytes());
        stream.extend(person);
        stream.extend(format!(" <a@b> {date} +0000\ncommitter C <c@d> {date} +0000\ndata 1\nx\n").into_bytes());
        stream.extend(format!("M 100644 inline \"{path}\"\ndata {}\n{text}\n", text.len()).into_bytes());
        tokens.push(token);
    }
    repo.git_call(&["fast-import", "--quiet", "--date-format=raw"]).stdin(&stream).run().expect_code(0);
    for name in hostile_names() {
        let name: Vec<u8> =
            name.into_iter().filter(|byte| *byte > b' ' && !b"~^:?*[\\\x7f".contains(byte)).take(200).collect();
        let name = [b"refs/heads/x-", &name[..]].concat();
        repo.git_call(&["update-ref", "--stdin"]).stdin([b"create ", &name[..], b" refs/heads/b0\n"].concat()).run();
    }
    let branches = repo.git(&["for-each-ref", "refs/heads/x-*"]).out().lines().count();
    assert!(branches >= 10, "git refused too many names: {branches}");
    (repo, tokens)
}

#[test]
fn hostile_names_are_text_and_nothing_else() {
    let (repo, tokens) = hostile_repo();
    let run = repo.keysweep(HTML).expect_code(1);
    expect_no_leak(&run, &tokens);
    let page = page(&run);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;:1:18"), "{page}");
    assert!(page.contains("\\u{202e}gnp.exe") && page.contains("\\xff\\xfe\\xc3&lt;b&gt;\\x80"), "{page}");
    assert!(page.contains(":1:18 (10,005 characters)"), "a long name is shortened");
    assert!(page.len() < 40_000 + 12_000 * tokens.len(), "{} bytes", page.len());
}

#[test]
fn many_tokens_make_a_page_of_bounded_size_in_bounded_time() {
    let mut make = Maker::new(9603);
    let repo = Repo::new();
    let tokens: Vec<Token> = (0..1_003).map(|_| make.sk_live(24)).collect();
    for (file, tokens) in tokens.chunks(10).enumerate() {
        repo.write(format!("src/{file}.py"), tokens.iter().map(client).collect::<String>());
    }
    repo.git(&["add", "."]);
    repo.commit("all of them");
    for branch in 0..40 {
        repo.git(&["branch", &format!("branch-{branch}")]);
    }
    let begun = Instant::now();
    history(&repo).expect_code(1);
    let json = begun.elapsed();
    let begun = Instant::now();
    let run = repo.keysweep(HTML).expect_code(1);
    let html = begun.elapsed();
    assert!(html < json * 3 + Duration::from_secs(3), "{html:?}, and {json:?} as JSON");
    let page = page(&run);
    assert!(page.len() < 9_000_000, "{} bytes", page.len());
    assert_eq!(page.matches("<section class=\"token\"").count(), 1_000);
    assert!(page.contains("3 more tokens are in the table above"), "the tokens without a section are counted");
    for token in &tokens {
        assert!(page.contains(&token.fingerprint()), "every token is on the page");
    }
}

/// The words that a reader of an incomplete report must not miss.
const ALARM: &str = "Incomplete: a part of the repository was not scanned";

#[test]
fn an_incomplete_scan_cannot_be_taken_for_a_complete_one() {
    let mut story = HistoryFixture::new(9604);
    let token = story.token();
    story.add("a.py", client(&token));
    story.add("b.txt", "innocent\n");
    let whole = page(&story.repo.keysweep(HTML).expect_code(1));
    assert!(whole.contains("The scan is complete.") && whole.contains("all objects that the clone has"), "{whole}");
    assert!(!whole.to_lowercase().contains("incomplete\"") && !whole.contains(ALARM), "{whole}");

    let clone = story.repo.view("clone");
    story.git(&["clone", "-q", "--depth", "1", &format!("file://{}", story.repo.top().display()), "../clone"]);
    for (options, code) in [(&[][..], 2), (&["--allow-incomplete"], 1)] {
        let run = story.repo.keysweep_call(&[HTML, options].concat()).cwd(&clone.top).run().expect_code(code);
        let page = page(&run);
        assert!(page.contains("<title>INCOMPLETE: ") && page.contains("<body class=\"incomplete\">"), "{page}");
        assert_eq!(page.matches(ALARM).count(), 1, "{page}");
        assert!(page.contains("At least 1 token found. The scan is incomplete."), "{page}");
        assert!(page.contains("this is a shallow clone"), "the cause is named: {page}");
        assert!(!page.contains("The scan is complete") && !page.contains("all objects that the clone has"), "{page}");
    }

    let innocent = HistoryFixture::new(9605);
    let blob = innocent.git(&["rev-parse", "HEAD:base.txt"]).line();
    fs::remove_file(innocent.repo.path(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).expect("it is loose");
    let page = page(&innocent.repo.keysweep(HTML).expect_code(2));
    assert!(page.contains(ALARM) && page.contains("No token was found in the part that was scanned."), "{page}");
    assert!(page.contains("2 of 3 objects scanned"), "{page}");
}

#[test]
fn the_page_of_a_clean_repository_has_the_proof_and_no_checklist() {
    let story = HistoryFixture::new(9606);
    let page = page(&story.repo.keysweep(&[HTML, &["--quiet"]].concat()).expect_code(0));
    assert!(page.contains("No token was found. The scan is complete."), "{page}");
    assert!(page.contains("3 objects read") && page.contains("git cat-file --batch-all-objects"), "{page}");
    assert!(!page.contains("id=\"checklist\"") && !page.contains("Rotate the tokens"), "{page}");
    assert!(page.contains("<title>Search for leaked tokens in repo</title>"), "{page}");
    let counted = story.git(&["cat-file", "--batch-all-objects", "--batch-check"]).out().lines().count();
    assert!(page.contains(&format!("git counts {counted} objects there")), "{page}");
}

#[test]
fn objects_that_an_earlier_scan_read_are_not_called_read() {
    let story = HistoryFixture::new(9613);
    let since_last = [HTML, &["--since-last"]].concat();
    let first = page(&story.repo.keysweep(&since_last).expect_code(0));
    assert!(first.contains("3 objects read") && !first.contains("not read again"), "{first}");
    story.add("more.txt", "just as innocent\n");
    let page = page(&story.repo.keysweep(&since_last).expect_code(0));
    assert!(page.contains("3 objects read") && page.contains("3 more objects were not read again"), "{page}");
    assert!(!page.contains("all objects that the clone has") && page.contains("scan without --since-last"), "{page}");
    assert!(page.contains("git counts 6 objects there"), "{page}");
}

#[test]
fn what_settings_hide_is_on_the_page() {
    let mut story = HistoryFixture::new(9607);
    let (hidden, accepted, token) = (story.token(), story.token(), story.token());
    story.add("docs/sample.md", client(&hidden));
    story.add("a.py", client(&accepted));
    story.repo.keysweep(&["baseline"]).expect_code(0);
    story.git(&["add", ".keysweep-baseline"]);
    let before = page(&story.repo.keysweep(HTML).expect_code(0));
    assert!(before.contains("the baseline accepts 2 tokens"), "{before}");
    story.add("b.py", client(&token));
    let page = page(&story.repo.keysweep(&[HTML, &["--allow", "docs/**"]].concat()).expect_code(1));
    assert!(page.contains("The configuration allows 1 token, and the baseline accepts 1 token."), "{page}");
    for token in [&hidden, &accepted, &token] {
        assert!(page.contains(&token.fingerprint()), "{page}");
    }
    assert!(page.contains("keysweep history --allow 'docs/**' --format jsonl"), "{page}");
}

#[test]
fn no_people_leaves_out_every_name_and_address() {
    let mut story = HistoryFixture::new(9608);
    let (first, second) = (story.token(), story.token());
    story.repo.stage("a.py", client(&first));
    story.commit_by("Grace", &["commit", "-q", "-m", "one"]);
    let author = format!("Zoe <zoe-{second}@example.net>");
    story.commit_by("Edsger", &["commit", "-q", "--allow-empty", "-m", "two", "--author", &author]);
    story.repo.stage("a.py", "mended\n");
    story.commit_by("Barbara", &["commit", "-q", "-m", "three"]);
    let people = ["Grace", "Barbara", "Zoe", "Edsger", "example.org", "example.net"];
    let with = page(&story.repo.keysweep(HTML).expect_code(1));
    assert!(["Grace", "Barbara", "Zoe"].iter().all(|person| with.contains(person)), "{with}");
    let run = story.repo.keysweep(&[HTML, &["--no-people"]].concat()).expect_code(1);
    expect_no_leak(&run, [&first, &second]);
    let without = page(&run);
    assert!(people.iter().all(|person| !without.contains(person)), "{without}");
    assert!(without.contains("were left out on request") && without.contains("a name or address"), "{without}");
    assert!(!without.contains("--no-people"), "the command to repeat the scan must work: {without}");
}

#[test]
fn the_page_is_refused_where_it_would_be_wrong() {
    let mut story = HistoryFixture::new(9609);
    let token = story.token();
    story.add("a.py", client(&token));
    let repo = &story.repo;
    for (args, cause) in [
        (&["history", "--no-people"][..], "it has an effect on the incident report only"),
        (&["history", "--no-people", "--format", "json"], "it has an effect on the incident report only"),
        (&["history", "--format", "html", "HEAD"], "they are not all places where a token may be"),
        (&["history", "--format", "html", "--", "a.py"], "they are not all places where a token may be"),
        (&["staged", "--format", "html"], "use keysweep history --format html"),
        (&["files", "--format=html", "."], "use keysweep history --format html"),
        (&["find", "--format", "html"], "use keysweep history --format html"),
    ] {
        repo.keysweep(args).expect_code(2).expect_has(cause);
    }
    let run = repo.keysweep(&["history", "--format", "html", "nosuch"]).expect_code(2);
    let page = page(&run);
    assert!(page.contains("<body class=\"incomplete\">") && page.contains("This page proves nothing."), "{page}");
}

#[test]
fn only_the_owner_can_read_the_file_and_an_error_replaces_it() {
    let mut story = HistoryFixture::new(9610);
    let token = story.token();
    story.add("a.py", client(&token));
    let file = story.repo.base().join("report.html");
    let write = |more: &[&str]| {
        let output = ["--output", file.to_str().expect("UTF-8")];
        story.repo.keysweep(&[HTML, &output, more].concat())
    };
    assert_eq!(write(&[]).expect_code(1).out(), "");
    let mode = fs::metadata(&file).expect("the report").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    let report = fs::read_to_string(&file).expect("the report");
    check(&report).expect("a valid page");
    assert!(report.contains(&token.fingerprint()), "{report}");
    write(&["--config", "/no/such"]).expect_code(2);
    let report = fs::read_to_string(&file).expect("the report");
    assert!(report.contains("the scan did not finish") && !report.contains(&token.fingerprint()), "{report}");
}

#[test]
fn forged_dates_have_a_place_on_the_timeline() {
    let mut make = Maker::new(9611);
    let repo = Repo::new();
    let mut parent = String::new();
    for (at, date) in ["0", "99999999999", "1700000000", "4102444800"].iter().enumerate() {
        let token = make.sk_live(24);
        let text = format!("{}{}", client(&token), "x".repeat(at));
        let stream = format!(
            "commit refs/heads/main\ncommitter C <c@d> {date} +0000\ndata 1\nx\n{parent}M 100644 inline f{at}\ndata {}\n{text}\n\
             M 100644 inline same\ndata {}\n{text}\n",
            text.len(),
            text.len()
        );
        repo.git_call(&["fast-import", "--quiet", "--force"]).stdin(stream).run().expect_code(0);
        "from refs/heads/main^0\n".clone_into(&mut parent);
    }
    let page = page(&repo.keysweep(HTML).expect_code(1));
    let positions = page.split(" x1=\"").skip(1).chain(page.split(" x=\"").skip(1));
    for percent in positions.filter_map(|rest| rest.split('"').next()?.strip_suffix('%')) {
        let percent: f64 = percent.parse().expect("a number");
        assert!((0.0..=100.0).contains(&percent), "{percent}");
    }
    assert_eq!(page.matches("<svg class=\"timeline\"").count(), 4, "{page}");
}

/// The checks of this file find what they look for.
#[test]
fn a_fault_of_the_page_is_noticed() {
    let story = HistoryFixture::new(9612);
    let page = page(&story.repo.keysweep(HTML).expect_code(0));
    for (from, to) in [
        ("<main>", "<main><script>x</script>"),
        ("<main>", "<main><img src=\"x\">"),
        ("<main>", "<main><p onclick=\"x\"></p>"),
        ("<main>", "<main><a href=\"https://example.org\">x</a>"),
        ("<main>", "<main><div>"),
        ("<main>", "<main>\u{202e}"),
        ("<main>", "<main id=\"coverage\">"),
        ("id=\"coverage\"", "id=\"other\""),
        ("max-width: 60rem", "max-width: 61rem"),
    ] {
        assert!(page.contains(from), "{from}");
        assert!(check(&page.replacen(from, to, 1)).is_err(), "{to}");
    }
}
