//! How a source file verifies signatures: by a vendor's library, or by an HMAC of its own.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::expressions::{
    Assignment, Function, arguments, ascii, assignments, functions, has_word, is_word, operand_after, operand_before,
};
use super::source::{Code, Language};

/// What a file does about signatures. Lines are counted from 1.
#[derive(Debug, Default)]
pub(in crate::audit) struct Verification {
    /// Comparisons of a digest that end at the first difference.
    pub leaky: Vec<usize>,
    /// Whether a digest is compared in constant time.
    pub is_constant_time: bool,
    /// Whether a vendor's library verifies the signature and its timestamp.
    pub by_library: bool,
    /// Inputs of a verification that were parsed and serialized again.
    pub reserialized: Vec<usize>,
    /// Inputs of an HMAC that begin with a timestamp.
    pub stamped: Vec<usize>,
    /// Whether a timestamp is compared with the time.
    pub checks_time: bool,
    /// The functions in which a signature is verified.
    pub functions: Vec<String>,
}

impl Verification {
    /// Whether the file verifies a signature in any way.
    pub fn is_any(&self) -> bool {
        self.by_library || self.by_hand()
    }

    pub fn by_hand(&self) -> bool {
        self.is_constant_time || !self.leaky.is_empty()
    }
}

fn regex(pattern: &str) -> Regex {
    Regex::new(&ascii(pattern)).expect("the pattern is valid")
}

/// Calls that return a digest or an object that makes one.
static DIGEST: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(?:createHmac|HmacSHA(?:256|512|1)|hmac\.new|hmac\.digest|hmac\.New|OpenSSL::HMAC\.[a-z0-9]+|hash_hmac|subtle\.sign)\s*\(",
    )
});

/// Comparisons that take the same time for any input.
static CONSTANT_TIME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(?:timingSafeEqual|timing_safe_equal|compare_digest|hmac\.Equal|hash_equals|(?:fixed_length_)?secure_compare|(?:subtle\.)?ConstantTimeCompare|[cC]onstant_?[tT]ime_?(?:[eE]quals?|[cC]ompare)|(?:timing)?[sS]afe_?(?:[cC]ompare|[eE]quals?)|secureCompare|tsscmp|scmp|subtle\.verify)\s*\(",
    )
});

/// Libraries that verify the signature and, where the vendor signs it, the time.
static LIBRARY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(?:constructEvent(?:Async)?|construct_event|ConstructEvent(?:WithOptions|WithTolerance|IgnoringTolerance)?|verify_header|verifyHeader|verifyWebhook|verify_webhook_signature|webhooks\.unwrap|unwrapWebhook|[pP]arse_?[tT]hin_?[eE]vent|[pP]arse_?[eE]vent_?[nN]otification)\s*\(|\b(?:CashierController|VerifyWebhookSignature|StripeEvent|WebhookSignature|SignatureValidator|WebhookProcessor)\b",
    )
});

/// Svix and Standard Webhooks: an object that is made from the secret, and its method.
static SVIX: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        regex(
            r"\b(?:new\s+(?:[A-Za-z_]+\.)?Webhook|Webhook|NewWebhook(?:Raw)?|Webhook\.new|new\s+\\?[A-Za-z\\]*Webhook)\s*\(",
        ),
        regex(r"(?:\.|->)\s*[vV]erify\s*\("),
    ]
});

static SERIALIZER: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"\b(?:JSON\.stringify|json\.dumps|json_encode|json\.Marshal|JSON\.generate)\s*\(|\.to_json\b")
});

static STAMP: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i-u:timestamp)|\bts\b"));

/// Calls that pass the input to an object that makes a digest.
static UPDATE: LazyLock<Regex> = LazyLock::new(|| regex(r"\.\s*(?:update|Write|WriteString)\s*\("));

