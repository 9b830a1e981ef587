//! Property tests of the detector with random contexts. Each input is a recipe, so a failing test prints the recipe and
//! not the token.

use std::sync::LazyLock;

use keysweep::detect::{Detector, Hit, SpliceContext};
use keysweep::finding::{Fingerprint, Secret, Span};
use keysweep::git::Splice as _;
use keysweep::rules::ALL;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::encode::{ENCODINGS, Encoding, WIDE_ENCODINGS, wrapped};
use crate::support::token::{Maker, Token};

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(ALL));

/// Separators before and after a token.
const BEFORE: &[&str] = &["\"", "'", " ", "=", ": ", "\n", "(", "\\n", "%3D", "é", ",", "\r\n\t"];
const BEHIND: &[&str] = &["\"", "'", " ", "\n", ")", ",", ";", "\r\n", "é", "<", "\\", "&"];

/// A token and the texts before and after it.
#[derive(Clone, Debug)]
struct Planted {
    seed: u64,
    family: Index,
    filler: Vec<u8>,
    before: Index,
    behind: Index,
}

impl Planted {
    fn any() -> impl Strategy<Value = Self> {
        let filler = prop::collection::vec(any::<u8>(), 0..60);
        (any::<u64>(), any::<Index>(), filler, any::<Index>(), any::<Index>())
            .prop_map(|(seed, family, filler, before, behind)| Self { seed, family, filler, before, behind })
            .prop_filter("skip tokens that look like words or paths by chance", |one| is_whole(&one.token()))
    }

    fn token(&self) -> Token {
        let mut tokens = Maker::new(self.seed).every_family();
        tokens.swap_remove(self.family.index(tokens.len()))
    }

    /// Appends the token to `text`, encoded by `write`, and returns its span.
    fn plant(&self, text: &mut Vec<u8>, write: impl Fn(&[u8]) -> Vec<u8>) -> Span {
        // After a token, a backslash and an underscore are one more character of the token.
        if text.ends_with(b"\\") && self.filler.first().is_some_and(u8::is_ascii_punctuation) {
            text.push(b' ');
        }
        text.extend(&self.filler);
        // After binary data or a string marker of a `.pyc`, a quote or a space may be a length byte.
        if text.last().is_some_and(|&b| !b.is_ascii() || b.is_ascii_control() || matches!(b, b'z' | b'Z')) {
            text.push(b'.');
        }
        text.extend(self.before.get(BEFORE).as_bytes());
        let start = text.len();
        text.extend(write(self.token().text().as_bytes()));
        let span = start..text.len();
        text.extend(self.behind.get(BEHIND).as_bytes());
        span
    }
}

/// Reports whether the detector finds the whole token.
fn is_whole(token: &Token) -> bool {
    fingerprints(token.text().as_bytes()) == [fingerprint(token)]
}

fn fingerprint(token: &Token) -> Fingerprint {
    Secret::new(token.text().as_bytes()).fingerprint()
}

fn fingerprints(text: &[u8]) -> Vec<Fingerprint> {
    DETECTOR.find(text).iter().map(|hit| hit.fingerprint).collect()
}

/// Encodings that encode the whole token and nothing else.
fn whole_encodings() -> Vec<&'static Encoding> {
    let partly = |encoding: &&Encoding| {
        ["underscores", "amid", "line end", "behind", "URL-safe"].iter().any(|word| encoding.name.contains(word))
    };
    ENCODINGS.iter().filter(|encoding| !partly(encoding)).collect()
}

/// A nest of one to three encodings.
fn nest() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 1..=3)
}

fn nested(text: &[u8], encodings: &[Index]) -> Vec<u8> {
    encodings.iter().fold(text.to_vec(), |text, encoding| (encoding.get(&whole_encodings()).write)(&text))
}

