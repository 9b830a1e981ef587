//! Soft line breaks of quoted-printable: a line that ends in `=` continues below.

use super::byte_class::Class;
use super::decoded::{Decoded, Places};
use crate::finding::{Layer, Span};

/// The bytes on either side of a run that may belong to a token. The longest token has 340.
const FARTHEST: usize = 400;

/// Passes the run, joined with the lines that soft breaks connect, to `see`.
pub(super) fn each(bytes: &[u8], run: &Span, see: &mut dyn FnMut(&Decoded<'_>)) {
    if !is_beside(bytes, run) {
        return;
    }
    let places: Vec<usize> = lines(bytes, run).into_iter().flatten().collect();
    let text: Vec<u8> = places.iter().map(|&at| bytes[at]).collect();
    let Some(start) = start_of_token(&text) else { return };
    let (text, places) = (text[start..].to_vec(), &places[start..]);
    let end = places.last().map_or(run.end, |last| last + 1);
    let places = Places::Each(places.iter().copied().chain([end]).collect());
    see(&Decoded { text, context: 0, layer: Layer::QuotedPrintable, places });
}

/// Where a token may start in the joined text. A name in front is left out, since `NAME=` may be an empty setting. So are tokens
/// that may end in `=` themselves, such as webhook secrets.
fn start_of_token(text: &[u8]) -> Option<usize> {
    const PREFIXES: [&[u8]; 4] = [b"sk_", b"sk=5F", b"rk_", b"rk=5F"];
    /// The rest of a longer prefix that ends in one of these: `testsk_`, `integsk_`.
    const LEAD: usize = 5;
    let first = PREFIXES.iter().filter_map(|prefix| memchr::memmem::find(text, prefix)).min()?;
    let is_padded = memchr::memmem::find(&text[first..], b"a2V5Xz").is_some();
    (!is_padded).then(|| first.saturating_sub(LEAD))
}

/// Whether each `=` of the line starts an escape. Otherwise the line is a setting, not quoted-printable.
fn is_escaped(line: &[u8]) -> bool {
    let is_hex = |b: &u8| b.is_ascii_digit() || (b'A'..=b'F').contains(b);
    memchr::memchr_iter(b'=', line).all(|at| line.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(is_hex)))
}

/// Whether a soft break is in front of the run or ends it.
pub(super) fn is_beside(bytes: &[u8], run: &Span) -> bool {
    before(bytes, run.start).is_some() || behind(bytes, run.end).is_some()
}

/// Whether the line that ends in the line break at `at` continues below.
pub(in crate::detect) fn is_at(bytes: &[u8], at: usize) -> bool {
    before(bytes, at + 1).is_some()
}

/// The text of each connected line, including the run.
fn lines(bytes: &[u8], run: &Span) -> Vec<Span> {
    let own = run.start..text_end(bytes, run.end);
    let mut lines = vec![own];
    while let Some(end) = before(bytes, lines[0].start).filter(|end| run.start - end < FARTHEST) {
        let in_run = bytes[..end].iter().rev().take(FARTHEST).take_while(|b| Class::Run.has(**b)).count();
        lines.insert(0, end - in_run..end);
        if in_run == 0 {
            break;
        }
    }
    if !is_escaped(&bytes[lines[lines.len() - 1].clone()]) {
        return Vec::new();
    }
    let mut end = run.end;
    while let Some(start) = behind(bytes, end).filter(|start| start - run.end < FARTHEST) {
        end = start + bytes[start..].iter().take(FARTHEST).take_while(|b| Class::Run.has(**b)).count();
        let line = start..text_end(bytes, end);
        if !is_escaped(&bytes[line.clone()]) {
            break;
        }
        lines.push(line);
    }
    lines
}

/// The run's end without the `=` of a soft break.
fn text_end(bytes: &[u8], end: usize) -> usize {
    if behind(bytes, end).is_some() { end - 1 } else { end }
}

/// The end of the text in front of the soft break that ends at `at`.
fn before(bytes: &[u8], at: usize) -> Option<usize> {
    let line = bytes[..at].strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    ends_softly(line).then(|| line.len() - 1)
}

/// The start of the line below the soft break whose `=` is in front of `at`.
fn behind(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let len = if rest.starts_with(b"\n") {
        1
    } else if rest.starts_with(b"\r\n") {
        2
    } else {
        return None;
    };
    ends_softly(&bytes[..at]).then_some(at + len)
}

/// Two `=` are the padding of base64.
fn ends_softly(line: &[u8]) -> bool {
    matches!(line, [.., before, b'='] if before.is_ascii_graphic() && *before != b'=')
}
