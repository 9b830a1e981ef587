//! Generates tokens at run time, so that no source file contains one.

use std::fmt;
use std::io::Write as _;
use std::process::{Command, Stdio};

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGIT: &[u8] = b"0123456789";

pub const SK: &str = concat!("sk", "_");
pub const SK_LIVE: &str = concat!("sk", "_live_");
pub const SK_TEST: &str = concat!("sk", "_test_");
pub const WHSEC: &str = concat!("whsec", "_");

pub const CUSTOM_RULE: &str = "[[rule]]\nid = 'acme-token'\nprefix = 'acme_'\n";

/// A token and the offset of its random part.
#[derive(Clone)]
pub struct Token {
    pub family: &'static str,
    text: String,
    body_at: usize,
}

impl Token {
    fn new(family: &'static str, prefix: &str, body: &str) -> Self {
        let text = format!("{prefix}{body}");
        let body_at = prefix.len();
        Self { family, text, body_at }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn body(&self) -> &str {
        &self.text[self.body_at..]
    }

    /// The redacted form of the contract: the prefix, an ellipsis and the last four characters.
    pub fn redacted(&self) -> String {
        let tail = &self.text[self.text.len() - 4..];
        format!("{}…{tail}", &self.text[..self.body_at])
    }

    /// The fingerprint, computed with shell tools, since the contract promises that a shell can compute it.
    pub fn fingerprint(&self) -> String {
        let digest = ["sha256sum", "shasum"]
            .into_iter()
            .find_map(|tool| sha256(tool, self.text.as_bytes()))
            .expect("sha256sum or shasum is installed");
        digest[..16].to_owned()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn sha256(tool: &str, bytes: &[u8]) -> Option<String> {
    let mut command = Command::new(tool);
    if tool == "shasum" {
        command.args(["-a", "256"]);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    child.stdin.take()?.write_all(bytes).ok()?;
    let output = child.wait_with_output().ok()?;
    String::from_utf8(output.stdout).ok()
}

/// A deterministic generator of tokens.
pub struct Maker {
    state: u64,
}

impl Maker {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// splitmix64
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("usize fits u64");
        usize::try_from(self.next() % limit).expect("below a usize")
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next().to_le_bytes()[3]).take(n).collect()
    }

    /// Draws again if the result looks like a word or a sequence. A scanner may reject those few in a thousand, and
    /// these tests are not about them.
    fn draw(&mut self, alphabet: &[u8], n: usize) -> String {
        loop {
            let drawn: String = (0..n).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect();
            if looks_random(drawn.as_bytes()) {
                return drawn;
            }
        }
    }

    pub fn alnum(&mut self, n: usize) -> String {
        self.draw(&[LOWER, UPPER, DIGIT].concat(), n)
    }

    pub fn base36(&mut self, n: usize) -> String {
        self.draw(&[LOWER, DIGIT].concat(), n)
    }

    pub fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(DIGIT[self.below(10)])).collect()
    }

    pub fn hex(&mut self, n: usize) -> String {
        self.draw(&[DIGIT, &LOWER[..6]].concat(), n)
    }

