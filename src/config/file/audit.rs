//! Validates `[audit]` and the `[[token]]` ledger.

use toml::de::DeTable;

use crate::config::audit::{Accepted, CHECK_NAMES, LedgerEntry};
use crate::config::date::Date;
use crate::config::file::{ConfigError, Field, Reader};
use crate::error::{in_brief, nearest};
use crate::finding::Fingerprint;

const TOKEN_KEYS: &[&str] = &["fingerprint", "owner", "environment", "created", "rotate_by", "scopes"];

impl Reader {
    /// Validates `accept` in `[audit]`.
    pub(crate) fn accepted(&self, field: Option<&Field<'_>>) -> Result<Vec<Accepted>, ConfigError> {
        let Some(field) = field else { return Ok(Vec::new()) };
        let table = self.table(field, "[audit]")?;
        self.check_keys(table, &["accept"])?;
        self.items(table.get("accept"), "accept")?.into_iter().map(|entry| self.accepted_check(entry)).collect()
    }

    fn accepted_check(&self, entry: &Field<'_>) -> Result<Accepted, ConfigError> {
        let shape = "an entry of accept, { check = \"…\", reason = \"…\", until = \"2027-01-31\" },";
        let table = self.table(entry, shape)?;
        self.check_keys(table, &["check", "reason", "until"])?;
        let field = self.required(table, entry, "check", shape)?;
        let name = self.text(field, "check")?;
        let check = CHECK_NAMES.iter().find(|known| **known == name).copied().ok_or_else(|| {
            let nearest = nearest(&name, CHECK_NAMES.iter().copied());
            self.error(field, format!("there is no check {}; did you mean {nearest}?", in_brief(&name)))
        })?;
        let reason = self.shown_text(self.required(table, entry, "reason", shape)?, "reason")?;
        Ok(Accepted { check, reason, until: self.date(table, "until")?, line: self.line(entry) })
    }

    /// Validates one `[[token]]`.
    pub(crate) fn ledger_entry(&self, entry: &Field<'_>) -> Result<LedgerEntry, ConfigError> {
        let table = self.table(entry, "[[token]]")?;
        self.check_keys(table, TOKEN_KEYS)?;
        let id = self.required(table, entry, "fingerprint", "[[token]]")?;
        let fingerprint = Fingerprint::parse(&self.text(id, "fingerprint")?)
            .ok_or_else(|| self.error(id, "a fingerprint is 16 lower-case hex digits, as the report prints them"))?;
        let text = |key: &str| table.get(key).map(|field| self.shown_text(field, key)).transpose();
        Ok(LedgerEntry {
            fingerprint,
            owner: text("owner")?,
            environment: text("environment")?,
            created: self.date(table, "created")?,
            rotate_by: self.date(table, "rotate_by")?,
            scopes: self.scopes(table.get("scopes"))?,
            line: self.line(entry),
        })
    }

    /// A list, or one text with spaces between the scopes, as Attio's API returns them.
    fn scopes(&self, field: Option<&Field<'_>>) -> Result<Option<Vec<String>>, ConfigError> {
        let Some(field) = field else { return Ok(None) };
        if field.get_ref().as_str().is_some() {
            let text = self.shown_text(field, "scopes")?;
            return Ok(Some(text.split_whitespace().map(str::to_owned).collect()));
        }
        let items = self.items(Some(field), "scopes")?;
        items.into_iter().map(|item| self.shown_text(item, "a scope")).collect::<Result<_, _>>().map(Some)
    }

    /// A date of TOML, or a text such as `2027-01-31`.
    fn date(&self, table: &DeTable<'_>, key: &str) -> Result<Option<Date>, ConfigError> {
        let Some(field) = table.get(key) else { return Ok(None) };
        let text = match field.get_ref().as_datetime() {
            Some(date) => date.to_string(),
            None => self.text(field, key)?,
        };
        let date = Date::parse(&text);
        date.map(Some).ok_or_else(|| self.error(field, format!("{key} must be a date such as 2027-01-31")))
    }
}
