//! Parses and validates `.keysweep.toml`. An error names the line.

mod audit;
mod rule;

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::audit::{Accepted, LedgerEntry};
use crate::config::custom_rule::CustomRule;
use crate::detect::Detector;
use crate::error::{in_brief, nearest};
use crate::finding::Fingerprint;
use crate::rule::Rule;
use crate::rules::{PACKS, Pack, pack, rules_of};

/// The name of the configuration file, at the top of the repository.
pub const CONFIG_NAME: &str = ".keysweep.toml";

/// The maximum size of a configuration. Its content is untrusted, since anybody who pushes can change it, so its size is limited
/// and parsing takes linear time.
pub const MAX_BYTES: usize = 4_000_000;

/// The maximum number of globs. A set of globs is one automaton, which runs on the path of every file with a token.
const MAX_GLOBS: usize = 1_000;

/// The maximum number of custom rules. Rules may share a prefix, and each of them is tried at every match of it.
const MAX_RULES: usize = 100;

/// The maximum number of entries in the ledger.
const MAX_LEDGER: usize = 10_000;

/// A validated configuration file.
#[derive(Debug, Default)]
pub struct Config {
    /// Globs, each with its line number.
    pub paths: Vec<(String, usize)>,
    pub fingerprints: Vec<AllowedToken>,
    pub rules: Vec<CustomRule>,
    /// The rule packs that the file turns on, without duplicates.
    pub packs: Vec<&'static Pack>,
    /// `[output] quiet`: print nothing if nothing is found.
    pub quiet: bool,
    /// `[audit] accept`: the checks that may fail for now.
    pub accepted: Vec<Accepted>,
    /// `[[token]]`: the ledger of tokens.
    pub ledger: Vec<LedgerEntry>,
}

/// A token that is known to be harmless.
#[derive(Debug, Clone)]
pub struct AllowedToken {
    pub fingerprint: Fingerprint,
    pub reason: String,
    pub line: usize,
}

/// An error in a configuration file.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Counted from 1.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl Config {
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        if bytes.len() > MAX_BYTES {
            let message = format!("it has more than {} MB, the limit", MAX_BYTES / 1_000_000);
            return Err(ConfigError { line: 1, message });
        }
        let text = std::str::from_utf8(bytes).map_err(|err| ConfigError {
            line: line_at(bytes, err.valid_up_to()),
            message: "it is not UTF-8 text".to_owned(),
        })?;
        let newlines = memchr::memchr_iter(b'\n', bytes).collect();
        let reader = Reader { newlines };
        let table = DeTable::parse(text).map_err(|err| ConfigError {
            line: line_at(bytes, err.span().map_or(0, |span| span.start)),
            message: first_line(err.message()),
        })?;
        reader.config(&table)
    }
}

/// Validates a parsed document.
struct Reader {
    /// The offset of each line feed, to turn offsets into line numbers.
    newlines: Vec<usize>,
}

type Field<'t> = Spanned<DeValue<'t>>;

impl Reader {
    fn config(&self, table: &Spanned<DeTable<'_>>) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        self.check_keys(table.get_ref(), &["allow", "audit", "output", "rule", "rules", "token"])?;
        config.accepted = self.accepted(table.get_ref().get("audit"))?;
        for entry in self.items(table.get_ref().get("token"), "[[token]]")? {
            if config.ledger.len() == MAX_LEDGER {
                return Err(self.error(entry, format!("the ledger has more than {MAX_LEDGER} tokens, the limit")));
            }
            config.ledger.push(self.ledger_entry(entry)?);
        }
        config.packs = self.packs(table.get_ref().get("rules"))?;
        if let Some(output) = table.get_ref().get("output") {
            let output = self.table(output, "[output]")?;
            self.check_keys(output, &["quiet"])?;
            config.quiet =
                output.get("quiet").map(|field| self.boolean(field, "quiet")).transpose()?.unwrap_or_default();
        }
        if let Some(allow) = table.get_ref().get("allow") {
            let allow = self.table(allow, "[allow]")?;
            self.check_keys(allow, &["paths", "fingerprints"])?;
            for glob in self.items(allow.get("paths"), "paths")? {
                if config.paths.len() == MAX_GLOBS {
                    return Err(self.error(glob, format!("paths has more than {MAX_GLOBS} globs, the limit")));
                }
                config.paths.push((self.text(glob, "a glob of paths")?, self.line(glob)));
            }
            for entry in self.items(allow.get("fingerprints"), "fingerprints")? {
                config.fingerprints.push(self.allowed_token(entry)?);
            }
        }
        for entry in self.items(table.get_ref().get("rule"), "[[rule]]")? {
            let rule = self.rule(entry, &config.packs)?;
            if config.rules.len() == MAX_RULES {
                return Err(self.error(entry, format!("it has more than {MAX_RULES} rules, the limit")));
            }
            if config.rules.iter().any(|other| other.id == rule.id) {
                return Err(
                    self.error(entry, format!("the id {} is used twice; give each rule its own", in_brief(&rule.id)))
                );
            }
            config.rules.push(rule);
        }
        let of_packs: Vec<&'static Rule> = rules_of(config.packs.iter().copied()).collect();
        let detector = (!of_packs.is_empty() && !config.rules.is_empty()).then(|| Detector::new(&of_packs));
        let is_of_pack = |text: &str| detector.as_ref().is_some_and(|packs| !packs.find(text.as_bytes()).is_empty());
        for (rule, entry) in config.rules.iter().zip(self.items(table.get_ref().get("rule"), "[[rule]]")?) {
            if config.rules.iter().any(|other| rule.shows_token_of(other)) || rule.shown_texts().any(is_of_pack) {
                let message = format!("a text of {} contains a possible token, and reports print it", rule.id);
                return Err(self.error(entry, message));
            }
        }
        Ok(config)
    }

