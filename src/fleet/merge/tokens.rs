//! Joins the places of each token, and puts the worst token first.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};

use super::bytes::{Reader, damaged, put_text};
use super::record::{Fact, Place};
use super::sorter::{Sorted, Sorter};
use super::totals::Totals;
use crate::atomic_file;
use crate::finding::Fingerprint;
use crate::git::date::seconds;
use crate::rule::Severity;

/// The buffer for the places of one token.
const BUFFER: u64 = 32 << 10;

/// A token in all repositories.
#[derive(Clone, Debug)]
pub struct Token {
    pub fingerprint: Fingerprint,
    /// The place with the highest severity, for the rule and the redacted form.
    pub worst: Place,
    /// In how many repositories the token is, and at HEAD of how many.
    pub repositories: u64,
    pub at_head: u64,
    /// The repository with the earliest date, and the place there. If no date is known, the first by name.
    pub first: (String, Place),
}

/// Collects the places of tokens.
pub struct Tokens {
    sorter: Sorter,
    added: u64,
    record: Vec<u8>,
}

impl Tokens {
    pub fn new() -> Self {
        Self { sorter: Sorter::new(), added: 0, record: Vec::new() }
    }

    /// Adds a finding. If the token was added before for the same repository, that place remains.
    pub fn add(&mut self, repository: &str, hash: [u8; 16], fact: &Fact) -> io::Result<()> {
        let record = &mut self.record;
        record.clear();
        record.extend(fact.fingerprint.to_string().as_bytes());
        // Sorts by name. Two names may be masked alike, so the hash follows. A masked name has no control character.
        record.extend(repository.as_bytes());
        record.push(0);
        record.extend(hash);
        record.extend(self.added.to_be_bytes());
        self.added += 1;
        fact.place.write(record);
        self.sorter.push(record)
    }

    /// Joins the places, and counts the tokens.
    pub fn finish(self, totals: &mut Totals) -> io::Result<Ranked> {
        let mut records = self.sorter.finish()?;
        let mut joining = Joining::new()?;
        let mut record = Vec::new();
        while records.next_into(&mut record)? {
            joining.add(&record)?;
        }
        joining.end_token()?;
        drop(records);
        let Joining { places, ranks, tokens, at_head, .. } = joining;
        (totals.tokens, totals.at_head) = (tokens, at_head);
        let places = places.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Ranked { places, ranks: ranks.finish()?, record: Vec::new() })
    }
}

/// Joins records that are sorted by token.
struct Joining {
    /// The places of one token after those of another.
    places: BufWriter<File>,
    written: u64,
    /// Where the places of the next token start.
    start: u64,
    /// The tokens, by rank, with their places in the file.
    ranks: Sorter,
    current: Option<Current>,
    tokens: u64,
    at_head: u64,
}

struct Current {
    token: Token,
    /// When the token was first introduced.
    time: Option<i64>,
    /// The repository of the last record.
    hash: [u8; 16],
    /// Where the places start in the file.
    start: u64,
}

impl Joining {
    fn new() -> io::Result<Self> {
        let places = BufWriter::with_capacity(1 << 18, atomic_file::unnamed()?);
        Ok(Self { places, written: 0, start: 0, ranks: Sorter::new(), current: None, tokens: 0, at_head: 0 })
    }

    fn add(&mut self, record: &[u8]) -> io::Result<()> {
        let mut from = Reader(record);
        let fingerprint = fingerprint(&mut from)?;
        let end = memchr::memchr(0, from.0).ok_or_else(damaged)?;
        let repository = String::from_utf8(from.bytes(end)?.to_vec()).map_err(|_| damaged())?;
        from.u8()?;
        let hash = from.array()?;
        from.u64()?;
        if self.current.as_ref().is_some_and(|current| current.token.fingerprint != fingerprint) {
            self.end_token()?;
        } else if self.current.as_ref().is_some_and(|current| current.hash == hash) {
            return Ok(());
        }
        let place = Place::read(&mut from)?;
        self.write_place(&repository, &place)?;
        self.join(fingerprint, hash, repository, place);
        Ok(())
    }

