//! What a scan can say about a token, in plain types of which none can print one.
//!
//! A token's bytes live in [`Secret`] only while the unit that holds them is in memory. What travels on is its
//! [`Fingerprint`] and its [`Redacted`] form: nothing downstream has anything to leak.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::rule::{Rule, Severity, Vendor};
pub use crate::text::Span;

/// The bytes of one token, borrowed from what was scanned. Prints as `[redacted]` and compares by fingerprint only.
#[derive(Clone, Copy)]
pub struct Secret<'a>(&'a [u8]);

impl<'a> Secret<'a> {
    pub fn new(token: &'a [u8]) -> Self {
        Self(token)
    }

    /// The name under which this token may be spoken of.
    pub fn fingerprint(self) -> Fingerprint {
        let digest = Sha256::digest(self.0);
        Fingerprint(u64::from_be_bytes(digest[..8].try_into().expect("a SHA-256 has 32 bytes")))
    }

    /// `prefix…last4`: enough to recognise a token one has, too little to use one.
    pub fn redact(self, prefix_len: usize) -> Redacted {
        // Four of the shortest body (16) leave 12 unknown characters: 62^12 guesses.
        let tail = self.0.len().saturating_sub(4).max(prefix_len);
        Redacted(format!(
            "{}…{}",
            String::from_utf8_lossy(&self.0[..prefix_len]),
            String::from_utf8_lossy(&self.0[tail..])
        ))
    }
}

/// The bytes of one token, owned by whatever searches for them elsewhere. Prints as `[redacted]`, as [`Secret`] does.
#[derive(Clone)]
pub struct Token(Arc<[u8]>);

impl Token {
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// For the search and for the file with the replacements; nothing else may print or keep these bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Secret::new(&self.0).fingerprint()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The first 16 hex digits of the SHA-256 of a token, prefix included:
/// `printf %s "$TOKEN" | sha256sum | cut -c1-16`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Reads 16 lower-case hex digits, nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (text.len() == 16 && text.bytes().all(hex))
            .then(|| u64::from_str_radix(text, 16).expect("16 hex digits fit 64 bits"))
            .map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A token as it may be shown: prefix, an ellipsis, the last four characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted(String);

impl Redacted {
    /// Of a token so short, or so odd, that no part of it may be shown.
    pub fn nothing() -> Self {
        Self("…".to_owned())
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One way of writing a text other than plainly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Base64,
    Hex,
    Percent,
    StringEscapes,
    Entities,
    QuotedPrintable,
    Utf16,
    /// Plain text that line breaks cut.
    Lines,
}

impl Layer {
    fn name(self) -> &'static str {
        match self {
            Layer::Base64 => "base64",
            Layer::Hex => "hex",
            Layer::Percent => "percent-encoding",
            Layer::StringEscapes => "string escapes",
            Layer::Entities => "HTML entities",
            Layer::QuotedPrintable => "quoted-printable",
            Layer::Lines => "several lines",
            Layer::Utf16 => "UTF-16",
        }
    }
}

/// How the token was written, where it was not written plainly: the outermost layer first. Printed as
/// `base64 of percent-encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    outermost: Layer,
    within: [Option<Layer>; Encoding::DEPTH - 1],
}

impl Encoding {
    /// How many layers are looked through.
    pub const DEPTH: usize = 3;

    /// `inner`, which has fewer layers than the deepest, written once more.
    pub(crate) fn wrap(outermost: Layer, inner: Option<Encoding>) -> Self {
        let mut within = [None; Self::DEPTH - 1];
        if let Some(inner) = inner {
            within[0] = Some(inner.outermost);
            within[1..].copy_from_slice(&inner.within[..Self::DEPTH - 2]);
        }
        Self { outermost, within }
    }

    pub fn outermost(self) -> Layer {
        self.outermost
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.outermost.name())?;
        self.within.iter().flatten().try_for_each(|layer| write!(f, " of {}", layer.name()))
    }
}

/// Which part of a file, a commit or a repository holds the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Content,
    /// The file's own path.
    Name,
    /// The text of a symbolic link.
    SymlinkTarget,
    /// The message of a commit or of a tag.
    Message,
    /// An author, committer or tagger: name and address.
    Person,
    /// Another header of a commit or tag: a signature, a merged tag with its message.
    Header,
    /// The name of a branch or tag.
    Ref,
}

