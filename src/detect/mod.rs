//! The detector: bytes in, hits out, nothing else. It reads no file, knows no path and prints nothing.
//!
//! One pass over the bytes for a handful of literals finds the places worth a look; at each of them the
//! byte before, the length of what follows, the rule's expression and its judge are asked in this order, cheapest first.
//! A second pass looks for runs that may be encoded text (`decode`), and what they say is searched in the same way.

pub(crate) mod literal;
pub(crate) mod prefilter;
pub(crate) mod splice_context;
pub(crate) mod validator;

mod boundary;
#[cfg(test)]
mod brute;
mod decode;
mod excerpt;
mod mask;
mod pairs;
mod placeholder;
mod randomness;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::Regex;

use crate::detect::literal::Exact;
use crate::detect::prefilter::{Gate, Literal};
use boundary::Margin;

use crate::finding::{Encoding, Fingerprint, Layer, Redacted, Secret, Span, Token};
use crate::rule::{Environment, Judge, Pattern, Rule, Severity, Written};
use crate::rules::{ALL, is_published, pack_of};

pub use crate::detect::splice_context::{Lines, Reach};
pub use excerpt::is_unsafe;

/// No token of any family is longer behind its prefix; a longer run of the same letters is none. It bounds the work
/// at one literal, and so keeps the whole linear.
const LONGEST_BODY: usize = 320;

/// Fewer letters than this behind a prefix are no token's body: asked before any expression.
const SHORTEST_BODY: usize = 16;

/// A token in a unit.
#[derive(Clone, Debug)]
pub struct Hit {
    pub rule: &'static Rule,
    pub severity: Severity,
    /// Of the token as it is written: of the encoded text, where it is encoded.
    pub span: Span,
    pub fingerprint: Fingerprint,
    pub redacted: Redacted,
    pub encoding: Option<Encoding>,
    /// The token itself, decoded.
    pub token: Token,
}

/// The rules, made ready. Shared by every thread; expressions are compiled where first needed.
pub struct Detector {
    gate: Gate,
    longest_literal: usize,
    /// For each literal of the gate, what to try where it stands: what starts furthest in front of it first, then in the
    /// order of the rules.
    arms: Vec<Vec<Arm>>,
    /// For each literal of the gate, what stands in front of it in the literals of its arms.
    leads: Vec<Vec<&'static [u8]>>,
    /// For each literal of the gate, whether it is a name that gives away what stands near it.
    is_name: Vec<bool>,
    /// How many of the gate's literals are written as the tables have them. Behind them stand others, the same with a capital,
    /// as a sentence has it that begins with the token; each names the one whose arms it has.
    as_written: usize,
    capitals: Vec<usize>,
    expressions: Vec<Expression>,
    /// The tokens to be found, in place of whatever the rules would find.
    exact: Option<Exact>,
    /// Whether only those places of theirs are reported that the rules do not find.
    beyond_rules: bool,
}

/// One prefix or word of one pattern of one rule.
struct Arm {
    rule: &'static Rule,
    literal: &'static [u8],
    /// How far in front of the gate's literal it starts.
    lead: usize,
    /// The prefix is one of the tables', and says more than `sk_` does.
    is_named: bool,
    /// It may begin with a capital.
    may_be_capital: bool,
    /// Its rule is of a pack, and it is so short that it ends many a word: `re_`, `sk-`.
    is_common: bool,
    expression: usize,
    way: Way,
}

enum Way {
    Prefixed(Asked),
    Given { before: usize, after: usize, written: Written },
}

/// What is asked of a token behind a prefix, and what the prefix says.
#[derive(Clone, Copy)]
struct Asked {
    environment: Environment,
    judge: Judge,
    near: &'static [u8],
}

struct Expression {
    pattern: &'static str,
    compiled: OnceLock<Regex>,
}

