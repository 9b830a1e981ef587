//! The bytes of the tokens that were found, as they stand in the objects. There is one only where somebody asked for
//! the file that cleans a history, and nothing but that file ever gets them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use crate::detect::Hit;
use crate::finding::{Encoding, Fingerprint, Layer, Part};
use crate::rule::Rule;

/// How much git and git filter-repo look at of a blob for a NUL, which makes it binary.
const HEAD: usize = 8192;

/// Written forms of tokens. `Debug` shows none of them.
#[derive(Default)]
pub struct Vault {
    forms: Mutex<BTreeMap<Vec<u8>, Form>>,
}

/// What a written form stands for.
#[derive(Clone)]
pub struct Form {
    pub rule: &'static Rule,
    pub fingerprint: Fingerprint,
    /// Whether it is in UTF-16, whatever it says there.
    pub wide: bool,
    /// Whether it stands in a binary blob, besides wherever else.
    pub in_binary: bool,
}

impl Vault {
    /// Keeps how `hit` is written in `bytes`.
    pub fn keep(&self, bytes: &[u8], hit: &Hit, part: Part) {
        let form = Form {
            rule: hit.rule,
            fingerprint: hit.fingerprint,
            wide: hit.encoding.map(Encoding::outermost) == Some(Layer::Utf16),
            in_binary: part == Part::Content && bytes[..bytes.len().min(HEAD)].contains(&0),
        };
        let mut forms = self.forms.lock().expect("no thread panicked while it held the lock");
        let kept = forms.entry(bytes[hit.span.clone()].to_vec()).or_insert_with(|| form.clone());
        kept.in_binary |= form.in_binary;
        // Threads come in any order, and what is written must not depend on it.
        if form.rule.id < kept.rule.id {
            kept.rule = form.rule;
        }
    }

    /// All forms of the tokens that `wanted` names, the longest first: one may be a part of another.
    pub fn forms(self, wanted: impl Fn(Fingerprint) -> bool) -> Vec<(Vec<u8>, Form)> {
        let forms = self.forms.into_inner().expect("no thread panicked while it held the lock");
        let mut forms: Vec<_> = forms.into_iter().filter(|(_, form)| wanted(form.fingerprint)).collect();
        forms.sort_by_key(|(bytes, _)| std::cmp::Reverse(bytes.len()));
        forms
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
