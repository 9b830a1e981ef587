//! The model of a finding. No type here can print a token.
//!
//! The bytes of a token are in [`Secret`], which lives only as long as the unit that contains them. A finding has its
//! [`Fingerprint`] and its [`Redacted`] form, so later stages cannot leak it.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::rule::{Rule, Severity, Vendor};
pub use crate::text::Span;

/// The bytes of a token, borrowed from the scanned bytes. Prints as `[redacted]`; use the fingerprint to compare tokens.
#[derive(Clone, Copy)]
pub struct Secret<'a>(&'a [u8]);

impl<'a> Secret<'a> {
    pub fn new(token: &'a [u8]) -> Self {
        Self(token)
    }

    /// An id for this token that may be printed.
    pub fn fingerprint(self) -> Fingerprint {
        let digest = Sha256::digest(self.0);
        Fingerprint(u64::from_be_bytes(digest[..8].try_into().expect("a SHA-256 has 32 bytes")))
    }

    /// Returns `prefix…last4`, where the prefix has `prefix_len` bytes. That is enough to recognize a token that one has,
    /// and too little to use it.
    pub fn redact(self, prefix_len: usize) -> Redacted {
        // The shortest body has 16 characters. Showing 4 leaves 12 unknown ones: 62^12 guesses.
        let tail = self.0.len().saturating_sub(4).max(prefix_len);
        Redacted(format!(
            "{}…{}",
            String::from_utf8_lossy(&self.0[..prefix_len]),
            String::from_utf8_lossy(&self.0[tail..])
        ))
    }
}

/// The bytes of a token, owned, for searching it elsewhere. Prints as `[redacted]`, as [`Secret`] does.
#[derive(Clone)]
pub struct Token(Arc<[u8]>);

impl Token {
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The token. Only the search and the writer of a replacements file may use it; nothing may print or store it.
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

/// The first 16 hex digits of the SHA-256 of a token, including its prefix. The same as
/// `printf %s "$TOKEN" | sha256sum | cut -c1-16`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Parses exactly 16 lowercase hex digits.
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

/// A redacted token that may be printed: its prefix, an ellipsis, the last four characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted(String);

impl Redacted {
    /// Shows no part of the token. For one that is too short, or has no prefix.
    pub fn nothing() -> Self {
        Self("…".to_owned())
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An encoding in which a token can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Base64,
    Hex,
    Percent,
    StringEscapes,
    Entities,
    QuotedPrintable,
    Utf16,
    Utf32,
    /// Plain text that is wrapped over several lines.
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
            Layer::Utf32 => "UTF-32",
        }
    }
}

/// The encodings of a token that is not written in plain text, outermost first. Displayed as `base64 of percent-encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    outermost: Layer,
    within: [Option<Layer>; Encoding::DEPTH - 1],
}

impl Encoding {
    /// The maximum number of nested encodings.
    pub const DEPTH: usize = 3;

    /// Adds a layer around `inner`, which must have fewer than [`Self::DEPTH`] layers.
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

/// The part of a file, a commit or a repository that contains the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Content,
    /// The path of the file.
    Name,
    /// The target of a symbolic link.
    SymlinkTarget,
    /// The message of a commit or tag.
    Message,
    /// The name and address of an author, committer or tagger.
    Person,
    /// Another header of a commit or tag, such as a signature or a merged tag.
    Header,
    /// The name of a ref.
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

    /// Whether the part is text with line numbers.
    pub fn has_lines(self) -> bool {
        matches!(self, Part::Content | Part::Message)
    }
}

/// The git object that contains or introduces a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The position among the scanned objects, oldest first.
    pub order: usize,
    pub kind: OriginKind,
    /// The full id, in hex.
    pub id: String,
}

/// The kind of an [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OriginKind {
    Commit,
    /// A commit without parents.
    RootCommit,
    /// A commit with several parents.
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

/// A position in text. Lines and columns start at 1, and columns count bytes. `end_column` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
    pub end_column: usize,
    /// `column` and `end_column` counted in UTF-16 code units, as SARIF, editors and GitHub count.
    pub utf16_column: usize,
    pub utf16_end_column: usize,
}

/// A path that is safe to print. It is relative to the repository, with `/` as the separator. Tokens in it are masked; all
/// other bytes are unchanged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShownPath(Vec<u8>);

impl ShownPath {
    /// `masked` must be the result of [`crate::detect::Detector::mask`].
    pub(crate) fn from_masked(masked: Vec<u8>) -> Self {
        Self(masked)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// At most this many tokens of a unit get an excerpt, and a human-readable report shows at most this many tokens. Without
/// the limit, the excerpts for a line of 1 MB with 30,000 tokens took 14 s.
pub const SHOWN_TOKENS: usize = 25;

/// A line of text around a token, masked, escaped and cut to the width of a terminal, with the position of the caret.
#[derive(Clone, Debug)]
pub struct Excerpt {
    pub text: String,
    /// The terminal columns before the token and those of the token, counted in `text`.
    pub caret_start: usize,
    pub caret_width: usize,
}

/// Why the baseline does not cover a token that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Its entries are for other places.
    Elsewhere,
    /// Its entry was in force until this day: `2026-11-29`.
    Expired(String),
}

/// One occurrence of a token.
#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: &'static Rule,
    pub severity: Severity,
    pub fingerprint: Fingerprint,
    pub redacted: Redacted,
    /// None if the token is not in a file but, for example, in a commit message or in the name of a branch.
    pub path: Option<ShownPath>,
    pub part: Part,
    /// None if the source is not a history.
    pub origin: Option<Origin>,
    /// None if the part has no line numbers.
    pub position: Option<Position>,
    pub encoding: Option<Encoding>,
    /// Whether only a search for the known value found it here, and no rule.
    pub by_value: bool,
    /// What the baseline says about the token, if it has entries for it that do not cover this place.
    pub known: Option<Known>,
    /// The vendors that are named near the token, if several issue tokens of its shape. This is a guess, used only for advice.
    pub likely: Vec<&'static Vendor>,
    /// The text around the token. In a unit, only the first occurrence of each of the first [`SHOWN_TOKENS`] tokens has one.
    /// Allowed findings have none. Names always have one.
    pub excerpt: Option<Excerpt>,
}

impl Finding {
    /// The masked name, if the token is in a name.
    pub fn name(&self) -> Option<&str> {
        self.excerpt.as_ref().filter(|_| self.part == Part::Name).map(|excerpt| excerpt.text.as_str())
    }

    /// The path inside an archive, if a scan of the history unpacked the blob: `!/inner/name`, or empty for the bytes of the
    /// archive itself. Other blobs have no path here, since trees have it.
    pub fn path_in_archive(&self) -> Option<&ShownPath> {
        let in_blob = self.origin.as_ref().is_some_and(|origin| origin.kind == OriginKind::Blob);
        self.path.as_ref().filter(|_| cfg!(feature = "archives") && in_blob)
    }
}
