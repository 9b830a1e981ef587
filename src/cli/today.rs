//! The current date.

use std::time::SystemTime;

use crate::config::Date;
use crate::error::Error;
use crate::git::date::iso8601;

/// Returns the date in UTC.
pub(super) fn today() -> Result<Date, Error> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let text = iso8601(i64::try_from(since).unwrap_or_default());
    let context = "cannot determine the date";
    Date::parse(&text).ok_or_else(|| Error::new(context, format!("the clock shows {text}"), "set the clock"))
}
