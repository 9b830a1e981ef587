//! What git passes to a push hook: which refs are to be updated, and where they go.

/// A ref that is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Its full name in the other repository: `refs/heads/main`.
    pub name: Vec<u8>,
    /// The hex id that it has there. None where the ref is new.
    pub old: Option<String>,
    /// The hex id that it gets.
    pub new: String,
    /// Whether the push may leave it out. Its name and its tag are scanned only where its commits are new.
    pub perhaps: bool,
}

/// Where a push goes, as git reports it to the hook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// The name of the remote, or the URL where the push names no remote.
    pub name: Option<Vec<u8>>,
    pub url: Option<Vec<u8>>,
    /// Whether git asked the remote just now, so that a ref without an old id is one that it lacks.
    pub is_live: bool,
}

/// The help for a push that is stopped because of commits that the other side may have already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// The remote or the URL to pass to `git fetch`, so that the next push knows what the other side has. None where no URL was
    /// passed.
    pub fetch: Option<Vec<u8>>,
    /// Whether it is unknown what the other side has.
    pub is_unsure: bool,
    /// The URL that a remote fetches from and the URL of the push, where only the user can know whether both name one repository.
    pub pair: Option<(Vec<u8>, Vec<u8>)>,
}

/// What the receiving repository has already, besides the old ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// What the repository at the destination is known to have.
    At(Destination),
    /// What is reachable from the refs of this repository.
    OwnRefs,
    /// Nothing more.
    Nothing,
}