impl Detector {
    /// Makes `rules` ready, the first being tried first.
    pub fn new(rules: &[&'static Rule]) -> Self {
        let mut expressions = Vec::new();
        let mut arms = Vec::new();
        for rule in rules {
            for pattern in rule.patterns {
                add_arms(rule, pattern, expressions.len(), &mut arms);
                let (Pattern::Prefixed { body: pattern, .. } | Pattern::Given { pattern, .. }) = pattern;
                expressions.push(Expression { pattern, compiled: OnceLock::new() });
            }
        }
        let literals = gate_literals(&arms);
        let by_literal = arms_by_literal(arms, &literals);
        let leads = by_literal.iter().map(|arms| {
            let leads = arms.iter().map(|arm| &arm.literal[..arm.lead]).filter(|lead| !lead.is_empty());
            let mut leads: Vec<_> = leads.collect();
            leads.dedup();
            leads
        });
        let is_name = by_literal.iter().map(|arms| arms.iter().any(|arm| matches!(arm.way, Way::Given { .. })));
        let capitals: Vec<usize> =
            (0..literals.len()).filter(|&at| by_literal[at].iter().any(|arm| arm.may_be_capital)).collect();
        let capital: Vec<Vec<u8>> = capitals.iter().map(|&at| with_capital(literals[at])).collect();
        let all: Vec<&[u8]> = literals.iter().copied().chain(capital.iter().map(Vec::as_slice)).collect();
        Self {
            gate: Gate::new(&all),
            longest_literal: literals.iter().map(|literal| literal.len()).max().unwrap_or(1)
                + by_literal.iter().flatten().map(|arm| arm.lead).max().unwrap_or(0),
            leads: leads.collect(),
            is_name: is_name.collect(),
            arms: by_literal,
            as_written: literals.len(),
            capitals,
            expressions,
            exact: None,
            beyond_rules: false,
        }
    }

    /// Finds `tokens` and nothing else, wherever their bytes are: no boundary, no validator and no published value is asked.
    /// What `rules` would find is masked as ever.
    pub fn seeking<T: AsRef<[u8]>>(rules: &[&'static Rule], tokens: &[T]) -> Self {
        let rules = Self::new(rules);
        let hit_of = |token: &[u8]| {
            let mut known = rules.find(token).into_iter();
            known
                .find(|hit| hit.span == (0..token.len()) && hit.encoding.is_none())
                .unwrap_or_else(|| literal::unknown(token))
        };
        let hits = tokens.iter().map(|token| hit_of(token.as_ref())).collect();
        rules.seeking_found(hits)
    }

    /// Finds the tokens of these hits and nothing else, as [`seeking`](Self::seeking) does, and reports each by its hit's rule.
    #[must_use]
    fn seeking_found(self, hits: Vec<Hit>) -> Self {
        Self { exact: Some(Exact::new(hits)), ..self }
    }

    /// Finds the tokens of these hits, which these rules found, where the rules do not find them.
    #[must_use]
    pub fn seeking_beyond(rules: &[&'static Rule], hits: Vec<Hit>) -> Self {
        Self { beyond_rules: true, ..Self::new(rules).seeking_found(hits) }
    }

    /// Whether this is a second pass, in which only places count that rules do not find.
    pub fn is_beyond_rules(&self) -> bool {
        self.beyond_rules
    }

    /// What is found in `bytes` in either pass: by the rules, and of the tokens that are sought. Hits may overlap.
    pub fn find_all(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits = self.find(bytes);
        if self.beyond_rules {
            hits.extend(self.find_by_rules(bytes));
            hits.sort_by_key(|hit| (hit.span.start, Reverse(hit.span.end)));
        }
        hits
    }

    /// Those of `hits`, which were found in `bytes`, that are to be reported.
    pub fn reported(&self, bytes: &[u8], hits: &[Hit]) -> Vec<Hit> {
        if !self.beyond_rules {
            return hits.to_vec();
        }
        let by_rules = self.find_by_rules(bytes);
        let is_same = |hit: &Hit, other: &Hit| {
            let overlap = hit.span.start < other.span.end && other.span.start < hit.span.end;
            overlap && hit.fingerprint == other.fingerprint
        };
        // Both are in order and without an overlap among themselves.
        let mut from = 0;
        let is_new = |hit: &&Hit| {
            from += by_rules[from..].iter().take_while(|other| other.span.end <= hit.span.start).count();
            let near = by_rules[from..].iter().take_while(|other| other.span.start < hit.span.end);
            !near.into_iter().any(|other| is_same(hit, other))
        };
        hits.iter().filter(is_new).cloned().collect()
    }

    /// Whether a detector that seeks `token` finds it however it is encoded, in every way and nest that decoding knows.
    pub fn decodes(token: &[u8]) -> bool {
        literal::is_decoded(token)
    }

    /// Whether a token may begin somewhere in `bytes`, or a name stands there that gives one away, or what may be encoded
    /// text. Where they do not, [`find`] finds nothing. What is put together from two texts may hold one only where one of
    /// these may, or what is within [`reach`] of the place where they meet.
    ///
    /// [`find`]: Self::find
    /// [`reach`]: Self::reach
    pub fn may_hold(&self, bytes: &[u8]) -> bool {
        let may_start = match &self.exact {
            Some(exact) => exact.may_stand(bytes),
            None => self.may_start(bytes, |literal| self.worth_a_look(bytes, literal)),
        };
        may_start || decode::may_stand(bytes)
    }

    /// Whether something decides in `bytes` that is further away than [`reach`]: a name that gives away a token hundreds of
    /// bytes from there, a NUL at the beginning without which no UTF-16 is looked for.
    ///
    /// [`reach`]: Self::reach
    pub fn depends(&self, bytes: &[u8]) -> bool {
        (self.exact.is_none() && self.may_start(bytes, |_| false)) || decode::hides_wide(bytes)
    }

    /// How far from where two texts meet a token may begin or be given away that stands across that place. What a rule looks
    /// for is in one line, or wrapped into lines that follow each other.
    pub fn reach(&self) -> Reach {
        let longest = self.exact.as_ref().map_or(self.longest_literal, Exact::reach).max(decode::REACH);
        let lines = self.exact.as_ref().map_or(Lines::Wrapped, Exact::lines);
        Reach { bytes: longest - 1, lines }
    }

    fn may_start(&self, bytes: &[u8], is_start: impl Fn(&Literal) -> bool) -> bool {
        let mut from = 0;
        while let Some(literal) = self.gate.find(bytes, from) {
            from = literal.start + 1;
            if self.is_name.get(literal.which) == Some(&true) || is_start(&literal) {
                return true;
            }
        }
        false
    }

    /// Every token in `bytes`, in order, none overlapping another. Linear in the length of `bytes`.
    pub fn find(&self, bytes: &[u8]) -> Vec<Hit> {
        match &self.exact {
            Some(exact) => find_within(bytes, 0, Encoding::DEPTH, &|text| exact.hits(text)),
            None => self.find_by_rules(bytes),
        }
    }

    fn find_by_rules(&self, bytes: &[u8]) -> Vec<Hit> {
        find_within(bytes, 0, Encoding::DEPTH, &|text| self.plain(text))
    }

    /// The tokens that stand in `bytes` as they are.
    fn plain(&self, bytes: &[u8]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut runs = LongRuns::default();
        // For each expression the end of the last token that it gave away. Windows of names close together overlap, and each would
        // find the same tokens again.
        let mut done: Vec<usize> = Vec::new();
        let mut from = 0;
        while let Some(literal) = self.gate.find(bytes, from) {
            // One further, not behind the literal: another may start inside it.
            from = literal.start + 1;
            // Most literals in source code are the end of a word, `task_`, or have no body: asked once for all arms of `sk_`.
            let starts = self.worth_a_look(bytes, &literal);
            let mut margin = None;
            for (arm, at) in self.arms_at(bytes, &literal, starts) {
                match arm.way {
                    Way::Prefixed(asked) => {
                        // One for all arms that start at the same place.
                        let (_, margin) = match margin.filter(|&(place, _)| place == at) {
                            Some(known) => known,
                            None => *margin.insert((at, boundary::margin(bytes, at))),
                        };
                        if let Some(hit) = self.prefixed(arm, asked, bytes, at, margin) {
                            from = hit.span.end;
                            hits.push(hit);
                            break;
                        }
                    }
                    Way::Given { before, after, written } => {
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

    /// The arms whose literal stands where `literal` was found, and where each begins. Only names, unless a token `starts`.
    fn arms_at(&self, bytes: &[u8], literal: &Literal, starts: bool) -> impl Iterator<Item = (&Arm, usize)> {
        let capital = literal.which.checked_sub(self.as_written);
        let arms = &self.arms[capital.map_or(literal.which, |nth| self.capitals[nth])];
        let start = literal.start;
        arms.iter().filter(move |arm| starts || matches!(arm.way, Way::Given { .. })).filter_map(move |arm| {
            let at = start.checked_sub(arm.lead)?;
            let stands = match capital {
                None => bytes[at..].starts_with(arm.literal),
                Some(_) => arm.may_be_capital && arm.lead == 0 && bytes[at + 1..].starts_with(&arm.literal[1..]),
            };
            stands.then_some((arm, at))
        })
    }

    /// The byte before, and enough letters behind: what turns away all but a few of the literals in source code.
    fn worth_a_look(&self, bytes: &[u8], literal: &Literal) -> bool {
        let at = literal.start;
        let mut leads = self.leads.get(literal.which).into_iter().flatten();
        let starts_in_front =
            |lead: &&'static [u8]| bytes[..at].ends_with(lead) && boundary::may_start(bytes, at - lead.len());
        has_body(bytes, literal.end) && (boundary::may_start(bytes, at) || leads.any(starts_in_front))
    }

    /// The token that starts at `at` with the arm's prefix.
    fn prefixed(&self, arm: &Arm, asked: Asked, bytes: &[u8], at: usize, margin: Margin) -> Option<Hit> {
        let may_be =
            has_body(bytes, at + arm.literal.len()) && (asked.near.is_empty() || stands_before(bytes, at, asked.near));
        if may_be { self.judged(arm, asked, bytes, at, margin) } else { None }
    }

    /// As [`Self::prefixed`], whatever the first letters are.
    fn judged(&self, arm: &Arm, asked: Asked, bytes: &[u8], at: usize, margin: Margin) -> Option<Hit> {
        let start = at + arm.literal.len();
        let body = |end| bytes.get(start..end).unwrap_or_default();
        let counted = margin.counted.filter(|&end| self.is_all_of_one(arm, body(end), asked.judge));
        let opens = margin.opens || (margin.opens_named && arm.is_named);
        let end = counted.or_else(|| if opens { self.end(arm, bytes, at, asked.judge, margin.limit) } else { None })?;
        let mut token = Cow::Borrowed(&bytes[at..end]);
        if token[0] != arm.literal[0] {
            token.to_mut()[0] = arm.literal[0];
        }
        hit(arm.rule, asked.environment.severity(), at..end, &token, arm.literal.len(), None)
    }

    /// Whether `body` is the body of one token and nothing else.
    fn is_all_of_one(&self, arm: &Arm, body: &[u8], judge: Judge) -> bool {
        let found = self.expression(arm.expression).find(body);
        found.is_some_and(|found| found.range() == (0..body.len()))
            && validator::body_len(judge, body) == Some(body.len())
    }

    /// Where the token ends that starts at `at`, if one does: at `limit` at the latest.
    fn end(&self, arm: &Arm, bytes: &[u8], at: usize, judge: Judge, limit: Option<usize>) -> Option<usize> {
        let start = at + arm.literal.len();
        let rest = bytes.get(start..limit.unwrap_or(bytes.len()).min(start + LONGEST_BODY))?;
        let body = self.expression(arm.expression).find(rest).filter(|found| found.start() == 0)?;
        let end = start + validator::body_len(judge, body.as_bytes())?;
        if limit == Some(end) {
            return Some(end);
        }
        // A fixed length must not cut a longer body: 32 letters of base64 may go on with `+`.
        let fixed = judge == Judge::EncodedKey && end == start + body.end() && !body.as_bytes().ends_with(b"=");
        let goes_on = fixed && boundary::is_base64_symbol(bytes.get(end));
        if goes_on || !boundary::ends_at(bytes, end) || cut_short(bytes, start, end) {
            return None;
        }
        // Three letters stand in a digest by chance, longer prefixes do not.
        let by_chance = judge == Judge::RandomRun && boundary::in_base64url(bytes, at);
        (!by_chance).then_some(end)
    }

    /// The tokens in `window` that a name gives away, from `done` on.
    fn given(
        &self,
        arm: &Arm,
        bytes: &[u8],
        window: Range<usize>,
        written: Written,
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
            from = span.end;
            *done = from;
            if !boundary::starts_at(bytes, span.start) || !boundary::ends_at(bytes, span.end) {
                continue;
            }
            let severity = Severity::High;
            hits.extend(match written {
                Written::Plainly => validator::body_len(Judge::RandomHex, &bytes[span.clone()])
                    .and_then(|_| hit(arm.rule, severity, span.clone(), &bytes[span], 0, None)),
                Written::BasicAuth => basic_auth_user(&bytes[span.clone()]).and_then(|user| {
                    hit(arm.rule, severity, span, &user, 0, Some(Encoding::wrap(Layer::Base64, None)))
                }),
            });
        }
    }

    fn expression(&self, at: usize) -> &Regex {
        let expression = &self.expressions[at];
        expression.compiled.get_or_init(|| {
            // Anchored at the prefix for bodies; the names of a context are looked for in their window.
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

/// What `plain` finds in `bytes` or, decoded, within them through up to `depth` layers; what is encoded in front of `from` is
/// left out.
fn find_within(bytes: &[u8], from: usize, depth: usize, plain: &dyn Fn(&[u8]) -> Vec<Hit>) -> Vec<Hit> {
    let mut hits = plain(bytes);
    if depth > 0 {
        decode::encoded(bytes, from, depth, plain, &mut hits);
    }
    in_order(hits)
}

fn add_arms(rule: &'static Rule, pattern: &'static Pattern, expression: usize, arms: &mut Vec<Arm>) {
    /// That of `sk_`, which is the end of many a word.
    const SHORTEST_PREFIX: usize = 3;
    let is_built_in = ALL.iter().any(|built_in| built_in.id == rule.id);
    let is_of_pack = !is_built_in && pack_of(rule).is_some();
    match pattern {
        Pattern::Prefixed { prefixes, judge, near, .. } => arms.extend(prefixes.iter().map(|prefix| Arm {
            rule,
            literal: prefix.literal.as_bytes(),
            lead: 0,
            is_named: (is_built_in || is_of_pack) && prefix.literal.len() > SHORTEST_PREFIX,
            // Each capital is a literal more for the gate.
            may_be_capital: is_built_in,
            is_common: is_of_pack && prefix.literal.len() <= SHORTEST_PREFIX,
            expression,
            way: Way::Prefixed(Asked { environment: prefix.environment, judge: *judge, near: near.as_bytes() }),
        })),
        Pattern::Given { words, before, after, written, .. } => arms.extend(words.iter().map(|word| Arm {
            rule,
            literal: word.as_bytes(),
            lead: 0,
            is_named: false,
            may_be_capital: false,
            is_common: false,
            expression,
            way: Way::Given { before: *before, after: *after, written: *written },
        })),
    }
}

/// The shortest literals such that one of them is in every arm's: `sk_` serves for `sk_live_` and for `whsk_`.
fn gate_literals(arms: &[Arm]) -> Vec<&'static [u8]> {
    let mut literals: Vec<&[u8]> = arms.iter().map(|arm| arm.literal).collect();
    literals.sort_unstable_by_key(|literal| (literal.len(), *literal));
    let mut kept: Vec<&[u8]> = Vec::new();
    for literal in literals {
        if !kept.iter().any(|kept| memchr::memmem::find(literal, kept).is_some()) {
            kept.push(literal);
        }
    }
    kept
}

/// For each literal of the gate the arms that it is in: those that start with it, or else hold it.
fn arms_by_literal(arms: Vec<Arm>, literals: &[&[u8]]) -> Vec<Vec<Arm>> {
    let mut by_literal: Vec<Vec<Arm>> = literals.iter().map(|_| Vec::new()).collect();
    for mut arm in arms {
        let start_of = |literal: &[u8]| memchr::memmem::find(arm.literal, literal);
        let (nth, lead) = literals
            .iter()
            .enumerate()
            .filter_map(|(nth, literal)| Some((nth, start_of(literal)?)))
            .min_by_key(|&(_, lead)| lead)
            .expect("a literal of the gate is in that of every arm");
        arm.lead = lead;
        by_literal[nth].push(arm);
    }
    for arms in &mut by_literal {
        arms.sort_by_key(|arm| Reverse(arm.lead));
    }
    by_literal
}

fn with_capital(literal: &[u8]) -> Vec<u8> {
    let mut capital = literal.to_vec();
    capital[0].make_ascii_uppercase();
    capital
}

/// Of some bodies a part ends in a dot.
fn has_body(bytes: &[u8], start: usize) -> bool {
    /// No such part is shorter.
    const PART: usize = 8;
    let in_body = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/');
    bytes
        .get(start..start + SHORTEST_BODY)
        .is_some_and(|body| body[..PART].iter().all(in_body) && body[PART..].iter().all(|b| in_body(b) || *b == b'.'))
}

/// Whether `word` stands in front of `at` on the same line, in any case.
fn stands_before(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    // A name longer than this away from its value is not its name; it also bounds the work on one long line.
    let start = at.saturating_sub(200);
    let line = bytes[start..at].iter().rposition(|&b| b == b'\n').map_or(start, |newline| start + newline + 1);
    bytes[line..at].windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

/// Whether the token is the beginning of one that somebody masked: `sk_live_51Hx…`, with dots or stars behind it.
/// A body of 24 or more is whole, whatever follows.
fn cut_short(bytes: &[u8], start: usize, end: usize) -> bool {
    let masks: [&[u8]; 4] = [b"...", b"***", "…".as_bytes(), "•".as_bytes()];
    end - start < 24 && masks.iter().any(|mask| bytes[end..].starts_with(mask))
}

fn basic_auth_user(encoded: &[u8]) -> Option<Vec<u8>> {
    let bare = encoded.strip_suffix(b"=").unwrap_or(encoded);
    let mut decoded = data_encoding::BASE64_NOPAD.decode(bare).ok()?;
    let colon = decoded.iter().position(|&b| b == b':')?;
    decoded.truncate(colon);
    let hex = decoded.len() == 64 && randomness::is_hex(&decoded);
    (hex && validator::body_len(Judge::RandomHex, &decoded).is_some()).then_some(decoded)
}

fn hit(
    rule: &'static Rule,
    severity: Severity,
    span: Span,
    token: &[u8],
    prefix: usize,
    encoding: Option<Encoding>,
) -> Option<Hit> {
    let secret = Secret::new(token);
    let fingerprint = secret.fingerprint();
    (!is_published(token)).then(|| Hit {
        rule,
        severity,
        span,
        fingerprint,
        redacted: secret.redact(prefix),
        encoding,
        token: Token::new(token),
    })
}

/// By place. Of two that overlap the first stays; where they start together, one that was decoded, since the other is no
/// more than what can be read of it, then the longer, then the one whose rule stands first, which was found first.
fn in_order(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.span.start, hit.encoding.is_none(), Reverse(hit.span.end)));
    hits.dedup_by(|next, kept| next.span.start < kept.span.end);
    hits
}

/// Where unbroken runs of 64 or more base64 letters stand: without one in its window no context rule can match.
/// Moves forward only, so that many names close together cost one pass over the bytes.
#[derive(Default)]
struct LongRuns {
    /// No run that was not seen starts in front of this.
    from: usize,
    /// Starts of the long runs seen, in order.
    starts: Vec<usize>,
}

impl LongRuns {
    const LONG: usize = 64;

    fn any_in(&mut self, bytes: &[u8], window: &Range<usize>) -> bool {
        self.look(&bytes[..window.end]);
        let reaching = self.starts.iter().rev().take_while(|&&start| start + Self::LONG > window.start);
        reaching.into_iter().any(|&start| start < window.end)
    }

    /// Most of the bytes are stepped over: a run that starts at `from` has its last letter 63 bytes on.
    fn look(&mut self, bytes: &[u8]) {
        let in_run = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        while let Some(next) = bytes.get(self.from..self.from + Self::LONG) {
            let letters = next.iter().rev().take_while(in_run).count();
            if letters == Self::LONG {
                self.starts.push(self.from);
                self.from += bytes[self.from..].iter().take_while(in_run).count();
            } else {
                self.from += Self::LONG - letters;
            }
        }
    }
}