/// Calls that compare, but not in constant time.
static LEAKY_CALL: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:\.equals|\.includes|\bbytes\.Equal|\bstrings\.EqualFold|\bstrcmp|\bBuffer\.compare)\s*\(")
});

/// Operands that no secret depends on.
static INNOCENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\.length\b|\.byteLength\b|\.bytesize\b|\.size\b|\blen\s*\(|\bstrlen\s*\(|\btypeof\b|^\s*(?:null|undefined|nil|None|true|false|True|False|-?[0-9]+|''|\x22\x22)\s*$",
    )
});

/// Names of functions that return a digest, rather than something that is made of one.
static NAMES_DIGEST: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i-u:sign|hmac|digest|hash|mac|expected|compute)"));

static NOW: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\bDate\.now|new Date|\btime\.time|\btime\.Now|\bTime\.(?:now|current)|\btime\s*\(\)|\bnow\s*\(|\butcnow\s*\(|\btime\.Since|\btime\.Unix",
    )
});

static TIME_WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i-u:timestamp|tolerance|max_?age|expired)"));

/// Reads one file.
pub(in crate::audit) fn verification(code: &Code) -> Verification {
    let reader = Reader { code, assignments: assignments(code), functions: functions(code) };
    let taint = reader.digests();
    let mut found = Verification {
        is_constant_time: reader.has_constant_time(&taint),
        by_library: LIBRARY.is_match(&code.bare) || SVIX.iter().all(|part| part.is_match(&code.bare)),
        leaky: reader.leaky(&taint),
        checks_time: NOW.is_match(&code.bare) && TIME_WORD.is_match(&code.text),
        ..Verification::default()
    };
    if found.is_any() {
        reader.inputs(&taint, &mut found);
    }
    let verifies = |function: &&Function| {
        let body = &code.bare[function.body.clone()];
        CONSTANT_TIME.is_match(body) || LIBRARY.is_match(body) || DIGEST.is_match(body) || SVIX[1].is_match(body)
    };
    if found.is_any() {
        found.functions = reader.functions.iter().filter(verifies).map(|function| function.name.clone()).collect();
    }
    found
}

/// The number of variables of a file that are followed.
const MAX_TAINTED: usize = 64;

/// The number of comparisons of a file that are looked at.
const MAX_COMPARISONS: usize = 5_000;

/// Names of variables that contain a digest, each with the range in which it does.
#[derive(Default)]
struct Taint {
    variables: Vec<(String, Range<usize>)>,
    functions: Vec<String>,
}

impl Taint {
    /// Places of one name that overlap count as one.
    fn add(&mut self, (name, scope): (String, Range<usize>)) {
        let has_room = self.variables.len() < MAX_TAINTED;
        let known = self.variables.iter_mut().find(|(other, place)| *other == name && place.contains(&scope.start));
        match known {
            Some((_, place)) => place.end = place.end.max(scope.end),
            None if has_room => self.variables.push((name, scope)),
            None => {}
        }
    }
}

struct Reader<'c> {
    code: &'c Code,
    assignments: Vec<Assignment>,
    functions: Vec<Function>,
}