impl Part {
    pub fn name(self) -> &'static str {
        match self {
            Part::Content => "content",
            Part::Name => "name",
            Part::SymlinkTarget => "symlink",
            Part::Message => "message",
            Part::Person => "person",
            Part::Header => "header",
            Part::Ref => "ref",
        }
    }

    /// Whether it is text of which a line can be named.
    pub fn has_lines(self) -> bool {
        matches!(self, Part::Content | Part::Message)
    }
}

/// The git object that brought what was scanned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Its place among those that were scanned: the oldest first.
    pub order: usize,
    pub kind: OriginKind,
    /// All of its id, in hex.
    pub id: String,
}

/// What kind of object an [`Origin`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OriginKind {
    Commit,
    /// A commit without parents.
    RootCommit,
    /// A commit with several.
    MergeCommit,
    /// An annotated tag.
    Tag,
    Blob,
    Tree,
}

impl OriginKind {
    pub fn is_commit(self) -> bool {
        matches!(self, OriginKind::Commit | OriginKind::RootCommit | OriginKind::MergeCommit)
    }

    pub fn name(self) -> &'static str {
        match self {
            OriginKind::Commit | OriginKind::RootCommit | OriginKind::MergeCommit => "commit",
            OriginKind::Tag => "tag",
            OriginKind::Blob => "blob",
            OriginKind::Tree => "tree",
        }
    }
}

/// Line and columns count from 1, columns in bytes; `end_column` is the first column behind the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
    pub end_column: usize,
}

/// A path fit for every output: repository-relative with `/`, every token in it masked, other bytes as they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShownPath(Vec<u8>);

impl ShownPath {
    /// `masked` must have gone through [`crate::detect::Detector::mask`].
    pub(crate) fn from_masked(masked: Vec<u8>) -> Self {
        Self(masked)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// So many tokens a report for people shows. No more of one unit have an excerpt: on a line of a megabyte with 30,000 tokens
/// they took 14 s.
pub const SHOWN_TOKENS: usize = 25;

/// One line of text round a token: masked, escaped, cut to the width of a terminal, with the place of the caret.
#[derive(Clone, Debug)]
pub struct Excerpt {
    pub text: String,
    /// Terminal columns in front of the token, and those it takes, counted in `text`.
    pub caret_start: usize,
    pub caret_width: usize,
}

/// One place where one token stands.
#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: &'static Rule,
    pub severity: Severity,
    pub fingerprint: Fingerprint,
    pub redacted: Redacted,
    /// None where there is no file: a commit's message, an author, the name of a branch.
    pub path: Option<ShownPath>,
    pub part: Part,
    /// None where the source is no history.
    pub origin: Option<Origin>,
    /// None where there is no line: a name.
    pub position: Option<Position>,
    pub encoding: Option<Encoding>,
    /// Whether no rule finds it there: it was sought by the value that it has elsewhere.
    pub by_value: bool,
    /// The vendors that are named near the token, where several issue its shape. A guess, for the advice alone.
    pub likely: Vec<&'static Vendor>,
    /// The text round it. None behind the first places of [`SHOWN_TOKENS`] tokens in a unit, and where it is allowed; names all
    /// have it.
    pub excerpt: Option<Excerpt>,
}

impl Finding {
    /// The name itself, masked, where that holds the token.
    pub fn name(&self) -> Option<&str> {
        self.excerpt.as_ref().filter(|_| self.part == Part::Name).map(|excerpt| excerpt.text.as_str())
    }

    /// Where it stands in the archive that a sweep of the history unpacked: `!/inner/name`, or nothing for the archive's own
    /// bytes. Other blobs have no path of their own, since trees give them theirs.
    pub fn path_in_archive(&self) -> Option<&ShownPath> {
        let in_blob = self.origin.as_ref().is_some_and(|origin| origin.kind == OriginKind::Blob);
        self.path.as_ref().filter(|_| cfg!(feature = "archives") && in_blob)
    }
}
