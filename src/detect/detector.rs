//! The search by rules and for known tokens. One pass over the bytes finds the literals of all rules. At each literal the
//! detector checks the byte in front, the length of the text after it, the rule's expression and its validator, the cheapest
//! first.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::Regex;

use super::arms::{
    Arm, ArmKind, Expression, PrefixTraits, add_arms, arms_by_literal, prefilter_literals, with_capital,
};
use super::boundary::{self, Margin};
use super::hit::{Hit, hit};
use super::literal::{self, LiteralSearch};
use super::long_runs::LongRuns;
use super::nested::find_within;
use super::prefilter::{Literal, Prefilter};
use super::splice_context::{Lines, SpliceContext};
use super::surroundings::{cut_short, has_body, is_named_near, stands_before};
use super::{decode, randomness, validator};
use crate::finding::{Encoding, Layer, Span};
use crate::rule::{Pattern, Rule, Severity, TokenEncoding, Validator};

/// The longest body of a token in any family. A longer run of the same letters is not a token. The limit bounds the work at one
/// literal, so that the whole search is linear.
pub(super) const LONGEST_BODY: usize = 320;

/// The rules, prepared for the search. All threads share one detector. An expression is compiled when it is first needed.
pub struct Detector {
    pub(super) prefilter: Prefilter,
    pub(super) longest_literal: usize,
    /// For each literal of the prefilter, the arms to try: first the arm that starts furthest in front of the literal, then in
    /// the order of the rules.
    pub(super) arms: Vec<Vec<Arm>>,
    /// For each literal of the prefilter, the texts in front of it in the prefixes of its arms.
    pub(super) leads: Vec<Vec<&'static [u8]>>,
    /// For each literal of the prefilter, whether it is a name that identifies a token near it.
    pub(super) is_name: Vec<bool>,
    /// The number of literals that are spelled as in the tables. The literals after them are the same with a capital, for a
    /// sentence that begins with the token. Each refers to the literal whose arms it shares.
    pub(super) as_written: usize,
    pub(super) capitals: Vec<usize>,
    pub(super) expressions: Vec<Expression>,
    /// The known tokens to find. If set, the rules are not used to find anything.
    pub(super) literal_search: Option<LiteralSearch>,
    /// Whether to report only the occurrences of known tokens that the rules do not find.
    pub(super) beyond_rules: bool,
}

