//! Base64 that is wrapped into lines, whatever joins the lines, and other ways of writing that cut or space out a text.

use data_encoding::BASE64;
use keysweep::detect::Detector;
use keysweep::rules::ALL;

use crate::support::token::{Maker, Token};

const WIDTHS: [usize; 4] = [76, 64, 48, 32];

/// The leader and the end of each line.
const JOINED: &[(&str, &str)] = &[
    ("// ", "\n"),
    ("//", "\n"),
    ("/// ", "\n"),
    ("-- ", "\n"),
    ("--", "\n"),
    ("; ", "\n"),
    (";; ", "\n"),
    ("REM ", "\r\n"),
    (":: ", "\r\n"),
    ("% ", "\n"),
    ("+", "\n"),
    ("-", "\n"),
    ("+ ", "\n"),
    ("- ", "\n"),
    (">> ", "\n"),
    ("> ", "\n"),
    ("# ", "\n"),
    (" * ", "\n"),
    ("! ", "\n"),
    ("dnl ", "\n"),
    ("' ", "\n"),
    ("    \"", "\" +\n"),
    ("    '", "' +\n"),
    ("    \"", "\\n\" +\n"),
    ("    \"", "\\n\"\n"),
    ("    \"", "\" & _\n"),
    ("    \"", "\\n\" & _\n"),
    ("    \"", "\" .\n"),
    ("    \"", "\" ..\n"),
    ("    + \"", "\"\n"),
    ("    . \"", "\"\n"),
    ("    & \"", "\" _\n"),
    ("    \"", "\",\n"),
    ("  << \"", "\"\n"),
    ("+    \"", "\" +\n"),
    ("", "<br>\n"),
    ("", "<br />\n"),
    ("", "<br>"),
    ("", "&#10;"),
    ("", "&#xA;\n"),
    ("", "&#13;&#10;"),
    ("", "%0A"),
    ("", "\\r\\n"),
    ("", " \\\n"),
    ("", "\r"),
    ("\t", "\n"),
];

fn wrapped(text: &str, width: usize, (leader, end): (&str, &str)) -> Vec<u8> {
    let encoded = BASE64.encode(text.as_bytes());
    let lines = encoded.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned());
    lines.flat_map(|line| [leader.to_owned(), line, end.to_owned()]).collect::<String>().into_bytes()
}

/// The token alone is found, and all of it.
#[track_caller]
fn expect_whole(detector: &Detector, unit: &[u8], token: &Token, what: &str) {
    let found: Vec<String> = detector.find(unit).iter().map(|hit| hit.fingerprint.to_string()).collect();
    assert_eq!(found, [token.fingerprint()], "{what}");
    assert!(detector.may_contain_token(unit), "{what}");
}

fn tokens(make: &mut Maker) -> [Token; 2] {
    [make.sk_live(32), make.sk_live(99)]
}

#[test]
fn base64_is_joined_whatever_joins_its_lines() {
    let detector = Detector::new(ALL);
    let mut make = Maker::new(4200);
    for &joint in JOINED {
        for width in WIDTHS {
            for token in tokens(&mut make) {
                let text = format!("api:\n  key = \"{token}\"\n");
                expect_whole(&detector, &wrapped(&text, width, joint), &token, &format!("{joint:?} at {width}"));
            }
        }
    }
}

#[test]
fn values_of_different_names_are_not_joined() {
    let detector = Detector::new(ALL);
    let mut make = Maker::new(4201);
    for (first, second, end) in [
        ("a: ", "b: ", "\n"),
        ("A=", "B=", "\n"),
        ("a: \"", "b: \"", "\",\n"),
        ("x ", "y ", "\n"),
        ("a: ", "a: ", "\n"),
        ("key1 ", "key2 ", "\n"),
        ("key1: \"", "key2: \"", "\",\n"),
        ("\"a\": \"", "\"a\": \"", "\",\n"),
        ("a = '", "a = '", "'\n"),
        ("a(\"", "b(\"", "\");\n"),
        ("a.append(\"", "b.append(\"", "\");\n"),
        ("a = \"", "b += \"", "\";\n"),
        ("<b>", "<i>", "</b>\n"),
    ] {
        // Of a length that leaves no padding.
        let token = make.sk_live(28);
        let other = BASE64.encode(b"administrator of it all");
        let unit = format!("{first}{}{end}{second}{other}{end}", BASE64.encode(token.text().as_bytes()));
        expect_whole(&detector, unit.as_bytes(), &token, &format!("{first:?}"));
    }
}

