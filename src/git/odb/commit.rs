//! The fields of a commit object that a walk needs.

use gix::ObjectId;
use gix::objs::commit::ref_iter::Token;

/// The fields of a commit that a walk and a comparison with its parents need.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub tree: ObjectId,
    /// Empty at the boundary of a shallow clone.
    pub parents: Vec<ObjectId>,
    /// The committer date, in seconds since 1970.
    pub date: i64,
}

impl Commit {
    /// Parses a commit object. An invalid date counts as 1970. Fails if there is no valid tree.
    pub fn parse(bytes: &[u8], hash: gix::hash::Kind) -> gix::Result<Self> {
        let mut tokens = gix::objs::CommitRefIter::from_bytes(bytes, hash);
        let mut commit = Self { tree: tokens.tree_id()?, parents: Vec::new(), date: 0 };
        for token in tokens {
            match token {
                Ok(Token::Parent { id }) => commit.parents.push(id),
                Ok(Token::Committer { signature }) => commit.date = signature.seconds(),
                Ok(Token::Tree { .. } | Token::Author { .. }) => {}
                // The author and committer lines are scanned even if they are invalid. An invalid parent is ignored, which
                // only makes the scan larger.
                Ok(_) | Err(_) => break,
            }
        }
        Ok(commit)
    }
}