impl Reader<'_> {
    /// Follows digests through assignments and through functions that return one.
    fn digests(&self) -> Taint {
        let mut taint = Taint::default();
        if !DIGEST.is_match(&self.code.bare) {
            return taint;
        }
        // Each round follows one more step. Code that takes more is not followed.
        for _ in 0..4 {
            let known = taint.variables.len() + taint.functions.len();
            for assignment in &self.assignments {
                let value = &self.code.bare[assignment.value.clone()];
                if is_function(value) || is_comparison(value) || !self.has_digest(&assignment.value, &taint) {
                    continue;
                }
                // In Go the second name is the error.
                if let Some(name) = assignment.names.first().filter(|name| *name != "_") {
                    let one = (name.clone(), assignment.scope.clone());
                    taint.add(one);
                }
            }
            for function in &self.functions {
                let is_new = !taint.functions.contains(&function.name) && NAMES_DIGEST.is_match(&function.name);
                if is_new && self.returns_digest(function, &taint) {
                    taint.functions.push(function.name.clone());
                }
            }
            if taint.variables.len() + taint.functions.len() == known {
                break;
            }
        }
        taint
    }

    /// Whether the expression calls what returns a digest, or names a variable that is one.
    fn has_digest(&self, span: &Range<usize>, taint: &Taint) -> bool {
        let text = &self.code.bare[span.clone()];
        DIGEST.is_match(text)
            || taint.variables.iter().any(|(name, scope)| scope.contains(&span.start) && has_word(text, name))
            || taint.functions.iter().any(|name| has_call(text, name))
    }

    fn returns_digest(&self, function: &Function, taint: &Taint) -> bool {
        let body = &self.code.bare[function.body.clone()];
        if body.len() > 4_000 || is_comparison(body) {
            return false;
        }
        let is_expression = !body.contains("return");
        if is_expression {
            // An arrow function with an expression, or the last line of a method in Ruby.
            let is_arrow = !body.trim_start().starts_with('{') && self.code.language == Language::JavaScript;
            return (is_arrow && !body.contains(';') || self.code.language == Language::Ruby)
                && self.has_digest(&function.body, taint);
        }
        body.match_indices("return").any(|(at, _)| {
            let start = function.body.start + at + "return".len();
            let end = super::expressions::expression_end(self.code.bare.as_bytes(), start).min(function.body.end);
            self.has_digest(&(start..end.max(start)), taint)
        })
    }

    /// Whether a constant-time comparison has a digest among its arguments, or an HMAC is in the same file.
    fn has_constant_time(&self, taint: &Taint) -> bool {
        let has_hmac = DIGEST.is_match(&self.code.bare);
        CONSTANT_TIME.find_iter(&self.code.bare).any(|call| {
            let span = arguments(self.code, call.end());
            has_hmac || call.as_str().starts_with("subtle.verify") || self.has_digest(&span, taint)
        })
    }

    /// The lines of comparisons that end at the first difference.
    fn leaky(&self, taint: &Taint) -> Vec<usize> {
        if taint.variables.is_empty() && taint.functions.is_empty() && !DIGEST.is_match(&self.code.bare) {
            return Vec::new();
        }
        let bare = self.code.bare.as_bytes();
        let mut lines = Vec::new();
        for at in memchr::memchr_iter(b'=', bare).take(MAX_COMPARISONS) {
            let Some(before) = at.checked_sub(1).map(|before| bare[before]) else { continue };
            // The last byte of `==`, `===`, `!=` or `!==`.
            let is_last = matches!(before, b'=' | b'!') && bare.get(at + 1) != Some(&b'=');
            if !is_last || bare.get(at + 1) == Some(&b'>') {
                continue;
            }
            let start = at - bare[..at].iter().rev().take_while(|b| matches!(b, b'=' | b'!')).count();
            let (left, right) = (operand_before(self.code, start), operand_after(self.code, at + 1));
            if self.is_leaky(&left, &right, taint) {
                lines.push(self.code.line(at));
            }
        }
        for call in LEAKY_CALL.find_iter(&self.code.bare) {
            let (left, right) = (operand_before(self.code, call.start()), arguments(self.code, call.end()));
            if self.is_leaky(&left, &right, taint) {
                lines.push(self.code.line(call.start()));
            }
        }
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    fn is_leaky(&self, left: &Range<usize>, right: &Range<usize>, taint: &Taint) -> bool {
        let texts = [left, right].map(|span| &self.code.bare[span.clone()]);
        let is_innocent = |text: &&str| INNOCENT.is_match(text) || CONSTANT_TIME.is_match(text);
        // A value in the code, such as the name of an algorithm.
        let is_literal = [left, right].iter().any(|span| is_literal(&self.code.text[(*span).clone()]));
        !texts.iter().any(is_innocent) && !is_literal && (self.has_digest(left, taint) || self.has_digest(right, taint))
    }

    /// What is signed: whether it was serialized again, and whether a timestamp is part of it.
    fn inputs(&self, taint: &Taint, found: &mut Verification) {
        let language = self.code.language;
        let serialized = self.names_of(&SERIALIZER);
        let stamped = self.names_of(&STAMP);
        let has = |span: &Range<usize>, direct: &Regex, names: &[(String, Range<usize>)]| {
            let text = &self.code.bare[span.clone()];
            direct.is_match(text)
                || names.iter().any(|(name, scope)| scope.contains(&span.start) && has_word(text, name))
        };
        let mut spans = Vec::new();
        for call in DIGEST.find_iter(&self.code.bare) {
            let all = arguments(self.code, call.end());
            match language {
                // `hmac.new(key, message, digest)`, `OpenSSL::HMAC.hexdigest(digest, key, message)`, `hash_hmac(name, message, key)`.
                Language::Python | Language::Ruby | Language::Php => spans.push(all),
                Language::JavaScript | Language::Go => {}
            }
        }
        for call in UPDATE.find_iter(&self.code.bare) {
            let receiver = call.start().saturating_sub(300)..call.start();
            let receiver = receiver.start + self.code.bare[receiver.clone()].rfind(';').unwrap_or(0)..receiver.end;
            if self.has_digest(&receiver, taint) {
                spans.push(arguments(self.code, call.end()));
            }
        }
        for call in LIBRARY.find_iter(&self.code.bare).chain(SVIX[1].find_iter(&self.code.bare)) {
            if found.by_library && call.as_str().ends_with('(') {
                let all = arguments(self.code, call.end());
                let first = all.start..operand_after(self.code, all.start).end.min(all.end);
                if has(&first, &SERIALIZER, &serialized) {
                    found.reserialized.push(self.code.line(call.start()));
                }
            }
        }
        for span in spans {
            let line = self.code.line(span.start);
            if has(&span, &SERIALIZER, &serialized) {
                found.reserialized.push(line);
            }
            if has(&span, &STAMP, &stamped) {
                found.stamped.push(line);
            }
        }
        for lines in [&mut found.reserialized, &mut found.stamped] {
            lines.sort_unstable();
            lines.dedup();
        }
    }

    /// The variables whose value matches.
    fn names_of(&self, direct: &Regex) -> Vec<(String, Range<usize>)> {
        let values = self.assignments.iter().filter(|one| {
            let value = &self.code.bare[one.value.clone()];
            value.len() < 400 && !is_function(value) && direct.is_match(value)
        });
        values.filter_map(|one| Some((one.names.first()?.clone(), one.scope.clone()))).collect()
    }
}

/// Whether the value defines a function, whose body is no part of the value.
fn is_function(value: &str) -> bool {
    let start = value.trim_start();
    let start = start.strip_prefix("async").unwrap_or(start).trim_start();
    start.starts_with("function") || (start.starts_with('(') && value.contains("=>")) || value.len() > 2_000
}

/// Whether the value is the result of a comparison.
fn is_comparison(value: &str) -> bool {
    value.contains("==") || value.contains("!=") || CONSTANT_TIME.is_match(value) || LEAKY_CALL.is_match(value)
}

fn has_call(text: &str, name: &str) -> bool {
    let bytes = text.as_bytes();
    text.match_indices(name).any(|(at, _)| {
        let is_start = at == 0 || !is_word(bytes[at - 1]);
        is_start && text[at + name.len()..].trim_start().starts_with('(')
    })
}

/// Whether the operand is a text in quotes.
fn is_literal(text: &str) -> bool {
    let text = text.trim();
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''));
    quote.is_some_and(|quote| text.len() > 1 && text.ends_with(quote) && text[1..text.len() - 1].find(quote).is_none())
}
