//! Dates as text.

/// Formats seconds since 1970, UTC, as ISO 8601: `2024-01-02T03:04:05+00:00`.
pub(crate) fn iso8601(seconds: i64) -> String {
    gix::date::Time::new(seconds, 0).format_or_unix(gix::date::time::format::ISO8601_STRICT)
}

/// Parses the form that [`iso8601`] writes, with any offset, as seconds since 1970. None for any other text.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let form = b"0000-00-00T00:00:00+00:00";
    let fits = |(byte, form): (u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        b'+' => b"+-".contains(&byte),
        _ => byte == *form,
    };
    // gix reads the other forms of git's dates, too.
    let is_form = text.len() == form.len() && text.bytes().zip(form).all(fits);
    is_form.then(|| gix::date::parse(text, None).ok())?.map(|time| time.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_utc() {
        assert_eq!(iso8601(1_704_164_645), "2024-01-02T03:04:05+00:00");
    }

    #[test]
    fn dates_are_read_as_they_are_written() {
        for at in [0, 1_704_164_645, 951_782_400, 951_868_799, 4_107_542_399, -1] {
            assert_eq!(seconds(&iso8601(at)), Some(at), "{}", iso8601(at));
        }
        assert_eq!(seconds("1970-01-01T02:00:00+02:00"), Some(0));
        assert_eq!(seconds("1969-12-31T19:30:00-04:30"), Some(0));
        for other in
            ["", "2024-01-02", "2024-13-02T03:04:05+00:00", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05+00:0é"]
        {
            assert_eq!(seconds(other), None, "{other}");
        }
    }
}