/// The line of `text` that contains the hit.
fn line_of(text: &[u8], hit: &Hit) -> Span {
    let start = text[..hit.span.start].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    start..text[hit.span.end..].iter().position(|&b| b == b'\n').map_or(text.len(), |at| hit.span.end + at + 1)
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Text of this length without a token and without a run that may be one.
fn prose(bytes: usize) -> Vec<u8> {
    b"It was the best of times; 7 of 10 said so. It was the worst (of) times?\n"
        .iter()
        .copied()
        .cycle()
        .take(bytes)
        .collect()
}

/// A fraction of the default number of cases, which `PROPTEST_CASES` sets, since a debug build is slow.
fn config(part: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { failure_persistence: None, cases: usual.cases / part, ..usual }
}

proptest! {
    #![proptest_config(config(2))]

    #[test]
    fn spans_are_exactly_the_tokens(planted in prop::collection::vec(Planted::any(), 1..6)) {
        let mut text = Vec::new();
        let wanted: Vec<_> = planted.iter().map(|one| (one.plant(&mut text, <[u8]>::to_vec), fingerprint(&one.token()))).collect();
        let found: Vec<_> = DETECTOR.find(&text).into_iter().map(|hit| (hit.span, hit.fingerprint)).collect();
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn an_encoded_token_is_found_where_it_is_written(one in Planted::any(), encodings in nest()) {
        let mut text = Vec::new();
        let span = one.plant(&mut text, |token| nested(token, &encodings));
        text.extend(b"\n");
        let hits = DETECTOR.find(&text);
        prop_assert_eq!(hits.len(), 1);
        prop_assert_eq!(hits[0].fingerprint, fingerprint(&one.token()));
        prop_assert!(hits[0].encoding.is_some() && DETECTOR.may_contain_token(&text));
        let names: Vec<_> = encodings.iter().map(|encoding| encoding.get(&whole_encodings()).name).collect();
        prop_assert_eq!(span.start, hits[0].span.start, "{:?}", names);
        // The padding of an inner layer is not part of the token.
        let padding = if encodings.len() == 1 { 0 } else { 4 * span.len() / one.token().text().len() };
        prop_assert!((span.end - padding..=span.end).contains(&hits[0].span.end));
    }

    #[test]
    fn excerpts_contain_no_token(planted in prop::collection::vec((Planted::any(), prop::option::of(nest())), 1..4)) {
        let mut text = Vec::new();
        let mut written = Vec::new();
        for (one, encodings) in &planted {
            let span = one.plant(&mut text, |token| encodings.as_ref().map_or(token.to_vec(), |encodings| nested(token, encodings)));
            written.push(text[span].to_vec());
        }
        let hits = DETECTOR.find(&text);
        prop_assert!(hits.len() >= planted.len());
        let names = [DETECTOR.mask(&text), DETECTOR.mask_sentence(&String::from_utf8_lossy(&text)).into_bytes()];
        let excerpts = hits.iter().map(|hit| DETECTOR.excerpt(&text, &line_of(&text, hit), hit).text.into_bytes());
        for shown in names.into_iter().chain(excerpts) {
            prop_assert!(fingerprints(&shown).is_empty());
            for ((one, _), written) in planted.iter().zip(&written) {
                prop_assert!(!holds(&shown, one.token().body().as_bytes()) && !holds(&shown, written));
            }
        }
    }

    #[test]
    fn line_ends_change_nothing(planted in prop::collection::vec(Planted::any(), 1..4), encodings in nest(), width in 10..20_usize) {
        let text = |line_end: &str| {
            let mut text = Vec::new();
            for one in &planted {
                // Random bytes could contain line ends.
                let tame = Planted { filler: prose(one.filler.len()), ..one.clone() };
                tame.plant(&mut text, |token| {
                    let long = nested(&[&prose(60), token, &prose(60)].concat(), &encodings[..1]);
                    wrapped(&long, 4 * width, "\n")
                });
            }
            text.extend(b"\n");
            String::from_utf8(text).expect("text").replace("\r\n", "\n").replace('\n', line_end).into_bytes()
        };
        prop_assert_eq!(fingerprints(&text("\r\n")), fingerprints(&text("\n")));
    }
}

proptest! {
    #![proptest_config(config(4))]

    /// Encoded text is read in pieces of 32 KiB that overlap by 4 KiB. A token near the end of a piece is found too.
    #[test]
    fn chunking_changes_nothing(seed in any::<u64>(), family in any::<Index>(), encoding in any::<Index>(), piece in 1..4_usize, off in -240..10_isize) {
        let mut tokens = Maker::new(seed).every_family();
        let token = tokens.swap_remove(family.index(tokens.len()));
        let encodings: Vec<&Encoding> = whole_encodings().into_iter().chain(WIDE_ENCODINGS).collect();
        let encoding = encoding.get(&encodings[..]);
        // The end of a piece, in bytes of the text. A piece of UTF-16 has the same number of characters.
        let ratio = (encoding.write)(&prose(3000)).len() / if encoding.label == "UTF-16" { 2 } else { 1 };
        let end = (piece * (32 - 4) * 1024 + 4 * 1024) * 3000 / ratio;
        let before = [prose(end.checked_add_signed(off).expect("a piece is longer")), b"\"".to_vec()].concat();
        let text = (encoding.write)(&[&before[..], token.text().as_bytes(), b"\"", &prose(9000)].concat());
        let hits = DETECTOR.find(&text);
        prop_assert_eq!(hits.len(), 1, "{}", encoding.name);
        prop_assert_eq!(hits[0].fingerprint, fingerprint(&token), "{}", encoding.name);
        let start = (encoding.write)(&before).len();
        // A base64 group can contain bytes of the token and adjacent bytes, so the span may start up to four digits
        // off.
        prop_assert!(hits[0].span.start.abs_diff(start) <= 6, "{}: {} for {}", encoding.name, hits[0].span.start, start);
    }
}

/// The minimum that a history scan reads if `new` is inserted into `base` at `at`: the insertion and its context.
fn looked_at(base: &[u8], at: usize, new: &[u8], context: SpliceContext) -> Vec<u8> {
    let (before, behind) = base.split_at(at);
    [b"\0", context.before(before), new, context.after(behind), b"\0"].concat()
}

proptest! {
    // Most changes do not remove the token.
    #![proptest_config(ProptestConfig { max_global_rejects: 1 << 20, ..config(1) })]

    /// A history scan skips a changed text if the old text has no token and the change cannot be part of one. So any
    /// change that completes a token must look like a part of one.
    #[test]
    fn a_change_that_completes_a_token_is_a_candidate(
        one in Planted::any(),
        encodings in prop::option::of(nest()),
        line_break in prop::option::of(prop::sample::select(vec!["\n", "\r\n", "\n    ", " \\\n  ", "\" +\n  \"", "\n# "])),
        width in prop::sample::select(vec![40, 44, 60, 76]),
        in_front in 0..700_usize,
        from in prop_oneof![-260..60_isize, -4..40_isize],
        len in 1..30_usize,
        instead in prop::sample::select(vec!["", "x", " ", "\n", "\0", "task_", "==", "...", "/"]),
    ) {
        let mut text = prose(in_front);
        let span = one.plant(&mut text, |token| {
            let written = encodings.as_ref().map_or(token.to_vec(), |encodings| nested(token, encodings));
            line_break.map_or(written.clone(), |line_break| wrapped(&written, width, line_break))
        });
        text.extend(prose(700));
        prop_assume!(!fingerprints(&text).is_empty());
        // Remove or replace bytes near the token so that it does not match, and then restore them.
        let at = span.start.saturating_add_signed(from).min(span.end);
        let end = text.len().min(at + len);
        let base = [&text[..at], instead.as_bytes(), &text[end..]].concat();
        prop_assume!(fingerprints(&base).is_empty());
        let without = [&text[..at], &text[end..]].concat();
        if !DETECTOR.needs_whole(&base) {
            let seen = looked_at(&without, at, &text[at..end], DETECTOR.splice_context());
            prop_assert!(DETECTOR.may_contain_token(&seen), "{}", seen.escape_ascii());
        }
        // All new names of a tree are searched in one text, separated by NULs.
        let name: Vec<u8> = text.iter().map(|&byte| if byte == b'\0' { b'.' } else { byte }).collect();
        let names = [b"before\0", &name[..], b"\0behind\0"].concat();
        prop_assert!(DETECTOR.may_contain_token(&names) || fingerprints(&name).is_empty(), "{}", name.escape_ascii());
    }
}

/// Words that occur in names of variables.
const WORDS: &[&str] = &[
    "stripe", "secret", "key", "api", "attio", "token", "webhook", "signing", "prod", "staging", "clerk", "app",
    "client", "payment", "svix", "access", "private", "test", "live", "next", "public", "server", "auth", "db",
];

/// Two to four words in a common style.
fn name() -> impl Strategy<Value = String> {
    (prop::collection::vec(prop::sample::select(WORDS), 2..=4), 0..5_usize).prop_map(|(words, style)| {
        let capital = |word: &&str| word[..1].to_uppercase() + &word[1..];
        match style {
            0 | 1 => words.join("_").to_uppercase(),
            2 => words.join("_"),
            3 => words.join("-"),
            _ => words[0].to_owned() + &words[1..].iter().map(capital).collect::<String>(),
        }
    })
}

/// The lines that a report prints for the hits.
fn shown_lines(text: &[u8]) -> Vec<String> {
    DETECTOR.find(text).iter().map(|hit| DETECTOR.excerpt(text, &line_of(text, hit), hit).text).collect()
}

proptest! {
    #![proptest_config(config(1))]

    #[test]
    fn the_name_of_a_variable_is_printed_without_its_token(name in name(), seed: u64, family: Index, prefix in 0..5_usize) {
        // `clerk_test_` contains the prefix `rk_test_`.
        prop_assume!(!["rk_test", "rk_live"].iter().any(|prefix| name.to_lowercase().contains(prefix)));
        let mut make = Maker::new(seed);
        let tokens = make.every_family();
        let (token, attio) = (family.get(&tokens), make.hex(64));
        let prefix = ["", "export ", "  - ", "\t", "ENV "][prefix];
        for (name, value, body) in [
            (name.clone(), token.text(), token.body()),
            (format!("ATTIO_{}", name.to_uppercase().replace('-', "_")), &attio[..], &attio[..]),
        ] {
            let text = format!("{prefix}{name}={value}\n");
            // Skip values that are rejected by chance, or that match another rule because of their length.
            let whole = DETECTOR.find(text.as_bytes()).iter().any(|hit| &text[hit.span.clone()] == value);
            for shown in shown_lines(text.as_bytes()).iter().filter(|_| whole) {
                prop_assert!(shown.contains(&format!("{name}=")), "{name} is hidden: {shown}");
                let windows: Vec<&[u8]> = body.as_bytes().windows(6).collect();
                prop_assert!(!windows.iter().any(|part| holds(shown.as_bytes(), part)), "{name}= prints too much: {shown}");
            }
        }
    }
}

/// Such a text may be the end of another secret. A text that looks like a word by chance is printed, as without a token
/// after it.
#[test]
fn text_before_a_token_that_is_not_a_name_stays_hidden() {
    let mut make = Maker::new(79);
    for name in ["", "+STRIPE_KEY", "=STRIPE_KEY"] {
        let is_shown = |_: &usize| {
            let (secret, token) = (make.hex(32), make.sk_live(24));
            let shown = shown_lines(format!("{secret}{name}={token}\n").as_bytes()).concat();
            holds(shown.as_bytes(), &secret.as_bytes()[..6]) || holds(shown.as_bytes(), &secret.as_bytes()[24..30])
        };
        let shown = (0..300).filter(is_shown).count();
        assert!(shown <= 3, "{name}: {shown} of 300");
    }
}

/// Random changes rarely hit a line that is not a candidate on its own.
#[test]
fn a_change_in_any_wrapped_line_is_a_candidate() {
    let mut make = Maker::new(77);
    let mut candidates = 0;
    let rows = [
        ("\n", 40, 8),
        ("\n", 44, 22),
        ("\r\n", 40, 24),
        ("\n    ", 44, 27),
        (" \\\n  ", 40, 20),
        ("\" +\n  \"", 60, 34),
        ("\n# ", 40, 26),
        ("\");\n  text.append(\"", 40, 8),
        ("</td>\n<td>", 44, 22),
        ("\n[06:02:11] ", 40, 8),
        ("\r\n2026-11-30T06:02:11.123456789Z stdout F ", 40, 24),
        ("\" & vbNewLine & _\n  \"", 40, 20),
        ("\";\ntext = text + \"", 44, 22),
        ("\n  12: ", 40, 24),
        ("'\n  b'", 40, 20),
        ("\\u000a", 40, 20),
    ];
    for (is_text, (line_break, width, in_front)) in rows.into_iter().flat_map(|row| [(true, row), (false, row)]) {
        // After binary data, the first line alone is no candidate. The last line alone never is.
        let mut binary = || (0..in_front).map(|_| 0x80 | make.next().to_le_bytes()[0]).collect();
        let front = if is_text { prose(in_front) } else { binary() };
        let inner = [&front[..], b" ", make.sk_live(24).text().as_bytes()].concat();
        let written = (ENCODINGS[0].write)(&inner);
        // The first line has the same text around it as the others.
        let (end, leader) = line_break.rsplit_once('\n').unwrap_or_default();
        let lines = [leader.as_bytes(), &wrapped(&written, width, line_break), end.as_bytes()].concat();
        let text = [&prose(100), &b"\n"[..], &lines, b"\n", &prose(100)].concat();
        assert!(!fingerprints(&text).is_empty(), "{line_break:?} {width} {in_front}");
        for at in 90..text.len() - 90 {
            for (len, instead) in
                [(1, ""), (1, ";"), (2, " "), (9, "\n"), (9, ""), (30, ""), (0, " so\n"), (1, " so\n")]
            {
                let base = [&text[..at], instead.as_bytes(), &text[at + len..]].concat();
                if fingerprints(&base).is_empty() && !DETECTOR.needs_whole(&base) {
                    let without = [&text[..at], &text[at + len..]].concat();
                    let seen = looked_at(&without, at, &text[at..at + len], DETECTOR.splice_context());
                    assert!(
                        DETECTOR.may_contain_token(&seen),
                        "{line_break:?} {width} {in_front}: {at} {len} {instead:?}"
                    );
                    candidates += 1;
                }
            }
        }
    }
    assert!(candidates > 1000, "{candidates}");
}

/// The texts around a token that decide about it are part of the context: its length, emphasis, a character of another
/// encoding, a region.
#[test]
fn a_change_next_to_a_token_is_a_candidate() {
    let mut make = Maker::new(78);
    let [long, short] = [make.sk_live(99), make.sk_live(24)].map(|token| token.text().as_bytes().to_vec());
    let regional = [concat!("test", "sk_"), &make.alnum(32), ".eu"].concat().into_bytes();
    let hex = make.sk_hex(48).text().as_bytes().to_vec();
    let rows: [(&[u8], &[u8], &[u8]); 12] = [
        (b"\xe9\0z\x6b", &long, b"N)\x01\xda\x07API_KEY"),
        (b"\x08\x01\x12\x6b", &long, b"2\x03abc"),
        (b"\x08\x01\x12\x33", &hex, b""),
        (b"\0\x02\x03\0\x4d", &short, b"5\x02\x03\0\x1d"),
        (b"\0\x02\x03\0\x81\x63", &long, b"5\x02\x03\0\x1d"),
        (b"s\x20\0\0\0", &short, b"c\0\0\0\0"),
        (b" _", &short, b"_ "),
        (b"stripe_", &short, b"\n"),
        (b"\x83L\x81[\x81F", &short, b"\n"),
        (b"\x83L is a word of many letters that are no more than letters \x81F", &short, b"\n"),
        (b"(dp0\nVkey\np1\nV", &short, b"\np2\ns."),
        (b"'", &regional, b"'"),
    ];
    let mut candidates = 0;
    for (row, (before, token, behind)) in rows.into_iter().enumerate() {
        let text = [&prose(300), before, token, behind, &prose(300)].concat();
        assert!(!fingerprints(&text).is_empty(), "row {row}");
        for at in 200..text.len() - 200 {
            for (len, instead) in
                [(1, &b""[..]), (1, b"x"), (1, b"\xc3\xa9"), (2, b"\n"), (9, b""), (40, b""), (0, b"x")]
            {
                let base = [&text[..at], instead, &text[at + len..]].concat();
                if fingerprints(&base).is_empty() && !DETECTOR.needs_whole(&base) {
                    let without = [&text[..at], &text[at + len..]].concat();
                    let seen = looked_at(&without, at, &text[at..at + len], DETECTOR.splice_context());
                    assert!(DETECTOR.may_contain_token(&seen), "row {row}: {at} {len} {}", instead.escape_ascii());
                    candidates += 1;
                }
            }
        }
    }
    assert!(candidates > 1000, "{candidates}");
}
