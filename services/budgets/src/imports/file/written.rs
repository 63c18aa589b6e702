//! Amounts and days as ledgers and spreadsheets write them. Nothing is guessed, and nothing becomes a float.

use chrono::NaiveDate;
use domain::Pence;

use crate::{ledger_sources::LedgerDates, receipts::written::month_of};

/// An amount in pounds: `1,234.56`, `£1234.5`, `(1,234.56)`, `-1234.5`, `1234.56-`, `1,234.56 CR`, `5 DR`, `GBP 5`.
/// None of three decimals, of an exponent, or with two signs.
pub(crate) fn amount(text: &str) -> Option<Pence> {
    // A blank stands beside a sign, and not within a number.
    let mut words = text.split_whitespace().filter(|word| word.bytes().any(|b| b.is_ascii_digit()));
    if words.next().is_some() && words.next().is_some() {
        return None;
    }
    let mut text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '£').collect::<String>().to_uppercase();
    text = text.replace('\u{2212}', "-").replace("GBP", "");
    let (mut size, mut signs) = (text.as_str(), 0);
    let mut below = false;
    for (before, after, is_below) in
        [("(", ")", true), ("-", "", true), ("", "-", true), ("+", "", false), ("", "CR", true), ("", "DR", false)]
    {
        if let Some(inner) = size.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) {
            (size, signs, below) = (inner, signs + 1, is_below);
        }
    }
    let (whole, pence) = size.split_once('.').unwrap_or((size, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let grouped = rest.is_empty() || (1..=3).contains(&first.len()) && rest.iter().all(|g| g.len() == 3 && digits(g));
    let something = !whole.is_empty() || !pence.is_empty();
    if signs > 1 || !something || !digits(first) || !grouped || pence.len() > 2 || !digits(pence) {
        return None;
    }
    let whole: i128 = format!("0{}", whole.replace(',', "")).parse().ok()?;
    let pence: i128 = format!("{pence:0<2}").parse().ok()?;
    let size = whole.checked_mul(100)?.checked_add(pence)?;
    i64::try_from(if below { -size } else { size }).ok().map(Pence)
}

/// A day: 2019-04-05, 05/04/2019 and 5/4/19 in the order the ledger has, 05-Apr-2019, with or without midnight after it.
pub(crate) fn day(text: &str, dates: LedgerDates) -> Option<NaiveDate> {
    let text = text.trim_end_matches('Z').trim_end_matches(".000");
    let text = text.trim_end_matches("00:00:00").trim_end_matches("00:00").trim_end_matches(['T', ' ']);
    let parts: Vec<&str> = text.split(['/', '-', '.', ' ']).collect();
    let [first, second, third] = parts[..] else { return None };
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let fits = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let year = |text: &str| match text.len() {
        4 => number(text, 4..=4),
        2 => number(text, 2..=2).map(|year| year + 2000),
        _ => None,
    };
    let (year, month, day) = match (first.len(), month_of(second), dates) {
        (4, named, _) => (year(first)?, named.or_else(|| number(second, 1..=2))?, number(third, 1..=2)?),
        (_, Some(named), _) => (year(third)?, named, number(first, 1..=2)?),
        (_, None, LedgerDates::DayFirst) => (year(third)?, number(second, 1..=2)?, number(first, 1..=2)?),
        (_, None, LedgerDates::MonthFirst) => (year(third)?, number(first, 1..=2)?, number(second, 1..=2)?),
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_that_could_be_two_things_are_none() {
        for text in [
            "",
            "-",
            "()",
            "£",
            ".",
            "1,23",
            "12,34,567",
            "1.234,56",
            "1e5",
            "5.123",
            "--5",
            "(-5)",
            "-5 CR",
            "(5",
            "5 pounds",
            "1 234.56",
            "100\n200",
            ",500",
            "1,0000",
            "1.2.3",
            "0.1.0",
            "NaN",
            "1_000",
            "0x10",
            "92233720368547758.08",
            "٣",
        ] {
            assert_eq!(amount(text), None, "{text}");
        }
        for (text, pence) in [
            (" £ 1,234.5 ", 123_450),
            ("GBP 5", 500),
            ("5.50-", -550),
            ("(5.50)", -550),
            ("£(5.50)", -550),
            ("-£.50", -50),
            ("1,234.56 CR", -123_456),
            ("1234.56dr", 123_456),
            ("+7", 700),
            ("\u{2212}7.", -700),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(amount(text), Some(Pence(pence)), "{text}");
        }
    }

    #[test]
    fn days_are_read_in_the_order_of_their_ledger_and_never_row_by_row() {
        let (fifth, may) = (NaiveDate::from_ymd_opt(2019, 4, 5), NaiveDate::from_ymd_opt(2019, 5, 4));
        for text in ["05/04/2019", "5/4/19", "5.4.2019", "05/04/2019 00:00", "05/04/2019 00:00:00"] {
            assert_eq!((day(text, LedgerDates::DayFirst), day(text, LedgerDates::MonthFirst)), (fifth, may), "{text}");
        }
        for text in ["2019-04-05", "2019-04-05T00:00:00Z", "05-Apr-2019", "5 April 2019", "5-APR-19", "2019/4/5"] {
            assert_eq!(
                (day(text, LedgerDates::DayFirst), day(text, LedgerDates::MonthFirst)),
                (fifth, fifth),
                "{text}"
            );
        }
        for text in [
            "",
            "5/4",
            "31/04/2019",
            "13/13/2019",
            "5 Avril 2019",
            "43560",
            "+5/4/2019",
            "05/04/019",
            "2019-04-05 13:30",
        ] {
            assert_eq!(day(text, LedgerDates::DayFirst), None, "{text}");
        }
        assert_eq!(day("25/04/2019", LedgerDates::MonthFirst), None, "not turned round");
    }

    proptest! {
        #[test]
        fn any_amount_in_any_habit_is_the_same_to_the_penny(pence in i64::MIN + 1..=i64::MAX) {
            let shown = Pence(pence).to_string();
            prop_assert_eq!(amount(&shown), Some(Pence(pence)));
            let size = shown.trim_start_matches('-').to_owned();
            let bare = size.replace(['£', ','], "");
            let habits = if pence < 0 {
                vec![format!("({size})"), format!("-{bare}"), format!("{bare}-"), format!("{size} CR"), format!("£-{}", &size[2..])]
            } else {
                vec![bare.clone(), format!("{size} DR"), format!("+{bare}"), format!(" {size} "), format!("GBP {bare}")]
            };
            for habit in habits {
                prop_assert_eq!(amount(&habit), Some(Pence(pence)), "{}", habit);
            }
        }

        #[test]
        fn nothing_makes_it_fall_over(text in "\\PC{0,40}") {
            let _ = (amount(&text), day(&text, LedgerDates::DayFirst), day(&text, LedgerDates::MonthFirst));
        }
    }
}
