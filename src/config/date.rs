//! The dates of the configuration and of the baseline.

use std::fmt;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Parses the date at the start of `2027-01-31` or `2027-01-31T12:00:00Z`.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let has_end = rest.is_empty() || rest.starts_with(['T', 't', ' ']);
        let mut parts = date.split('-');
        let mut number = |len: usize| {
            let digits = parts.next().filter(|part| part.len() == len && part.bytes().all(|b| b.is_ascii_digit()))?;
            digits.parse::<u16>().ok()
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        let is_valid = has_end && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        is_valid.then_some(Self { year, month, day })
    }

    /// The number of days from `self` to `other`. Negative if `other` is earlier.
    pub fn days_until(self, other: Self) -> i64 {
        other.number() - self.number()
    }

    /// The number of days since 1 March of the year 0.
    fn number(self) -> i64 {
        // The year starts in March, so that the leap day is its last day.
        let (year, month) = match self.month {
            1 | 2 => (i64::from(self.year) - 1, i64::from(self.month) + 9),
            month => (i64::from(self.year), i64::from(month) - 3),
        };
        365 * year + year.div_euclid(4) - year.div_euclid(100)
            + year.div_euclid(400)
            + (153 * month + 2) / 5
            + i64::from(self.day)
    }
}

fn days_of(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for good in ["2027-01-31", "2024-02-29", "2000-02-29", "2027-01-31T12:00:00Z", "0000-12-31"] {
            assert_eq!(Date::parse(good).map(|date| date.to_string()).as_deref(), Some(&good[..10]), "{good}");
        }
        for bad in ["2027-1-31", "2023-02-29", "1900-02-29", "2027-13-01", "2027-00-01", "2027-04-31", "20270131", "é"]
        {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_are_counted_across_months_and_years() {
        let date = |text| Date::parse(text).expect("a date");
        for (from, to, days) in [
            ("2026-11-29", "2026-11-29", 0),
            ("2026-11-29", "2026-12-01", 2),
            ("2024-02-28", "2024-03-01", 2),
            ("2023-12-31", "2024-12-31", 366),
            ("2026-11-29", "2026-11-01", -28),
        ] {
            assert_eq!(date(from).days_until(date(to)), days, "{from} {to}");
        }
    }
}