#[test]
fn a_word_below_is_not_joined() {
    let detector = Detector::new(ALL);
    let mut make = Maker::new(4207);
    for word in ["done", "else", "exit", "esac", "then"] {
        for line_break in ["\n", "\n  ", "\r\n"] {
            // Of a length that leaves no padding.
            let token = make.sk_live(28);
            let unit = format!("for key in\n{}{line_break}{word}\n", BASE64.encode(token.text().as_bytes()));
            expect_whole(&detector, unit.as_bytes(), &token, &format!("{word}, {line_break:?}"));
        }
    }
}

#[test]
fn soft_breaks_of_quoted_printable_are_joined() {
    let detector = Detector::new(ALL);
    let mut make = Maker::new(4202);
    for line_break in ["=\n", "=\r\n"] {
        for escapes in [false, true] {
            for width in [75, 60, 40, 31] {
                for before in [0, 11, 40, 58] {
                    for token in tokens(&mut make) {
                        // A part that is found needs 20 characters in front of the break, or 26 behind it.
                        let first = width - (before + 5) % width;
                        if token.text().len() == 40 && (13..=21).contains(&first) {
                            continue;
                        }
                        let written = if escapes { token.text().replace('_', "=5F") } else { token.text().to_owned() };
                        let text = format!("{}key: {written} end\n", "so and ".repeat(20).split_at(before).0);
                        let unit = softly(&text, width, line_break);
                        let what = format!("{line_break:?}, {escapes}, {width}, {before}");
                        expect_whole(&detector, unit.as_bytes(), &token, &what);
                    }
                }
            }
        }
    }
}

/// Broken into lines of up to `width`, never inside of an escape.
fn softly(text: &str, width: usize, line_break: &str) -> String {
    let (mut unit, mut column, mut rest) = (String::new(), 0, text);
    while !rest.is_empty() {
        let len = if rest.starts_with("=5F") { 3 } else { 1 };
        if column + len > width {
            unit.push_str(line_break);
            column = 0;
        }
        unit.push_str(&rest[..len]);
        column += len;
        rest = &rest[len..];
    }
    unit
}

#[test]
fn utf_32_is_read_either_way_round() {
    let detector = Detector::new(ALL);
    let mut make = Maker::new(4203);
    for token in tokens(&mut make) {
        let text = format!("key = \"{token}\"\nnext = 1\n");
        for mark in [false, true] {
            let text: String = mark.then_some('\u{feff}').into_iter().chain(text.chars()).collect();
            let little: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
            let big: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
            for unit in [little, big] {
                expect_whole(&detector, &unit, &token, "UTF-32");
                let hit = &detector.find(&unit)[0];
                assert_eq!(hit.span, 4 * (7 + usize::from(mark))..4 * (7 + usize::from(mark) + token.text().len()));
                assert_eq!(hit.encoding.map(|encoding| encoding.to_string()).as_deref(), Some("UTF-32"));
            }
        }
    }
}

#[test]
fn a_pickle_of_protocol_0_is_read() {
    let detector = Detector::new(ALL);
    let mut make = Maker::new(4204);
    for token in tokens(&mut make) {
        for (before, behind) in [
            ("(dp0\nVkey\np1\nV", "\np2\ns."),
            ("(lp0\nVx\np1\naV", "\np2\na."),
            ("(dp0\nVa\np1\nI1\nsVkey\np2\nV", "\np3\ns."),
            ("(dp0\nV", "\np1\nI1\ns."),
            ("(lp0\nI1\nsV", "\np3\nI1\ns."),
            ("c_codecs\nencode\np0\n(V", "\np1\nVlatin1\np2\ntp3\nRp4\n."),
        ] {
            expect_whole(&detector, format!("{before}{token}{behind}").as_bytes(), &token, before);
        }
    }
}

