//! `.keysweep.toml`: what it may hold, and where it is wrong.

mod own_rule;

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::own::OwnRule;
use crate::detect::Detector;
use crate::error::{in_brief, nearest};
use crate::finding::Fingerprint;
use crate::rule::Rule;
use crate::rules::{PACKS, Pack, pack, rules_of};

/// The name of the configuration file, at the top of the repository.
pub const CONFIG_NAME: &str = ".keysweep.toml";

/// Anybody who pushes brings a configuration, so its size is limited, and what is read of it takes linear time.
pub const MOST_BYTES: usize = 4_000_000;

/// A set of globs is one automaton, which is asked for each path that holds a token.
const MOST_GLOBS: usize = 1_000;

/// Rules may share a prefix, and each is tried wherever that is.
const MOST_RULES: usize = 100;

/// A configuration file as it was written, every part known to be right in itself.
#[derive(Debug, Default)]
pub struct Config {
    /// Globs, each with its line.
    pub paths: Vec<(String, usize)>,
    pub fingerprints: Vec<AllowedToken>,
    pub rules: Vec<OwnRule>,
    /// The packs of rules that are on, each once.
    pub packs: Vec<&'static Pack>,
    /// `[output] quiet`: print nothing where nothing is found.
    pub quiet: bool,
}

/// A token that is known to be harmless.
#[derive(Debug, Clone)]
pub struct AllowedToken {
    pub fingerprint: Fingerprint,
    pub reason: String,
    pub line: usize,
}

/// Where a configuration is wrong, and how.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl Config {
    pub fn parse(bytes: &[u8]) -> Result<Self, Wrong> {
        if bytes.len() > MOST_BYTES {
            return Err(Wrong { line: 1, what: format!("it has more than {} MB, the limit", MOST_BYTES / 1_000_000) });
        }
        let text = std::str::from_utf8(bytes).map_err(|err| Wrong {
            line: line_at(bytes, err.valid_up_to()),
            what: "it is not UTF-8 text".to_owned(),
        })?;
        let newlines = memchr::memchr_iter(b'\n', bytes).collect();
        let reader = Reader { newlines };
        let table = DeTable::parse(text).map_err(|err| Wrong {
            line: line_at(bytes, err.span().map_or(0, |span| span.start)),
            what: first_line(err.message()),
        })?;
        reader.config(&table)
    }
}

/// Reads the parsed document; knows where its lines end so as to name them.
struct Reader {
    newlines: Vec<usize>,
}

type Field<'t> = Spanned<DeValue<'t>>;

impl Reader {
    fn config(&self, table: &Spanned<DeTable<'_>>) -> Result<Config, Wrong> {
        let mut config = Config::default();
        self.only_keys(table.get_ref(), &["allow", "output", "rule", "rules"])?;
        config.packs = self.packs(table.get_ref().get("rules"))?;
        if let Some(output) = table.get_ref().get("output") {
            let output = self.table(output, "[output]")?;
            self.only_keys(output, &["quiet"])?;
            config.quiet =
                output.get("quiet").map(|field| self.switch(field, "quiet")).transpose()?.unwrap_or_default();
        }
        if let Some(allow) = table.get_ref().get("allow") {
            let allow = self.table(allow, "[allow]")?;
            self.only_keys(allow, &["paths", "fingerprints"])?;
            for glob in self.items(allow.get("paths"), "paths")? {
                if config.paths.len() == MOST_GLOBS {
                    return Err(self.wrong(glob, format!("paths has more than {MOST_GLOBS} globs, the limit")));
                }
                config.paths.push((self.text(glob, "a glob of paths")?, self.line(glob)));
            }
            for entry in self.items(allow.get("fingerprints"), "fingerprints")? {
                config.fingerprints.push(self.allowed_token(entry)?);
            }
        }
        for entry in self.items(table.get_ref().get("rule"), "[[rule]]")? {
            let rule = self.own_rule(entry, &config.packs)?;
            if config.rules.len() == MOST_RULES {
                return Err(self.wrong(entry, format!("it has more than {MOST_RULES} rules, the limit")));
            }
            if config.rules.iter().any(|other| other.id == rule.id) {
                return Err(
                    self.wrong(entry, format!("the id {} stands twice; give each rule its own", in_brief(&rule.id)))
                );
            }
            config.rules.push(rule);
        }
        let of_packs: Vec<&'static Rule> = rules_of(config.packs.iter().copied()).collect();
        let detector = (!of_packs.is_empty() && !config.rules.is_empty()).then(|| Detector::new(&of_packs));
        let is_of_pack = |text: &str| detector.as_ref().is_some_and(|packs| !packs.find(text.as_bytes()).is_empty());
        for (rule, entry) in config.rules.iter().zip(self.items(table.get_ref().get("rule"), "[[rule]]")?) {
            if config.rules.iter().any(|other| rule.shows_token_of(other)) || rule.shown_texts().any(is_of_pack) {
                let what = format!("the texts of {} hold what looks like a token, and reports print them", rule.id);
                return Err(self.wrong(entry, what));
            }
        }
        Ok(config)
    }

