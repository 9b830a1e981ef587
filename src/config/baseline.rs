//! The baseline: tokens that are known at certain places, and accepted for now. Parses, matches and writes `.keysweep-baseline`.
//!
//! An entry is a JSON object on a line of its own, so that git merges the file line by line. Entries are sorted by fingerprint:
//! those of two branches then rarely are neighbors, and only neighbors conflict. A merge may leave entries unsorted or twice.

use std::collections::{BTreeSet, HashMap};

use data_encoding::BASE64;
use serde_json::{Map, Value};

use super::date::Date;
use super::file::ConfigError;
use crate::error::{in_brief, nearest};
use crate::finding::{Finding, Fingerprint, Part, ShownPath};

/// The name of the file, at the top of the repository.
pub const BASELINE_NAME: &str = ".keysweep-baseline";

/// The maximum size: some 300,000 entries. Anybody who pushes can change the file.
pub const MAX_BASELINE_BYTES: usize = 64_000_000;

/// The first lines of a new file.
const HEAD: &str = "# Tokens that keysweep found here and that are accepted for now. Each entry covers one token at one path.\n\
                    # keysweep baseline adds entries, keysweep baseline --prune removes those that cover nothing.\n";

/// Where a token is: in a file, or in another part of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BaselinePlace {
    /// A masked path from the top of the repository. It may end in an archive.
    Path(Vec<u8>),
    /// `message`, `person`, `header`, `ref`; or `content` for an object that no path leads to.
    Part(&'static str),
}

impl BaselinePlace {
    pub fn of(part: Part, path: Option<&ShownPath>) -> Self {
        let path = path.map(ShownPath::as_bytes).filter(|path| !path.is_empty());
        match (part, path) {
            (Part::Content | Part::Name | Part::SymlinkTarget, Some(path)) => Self::Path(path.to_vec()),
            _ => Self::Part(part.name()),
        }
    }

    pub fn of_finding(finding: &Finding) -> Self {
        Self::of(finding.part, finding.path.as_ref())
    }

    /// Whether this is an object that no path leads to, which another clone may not have.
    pub fn is_object(&self) -> bool {
        *self == Self::Part(Part::Content.name())
    }
}

/// One token at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineEntry {
    pub fingerprint: Fingerprint,
    pub place: BaselinePlace,
    pub rule: String,
    pub reason: String,
    pub added: Date,
    /// The last day on which the entry is in force.
    pub until: Option<Date>,
    /// The line in the file. 0 if the entry is new.
    pub line: usize,
}

/// What a baseline says about a token at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// An entry covers it.
    Covered,
    /// The entry for it was in force until this day.
    Expired(Date),
    /// There are entries for the token, but at other places.
    Elsewhere,
    /// There is no entry for the token.
    Unknown,
}

/// A parsed baseline.
#[derive(Debug, Default)]
pub struct Baseline {
    /// The comments above the first entry.
    head: String,
    entries: Vec<BaselineEntry>,
    /// The indexes of the entries for each token.
    by_token: HashMap<Fingerprint, Vec<usize>>,
}

