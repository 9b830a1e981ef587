//! What a walk needs of a commit object.

use gix::ObjectId;
use gix::objs::commit::ref_iter::Token;

/// A commit, as far as the walk and the comparison with its parents need it.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub tree: ObjectId,
    /// None of them where a shallow clone ends.
    pub parents: Vec<ObjectId>,
    /// When it was committed, in seconds since 1970.
    pub date: i64,
}

impl Commit {
    /// Reads a commit object. With a date that is none it counts as very old; a commit without a tree is none.
    pub fn parse(bytes: &[u8], hash: gix::hash::Kind) -> gix::Result<Self> {
        let mut tokens = gix::objs::CommitRefIter::from_bytes(bytes, hash);
        let mut commit = Self { tree: tokens.tree_id()?, parents: Vec::new(), date: 0 };
        for token in tokens {
            match token {
                Ok(Token::Parent { id }) => commit.parents.push(id),
                Ok(Token::Committer { signature }) => commit.date = signature.seconds(),
                Ok(Token::Tree { .. } | Token::Author { .. }) => {}
                // Persons are scanned, whatever they look like. A parent that is none is no parent: more is scanned.
                Ok(_) | Err(_) => break,
            }
        }
        Ok(commit)
    }
}
