//! Dates as text.

/// Formats seconds since 1970, UTC, as ISO 8601: `2024-01-02T03:04:05+00:00`.
pub(crate) fn iso8601(seconds: i64) -> String {
    gix::date::Time::new(seconds, 0).format_or_unix(gix::date::time::format::ISO8601_STRICT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_utc() {
        assert_eq!(iso8601(1_704_164_645), "2024-01-02T03:04:05+00:00");
    }
}
