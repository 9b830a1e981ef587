//! Finds the names from which each token is reachable, and the first push of each.

use std::collections::{BTreeSet, HashMap};

use gix::ObjectId;

use crate::history::labels::{Label, NamedObject, named_objects, recorded_pushes};
use crate::history::token_history::{FirstPush, TokenHistory, Tracer};

impl Tracer<'_> {
    /// Adds to each trace the names from which its token is reachable, and the first push of it. `introducing` has, for each token,
    /// the commits that introduced it.
    pub(super) fn label(&self, introducing: &[Vec<u32>], traces: &mut [TokenHistory]) {
        let names = named_objects(self.history);
        let tips = self.label_directly(&names, traces);
        let pushes = self.first_pushes();
        let mut visited_for = vec![usize::MAX; self.commits.list.len()];
        for (token, trace) in traces.iter_mut().enumerate() {
            let mut next = introducing[token].clone();
            while let Some(commit) = next.pop() {
                if std::mem::replace(&mut visited_for[commit as usize], token) != token {
                    trace.labels.extend(tips.get(&commit).into_iter().flatten().map(|label| (*label).clone()));
                    // A push of any descendant contains the commit.
                    trace.pushed = trace.pushed.take().into_iter().chain(pushes.get(&commit).cloned()).min();
                    next.extend(self.commits.children.of(commit));
                }
            }
        }
        self.label_staged(traces);
        for trace in traces {
            remove_implied(&mut trace.labels);
        }
    }

    /// Adds the names that refer to a tag message, a tree or a blob with a token. Returns the names of each commit.
    fn label_directly<'n>(
        &self,
        names: &'n [NamedObject],
        traces: &mut [TokenHistory],
    ) -> HashMap<u32, BTreeSet<&'n Label>> {
        let mut tips: HashMap<u32, BTreeSet<&Label>> = HashMap::new();
        for named in names {
            // A name may refer to a tag of a tag. Each tag has a message.
            for id in self.commits.peel_chain(&named.id) {
                if let Some(commit) = self.commits.number(&id) {
                    tips.entry(commit).or_default().insert(&named.label);
                }
                for token in self.tokens_of_object(&id) {
                    traces[token].labels.insert(named.label.clone());
                }
            }
        }
        tips
    }

    /// Returns the first recorded push of each commit that was pushed as the tip of a branch.
    fn first_pushes(&self) -> HashMap<u32, FirstPush> {
        let mut first: HashMap<u32, FirstPush> = HashMap::new();
        for push in recorded_pushes(self.history) {
            if let Some(commit) = self.commits.number(&push.id) {
                let push = FirstPush { time: push.time, name: push.name };
                first.entry(commit).and_modify(|known| *known = push.clone().min(known.clone())).or_insert(push);
            }
        }
        first
    }

    /// Returns the tokens in the object, and, if it is a tree, in all objects below it.
    fn tokens_of_object(&self, id: &ObjectId) -> BTreeSet<usize> {
        let mut tokens: BTreeSet<usize> = self.objects.texts.get(id).into_iter().flatten().copied().collect();
        tokens
            .extend(self.objects.numbers.get(id).into_iter().flat_map(|&number| &self.objects.tokens[number as usize]));
        if let Some(tree) = self.trees.number(id) {
            tokens.extend(self.tokens_of_tree(tree).iter());
        }
        tokens
    }

    /// Adds the paths at which an index has a token.
    fn label_staged(&self, traces: &mut [TokenHistory]) {
        for change in &self.history.staged {
            for token in self.tokens_of_object(&change.id) {
                traces[token].labels.insert(Label::Index);
                traces[token].staged.push((change.path.clone(), change.id.to_string()));
            }
        }
    }
}

/// Removes `HEAD` and reflogs if the token is also reachable from a branch, a tag or a remote. HEAD usually refers to a branch, and
/// reflogs refer to the same commits. A stash is kept, since it keeps its own copy when the branch is rewritten.
fn remove_implied(labels: &mut BTreeSet<Label>) {
    if labels.iter().any(|label| matches!(label, Label::Remote(_) | Label::Branch(_) | Label::Tag(_))) {
        let is_head = |label: &Label| matches!(label, Label::Other(name) if name == b"HEAD");
        labels.retain(|label| !matches!(label, Label::Reflog(_)) && !is_head(label));
    } else if labels.contains(&Label::Stash) {
        labels.retain(|label| !matches!(label, Label::Reflog(_)));
    }
}