    fn packs(&self, field: Option<&Field<'_>>) -> Result<Vec<&'static Pack>, Wrong> {
        let Some(field) = field else { return Ok(Vec::new()) };
        if field.get_ref().as_array().is_some() {
            return Err(self.wrong(field, "[rules] must be a table, not array; a custom rule is a [[rule]]"));
        }
        let table = self.table(field, "[rules]")?;
        self.only_keys(table, &["packs"])?;
        let mut packs: Vec<&'static Pack> = Vec::new();
        for entry in self.items(table.get("packs"), "packs")? {
            let found = self.pack(entry)?;
            if !packs.iter().any(|pack| pack.name == found.name) {
                packs.push(found);
            }
        }
        // Whatever the order in the file is, rules are tried in the same one.
        packs.sort_by_key(|pack| PACKS.iter().position(|known| known.name == pack.name));
        Ok(packs)
    }

    fn pack(&self, field: &Field<'_>) -> Result<&'static Pack, Wrong> {
        let name = self.text(field, "a name of packs")?;
        pack(&name).ok_or_else(|| {
            let nearest = nearest(&name, PACKS.iter().map(|pack| pack.name));
            let all = PACKS.iter().map(|pack| pack.name).collect::<Vec<_>>().join(" and ");
            self.wrong(field, format!("there is no pack {}; did you mean {nearest}? There are {all}", in_brief(&name)))
        })
    }

    fn allowed_token(&self, entry: &Field<'_>) -> Result<AllowedToken, Wrong> {
        let shape = "an entry of fingerprints, { id = \"…\", reason = \"…\" },";
        let table = self.table(entry, shape)?;
        self.only_keys(table, &["id", "reason"])?;
        let id = self.required(table, entry, "id", shape)?;
        let reason = self.required(table, entry, "reason", shape)?;
        let fingerprint = Fingerprint::parse(&self.text(id, "id")?)
            .ok_or_else(|| self.wrong(id, "a fingerprint is 16 lower-case hex digits, as the report prints them"))?;
        Ok(AllowedToken { fingerprint, reason: self.filled(reason, "reason")?, line: self.line(entry) })
    }

    fn only_keys(&self, table: &DeTable<'_>, known: &[&str]) -> Result<(), Wrong> {
        let Some(key) = table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) else { return Ok(()) };
        let name = key.get_ref().as_ref();
        let nearest = nearest(name, known.iter().copied());
        Err(Wrong {
            line: self.line_of(key.span().start),
            what: format!("unknown key {}; did you mean {nearest}?", in_brief(name)),
        })
    }

    fn required<'a, 't>(
        &self,
        table: &'a DeTable<'t>,
        entry: &Field<'_>,
        key: &str,
        what: &str,
    ) -> Result<&'a Field<'t>, Wrong> {
        table.get(key).ok_or_else(|| self.wrong(entry, format!("{what} wants a {key}")))
    }

    fn table<'a, 't>(&self, field: &'a Field<'t>, what: &str) -> Result<&'a DeTable<'t>, Wrong> {
        let found = field.get_ref().type_str();
        field.get_ref().as_table().ok_or_else(|| self.wrong(field, format!("{what} must be a table, not {found}")))
    }

    fn items<'a, 't>(&self, field: Option<&'a Field<'t>>, what: &str) -> Result<Vec<&'a Field<'t>>, Wrong> {
        let Some(field) = field else { return Ok(Vec::new()) };
        let found = field.get_ref().type_str();
        let array = field.get_ref().as_array();
        array
            .map(|items| items.iter().collect())
            .ok_or_else(|| self.wrong(field, format!("{what} must be an array, not {found}")))
    }

    fn switch(&self, field: &Field<'_>, what: &str) -> Result<bool, Wrong> {
        let found = field.get_ref().type_str();
        field.get_ref().as_bool().ok_or_else(|| self.wrong(field, format!("{what} must be true or false, not {found}")))
    }

    fn text(&self, field: &Field<'_>, what: &str) -> Result<String, Wrong> {
        let found = field.get_ref().type_str();
        field
            .get_ref()
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| self.wrong(field, format!("{what} must be a string, not {found}")))
    }

    fn filled(&self, field: &Field<'_>, what: &str) -> Result<String, Wrong> {
        let text = self.text(field, what)?;
        if text.trim().is_empty() { Err(self.wrong(field, format!("{what} is empty"))) } else { Ok(text) }
    }

    fn wrong(&self, field: &Field<'_>, what: impl Into<String>) -> Wrong {
        Wrong { line: self.line(field), what: what.into() }
    }

    fn line(&self, field: &Field<'_>) -> usize {
        self.line_of(field.span().start)
    }

    fn line_of(&self, offset: usize) -> usize {
        1 + self.newlines.partition_point(|&newline| newline < offset)
    }
}

/// For errors that end the reading; `Reader::line_of` is for the others.
fn line_at(bytes: &[u8], offset: usize) -> usize {
    1 + bytes[..offset.min(bytes.len())].iter().filter(|&&b| b == b'\n').count()
}

fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or("it is not TOML");
    if line.len() <= 200 { line.to_owned() } else { "it is not TOML".to_owned() }
}
