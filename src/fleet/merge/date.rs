//! The dates of commits in lines of `fleet`.

/// Seconds since 1970 of `2024-01-02T03:04:05+00:00`, the form in which a history scan writes dates. None for any other text.
pub fn seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let form = b"0000-00-00T00:00:00+00:00";
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        b'+' => b"+-".contains(byte),
        _ => byte == form,
    };
    if bytes.len() != form.len() || !bytes.iter().zip(form).all(fits) {
        return None;
    }
    let number = |at: usize, len: usize| bytes[at..at + len].iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
    let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2));
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let time = number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2);
    let offset = (number(20, 2) * 60 + number(23, 2)) * 60;
    let offset = if bytes[19] == b'-' { -offset } else { offset };
    Some(days(year, month, day) * 86_400 + time - offset)
}

/// Days since 1970 in the Gregorian calendar. A year starts in March here, so that a leap day is its last day.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    // 719,468 days are between 0000-03-01 and 1970-01-01.
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::date::iso8601;

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
