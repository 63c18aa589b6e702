//! Days and amounts as people write them in files. No SQL, no HTTP, no clock.

use chrono::NaiveDate;
use domain::Pence;

/// A day: 2019-04-05, 05/04/2019, 5.4.2019, 5-Apr-2019 or 5 April 2019, with or without midnight after it.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim_end_matches("00:00:00").trim_end_matches("00:00").trim_end_matches(['T', ' ']);
    let parts: Vec<&str> = text.split(['/', '-', '.', ' ']).filter(|part| !part.is_empty()).collect();
    let [one, month, other] = parts[..] else { return None };
    let (year, day) = if one.len() == 4 { (one, other) } else { (other, one) };
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let fits = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let month = number(month, 1..=2).or_else(|| month_of(month))?;
    let year = i32::try_from(number(year, 4..=4)?).ok()?;
    NaiveDate::from_ymd_opt(year, month, number(day, 1..=2)?)
}

pub(crate) fn month_of(name: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let name = name.to_lowercase();
    let at = MONTHS.iter().position(|month| *month == name || name.len() == 3 && month.starts_with(&name))?;
    u32::try_from(at + 1).ok()
}

/// An amount in pounds: `6758426.00`, `£6,758,426`, `-5.50`, `5.50-` or `(5.50)`.
pub(super) fn pounds(text: &str) -> Option<Pence> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '£').collect();
    let text = text.strip_prefix("GBP").unwrap_or(&text);
    let bracketed = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let signed = text.strip_prefix('-').or_else(|| text.strip_suffix('-'));
    let (size, sign) = match bracketed.or(signed) {
        Some(size) => (size, -1),
        None => (text, 1),
    };
    let (whole, pence) = size.split_once('.').unwrap_or((size, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let grouped = rest.is_empty() || first.len() <= 3 && rest.iter().all(|group| group.len() == 3 && digits(group));
    if first.is_empty() || !digits(first) || !grouped || pence.len() > 2 || !digits(pence) {
        return None;
    }
    let whole: i64 = whole.replace(',', "").parse().ok()?;
    let pence: i64 = format!("{pence:0<2}").parse().ok()?;
    whole.checked_mul(100)?.checked_add(pence)?.checked_mul(sign).map(Pence)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_read_as_people_write_them_and_nothing_is_guessed() {
        let fifth = NaiveDate::from_ymd_opt(2019, 4, 5);
        for text in [
            "2019-04-05",
            "05/04/2019",
            "5.4.2019",
            "5-Apr-2019",
            "5 April 2019",
            "05/04/2019 00:00",
            "2019-04-05T00:00:00",
        ] {
            assert_eq!(day(text), fifth, "{text}");
        }
        for text in
            ["", "5/4", "05/04/19", "2019-13-05", "31/04/2019", "5 Avril 2019", "2019-04-05-06", "43560", "+5/4/2019"]
        {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_that_could_be_two_things_are_none() {
        for text in
            ["", "-", "()", "1,23", "12,34,567", "1.234,56", "1e5", "5.123", "--5", "(5", "5 pounds", ",500", "1,0000"]
        {
            assert_eq!(pounds(text), None, "{text}");
        }
        assert_eq!(pounds(" £ 1,234.5 "), Some(Pence(123_450)));
        assert_eq!(
            (pounds("GBP 5"), pounds("5.50-"), pounds("(5.50)")),
            (Some(Pence(500)), Some(Pence(-550)), Some(Pence(-550)))
        );
    }

    proptest! {
        #[test]
        fn amounts_are_read_as_they_are_written(pence in -9_000_000_000_000i64..9_000_000_000_000) {
            let shown = Pence(pence).to_string();
            prop_assert_eq!(pounds(&shown), Some(Pence(pence)));
            if pence < 0 {
                let size = shown.trim_start_matches('-');
                prop_assert_eq!(pounds(&format!("({size})")), Some(Pence(pence)));
            }
        }

        #[test]
        fn nothing_makes_it_fall_over(text in "\\PC{0,40}") {
            let _ = (pounds(&text), day(&text));
        }
    }
}
