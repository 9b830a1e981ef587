//! Encoded tokens: every family in every encoding and context.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use keysweep::detect::{Detector, Hit};
use keysweep::finding::Fingerprint;
use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER};

use crate::support::encode::{ENCODINGS, Encoding, WIDE_ENCODINGS, wrapped};
use crate::support::token::{Maker, Token};
use crate::support::{Repo, text};

/// Texts before and after an encoded text.
const POSITIONS: &[(&str, &str, &str)] = &[
    ("alone", "", ""),
    ("in JSON", "{\n  \"a\": 1,\n  \"key\": \"", "\"\n}\n"),
    ("in YAML", "apiVersion: v1\ndata:\n  KEY: ", "\n  OTHER: aGVsbG8=\n"),
    ("in a URL", "GET https://example.org/hook?key=", "&page=2 HTTP/1.1\r\n"),
    ("in an element", "<td class=\"k\">", "</td>\n"),
    ("at the end", "first line\nKEY=", ""),
];

fn detector() -> &'static Detector {
    static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(ALL));
    &DETECTOR
}

fn summaries(hits: &[Hit]) -> Vec<(&'static str, String, String)> {
    hits.iter().map(|hit| (hit.rule.id, hit.fingerprint.to_string(), hit.redacted.to_string())).collect()
}

fn encoding_name(hit: &Hit) -> String {
    hit.encoding.map(|encoding| encoding.to_string()).unwrap_or_default()
}

fn examples() -> Vec<String> {
    let templates = ALL.iter().flat_map(|rule| rule.hits);
    templates.flat_map(|template| (0..3).map(|seed| expand(template, &mut Dice::new(seed)))).collect()
}

/// Describes the difference if `unit` and `plain` do not have the same findings.
fn fault(
    detector: &Detector,
    encoding: &Encoding,
    position: &str,
    plain: &[Hit],
    example: &str,
    unit: &[u8],
) -> Option<String> {
    let hits = detector.find(unit);
    let named = hits.iter().all(|hit| hit.encoding.is_none_or(|_| encoding_name(hit).starts_with(encoding.label)));
    let spans = hits.iter().all(|hit| hit.span.end <= unit.len() && hit.span.start < hit.span.end);
    let may = hits.iter().all(|hit| hit.encoding.is_none()) || detector.may_contain_token(unit);
    (summaries(&hits) != summaries(plain) || !named || !spans || !may).then(|| {
        format!("{} {position}: {example:?}: {:?}", encoding.name, hits.iter().map(encoding_name).collect::<Vec<_>>())
    })
}

