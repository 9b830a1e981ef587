//! The decoded content of a stream, up to a limit.

use std::io::{self, Read};

use crate::scan::archive::limits::{Account, Limit};

/// Why a stream was not read to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    Damaged(String),
    /// It is intact, but its format is not supported.
    Unsupported(String),
    Full,
}

impl From<io::Error> for Stop {
    fn from(err: io::Error) -> Self {
        Stop::damaged(&err.to_string())
    }
}

impl Stop {
    pub fn damaged(how: &str) -> Self {
        Stop::Damaged(format!("it is damaged or cut short ({how})"))
    }
}

/// The smallest and the largest step in which a content grows.
const STEPS: (usize, usize) = (8 << 10, 16 << 20);

pub(crate) struct Content<'a, 'b> {
    bytes: Vec<u8>,
    most: usize,
    account: &'a mut Account<'b>,
}

impl<'a, 'b> Content<'a, 'b> {
    pub fn new(account: &'a mut Account<'b>) -> Self {
        let most = usize::try_from(account.room().0).unwrap_or(usize::MAX - 1);
        Self { bytes: Vec::new(), most, account }
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn since(&self, start: usize) -> &[u8] {
        &self.bytes[start..]
    }

    /// Appends all bytes of `from`. On an error, the bytes read so far are kept.
    pub fn fill(&mut self, from: &mut dyn Read) -> Result<(), Stop> {
        loop {
            let len = self.bytes.len();
            // One byte more than the limit shows that there is more.
            let step = len.clamp(STEPS.0, STEPS.1).min(self.most + 1 - len);
            self.account.before_growing((len + step) as u64);
            self.bytes.reserve_exact(step);
            self.bytes.resize(len + step, 0);
            let read = from.read(&mut self.bytes[len..]);
            self.bytes.truncate(len + read.as_ref().copied().unwrap_or(0));
            match read {
                Ok(0) => return Ok(()),
                Ok(_) if self.bytes.len() > self.most => {
                    self.bytes.truncate(self.most);
                    return Err(Stop::Full);
                }
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) => return Err(err.into()),
                Ok(_) => {}
            }
        }
    }

    /// The content, which the account holds and has paid for, and the limit that cut it.
    pub fn finish(self, full: bool) -> (Vec<u8>, Option<Limit>) {
        let (_, limit) = self.account.room();
        let len = self.bytes.len() as u64;
        self.account.hold(len);
        let spent = self.account.spend(len).err();
        (self.bytes, spent.or(full.then_some(limit)))
    }
}