impl Detector {
    /// Prepares `rules`. They are tried in this order.
    pub fn new(rules: &[&'static Rule]) -> Self {
        let mut expressions = Vec::new();
        let mut arms = Vec::new();
        for rule in rules {
            add_arms(rule, expressions.len(), &mut arms);
            for pattern in rule.patterns {
                let (Pattern::Prefixed { body: pattern, .. } | Pattern::Given { pattern, .. }) = pattern;
                expressions.push(Expression { pattern, compiled: OnceLock::new() });
            }
        }
        let literals = prefilter_literals(&arms);
        let by_literal = arms_by_literal(arms, &literals);
        let leads = by_literal.iter().map(|arms| {
            let leads = arms.iter().map(|arm| &arm.literal[..arm.lead]).filter(|lead| !lead.is_empty());
            let mut leads: Vec<_> = leads.collect();
            leads.dedup();
            leads
        });
        let is_name = by_literal.iter().map(|arms| arms.iter().any(|arm| matches!(arm.kind, ArmKind::Given { .. })));
        let capitals: Vec<usize> =
            (0..literals.len()).filter(|&at| by_literal[at].iter().any(|arm| arm.may_be_capital)).collect();
        let capital: Vec<Vec<u8>> = capitals.iter().map(|&at| with_capital(literals[at])).collect();
        let all: Vec<&[u8]> = literals.iter().copied().chain(capital.iter().map(Vec::as_slice)).collect();
        Self {
            prefilter: Prefilter::new(&all),
            longest_literal: literals.iter().map(|literal| literal.len()).max().unwrap_or(1)
                + by_literal.iter().flatten().map(|arm| arm.lead).max().unwrap_or(0),
            leads: leads.collect(),
            is_name: is_name.collect(),
            arms: by_literal,
            as_written: literals.len(),
            capitals,
            expressions,
            literal_search: None,
            beyond_rules: false,
        }
    }

    /// Finds `tokens` and nothing else. It compares bytes only: boundaries, validators and published values do not matter. Masks
    /// still cover what `rules` find.
    pub fn for_tokens<T: AsRef<[u8]>>(rules: &[&'static Rule], tokens: &[T]) -> Self {
        let rules = Self::new(rules);
        let hit_of = |token: &[u8]| {
            let mut known = rules.find(token).into_iter();
            known
                .find(|hit| hit.span == (0..token.len()) && hit.encoding.is_none())
                .unwrap_or_else(|| literal::unknown(token))
        };
        let hits = tokens.iter().map(|token| hit_of(token.as_ref())).collect();
        rules.searching_for_hits(hits)
    }

    /// Finds the tokens of these hits and nothing else, as [`for_tokens`](Self::for_tokens) does, and reports each by the rule of its
    /// hit.
    #[must_use]
    fn searching_for_hits(self, hits: Vec<Hit>) -> Self {
        Self { literal_search: Some(LiteralSearch::new(hits)), ..self }
    }

    /// Finds the tokens of these hits, which these rules found, in the places where the rules do not find them.
    #[must_use]
    pub fn searching_beyond(rules: &[&'static Rule], hits: Vec<Hit>) -> Self {
        Self { beyond_rules: true, ..Self::new(rules).searching_for_hits(hits) }
    }

    /// Whether this is a second pass, which reports only what the rules do not find.
    pub fn is_beyond_rules(&self) -> bool {
        self.beyond_rules
    }

    /// Everything found in `bytes` in either pass: by the rules, and the known tokens. Hits may overlap.
    pub fn find_all(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits = self.find(bytes);
        if self.beyond_rules {
            hits.extend(self.find_by_rules(bytes));
            hits.sort_by_key(|hit| (hit.span.start, Reverse(hit.span.end)));
        }
        hits
    }

    /// The `hits`, which were found in `bytes`, that are to be reported.
    pub fn reported(&self, bytes: &[u8], hits: &[Hit]) -> Vec<Hit> {
        if !self.beyond_rules {
            return hits.to_vec();
        }
        let by_rules = self.find_by_rules(bytes);
        let is_same = |hit: &Hit, other: &Hit| {
            let overlap = hit.span.start < other.span.end && other.span.start < hit.span.end;
            overlap && hit.fingerprint == other.fingerprint
        };
        // Both lists are sorted, and neither contains an overlap.
        let mut from = 0;
        let is_new = |hit: &&Hit| {
            from += by_rules[from..].iter().take_while(|other| other.span.end <= hit.span.start).count();
            let near = by_rules[from..].iter().take_while(|other| other.span.start < hit.span.end);
            !near.into_iter().any(|other| is_same(hit, other))
        };
        hits.iter().filter(is_new).cloned().collect()
    }

    /// Whether a detector made by [`for_tokens`](Self::for_tokens) finds `token` in every encoding and nesting that decoding supports.
    pub fn decodes(token: &[u8]) -> bool {
        literal::is_decoded(token)
    }

    /// Whether `bytes` may contain the start of a token, a name that identifies a token, or encoded text. If not, [`find`] finds
    /// nothing.
    ///
    /// A text that is joined from two texts can contain a token only if this is true of one of them, or of the bytes within
    /// [`splice_context`] of the joint.
    ///
    /// [`find`]: Self::find
    /// [`splice_context`]: Self::splice_context
    pub fn may_contain_token(&self, bytes: &[u8]) -> bool {
        let may_start = match &self.literal_search {
            Some(search) => search.may_contain(bytes),
            None => self.may_start(bytes, |literal| self.is_candidate(bytes, literal, |_| false)),
        };
        may_start || decode::may_contain(bytes)
    }

    /// Whether bytes further away than [`splice_context`] decide what is found: a name can identify a token hundreds of bytes
    /// away, and UTF-16 is searched only if there is a NUL at the beginning.
    ///
    /// [`splice_context`]: Self::splice_context
    pub fn needs_whole(&self, bytes: &[u8]) -> bool {
        (self.literal_search.is_none() && self.may_start(bytes, |_| false)) || decode::has_unsearched_wide_text(bytes)
    }

    /// How much text on either side of a joint of two texts can be part of a token across it, or identify one. A rule matches
    /// within one line, or within lines of one wrapped text.
    pub fn splice_context(&self) -> SpliceContext {
        let longest = self
            .literal_search
            .as_ref()
            .map_or(self.longest_literal, LiteralSearch::context_len)
            .max(decode::CONTEXT_LEN);
        let lines = self.literal_search.as_ref().map_or(Lines::Wrapped, LiteralSearch::lines);
        SpliceContext { bytes: longest - 1, lines }
    }

    fn may_start(&self, bytes: &[u8], is_start: impl Fn(&Literal) -> bool) -> bool {
        let mut from = 0;
        while let Some(literal) = self.prefilter.find(bytes, from) {
            from = literal.start + 1;
            if self.is_name.get(literal.which) == Some(&true) || is_start(&literal) {
                return true;
            }
        }
        false
    }

    /// Every token in `bytes`, in order and without overlaps. Linear in the length of `bytes`.
    pub fn find(&self, bytes: &[u8]) -> Vec<Hit> {
        match &self.literal_search {
            Some(search) => find_within(bytes, 0, Encoding::DEPTH, &|text| search.hits(text)),
            None => self.find_by_rules(bytes),
        }
    }

    pub(super) fn find_by_rules(&self, bytes: &[u8]) -> Vec<Hit> {
        find_within(bytes, 0, Encoding::DEPTH, &|text| self.plain(text))
    }

    /// The tokens in `bytes` that are not encoded.
    pub(super) fn plain(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut runs = LongRuns::default();
        // For each expression, the end of the last token that it found. The windows of names close to each other overlap, and
        // each would find the same tokens again.
        let mut done: Vec<usize> = Vec::new();
        // Where the last token ended, whether it is reported or published.
        let mut ended = None;
        let mut from = 0;
        while let Some(literal) = self.prefilter.find(bytes, from) {
            // Continue one byte further, not after the literal: another one may start inside it.
            from = literal.start + 1;
            let follows = move |at: usize| ended.is_some_and(|end| boundary::follows(bytes, end, at));
            // Most literals in source code end a word such as `task_`, or have no body. One check rejects them for all arms.
            let starts = self.is_candidate(bytes, &literal, follows);
            let mut margin = None;
            for (arm, at) in self.arms_at(bytes, &literal, starts) {
                match arm.kind {
                    ArmKind::Prefixed(traits) => {
                        // Computed once for all arms that start at the same place.
                        let (_, margin) = match margin.filter(|&(place, _)| place == at) {
                            Some(known) => known,
                            None => {
                                let known = boundary::margin(bytes, at);
                                *margin.insert((at, Margin { opens: known.opens || follows(at), ..known }))
                            }
                        };
                        let Some(end) = self.prefixed(arm, traits, bytes, at, margin) else { continue };
                        ended = Some(end);
                        if let Some(hit) = token_hit(arm, traits, bytes, at..end) {
                            from = end;
                            hits.push(hit);
                            break;
                        }
                    }
                    ArmKind::Given { before, after, written } => {
                        let window = at.saturating_sub(before)..bytes.len().min(at + after);
                        if runs.any_in(bytes, &window) {
                            done.resize(self.expressions.len(), 0);
                            let from = &mut done[arm.expression];
                            self.given(arm, bytes, window, written, from, &mut hits);
                        }
                    }
                }
            }
        }
        hits
    }

    /// The arms whose literal is at `literal`, and where each begins. If no token `starts` there, only names.
    pub(super) fn arms_at(&self, bytes: &[u8], literal: &Literal, starts: bool) -> impl Iterator<Item = (&Arm, usize)> {
        let capital = literal.which.checked_sub(self.as_written);
        let arms = &self.arms[capital.map_or(literal.which, |nth| self.capitals[nth])];
        let start = literal.start;
        arms.iter().filter(move |arm| starts || matches!(arm.kind, ArmKind::Given { .. })).filter_map(move |arm| {
            let at = start.checked_sub(arm.lead)?;
            let is_there = match capital {
                None => bytes[at..].starts_with(arm.literal),
                Some(_) => arm.may_be_capital && arm.lead == 0 && bytes[at + 1..].starts_with(&arm.literal[1..]),
            };
            is_there.then_some((arm, at))
        })
    }

    /// Checks the byte in front of the literal and the length of the text after it, which rejects nearly all literals in source
    /// code. A token may also start where another one ended, as `follows` says.
    fn is_candidate(&self, bytes: &[u8], literal: &Literal, follows: impl Fn(usize) -> bool) -> bool {
        let may_start = |at: usize| boundary::may_start(bytes, at) || follows(at);
        let mut leads = self.leads.get(literal.which).into_iter().flatten();
        let starts_in_front =
            |lead: &&'static [u8]| bytes[..literal.start].ends_with(lead) && may_start(literal.start - lead.len());
        has_body(bytes, literal.end) && (may_start(literal.start) || leads.any(starts_in_front))
    }

    /// The end of the token that starts at `at` with the prefix of `arm`.
    fn prefixed(&self, arm: &Arm, traits: PrefixTraits, bytes: &[u8], at: usize, margin: Margin) -> Option<usize> {
        if has_body(bytes, at + arm.literal.len()) && is_named(traits, bytes, at) {
            self.token_end(arm, traits, bytes, at, margin)
        } else {
            None
        }
    }

    /// As [`Self::prefixed`], without the checks of the first letters and of names.
    pub(super) fn token_end(
        &self,
        arm: &Arm,
        traits: PrefixTraits,
        bytes: &[u8],
        at: usize,
        margin: Margin,
    ) -> Option<usize> {
        let start = at + arm.literal.len();
        let body = |end| bytes.get(start..end).unwrap_or_default();
        let counted = margin.counted.filter(|&end| self.is_all_of_one(arm, body(end), traits.validator));
        let opens = margin.opens || (margin.opens_named && arm.is_named);
        counted.or_else(|| if opens { self.end(arm, bytes, at, traits.validator, margin.limit) } else { None })
    }

    /// Whether `body` is the body of exactly one token.
    fn is_all_of_one(&self, arm: &Arm, body: &[u8], validator: Validator) -> bool {
        let found = self.expression(arm.expression).find(body);
        found.is_some_and(|found| found.range() == (0..body.len()))
            && validator::body_len(validator, body) == Some(body.len())
    }

    /// The end of the token that starts at `at`, if there is one: at most `limit`.
    fn end(&self, arm: &Arm, bytes: &[u8], at: usize, validator: Validator, limit: Option<usize>) -> Option<usize> {
        let start = at + arm.literal.len();
        let rest = bytes.get(start..limit.unwrap_or(bytes.len()).min(start + LONGEST_BODY))?;
        let body = self.expression(arm.expression).find(rest).filter(|found| found.start() == 0)?;
        let is_one = |&end: &usize| end - start < rest.len() && self.is_all_of_one(arm, &bytes[start..end], validator);
        if let Some(end) = self.adjacent_starts(bytes, start, start + body.end()).into_iter().find(is_one) {
            return (!is_by_chance(validator, bytes, at)).then_some(end);
        }
        let end = start + validator::body_len(validator, body.as_bytes())?;
        if limit == Some(end) {
            return Some(end);
        }
        // A fixed length must not cut a longer body: after 32 letters, base64 may continue with `+`.
        let fixed = validator == Validator::EncodedKey && end == start + body.end() && !body.as_bytes().ends_with(b"=");
        let goes_on = fixed && boundary::is_base64_symbol(bytes.get(end));
        if goes_on || !boundary::ends_at(bytes, end) || cut_short(bytes, start, end) {
            return None;
        }
        (!is_by_chance(validator, bytes, at)).then_some(end)
    }

    /// The tokens in `window` that a name identifies, from `done` on.
    pub(super) fn given(
        &self,
        arm: &Arm,
        bytes: &[u8],
        window: Range<usize>,
        written: TokenEncoding,
        done: &mut usize,
        hits: &mut Vec<Hit>,
    ) {
        let mut from = window.start.max(*done);
        if from > window.end {
            return;
        }
        while let Some(groups) = self.expression(arm.expression).captures(&bytes[from..window.end]) {
            let token = groups.name("token").expect("every such expression has the group, held by a test");
            let span = from + token.start()..from + token.end();
            let named_at = from + groups.get(0).map_or(token.start(), |whole| whole.start());
            from = span.end;
            *done = from;
            if !boundary::starts_at(bytes, span.start)
                || !boundary::ends_at(bytes, span.end)
                || names_a_digest(&bytes[named_at..span.start])
            {
                continue;
            }
            let severity = Severity::High;
            hits.extend(match written {
                TokenEncoding::Plain => validator::body_len(Validator::RandomHex, &bytes[span.clone()])
                    .and_then(|_| hit(arm.rule, severity, span.clone(), &bytes[span], 0, None)),
                TokenEncoding::BasicAuth => basic_auth_user(&bytes[span.clone()]).and_then(|user| {
                    hit(arm.rule, severity, span, &user, 0, Some(Encoding::wrap(Layer::Base64, None)))
                }),
            });
        }
    }

    pub(super) fn expression(&self, at: usize) -> &Regex {
        let expression = &self.expressions[at];
        expression.compiled.get_or_init(|| {
            // An expression for a body is anchored at the end of the prefix. One with a name is searched for in its window.
            let anchored = if expression.pattern.contains("(?P<token>") {
                expression.pattern.to_owned()
            } else {
                format!(r"\A(?:{})", expression.pattern)
            };
            regex::bytes::RegexBuilder::new(&anchored)
                .unicode(false)
                .build()
                .expect("the tables' expressions compile, held by a test")
        })
    }
}

/// Whether the prefix at `at` may be part of a digest by chance. Three letters can be, longer prefixes cannot.
fn is_by_chance(validator: Validator, bytes: &[u8], at: usize) -> bool {
    validator == Validator::RandomRun && boundary::in_base64url(bytes, at)
}

/// The hit of the token at `span`, unless the token is published.
pub(super) fn token_hit(arm: &Arm, traits: PrefixTraits, bytes: &[u8], span: Span) -> Option<Hit> {
    let mut token = Cow::Borrowed(&bytes[span.clone()]);
    if token[0] != arm.literal[0] {
        token.to_mut()[0] = arm.literal[0];
    }
    hit(arm.rule, traits.environment.severity(), span, &token, arm.literal.len(), None)
}

/// Whether the name that the rule asks for is near the token at `at`.
pub(super) fn is_named(traits: PrefixTraits, bytes: &[u8], at: usize) -> bool {
    match traits {
        PrefixTraits { near: b"", .. } => true,
        PrefixTraits { near, is_near_around: true, .. } => is_named_near(bytes, at, near),
        PrefixTraits { near, .. } => stands_before(bytes, at, near),
    }
}

/// Whether a name in `text` says that its value is a digest: `token_sha256 = `.
fn names_a_digest(text: &[u8]) -> bool {
    const NAMES: [&[u8]; 7] = [b"sha256", b"sha-256", b"checksum", b"digest", b"hash", b"integrity", b"fingerprint"];
    NAMES.iter().any(|name| text.windows(name.len()).any(|window| window.eq_ignore_ascii_case(name)))
}

fn basic_auth_user(encoded: &[u8]) -> Option<Vec<u8>> {
    let bare = encoded.strip_suffix(b"=").unwrap_or(encoded);
    let mut decoded = data_encoding::BASE64_NOPAD.decode(bare).ok()?;
    let colon = decoded.iter().position(|&b| b == b':')?;
    decoded.truncate(colon);
    let hex = decoded.len() == 64 && randomness::is_hex(&decoded);
    (hex && validator::body_len(Validator::RandomHex, &decoded).is_some()).then_some(decoded)
}