impl Baseline {
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        if bytes.len() > MAX_BASELINE_BYTES {
            let message = format!("it has more than {} MB, the limit", MAX_BASELINE_BYTES / 1_000_000);
            return Err(ConfigError { line: 1, message });
        }
        let mut baseline = Self::default();
        for (number, line) in (1..).zip(bytes.split(|&b| b == b'\n')) {
            let line = line.trim_ascii();
            if line.first() == Some(&b'#') {
                if baseline.entries.is_empty() {
                    baseline.head.push_str(&String::from_utf8_lossy(line));
                    baseline.head.push('\n');
                }
            } else if !line.is_empty() {
                let entry = entry(line, number).map_err(|message| ConfigError { line: number, message })?;
                baseline.add(entry);
            }
        }
        Ok(baseline)
    }

    pub fn entries(&self) -> &[BaselineEntry] {
        &self.entries
    }

    pub fn add(&mut self, entry: BaselineEntry) {
        self.by_token.entry(entry.fingerprint).or_default().push(self.entries.len());
        self.entries.push(entry);
    }

    /// Keeps only the entries for which `keep` returns true. Returns how many were removed.
    pub fn retain(&mut self, keep: impl Fn(&BaselineEntry) -> bool) -> usize {
        let entries = std::mem::take(&mut self.entries);
        let before = entries.len();
        self.by_token.clear();
        entries.into_iter().filter(keep).for_each(|entry| self.add(entry));
        before - self.entries.len()
    }

    /// What it says about a token at a place on the day `today`.
    pub fn cover(&self, fingerprint: Fingerprint, place: &BaselinePlace, today: Date) -> Cover {
        let Some(entries) = self.by_token.get(&fingerprint) else { return Cover::Unknown };
        let here = entries.iter().map(|&at| &self.entries[at]).filter(|entry| entry.place == *place);
        let mut expired = None;
        for entry in here {
            match entry.until {
                Some(until) if until < today => expired = expired.max(Some(until)),
                _ => return Cover::Covered,
            }
        }
        expired.map_or(Cover::Elsewhere, Cover::Expired)
    }

    /// Whether there is an entry for the token at the place, expired or not.
    pub fn has(&self, fingerprint: Fingerprint, place: &BaselinePlace) -> bool {
        let entries = self.by_token.get(&fingerprint).into_iter().flatten();
        entries.map(|&at| &self.entries[at]).any(|entry| entry.place == *place)
    }

    /// The entries that `other` does not have.
    pub fn beyond<'b>(&'b self, other: &Baseline) -> impl Iterator<Item = &'b BaselineEntry> {
        self.entries.iter().filter(|entry| !other.has(entry.fingerprint, &entry.place))
    }

    /// Sorts the entries, and keeps one for each token and place: the one that is longest in force.
    pub fn normalize(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        let no_end = |entry: &BaselineEntry| entry.until.is_none();
        entries.sort_by(|a, b| {
            let key = (a.fingerprint, &a.place).cmp(&(b.fingerprint, &b.place));
            key.then_with(|| no_end(b).cmp(&no_end(a))).then_with(|| b.until.cmp(&a.until))
        });
        entries.dedup_by(|next, kept| (next.fingerprint, &next.place) == (kept.fingerprint, &kept.place));
        self.by_token.clear();
        for entry in entries {
            self.add(entry);
        }
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let head = if self.head.is_empty() { HEAD } else { &self.head };
        self.entries.iter().fold(head.to_owned(), |text, entry| text + &line_of(entry) + "\n")
    }
}

fn line_of(entry: &BaselineEntry) -> String {
    let mut line = Map::new();
    let mut put = |key: &str, value: &str| line.insert(key.to_owned(), value.into());
    put("fingerprint", &entry.fingerprint.to_string());
    match &entry.place {
        BaselinePlace::Part(part) => _ = put("part", part),
        BaselinePlace::Path(path) => match std::str::from_utf8(path) {
            Ok(path) => _ = put("path", path),
            Err(_) => {
                put("path", &readable(path));
                put("path_bytes", &BASE64.encode(path));
            }
        },
    }
    put("rule", &entry.rule);
    put("reason", &entry.reason);
    put("added", &entry.added.to_string());
    if let Some(until) = entry.until {
        put("until", &until.to_string());
    }
    Value::Object(line).to_string()
}

