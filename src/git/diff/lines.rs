//! Added lines between two versions of a blob, and the similarity of two blobs.

use std::hash::{DefaultHasher, Hasher as _};

use imara_diff::{Algorithm, Diff, InternedInput, Interner};

use crate::text::{Span, without_line_end};

/// Returns for each of `spans` in `new` whether it touches a line that was added since `old`. The spans must be sorted.
///
/// The common head and tail are removed first, so that only the changed middle is diffed. A line added to a file of 100 MB
/// costs two comparisons and no hashing.
pub(crate) fn added(old: &[u8], new: &[u8], spans: &[Span]) -> Vec<bool> {
    let head = common_head(old, new);
    let tail = common_tail(&old[head..], &new[head..]);
    let middle = head..new.len() - tail;
    let within = |span: &Span| span.start < middle.end && middle.start < span.end.max(span.start + 1);
    if !spans.iter().any(within) {
        return vec![false; spans.len()];
    }
    let lines = added_lines(&old[head..old.len() - tail], &new[middle.clone()]);
    // Both are sorted, so the first line that ends behind the start of the span is the only one to test.
    let touches = |span: &Span| {
        let first = lines.partition_point(|line| line.end + head <= span.start);
        lines.get(first).is_some_and(|line| line.start + head < span.end)
    };
    spans.iter().map(|span| within(span) && touches(span)).collect()
}

/// How many bytes both share at the start, up to the end of a line.
fn common_head(old: &[u8], new: &[u8]) -> usize {
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    if same == old.len() && same == new.len() {
        return same;
    }
    new[..same].iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1)
}

/// How many bytes both share at the end, from the start of a line.
fn common_tail(old: &[u8], new: &[u8]) -> usize {
    let same = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let tail = &new[new.len() - same..];
    let at_line_start = |text: &[u8]| text.len() == same || text[text.len() - same - 1] == b'\n';
    if at_line_start(old) && at_line_start(new) {
        return same;
    }
    tail.iter().position(|&b| b == b'\n').map_or(0, |newline| same - newline - 1)
}

/// The added lines of `new`; adjacent ones are merged. Line endings are ignored: a match in an old line is not new because
/// an editor added `\r` or a final newline.
fn added_lines(old: &[u8], new: &[u8]) -> Vec<Span> {
    let mut input = InternedInput { before: Vec::new(), after: Vec::new(), interner: Interner::new(0) };
    input.update_before(lines(old).map(without_line_end));
    input.update_after(lines(new).map(without_line_end));
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let mut added: Vec<Span> = Vec::new();
    let mut start = 0;
    for (at, line) in (0..).zip(lines(new)) {
        let end = start + line.len();
        if diff.is_added(at) {
            match added.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => added.push(start..end),
            }
        }
        start = end;
    }
    added
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&b| b == b'\n')
}

/// The lines of a text, summarized for comparisons with many other texts.
pub(crate) struct LineStats {
    bytes: usize,
    /// The hash of each distinct line, the number of its occurrences, and their total size in bytes. Sorted by hash.
    counted: Vec<(u64, usize, usize)>,
}

impl LineStats {
    pub fn of(text: &[u8]) -> Self {
        let hash = |line: &[u8]| {
            let mut hasher = DefaultHasher::new();
            hasher.write(without_line_end(line));
            hasher.finish()
        };
        let mut each: Vec<(u64, usize, usize)> = lines(text).map(|line| (hash(line), 1, line.len())).collect();
        each.sort_unstable();
        each.dedup_by(|next, previous| {
            let same = next.0 == previous.0;
            if same {
                previous.1 += next.1;
                previous.2 += next.2;
            }
            same
        });
        Self { bytes: text.len(), counted: each }
    }

    /// The bytes in lines that both texts have, as a share in 0..=1 of the larger text. Git measures renames in this way.
    pub fn similarity(&self, new: &Self) -> f64 {
        let mut shared = 0;
        let mut old = self.counted.iter().peekable();
        for &(hash, count, bytes) in &new.counted {
            while old.next_if(|(other, ..)| *other < hash).is_some() {}
            if let Some((_, has, _)) = old.next_if(|(other, ..)| *other == hash) {
                shared += bytes * count.min(*has) / count;
            }
        }
        // Exact for any file that fits into memory, since both numbers are far below 2^52.
        #[allow(clippy::cast_precision_loss)]
        let share = shared as f64 / self.bytes.max(new.bytes).max(1) as f64;
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(old: &str, new: &str, word: &str) -> Vec<bool> {
        let spans: Vec<Span> = new.match_indices(word).map(|(at, _)| at..at + word.len()).collect();
        added(old.as_bytes(), new.as_bytes(), &spans)
    }

    #[test]
    fn only_the_lines_that_came_are_added() {
        assert_eq!(of("a\nKEY\nb\n", "a\nKEY\nc\nb\n", "KEY"), [false]);
        assert_eq!(of("a\nb\n", "a\nKEY\nb\n", "KEY"), [true]);
        assert_eq!(of("a\nKEY\n", "a\nKEY\nKEY\n", "KEY").iter().filter(|new| **new).count(), 1);
        assert_eq!(of("a KEY\n", "b KEY\n", "KEY"), [true]);
        assert_eq!(of("", "KEY", "KEY"), [true]);
        assert_eq!(of("KEY", "KEY", "KEY"), [false]);
        assert_eq!(of("x\nKEY", "y\nKEY", "KEY"), [false]);
        assert_eq!(of("KEY", "KEY\nmore\n", "KEY"), [false]);
        assert_eq!(of("a\nKEY\n", "a\r\nKEY\r\n", "KEY"), [false]);
    }

    #[test]
    fn what_is_alike_is_measured_in_bytes() {
        let share = |old: &str, new: &str| LineStats::of(old.as_bytes()).similarity(&LineStats::of(new.as_bytes()));
        for (old, new, wanted) in [
            ("a\nb\n", "b\na\n", 1.0),
            ("a\na\n", "a\na\na\na\n", 0.5),
            ("a\na\na\na\n", "a\n", 0.25),
            ("a\nb", "a\r\nb", 1.0),
            ("a\n", "b\n", 0.0),
            ("", "", 0.0),
        ] {
            assert!((share(old, new) - wanted).abs() < 1e-9, "{old:?} {new:?}: {}", share(old, new));
        }
    }

    /// A diff of the trimmed texts must find the added lines that a diff of the whole texts finds.
    #[test]
    fn trimming_changes_nothing() {
        let mut dice = crate::random::Dice::new(7);
        let mut text = || -> String {
            (0..dice.roll() % 12)
                .map(|_| ["a\n", "b\n", "KEY\n", "c", "\n", "KEY x\n"][(dice.roll() % 6) as usize])
                .collect()
        };
        for _ in 0..3000 {
            let (old, new) = (text(), text());
            let spans: Vec<Span> = new.match_indices("KEY").map(|(at, _)| at..at + 3).collect();
            let counted = added(old.as_bytes(), new.as_bytes(), &spans).iter().filter(|new| **new).count();
            let lines = |text: &str| text.split_inclusive('\n').filter(|line| line.contains("KEY")).count();
            // At most as many lines with the word can be old as the old text has.
            assert!(lines(&new) - counted.min(lines(&new)) <= lines(&old), "{old:?} {new:?}");
        }
    }
}