    fn packs(&self, field: Option<&Field<'_>>) -> Result<Vec<&'static Pack>, ConfigError> {
        let Some(field) = field else { return Ok(Vec::new()) };
        if field.get_ref().as_array().is_some() {
            return Err(self.error(field, "[rules] must be a table, not array; a custom rule is a [[rule]]"));
        }
        let table = self.table(field, "[rules]")?;
        self.check_keys(table, &["packs"])?;
        let mut packs: Vec<&'static Pack> = Vec::new();
        for entry in self.items(table.get("packs"), "packs")? {
            let found = self.pack(entry)?;
            if !packs.iter().any(|pack| pack.name == found.name) {
                packs.push(found);
            }
        }
        // The order of rules does not depend on the order in the file.
        packs.sort_by_key(|pack| PACKS.iter().position(|known| known.name == pack.name));
        Ok(packs)
    }

    fn pack(&self, field: &Field<'_>) -> Result<&'static Pack, ConfigError> {
        let name = self.text(field, "a name of packs")?;
        pack(&name).ok_or_else(|| {
            let nearest = nearest(&name, PACKS.iter().map(|pack| pack.name));
            let all = PACKS.iter().map(|pack| pack.name).collect::<Vec<_>>().join(" and ");
            self.error(field, format!("there is no pack {}; did you mean {nearest}? There are {all}", in_brief(&name)))
        })
    }

    fn allowed_token(&self, entry: &Field<'_>) -> Result<AllowedToken, ConfigError> {
        let shape = "an entry of fingerprints, { id = \"…\", reason = \"…\" },";
        let table = self.table(entry, shape)?;
        self.check_keys(table, &["id", "reason"])?;
        let id = self.required(table, entry, "id", shape)?;
        let reason = self.required(table, entry, "reason", shape)?;
        let fingerprint = Fingerprint::parse(&self.text(id, "id")?)
            .ok_or_else(|| self.error(id, "a fingerprint is 16 lower-case hex digits, as the report prints them"))?;
        Ok(AllowedToken { fingerprint, reason: self.non_empty_text(reason, "reason")?, line: self.line(entry) })
    }

    fn check_keys(&self, table: &DeTable<'_>, known: &[&str]) -> Result<(), ConfigError> {
        let Some(key) = table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) else { return Ok(()) };
        let name = key.get_ref().as_ref();
        let nearest = nearest(name, known.iter().copied());
        Err(ConfigError {
            line: self.line_of(key.span().start),
            message: format!("unknown key {}; did you mean {nearest}?", in_brief(name)),
        })
    }

    fn required<'a, 't>(
        &self,
        table: &'a DeTable<'t>,
        entry: &Field<'_>,
        key: &str,
        what: &str,
    ) -> Result<&'a Field<'t>, ConfigError> {
        table.get(key).ok_or_else(|| self.error(entry, format!("{what} needs the key {key}")))
    }

    fn table<'a, 't>(&self, field: &'a Field<'t>, what: &str) -> Result<&'a DeTable<'t>, ConfigError> {
        let found = field.get_ref().type_str();
        field.get_ref().as_table().ok_or_else(|| self.error(field, format!("{what} must be a table, not {found}")))
    }

    fn items<'a, 't>(&self, field: Option<&'a Field<'t>>, what: &str) -> Result<Vec<&'a Field<'t>>, ConfigError> {
        let Some(field) = field else { return Ok(Vec::new()) };
        let found = field.get_ref().type_str();
        let array = field.get_ref().as_array();
        array
            .map(|items| items.iter().collect())
            .ok_or_else(|| self.error(field, format!("{what} must be an array, not {found}")))
    }

    fn boolean(&self, field: &Field<'_>, what: &str) -> Result<bool, ConfigError> {
        let found = field.get_ref().type_str();
        field.get_ref().as_bool().ok_or_else(|| self.error(field, format!("{what} must be true or false, not {found}")))
    }

    fn text(&self, field: &Field<'_>, what: &str) -> Result<String, ConfigError> {
        let found = field.get_ref().type_str();
        field
            .get_ref()
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| self.error(field, format!("{what} must be a string, not {found}")))
    }

    fn non_empty_text(&self, field: &Field<'_>, what: &str) -> Result<String, ConfigError> {
        let text = self.text(field, what)?;
        if text.trim().is_empty() { Err(self.error(field, format!("{what} is empty"))) } else { Ok(text) }
    }

    fn error(&self, field: &Field<'_>, message: impl Into<String>) -> ConfigError {
        ConfigError { line: self.line(field), message: message.into() }
    }

    fn line(&self, field: &Field<'_>) -> usize {
        self.line_of(field.span().start)
    }

    fn line_of(&self, offset: usize) -> usize {
        1 + self.newlines.partition_point(|&newline| newline < offset)
    }
}

/// Returns the line number of an offset, for errors before there is a [`Reader`].
fn line_at(bytes: &[u8], offset: usize) -> usize {
    1 + bytes[..offset.min(bytes.len())].iter().filter(|&&b| b == b'\n').count()
}

fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or("it is not TOML");
    if line.len() <= 200 { line.to_owned() } else { "it is not TOML".to_owned() }
}