/// The text in front of the first line's digits, in front of the others, and behind each. `@` is a digit of a number that grows.
const FRAMED: &[(&str, &str, &str)] = &[
    ("x = (b'", "     b'", "'\n"),
    ("x = b\"", "    b\"", "\\n\" \\\n"),
    ("f = u8\"", "  u8\"", "\"\n"),
    ("x = L\"", "  L\"", "\"\n"),
    ("String s = \"", "  +\"", "\"\n"),
    ("select '", "  '", "' ||\n"),
    ("s = \"", "  \"", "\" <>\n"),
    ("let s = \"", "  \"", "\" ^\n"),
    ("set s=", "", "^\n"),
    ("s = \"", "    \"", "\" & vbCrLf & _\n"),
    ("$s = '", "  '", "' . PHP_EOL .\n"),
    ("s := '", "  '", "' || chr(10) ||\n"),
    ("s = \"", "s += \"", "\";\n"),
    ("  var s = \"", "  s += \"", "\\n\";\r\n"),
    ("$s = '", "$s .= '", "';\n"),
    ("Dim s\ns = \"", "s = s & \"", "\"\n"),
    ("s = \"", "s = s + \"", "\"\n"),
    ("  sb.append(\"", "  sb.append(\"", "\");\n"),
    ("new Builder().append(\"", "    .append(\"", "\")\n"),
    ("echo \"", "echo \"", "\" >> key.b64\n"),
    ("echo ", "echo ", "\r\n"),
    ("printf(\"", "printf(\"", "\\n\");\n"),
    ("cout << \"", "cout << \"", "\" << endl;\n"),
    ("<p>", "<p>", "</p>\n"),
    ("<tr><td>", "<td>", "</td>\n"),
    ("  <li>", "  <li>", "</li>\n"),
    ("<span class=\"line\">", "<span class=\"line\">", "</span>\n"),
    ("| ", "| ", " |\n"),
    ("/* ", "/* ", " */\n"),
    ("<!-- ", "<!-- ", " -->\n"),
    ("# ", "# ", " #\n"),
    ("2026-11-30T06:02:1@ ", "2026-11-30T06:02:1@ ", "\n"),
    ("2026-11-30T06:02:1@.123456@Z stdout F ", "2026-11-30T06:02:1@.123456@Z stdout F ", "\n"),
    ("build\tRun\t2026-11-30T06:02:11.12@Z ", "build\tRun\t2026-11-30T06:02:11.1@Z ", "\n"),
    ("Nov 30 06:02:1@ host app[123]: ", "Nov 30 06:02:1@ host app[123]: ", "\n"),
    ("[06:02:11] ", "[06:02:12] ", "\n"),
    ("[    @.123456] ", "[   1@.123456] ", "\n"),
    ("web_1  | ", "web_1  | ", "\n"),
    ("  @: ", " 1@: ", "\n"),
    ("@ ", "1@ ", "\n"),
    ("src/a.txt:@:", "src/a.txt:1@:", "\n"),
    ("", "", "\\x0a"),
    ("", "", "\\u000D\\u000A"),
    ("", "", "\\\\012"),
];

fn framed(text: &[u8], width: usize, (first, leader, end): (&str, &str, &str)) -> Vec<u8> {
    let encoded = BASE64.encode(text);
    let lines = encoded.as_bytes().chunks(width).enumerate().map(|(nth, line)| {
        let leader = if nth == 0 { first } else { leader };
        format!("{}{}{end}", leader.replace('@', &(nth % 10).to_string()), String::from_utf8_lossy(line))
    });
    format!("before\n{}after\n", lines.collect::<String>()).into_bytes()
}

#[test]
fn lines_with_the_same_text_around_their_digits_are_joined() {
    let detector = Detector::new(ALL);
    let mut make = Maker::new(4205);
    for &frame in FRAMED {
        for width in WIDTHS {
            for before in ["", "api:\n  key = \"", "# Settings of the shop in production, keep\nKEY="] {
                for token in tokens(&mut make) {
                    let text = format!("{before}{token}\nDEBUG=1\n");
                    let what = format!("{frame:?} at {width}, {before:?}");
                    expect_whole(&detector, &framed(text.as_bytes(), width, frame), &token, &what);
                }
            }
        }
    }
}

#[test]
fn what_is_found_in_a_text_that_is_cut_anywhere_is_a_candidate() {
    let detector = Detector::new(ALL);
    let mut make = Maker::new(4206);
    let mut found = 0;
    for &frame in FRAMED {
        // The part of the token in the first line is no candidate by itself.
        let text = [&[0x80; 14], make.sk_live(24).text().as_bytes(), b"\n"].concat();
        let unit = framed(&text, 32, frame);
        for cut in 0..unit.len() {
            for part in [&unit[..cut], &unit[cut..]] {
                let hits = detector.find(part);
                assert!(hits.is_empty() || detector.may_contain_token(part), "{frame:?}, {cut}");
                found += hits.len();
            }
        }
    }
    assert!(found > 1000, "{found}");
}
