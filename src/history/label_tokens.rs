//! Under which names each token can be reached.

use std::collections::{BTreeSet, HashMap};

use gix::ObjectId;

use crate::history::labels::{Label, Named, names};
use crate::history::token_history::{TokenHistory, Tracer};

impl Tracer<'_> {
    /// Puts on each trace the names under which its token can be reached. `carriers` are, for each token, the commits
    /// that brought it.
    pub(super) fn label(&self, carriers: &[Vec<u32>], traces: &mut [TokenHistory]) {
        let names = names(self.history);
        let tips = self.label_directly(&names, traces);
        let children = self.commits.children();
        let mut met = vec![usize::MAX; self.commits.list.len()];
        for (token, trace) in traces.iter_mut().enumerate() {
            let mut next = carriers[token].clone();
            while let Some(commit) = next.pop() {
                if std::mem::replace(&mut met[commit as usize], token) != token {
                    trace.labels.extend(tips.get(&commit).into_iter().flatten().map(|label| (*label).clone()));
                    next.extend(&children[commit as usize]);
                }
            }
        }
        self.label_staged(traces);
        for trace in traces {
            leave_out_implied(&mut trace.labels);
        }
    }

    /// Those that lead to a tag's words, a tree or a blob. Returns which lead to which commit.
    fn label_directly<'n>(&self, names: &'n [Named], traces: &mut [TokenHistory]) -> HashMap<u32, BTreeSet<&'n Label>> {
        let mut tips: HashMap<u32, BTreeSet<&Label>> = HashMap::new();
        for named in names {
            // A tag of a tag: what is on the way holds words of its own.
            for id in self.commits.chain(&named.id) {
                if let Some(commit) = self.commits.number(&id) {
                    tips.entry(commit).or_default().insert(&named.label);
                }
                for token in self.held_by(&id) {
                    traces[token].labels.insert(named.label.clone());
                }
            }
        }
        tips
    }

    /// The tokens in the object itself, or in what stands below it.
    fn held_by(&self, id: &ObjectId) -> BTreeSet<usize> {
        let mut tokens: BTreeSet<usize> = self.holders.words.get(id).into_iter().flatten().copied().collect();
        tokens
            .extend(self.holders.numbers.get(id).into_iter().flat_map(|&number| &self.holders.tokens[number as usize]));
        if let Some(tree) = self.trees.number(id) {
            tokens.extend(self.tokens_of_tree(tree).iter());
        }
        tokens
    }

    /// What the indexes of the worktrees hold.
    fn label_staged(&self, traces: &mut [TokenHistory]) {
        for change in &self.history.staged {
            for token in self.held_by(&change.id) {
                traces[token].labels.insert(Label::Index);
                traces[token].staged.push((change.path.clone(), change.id.to_string()));
            }
        }
    }
}

/// HEAD is a branch, and reflogs name the same commits: where a branch, a tag or a remote leads to the token, they say nothing
/// more. A stash does: it keeps its own copy when the branch is rewritten.
fn leave_out_implied(labels: &mut BTreeSet<Label>) {
    if labels.iter().any(|label| matches!(label, Label::Remote(_) | Label::Branch(_) | Label::Tag(_))) {
        let is_head = |label: &Label| matches!(label, Label::Other(name) if name == b"HEAD");
        labels.retain(|label| !matches!(label, Label::Reflog(_)) && !is_head(label));
    } else if labels.contains(&Label::Stash) {
        labels.retain(|label| !matches!(label, Label::Reflog(_)));
    }
}
