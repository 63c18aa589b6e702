//! Where lines will stand in the ledger: one journal a day of the file, or several where it has more lines than one takes.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::JournalId;

/// The most lines of a file in one journal; one more stands against them.
const LINES_MAX: i16 = 9_999;

/// The journal of each day that lines are still put in, and its last line.
#[derive(Debug, Default)]
pub(crate) struct Places(HashMap<NaiveDate, (JournalId, i16)>);

impl Places {
    /// Goes on after the last places that were given.
    pub(crate) fn after(last: impl Iterator<Item = (NaiveDate, JournalId, i16)>) -> Self {
        Self(last.map(|(day, journal, line)| (day, (journal, line))).collect())
    }

    /// The place of the next line of a day.
    pub(crate) fn next(&mut self, day: NaiveDate, now: DateTime<Utc>) -> (JournalId, i16) {
        let place = self.0.entry(day).or_insert_with(|| (JournalId::at(now), 0));
        if place.1 == LINES_MAX {
            *place = (JournalId::at(now), 0);
        }
        place.1 += 1;
        *place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_journal_until_it_is_full() {
        let day = |d| NaiveDate::from_ymd_opt(2019, 10, d).expect("a day");
        let (now, mut places) = (DateTime::UNIX_EPOCH, Places::default());
        let first = places.next(day(1), now);
        assert_eq!((places.next(day(1), now), first.1), ((first.0, 2), 1));
        assert_ne!(places.next(day(2), now).0, first.0);
        let mut full = Places::after([(day(1), first.0, LINES_MAX - 1)].into_iter());
        assert_eq!(full.next(day(1), now), (first.0, LINES_MAX));
        let next = full.next(day(1), now);
        assert!(next.0 != first.0 && next.1 == 1);
    }
}
