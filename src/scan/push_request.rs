//! What git passes to a push hook: which refs are to be updated, and where they go.

/// A ref on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// All of its name there: `refs/heads/main`.
    pub name: Vec<u8>,
    /// The hex id that it has there; None where it is new.
    pub old: Option<String>,
    /// The hex id that it is to have.
    pub new: String,
    /// Not certain to be pushed: its name and its tag count only where its commits are new.
    pub perhaps: bool,
}

/// Where a push goes, as git tells the hook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// The name of the remote, or the URL again where the push names no remote.
    pub name: Option<Vec<u8>>,
    pub url: Option<Vec<u8>>,
    /// Whether git asked the remote just now, so that a ref without an old id is one that it lacks.
    pub is_live: bool,
}

/// What helps where a push is stopped for commits that the other side may have already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// What to give to `git fetch`, a remote or a URL, so that the next push knows. None where no URL was passed.
    pub fetch: Option<Vec<u8>>,
    /// Whether something that the other side may have is unknown.
    pub is_unsure: bool,
    /// The URL that a remote fetches from and the one of the push, where the user may know that they name one repository.
    pub pair: Option<(Vec<u8>, Vec<u8>)>,
}

/// What the receiving side has already, besides the old ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// What the repository there is known to have.
    At(Destination),
    /// What the refs of this very repository lead to.
    OwnRefs,
    /// Nothing more.
    Nothing,
}
