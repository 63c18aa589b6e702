//! Working days of England and Wales, and the clear days of public notice.
//!
//! Bank holidays: gov.uk, "UK bank holidays", England and Wales, as published up to 2028
//! (`data/bank_holidays.csv`). Outside those years the calendar refuses rather than guesses.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};

const PUBLISHED: &str = include_str!("../data/bank_holidays.csv");

/// Which days count.
#[derive(Clone, Debug)]
pub enum Calendar {
    /// Every day counts.
    AllDays,
    /// Monday to Friday but for bank holidays.
    WorkingDays(BTreeSet<NaiveDate>),
}

impl Calendar {
    /// The working days of England and Wales.
    #[must_use]
    pub fn england_and_wales() -> Self {
        Self::WorkingDays(PUBLISHED.lines().skip(1).filter_map(|line| line.split(',').next()?.parse().ok()).collect())
    }

    /// Whether a day counts; `None` where the bank holidays of its year are not published yet.
    #[must_use]
    pub fn counts(&self, day: NaiveDate) -> Option<bool> {
        match self {
            Self::AllDays => Some(true),
            Self::WorkingDays(holidays) => {
                let (first, last) = (holidays.first()?.year(), holidays.last()?.year());
                if !(first..=last).contains(&day.year()) {
                    return None;
                }
                let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
                Some(!weekend && !holidays.contains(&day))
            }
        }
    }

    /// The day that is `count` counted days after `day` (the day itself not counted).
    #[must_use]
    pub fn after(&self, day: NaiveDate, count: u32) -> Option<NaiveDate> {
        let mut at = day;
        let mut left = count;
        while left > 0 {
            at = at.checked_add_days(Days::new(1))?;
            left -= u32::from(self.counts(at)?);
        }
        Some(at)
    }
}

/// The latest day on which a notice still leaves `clear` counted days between it and the meeting,
/// neither day counted (Local Government Act 1972 s100B; SI 2012/2089 reg 5, 9).
#[must_use]
pub fn latest_day_with_clear_days(calendar: &Calendar, meeting: NaiveDate, clear: u32) -> Option<NaiveDate> {
    let mut at = meeting.checked_sub_days(Days::new(1))?;
    let mut left = clear;
    while left > 0 {
        left -= u32::from(calendar.counts(at)?);
        at = at.checked_sub_days(Days::new(1))?;
    }
    // Papers go out on a day that counts.
    while !calendar.counts(at)? {
        at = at.checked_sub_days(Days::new(1))?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn rule_55_working_days_use_the_holidays_of_england_and_wales() {
        let working = Calendar::england_and_wales();
        for (meeting, agenda_working, agenda_calendar, key_notice) in [
            ("2027-01-14", "2027-01-06", "2027-01-08", "2026-12-16"),
            // Good Friday 26 March, Easter Monday 29 March
            ("2027-04-01", "2027-03-22", "2027-03-26", "2027-03-03"),
        ] {
            let meeting = day(meeting);
            assert_eq!(latest_day_with_clear_days(&working, meeting, 5), Some(day(agenda_working)));
            assert_eq!(latest_day_with_clear_days(&Calendar::AllDays, meeting, 5), Some(day(agenda_calendar)));
            assert_eq!(latest_day_with_clear_days(&Calendar::AllDays, meeting, 28), Some(day(key_notice)));
        }
        let call_in_ends = working.after(day("2026-12-22"), 5).expect("published");
        assert_eq!(call_in_ends, day("2026-12-31"));
        assert_eq!(working.after(call_in_ends, 1), Some(day("2027-01-04")));
    }

    #[test]
    fn unpublished_years_are_refused_not_guessed() {
        assert_eq!(Calendar::england_and_wales().counts(day("2035-12-25")), None);
    }

    proptest! {
        #[test]
        fn counting_forward_lands_on_counted_days_and_adds_up(days in 0i64..4_000, a in 1u32..30, b in 1u32..30) {
            let working = Calendar::england_and_wales();
            let from = day("2015-01-01") + chrono::Duration::days(days);
            let landed = working.after(from, a).expect("published");
            prop_assert_eq!(working.counts(landed), Some(true));
            prop_assert_eq!(working.after(landed, b), working.after(from, a + b));
        }

        #[test]
        fn clear_days_are_all_there(days in 60i64..4_000, clear in 0u32..30) {
            let working = Calendar::england_and_wales();
            let meeting = day("2015-01-01") + chrono::Duration::days(days);
            let notice = latest_day_with_clear_days(&working, meeting, clear).expect("published");
            let between = notice.iter_days().skip(1).take_while(|d| *d < meeting)
                .filter(|d| working.counts(*d) == Some(true)).count();
            prop_assert!(between >= clear as usize);
        }
    }
}