#[test]
fn every_family_is_found_in_every_encoding_and_context() {
    let detector = detector();
    let mut faults = Vec::new();
    for example in examples() {
        let plain = detector.find(example.as_bytes());
        for (position, before, behind) in POSITIONS {
            // If the token has no underscore, the encodings of underscores change only its name.
            let bare = plain.iter().all(|hit| !hit.redacted.to_string().contains('_'));
            for encoding in ENCODINGS.iter().filter(|encoding| !bare || !encoding.name.contains("underscores")) {
                let unit = [before.as_bytes(), &(encoding.write)(example.as_bytes()), behind.as_bytes()].concat();
                faults.extend(fault(detector, encoding, position, &plain, &example, &unit));
            }
            for encoding in WIDE_ENCODINGS {
                let unit = (encoding.write)([before, example.as_str(), behind].concat().as_bytes());
                faults.extend(fault(detector, encoding, position, &plain, &example, &unit));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
}

/// Encodes `text` once more and returns the new name. An encoding that changes nothing is not added to the name.
fn encode_again(encoding: &Encoding, (text, name): &(Vec<u8>, String)) -> (Vec<u8>, String) {
    let written = (encoding.write)(text);
    match (written == *text, name.is_empty()) {
        (true, _) => (written, name.clone()),
        (false, true) => (written, encoding.label.to_owned()),
        (false, false) => (written, format!("{} of {name}", encoding.label)),
    }
}

#[test]
fn nested_encodings_are_found_to_a_depth_of_three() {
    let detector = detector();
    let mut make = Maker::new(4100);
    let encodings: Vec<&Encoding> = ENCODINGS.iter().chain(WIDE_ENCODINGS).collect();
    // Encodings of the whole text. Most encoded texts have no underscore left.
    let whole: Vec<&Encoding> =
        encodings.iter().copied().filter(|encoding| !encoding.name.contains("underscores")).collect();
    // Double UTF-16 would be UTF-32.
    let sensible = |name: &str| !name.contains("UTF-16 of UTF-16");
    let mut faults = Vec::new();
    for token in [make.sk_live(24), make.sk(24), make.sk_hex(48), make.whsec_base64(32)] {
        let one: Vec<_> = encodings
            .iter()
            .map(|encoding| (encoding.name, encode_again(encoding, &(token.text().into(), String::new()))))
            .collect();
        for (inner, one) in &one {
            for middle in &whole {
                let two = encode_again(middle, one);
                let outer = whole[make.below(whole.len())];
                let three = encode_again(outer, &two);
                for (depth, (unit, wanted)) in [(2, two), (3, three)] {
                    let hits = detector.find(&unit);
                    let right = hits.len() == 1
                        && hits.iter().all(|h| h.fingerprint == fingerprint(&token) && encoding_name(h) == wanted);
                    if sensible(&wanted) && !right {
                        let names: Vec<_> = hits.iter().map(encoding_name).collect();
                        faults.push(format!(
                            "{wanted} {depth} ({}, {}, {inner}) of {}: {names:?}",
                            outer.name, middle.name, token.family
                        ));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
}

/// Text of this length without a token.
fn prose(bytes: usize) -> String {
    "It was the best of times; 7 of 10 said so. It was the worst (of) times?\n".chars().cycle().take(bytes).collect()
}

/// Computes the fingerprint in this process, since the tools of the shell are slow.
fn fingerprint(token: &Token) -> Fingerprint {
    detector().find(token.text().as_bytes())[0].fingerprint
}

#[track_caller]
fn only_hit(unit: &[u8], token: &Token) -> Hit {
    match &detector().find(unit)[..] {
        [hit] if hit.fingerprint == fingerprint(token) => hit.clone(),
        hits => panic!("{} hits, expected only {token} in {}", hits.len(), unit.escape_ascii()),
    }
}

#[test]
fn the_span_covers_the_encoded_text() {
    let mut make = Maker::new(4101);
    for token in [make.sk_live(24), make.sk_live(25), make.sk_live(26), make.whsec_base64(32)] {
        for encoding in
            ENCODINGS.iter().filter(|encoding| !encoding.name.contains("amid") && !encoding.name.contains("line end"))
        {
            let encoded = (encoding.write)(token.text().as_bytes());
            let unit = [b"a: \"", &encoded[..], b"\"\n"].concat();
            // Base64 digits that encode bytes before the token are not part of the span.
            let before = match encoding.name {
                "base64 behind one byte" | "base64 behind a slash" => 1,
                "base64 behind two bytes" => 2,
                "URL-safe base64" => 4,
                _ => 0,
            };
            assert_eq!(only_hit(&unit, &token).span, 4 + before..4 + encoded.len(), "{}", encoding.name);
        }
        for encoding in WIDE_ENCODINGS {
            let unit = (encoding.write)(format!("é a: \"{token}\"\n").as_bytes());
            let mark = usize::from(encoding.name.contains("mark")) * 2;
            let start = mark + 2 * 6;
            assert_eq!(only_hit(&unit, &token).span, start..start + 2 * token.text().len(), "{}", encoding.name);
        }
    }
}

#[test]
fn wrapped_text_is_joined() {
    let mut make = Maker::new(4102);
    for token in [make.sk_live(24), make.sk(32), make.sk_hex(48), make.whsec_base64(32)] {
        // A step that is not a divisor of any line width.
        for offset in (0..120).step_by(7) {
            let text = format!("{} {token}\n{}", prose(offset), prose(150));
            for (encoded, widths, name) in [
                (BASE64.encode(text.as_bytes()), [64, 76, 72], "base64"),
                (HEXLOWER.encode(text.as_bytes()), [60, 64, 80], "hex"),
            ] {
                for width in widths {
                    for line_break in ["\n", "\r\n", "\n    ", "\\n", "\" +\n  \"", "\\\n"] {
                        let body = wrapped(encoded.as_bytes(), width, line_break);
                        let unit = [b"-----BEGIN X-----\n", &body[..], b"\n-----END X-----\n"].concat();
                        let hit = only_hit(&unit, &token);
                        let written: Vec<u8> =
                            unit[hit.span.clone()].iter().copied().filter(u8::is_ascii_alphanumeric).collect();
                        let least = if name == "hex" { token.text().len() * 2 } else { token.text().len() * 8 / 6 };
                        assert!(written.len() >= least && unit[hit.span.start].is_ascii_alphanumeric());
                        assert_eq!(encoding_name(&hit), name);
                    }
                }
            }
        }
    }
}

#[test]
fn lists_of_encoded_tokens_are_not_joined() {
    let mut make = Maker::new(4103);
    for len in [24, 27, 40, 41, 42, 43, 48] {
        let tokens: Vec<Token> = (0..20).map(|_| make.sk_live(len)).collect();
        for encode in [
            |text: &[u8]| BASE64.encode(text),
            |text: &[u8]| BASE64_NOPAD.encode(text),
            |text: &[u8]| HEXLOWER.encode(text),
        ] {
            let lines: Vec<String> = tokens.iter().map(|token| encode(token.text().as_bytes())).collect();
            let named: Vec<String> = lines.iter().enumerate().map(|(n, line)| format!("  KEY_{n}: {line}")).collect();
            let cells: Vec<String> = lines.iter().map(|line| format!("<td>{line}</td>")).collect();
            let joined = [lines.join("\n"), lines.join(" "), lines.join("\",\n  \"")];
            for unit in joined.into_iter().chain([named, cells].map(|lines| lines.join("\n"))) {
                let found: Vec<String> =
                    detector().find(unit.as_bytes()).iter().map(|hit| hit.fingerprint.to_string()).collect();
                let wanted: Vec<String> = tokens.iter().map(Token::fingerprint).collect();
                assert_eq!(found, wanted, "{unit}");
            }
        }
    }
}

#[test]
fn each_token_in_an_encoded_text_is_a_finding() {
    let tokens: Vec<Token> = Maker::new(4104).every_family();
    let all = tokens.iter().map(|token| format!("KEY={token}\n")).collect::<Vec<_>>().concat();
    for unit in [
        BASE64.encode(all.as_bytes()),
        String::from_utf8(wrapped(BASE64.encode(all.as_bytes()).as_bytes(), 76, "\n")).expect("ASCII"),
    ] {
        let found: Vec<String> =
            detector().find(unit.as_bytes()).iter().map(|hit| hit.fingerprint.to_string()).collect();
        assert_eq!(found, tokens.iter().map(Token::fingerprint).collect::<Vec<_>>());
    }
}

#[test]
fn a_token_in_the_middle_of_a_huge_text_is_found() {
    let token = Maker::new(4105).sk_live(24);
    for before in [30_000, 32_768, 49_000, 100_001] {
        let plain = format!("{} {token} {}", prose(before), prose(70_000)).into_bytes();
        for encoding in ENCODINGS.iter().chain(WIDE_ENCODINGS).filter(|encoding| !encoding.name.contains("underscores"))
        {
            let unit = (encoding.write)(&plain);
            assert_eq!(encoding_name(&only_hit(&unit, &token)), encoding.label, "{}", encoding.name);
        }
    }
}

#[test]
fn the_variable_name_selects_the_rule_of_an_encoded_value() {
    let mut make = Maker::new(4106);
    let (token, bare) = (make.sk(24), make.hex(64));
    for encoding in ENCODINGS.iter().filter(|encoding| !encoding.name.contains("amid")) {
        let unit = format!("ATTIO_API_KEY: {}\n", String::from_utf8_lossy(&(encoding.write)(token.text().as_bytes())));
        assert_eq!(only_hit(unit.as_bytes(), &token).rule.id, "attio-access-token", "{}", encoding.name);
    }
    for encoded in [BASE64.encode(bare.as_bytes()), HEXLOWER.encode(bare.as_bytes())] {
        let unit = format!("data:\n  ATTIO_API_KEY: {encoded}\n");
        let hits = detector().find(unit.as_bytes());
        assert_eq!(hits.iter().map(|hit| hit.rule.id).collect::<Vec<_>>(), ["attio-access-token"]);
        assert!(detector().find(format!("sha256: {encoded}\n").as_bytes()).is_empty());
    }
}

#[test]
fn escapes_are_part_of_a_token_only_inside_it() {
    let mut make = Maker::new(4107);
    let token = make.sk_live(24);
    for behind in ["%20x", "%26next=1", "\\u0026x", "&amp;x", "\\n", "&quot;", "%22", "\\x00"] {
        let hit = only_hit(format!("https://example.org/?key={token}{behind}").as_bytes(), &token);
        assert_eq!(encoding_name(&hit), "", "{behind}");
    }
    let secret = std::iter::repeat_with(|| make.whsec_base64(32))
        .find(|secret| secret.text().contains('+'))
        .expect("a token with +");
    let url = secret.text().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let hit = only_hit(format!("https://example.org/?secret={url}&x=1").as_bytes(), &secret);
    assert_eq!(hit.span, 28..28 + url.len());
    for twice in ["%255F", "&amp;#95;", "\\u0026#95;", "%26lowbar%3B", "%5Cu005f", "\\\\\\\\x5F"] {
        let unit = format!("key: '{}'", token.text().replace('_', twice));
        assert!(!encoding_name(&only_hit(unit.as_bytes(), &token)).is_empty(), "{twice}");
    }
}

#[test]
fn a_token_and_its_encoded_form_are_two_findings() {
    let token = Maker::new(4108).sk_live(24);
    let unit = format!("{token} {}\n", BASE64.encode(token.text().as_bytes()));
    let hits = detector().find(unit.as_bytes());
    assert_eq!(hits.iter().map(encoding_name).collect::<Vec<_>>(), ["", "base64"]);
    assert_eq!(hits[0].fingerprint, hits[1].fingerprint);
}

/// Text that is not a token must not become one through an encoding.
#[test]
fn encoded_placeholders_are_silent() {
    let detector = detector();
    for rule in ALL {
        for template in rule.misses {
            for seed in 0..3 {
                let text = expand(template, &mut Dice::new(seed));
                for encoding in ENCODINGS.iter().chain(WIDE_ENCODINGS) {
                    let unit = (encoding.write)(text.as_bytes());
                    let hits: Vec<_> = detector.find(&unit).iter().map(|hit| hit.rule.id).collect();
                    assert!(hits.is_empty(), "{}: `{template}` matches {hits:?}", encoding.name);
                }
            }
        }
    }
}

#[test]
fn prose_hashes_and_noise_are_silent() {
    let mut make = Maker::new(4109);
    let random: Vec<u8> = (0..300_000).map(|_| make.next().to_le_bytes()[2]).collect();
    let hashes = (0..2000)
        .map(|_| {
            format!(
                "checksum = \"{}\"\nintegrity sha512-{}\n",
                make.hex(64),
                BASE64.encode(&random[make.below(200_000)..][..64])
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let mapped = "AAAA,SAASA,cAAc,CAAC,KAAK,EAAE;AACrB,IAAI,GAAG,GAAG,EAAE,CAAC;".repeat(2000);
    for unit in
        [BASE64.encode(prose(9000).as_bytes()), BASE64.encode(&random), hashes, mapped, HEXLOWER.encode(&random)]
    {
        assert!(detector().find(unit.as_bytes()).is_empty());
        assert!(detector().find(&wrapped(unit.as_bytes(), 76, "\n")).is_empty());
    }
    assert!(detector().find(&random).is_empty());
}

/// Random contexts, with random line breaks.
#[test]
fn random_texts_with_tokens_in_random_encodings() {
    const LETTERS: &[u8] = b"abc XYZ 019 .,;:!?(){}[]<>\"'\n\t=&%#@*+/|~^$-";
    let mut make = Maker::new(4110);
    let encodings: Vec<&Encoding> =
        ENCODINGS.iter().chain(WIDE_ENCODINGS).filter(|encoding| !encoding.name.contains("underscores")).collect();
    let detector = detector();
    for _ in 0..400 {
        let noise =
            |make: &mut Maker| (0..make.below(90)).map(|_| LETTERS[make.below(LETTERS.len())]).collect::<Vec<u8>>();
        let family = make.every_family();
        let token = &family[make.below(family.len())];
        let mut unit = [&noise(&mut make)[..], b" \"", token.text().as_bytes(), b"\" ", &noise(&mut make)].concat();
        let mut name = String::new();
        for _ in 0..=make.below(3) {
            let encoding = encodings[make.below(encodings.len())];
            if name.starts_with("UTF-16") && encoding.label == "UTF-16" {
                continue;
            }
            (unit, name) = encode_again(encoding, &(unit, name));
        }
        let hits = detector.find(&unit);
        assert!(
            hits.len() == 1 && hits[0].fingerprint == fingerprint(token),
            "{name} of {}: {} hits",
            token.family,
            hits.len()
        );
        assert_eq!(encoding_name(&hits[0]), name);
    }
}

#[test]
fn decoding_takes_linear_time() {
    let detector = detector();
    let sk = concat!("sk", "_").repeat(2000);
    let nested = BASE64.encode(BASE64.encode(BASE64.encode(sk.as_bytes()).as_bytes()).as_bytes());
    let inputs = [
        sk.clone(),
        BASE64.encode(sk.as_bytes()),
        String::from_utf8(wrapped(BASE64.encode(sk.as_bytes()).as_bytes(), 76, "\n")).expect("ASCII"),
        nested,
        HEXLOWER.encode(sk.as_bytes()),
        sk.replace('s', "%73"),
        "%25".repeat(2000),
        "\\".repeat(4000),
        "&amp;".repeat(2000),
        "s\0k\0_\0".repeat(2000),
        "A".repeat(4000),
    ];
    for input in inputs {
        // As much text in eight pieces and in one: linear time takes as long for both, quadratic time eight times as long for
        // the one.
        let time = |pieces: usize| {
            let len = 80_000 / pieces;
            let text = input.repeat(len / input.len() + 1);
            let (start, before) = (Instant::now(), processor_time());
            for _ in 0..pieces {
                std::hint::black_box(detector.find(&text.as_bytes()[..len]));
            }
            let elapsed = start.elapsed();
            before.zip(processor_time()).map_or(elapsed, |(before, after)| after.saturating_sub(before))
        };
        let is_linear = || time(1) < time(8) * 3;
        assert!((0..4).any(|_| is_linear()), "{:?} in one piece takes too long", &input[..20]);
    }
}

/// The processor time of this thread where the system reports it, since other processes compete for the processor.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

#[test]
fn allow_entries_and_markers_apply_to_encoded_tokens() {
    let token = Maker::new(4111).sk_live(24);
    let encoded = BASE64.encode(token.text().as_bytes());
    let repo = Repo::new();
    repo.stage("a.yaml", format!("key: {encoded} # keysweep:allow\n"));
    let wide: Vec<u8> =
        format!("key: {token} # keysweep:allow\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    repo.stage("b.txt", wide);
    repo.staged().expect_code(0);
    repo.stage("c.yaml", format!("key: {encoded}\n"));
    repo.staged().expect_code(1);
    repo.stage_blob(
        ".keysweep.toml",
        format!("[allow]\nfingerprints = [{{ id = \"{}\", reason = \"a dummy\" }}]\n", token.fingerprint()),
    );
    repo.staged().expect_code(0);
}

#[test]
fn a_report_has_the_place_and_the_name_of_the_encoding() {
    let token = Maker::new(4112).sk_live(40);
    let repo = Repo::new();
    let nested = BASE64.encode(token.text().replace('_', "%5F").as_bytes());
    repo.stage("a.yaml", format!("data:\n  KEY: {nested}\n"));
    let wrapped = wrapped(BASE64.encode(format!("{} {token}\n", prose(60)).as_bytes()).as_bytes(), 64, "\n");
    repo.stage("b.pem", [b"BEGIN\n", &wrapped[..], b"\n"].concat());
    let wide: Vec<u8> = format!("\u{feff}first\r\n{token}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    repo.stage("c.txt", wide);
    let run = repo.staged().expect_code(1);
    let place =
        |f: &serde_json::Value| [&f["line"], &f["column"], &f["end_column"]].map(|n| n.as_u64().expect("a number"));
    let found = run.findings();
    let of = |path: &str| found.iter().find(|f| text(&f["path"]) == path).expect("a finding");
    let width = u64::try_from(nested.len()).expect("a short text");
    assert_eq!(text(&of("a.yaml")["encoding"]), "base64 of percent-encoding");
    assert_eq!(place(of("a.yaml")), [2, 8, 8 + width]);
    assert_eq!(place(of("b.pem"))[0], 3);
    assert_eq!(place(of("b.pem"))[2], 65, "the finding must end with the first line");
    assert_eq!(place(of("c.txt")), [2, 1, 1 + 2 * u64::try_from(token.text().len()).expect("short")]);
    assert!(
        found
            .iter()
            .all(|f| text(&f["redacted"]) == token.redacted() && text(&f["fingerprint"]) == token.fingerprint())
    );
    repo.keysweep(&["staged"]).expect_has("written in base64 of percent-encoding");
}

/// A change in one line of a wrapped token is a new token. A change in an adjacent line is not.
#[test]
fn a_wrapped_token_is_new_if_one_of_its_lines_is() {
    let mut make = Maker::new(4113);
    let [old, new] = [make.sk_live(99), make.sk_live(99)];
    let file = |token: &Token, head: &str| {
        let body = wrapped(BASE64.encode(token.text().as_bytes()).as_bytes(), 64, "\n");
        [head.as_bytes(), b"\n", &body[..], b"\n"].concat()
    };
    let repo = Repo::new();
    repo.stage("a.pem", file(&old, "head"));
    repo.commit("base");
    repo.stage("a.pem", file(&old, "another head"));
    repo.staged().expect_code(0);
    repo.stage("a.pem", file(&new, "head"));
    repo.staged().expect_code(1);
}