/// The path with `\xNN` for what is not UTF-8, as reports show it.
fn readable(path: &[u8]) -> String {
    let mut text = String::new();
    for chunk in path.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

const KEYS: &[&str] = &["fingerprint", "path", "path_bytes", "part", "rule", "reason", "added", "until"];

const PARTS: &[Part] = &[Part::Content, Part::Message, Part::Person, Part::Header, Part::Ref];

/// Parses one line. An error is a message for the reader.
fn entry(line: &[u8], number: usize) -> Result<BaselineEntry, String> {
    if [&b"<<<<<<<"[..], b"|||||||", b"=======", b">>>>>>>"].iter().any(|marker| line.starts_with(marker)) {
        return Err(
            "it is a conflict marker of a merge; keep the entries of both sides and remove the markers".to_owned()
        );
    }
    // The message of the parser counts columns only, which nobody needs for one line.
    let Ok(Value::Object(fields)) = serde_json::from_slice(line) else {
        return Err("an entry must be a JSON object on one line".to_owned());
    };
    if let Some(key) = fields.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let nearest = nearest(key, KEYS.iter().copied());
        return Err(format!("unknown key {}; did you mean {nearest}?", in_brief(key)));
    }
    let text = |key: &str| match fields.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("{key} must be a string")),
    };
    let required = |key: &str| text(key)?.ok_or_else(|| format!("an entry needs the key {key}"));
    let day =
        |key: &str, text: &str| Date::parse(text).ok_or_else(|| format!("{key} must be a date such as 2026-11-29"));
    let fingerprint = Fingerprint::parse(required("fingerprint")?)
        .ok_or("a fingerprint is 16 lower-case hex digits, as the report prints them")?;
    Ok(BaselineEntry {
        fingerprint,
        place: place(text("path")?, text("path_bytes")?, text("part")?)?,
        rule: required("rule")?.to_owned(),
        reason: required("reason")?.to_owned(),
        added: day("added", required("added")?)?,
        until: text("until")?.map(|text| day("until", text)).transpose()?,
        line: number,
    })
}