    fn write_place(&mut self, repository: &str, place: &Place) -> io::Result<()> {
        let mut bytes = Vec::new();
        put_text(&mut bytes, repository);
        place.write(&mut bytes);
        let len = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        if self.current.is_none() {
            self.start = self.written;
        }
        self.places.write_all(&len.to_be_bytes())?;
        self.places.write_all(&bytes)?;
        self.written += 4 + u64::from(len);
        Ok(())
    }

    fn join(&mut self, fingerprint: Fingerprint, hash: [u8; 16], repository: String, place: Place) {
        let time = place.date.as_deref().and_then(seconds);
        let Some(current) = &mut self.current else {
            let at_head = u64::from(place.at_head);
            let first = (repository, place.clone());
            let token = Token { fingerprint, worst: place, repositories: 1, at_head, first };
            self.current = Some(Current { token, time, hash, start: self.start });
            return;
        };
        current.hash = hash;
        current.token.repositories += 1;
        current.token.at_head += u64::from(place.at_head);
        if time.is_some_and(|time| current.time.is_none_or(|first| time < first)) {
            current.time = time;
            current.token.first = (repository, place.clone());
        }
        if place.severity > current.token.worst.severity {
            current.token.worst = place;
        }
    }

    /// The worst token is the most severe one, then the one at HEAD of most repositories, then the one in most, then the oldest.
    fn end_token(&mut self) -> io::Result<()> {
        let Some(Current { token, time, start, .. }) = self.current.take() else { return Ok(()) };
        self.tokens += 1;
        self.at_head += u64::from(token.at_head > 0);
        let mut record = Vec::new();
        record.push(Severity::High as u8 - token.worst.severity as u8);
        record.extend((!token.at_head).to_be_bytes());
        record.extend((!token.repositories).to_be_bytes());
        // Negative numbers sort before positive ones, and unknown dates last.
        record.extend((time.unwrap_or(i64::MAX).cast_unsigned() ^ 1 << 63).to_be_bytes());
        record.extend(token.fingerprint.to_string().as_bytes());
        record.extend(start.to_be_bytes());
        record.extend((self.written - start).to_be_bytes());
        put_text(&mut record, &token.first.0);
        token.first.1.write(&mut record);
        token.worst.write(&mut record);
        self.ranks.push(&record)
    }
}

fn fingerprint(from: &mut Reader<'_>) -> io::Result<Fingerprint> {
    std::str::from_utf8(from.bytes(16)?).ok().and_then(Fingerprint::parse).ok_or_else(damaged)
}

/// All tokens, the worst first.
pub struct Ranked {
    places: File,
    ranks: Sorted,
    record: Vec<u8>,
}

impl Ranked {
    /// The next token, with its places, one in each repository, by the names of the repositories.
    pub fn next_token(&mut self) -> io::Result<Option<(Token, Places<'_>)>> {
        if !self.ranks.next_into(&mut self.record)? {
            return Ok(None);
        }
        let mut from = Reader(&self.record);
        from.u8()?;
        let (at_head, repositories) = (!from.u64()?, !from.u64()?);
        from.u64()?;
        let fingerprint = fingerprint(&mut from)?;
        let (start, len) = (from.u64()?, from.u64()?);
        let first = (from.text()?, Place::read(&mut from)?);
        let worst = Place::read(&mut from)?;
        self.places.seek(SeekFrom::Start(start))?;
        let capacity = usize::try_from(len.min(BUFFER)).unwrap_or_default();
        let places = Places { from: BufReader::with_capacity(capacity, (&self.places).take(len)), left: repositories };
        Ok(Some((Token { fingerprint, worst, repositories, at_head, first }, places)))
    }
}

/// The places of one token.
pub struct Places<'r> {
    from: BufReader<io::Take<&'r File>>,
    left: u64,
}

impl Places<'_> {
    /// The next repository, and the place of the token in it.
    pub fn next_place(&mut self) -> io::Result<Option<(String, Place)>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut len = [0; 4];
        self.from.read_exact(&mut len)?;
        let mut bytes = vec![0; u32::from_be_bytes(len) as usize];
        self.from.read_exact(&mut bytes)?;
        let mut from = Reader(&bytes);
        Ok(Some((from.text()?, Place::read(&mut from)?)))
    }
}