    pub fn uuid(&mut self) -> String {
        let hex = self.hex(30);
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30])
    }

    pub fn sk_live(&mut self, n: usize) -> Token {
        Token::new("live key", SK_LIVE, &self.alnum(n))
    }

    pub fn sk_test(&mut self, n: usize) -> Token {
        Token::new("test key", SK_TEST, &self.alnum(n))
    }

    pub fn sk(&mut self, n: usize) -> Token {
        Token::new("key without environment", SK, &self.alnum(n))
    }

    /// A token of the rule in [`CUSTOM_RULE`].
    pub fn custom(&mut self, n: usize) -> Token {
        Token::new("custom rule", "acme_", &self.alnum(n))
    }

    /// A string that matches no rule.
    pub fn unknown(&mut self, n: usize) -> Token {
        Token::new("no rule", "", &self.alnum(n))
    }

    /// A string of words that matches no rule.
    pub fn words(&mut self) -> Token {
        const WORDS: [&str; 8] = ["correct", "horse", "battery", "staple", "purple", "window", "garden", "yellow"];
        let words: Vec<&str> = (0..4).map(|_| WORDS[self.below(WORDS.len())]).collect();
        Token::new("words", "", &words.join("-"))
    }

    pub fn sk_hex(&mut self, n: usize) -> Token {
        Token::new("hex key", SK, &self.hex(n))
    }

    pub fn whsec_hex(&mut self, n: usize) -> Token {
        Token::new("hex webhook secret", WHSEC, &self.hex(n))
    }

    pub fn whsec_base64(&mut self, bytes: usize) -> Token {
        loop {
            let body = base64(&self.bytes(bytes), *b"+/", true);
            if looks_random(body.trim_end_matches('=').as_bytes()) {
                return Token::new("base64 webhook secret", WHSEC, &body);
            }
        }
    }

    fn whsec_base64url(&mut self, bytes: usize) -> Token {
        loop {
            let body = base64(&self.bytes(bytes), *b"-_", false);
            if looks_random(body.as_bytes()) {
                return Token::new("base64url webhook secret", WHSEC, &body);
            }
        }
    }

    fn workos(&mut self) -> Token {
        let inner = format!("key_01{},{}", self.base36(24).to_uppercase(), self.alnum(25));
        Token::new("WorkOS", SK_LIVE, &base64(inner.as_bytes(), *b"+/", false))
    }

    fn apideck(&mut self) -> Token {
        let body = format!("{}-{}", self.alnum(44), self.alnum(48));
        Token::new("Apideck", SK_LIVE, &body)
    }

    fn yoco(&mut self) -> String {
        let hex = self.hex(32);
        format!("{}{}{}", &hex[..8], &self.alnum(24)[..7], &hex[8..21])
    }

    fn ticket_tailor(&mut self) -> Token {
        let prefix = format!("{SK}{}_{}_", self.digits(4), self.digits(6));
        Token::new("Ticket Tailor", &prefix, &self.hex(32))
    }

    /// One token of each family that keysweep finds in any context.
    pub fn every_family(&mut self) -> Vec<Token> {
        let under = |family, stem: &str, body: String| Token::new(family, &format!("{}_{stem}_", &SK[..2]), &body);
        vec![
            self.sk_live(24),
            Token::new("Stripe, modern", SK_LIVE, &format!("51{}", self.alnum(97))),
            self.sk_test(24),
            under("Stripe organisation", "org", self.alnum(24)),
            Token::new("Stripe restricted", concat!("rk", "_live_"), &self.alnum(24)),
            Token::new("Stripe restricted test", concat!("rk", "_test_"), &self.alnum(24)),
            Token::new("Stripe webhook", WHSEC, &self.alnum(32)),
            self.whsec_hex(64),
            Token::new("Clerk", SK_LIVE, &self.alnum(42)),
            Token::new("Paystack", SK_LIVE, &self.base36(40)),
            self.sk_hex(48),
            Token::new("ElevenLabs, older", SK, &self.hex(32)),
            Token::new("Checkout", SK, &self.uuid()),
            Token::new("Checkout test", SK_TEST, &self.uuid()),
            under("Checkout sandbox", "sbox", self.base36(27)),
            self.workos(),
            under("Crossmint staging", "staging", self.alnum(40)),
            under("Crossmint", "production", self.alnum(40)),
            under("Cartesia", "car", self.alnum(20)),
            under("PhotoRoom", "pr_default", self.hex(40)),
            self.ticket_tailor(),
            self.sk(32),
            self.sk(24),
            self.apideck(),
            self.whsec_base64(24),
            self.whsec_base64(32),
            self.whsec_base64(75),
            self.whsec_base64url(32),
            Token::new("webhook signing key", concat!("whsk", "_"), &base64(&self.bytes(64), *b"+/", true)),
            self.whsec_hex(48),
            Token::new("PayMongo webhook", concat!("whsk", "_"), &self.alnum(24)),
            Token::new("Nomod", SK_LIVE, &format!("{}.{}", &self.alnum(24)[..8], self.alnum(32))),
            Token::new("Yoco", SK_LIVE, &self.yoco()),
            Token::new("Svix test", concat!("test", "sk", "_"), &format!("{}.eu", self.alnum(32))),
            Token::new("base64 of hex", WHSEC, &base64(format!("{}\n", self.hex(64)).as_bytes(), *b"+/", true)),
            under("prod segment", "prod", self.alnum(24)),
            under("dev segment", "dev", self.alnum(24)),
        ]
    }
}

fn class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    }
}

/// A strict test of randomness: the character class changes more often than in most draws.
fn looks_random(body: &[u8]) -> bool {
    let pairs = || body.windows(2);
    let share = |n: usize| n * 100 / body.len();
    let changes = pairs().filter(|p| class(p[0]) != class(p[1])).count();
    let steps = pairs().filter(|p| p[0].abs_diff(p[1]) <= 1).count();
    let digits = body.iter().filter(|b| b.is_ascii_digit()).count();
    let distinct: std::collections::BTreeSet<u8> = body.iter().copied().collect();
    let repeats = body.windows(3).any(|w| w.iter().all(|b| b.eq_ignore_ascii_case(&w[0])));
    let mixed = body.iter().any(u8::is_ascii_uppercase) && body.iter().any(u8::is_ascii_lowercase);
    let restless = if mixed { 60 } else { 36 };
    share(changes) >= restless && share(steps) <= 25 && digits >= 3 && distinct.len() >= 8 && !repeats
}

/// RFC 4648 base64 with these two characters at the end of the alphabet.
pub fn base64(bytes: &[u8], last_two: [u8; 2], padded: bool) -> String {
    let alphabet = [UPPER, LOWER, DIGIT, &last_two].concat();
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = [0, 1, 2].map(|i| u32::from(chunk.get(i).copied().unwrap_or(0)));
        let bits = group[0] << 16 | group[1] << 8 | group[2];
        for place in 0..=chunk.len() {
            let index = (bits >> (18 - 6 * place)) & 63;
            out.push(char::from(alphabet[index as usize]));
        }
        if padded {
            out.extend(std::iter::repeat_n('=', 3 - chunk.len()));
        }
    }
    out
}

pub fn unbase64(text: &str) -> Vec<u8> {
    let alphabet = [UPPER, LOWER, DIGIT, b"+/"].concat();
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|b| *b != b'=') {
        let value = alphabet.iter().position(|a| *a == byte).expect("base64");
        bits = bits << 6 | u32::try_from(value).expect("below 64");
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held).to_le_bytes()[0]);
            bits &= (1 << held) - 1;
        }
    }
    out
}