fn place(path: Option<&str>, bytes: Option<&str>, part: Option<&str>) -> Result<BaselinePlace, String> {
    match (path, bytes, part) {
        (Some(""), _, None) => Err("path is empty".to_owned()),
        (Some(path), None, None) => Ok(BaselinePlace::Path(path.as_bytes().to_vec())),
        (Some(_), Some(bytes), None) => {
            BASE64.decode(bytes.as_bytes()).map(BaselinePlace::Path).map_err(|_| "path_bytes must be base64".to_owned())
        }
        (None, None, Some(name)) => {
            let part = PARTS.iter().find(|part| part.name() == name);
            part.map(|part| BaselinePlace::Part(part.name())).ok_or_else(|| {
                let names: BTreeSet<&str> = PARTS.iter().map(|part| part.name()).collect();
                format!("part must be one of {}", names.into_iter().collect::<Vec<_>>().join(", "))
            })
        }
        _ => Err("an entry needs either the key path or the key part".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef";

    fn line(fields: &str) -> String {
        format!("{{\"fingerprint\":\"{ID}\",{fields},\"rule\":\"r\",\"reason\":\"x\",\"added\":\"2026-01-02\"}}\n")
    }

    fn day(text: &str) -> Date {
        Date::parse(text).expect("a date")
    }

    fn id() -> Fingerprint {
        Fingerprint::parse(ID).expect("a fingerprint")
    }

    #[test]
    fn an_entry_covers_its_token_at_its_place_until_its_day() {
        let text = line("\"path\":\"a\",\"until\":\"2026-05-05\"") + &line("\"part\":\"message\"");
        let baseline = Baseline::parse(text.as_bytes()).expect("a baseline");
        let cover = |place: &BaselinePlace, today| baseline.cover(id(), place, day(today));
        let path = |path: &str| BaselinePlace::Path(path.into());
        assert_eq!(cover(&path("a"), "2026-05-05"), Cover::Covered);
        assert_eq!(cover(&path("a"), "2026-05-06"), Cover::Expired(day("2026-05-05")));
        assert_eq!(cover(&path("b"), "2026-05-05"), Cover::Elsewhere);
        assert_eq!(cover(&BaselinePlace::Part("message"), "2030-01-01"), Cover::Covered);
        assert_eq!(cover(&BaselinePlace::Part("person"), "2026-01-01"), Cover::Elsewhere);
        assert_eq!(baseline.cover(Fingerprint::from_bits(1), &path("a"), day("2026-05-05")), Cover::Unknown);
    }

    #[test]
    fn normalizing_sorts_keeps_the_head_and_drops_duplicates() {
        let text = String::from("# mine\n\n")
            + &line("\"path\":\"b\"")
            + &line("\"path\":\"a\",\"until\":\"2026-05-05\"")
            + &line("\"path\":\"a\",\"until\":\"2026-06-05\"")
            + "# lost\r\n"
            + &line("\"path\":\"b\",\"until\":\"2026-05-05\"");
        let mut baseline = Baseline::parse(text.as_bytes()).expect("a baseline");
        baseline.normalize();
        let written = baseline.to_text();
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines.len(), 3, "{written}");
        assert_eq!(lines[0], "# mine");
        assert!(lines[1].contains("\"a\"") && lines[1].contains("2026-06-05"), "{written}");
        assert!(lines[2].contains("\"b\"") && !lines[2].contains("until"), "{written}");
        assert_eq!(Baseline::parse(written.as_bytes()).expect("the same").to_text(), written);
    }

    #[test]
    fn paths_of_any_bytes_come_back() {
        for path in [&b"a\xff\n\"b"[..], "ünï\u{202e}.txt".as_bytes(), b"\xff", b"sk_live_\xe2\x80\xa6abcd"] {
            let mut baseline = Baseline::default();
            baseline.add(BaselineEntry {
                fingerprint: id(),
                place: BaselinePlace::Path(path.to_vec()),
                rule: "r".to_owned(),
                reason: "\u{1}\n".to_owned(),
                added: day("2026-01-02"),
                until: None,
                line: 0,
            });
            let read = Baseline::parse(baseline.to_text().as_bytes()).expect("what was written");
            assert_eq!(read.entries()[0].place, BaselinePlace::Path(path.to_vec()));
        }
    }

    #[test]
    fn an_error_names_the_line() {
        let good = line("\"path\":\"a\"");
        for (bad, message) in [
            ("<<<<<<< HEAD", "conflict marker"),
            ("=======", "conflict marker"),
            ("nonsense", "JSON object"),
            ("[1]", "JSON object"),
            (&line("\"path\":\"a\",\"pth\":\"b\""), "unknown key pth; did you mean path?"),
            (&line("\"path\":1"), "path must be a string"),
            (&line("\"path\":\"\""), "path is empty"),
            (&line("\"path\":\"a\",\"part\":\"message\""), "either the key path or the key part"),
            (&line("\"until\":\"2026-01-01\""), "either the key path or the key part"),
            (&line("\"part\":\"name\""), "part must be one of content, header, message, person, ref"),
            (&line("\"path\":\"a\",\"until\":\"tomorrow\""), "until must be a date"),
            (&line("\"path\":\"a\",\"path_bytes\":\"?\""), "path_bytes must be base64"),
            (&good.replace(ID, "0123"), "16 lower-case hex digits"),
            (&good.replace("rule", "reason"), "needs the key rule"),
        ] {
            let text = format!("# x\n{good}{bad}\n{good}");
            let error = Baseline::parse(text.as_bytes()).expect_err(bad);
            assert_eq!(error.line, 3, "{bad}");
            assert!(error.message.contains(message), "{bad}: {}", error.message);
        }
    }

    #[test]
    fn a_hundred_thousand_entries_take_linear_time() {
        let time = |entries: usize| {
            let lines = (0..entries).map(|at| line(&format!("\"path\":\"p{at}\"")).replace(ID, &format!("{at:016x}")));
            let text: String = lines.collect();
            let started = std::time::Instant::now();
            let mut baseline = Baseline::parse(text.as_bytes()).expect("a baseline");
            baseline.normalize();
            assert_eq!(baseline.to_text().lines().count(), entries + 2);
            started.elapsed()
        };
        let (small, large) = (time(10_000), time(100_000));
        assert!(large < small * 40 + std::time::Duration::from_millis(500), "{small:?}, {large:?}");
    }
}
