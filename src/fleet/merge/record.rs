//! What is kept of a finding: its token, and its place in one repository.

use std::io;

use super::bytes::{Reader, put_text};
use crate::finding::Fingerprint;
use crate::rule::Severity;

/// A token in one repository. All texts are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub rule: String,
    pub severity: Severity,
    pub redacted: String,
    /// Whether the files of HEAD contain the token.
    pub at_head: bool,
    /// Whether a ref reaches it.
    pub reachable: bool,
    /// The commit that introduced it, its date, and the path there, as far as they are known.
    pub commit: Option<String>,
    pub date: Option<String>,
    pub path: Option<String>,
}

/// A finding of a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Fact {
    pub fingerprint: Fingerprint,
    pub place: Place,
}

impl Place {
    pub fn write(&self, out: &mut Vec<u8>) {
        let severity = match self.severity {
            Severity::High => 2,
            Severity::Medium => 1,
            Severity::Low => 0,
        };
        let optional = [&self.commit, &self.date, &self.path];
        let flags = optional.iter().enumerate().map(|(at, text)| u8::from(text.is_some()) << at).sum::<u8>();
        out.push(severity);
        out.push(flags | u8::from(self.at_head) << 3 | u8::from(self.reachable) << 4);
        put_text(out, &self.rule);
        put_text(out, &self.redacted);
        optional.into_iter().flatten().for_each(|text| put_text(out, text));
    }

    pub fn read(from: &mut Reader<'_>) -> io::Result<Self> {
        let severity = match from.u8()? {
            0 => Severity::Low,
            1 => Severity::Medium,
            _ => Severity::High,
        };
        let flags = from.u8()?;
        let (rule, redacted) = (from.text()?, from.text()?);
        let mut optional = |at: u8| (flags & 1 << at != 0).then(|| from.text()).transpose();
        Ok(Self {
            rule,
            severity,
            redacted,
            at_head: flags & 8 != 0,
            reachable: flags & 16 != 0,
            commit: optional(0)?,
            date: optional(1)?,
            path: optional(2)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Place {
            rule: "a".to_owned(),
            severity: Severity::Medium,
            redacted: "x…".to_owned(),
            at_head: true,
            reachable: false,
            commit: None,
            date: Some("today".to_owned()),
            path: Some(String::new()),
        };
        for place in [Place { commit: Some("c".to_owned()), at_head: false, reachable: true, ..place.clone() }, place] {
            let mut bytes = Vec::new();
            place.write(&mut bytes);
            assert_eq!(Place::read(&mut Reader(&bytes)).expect("whole"), place);
            assert!(Place::read(&mut Reader(&bytes[..bytes.len() - 1])).is_err());
        }
    }
}
