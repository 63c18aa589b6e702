//! The clock is a value: production hands out the system's, a test owns its own.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

/// Where a service takes the time from. Instants are UTC, whole microseconds (as Postgres keeps them).
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that moves only when told to: microseconds since 1970.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock standing at `now` until it is moved.
    #[must_use]
    pub fn set_to(now: DateTime<Utc>) -> Self {
        Self::Set(Arc::new(AtomicI64::new(now.timestamp_micros())))
    }

    /// Moves a set clock; the system's clock stays as it is.
    pub fn move_to(&self, now: DateTime<Utc>) {
        if let Self::Set(micros) = self {
            micros.store(now.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
            Self::System => Utc::now().timestamp_micros(),
            Self::Set(micros) => micros.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }
}

/// The day it is in England at that instant: notices, call-in and limits count days there.
#[must_use]
pub fn day_in_england(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&chrono_tz::Europe::London).date_naive()
}

/// The instant an English day begins.
#[must_use]
pub fn start_of_day_in_england(day: NaiveDate) -> DateTime<Utc> {
    // Clocks never change at midnight in England, so there is exactly one.
    day.and_time(NaiveTime::MIN)
        .and_local_timezone(chrono_tz::Europe::London)
        .earliest()
        .map_or_else(|| day.and_time(NaiveTime::MIN).and_utc(), |local| local.with_timezone(&Utc))
}

/// The instant of an English day and time; none where the clocks skip it, the first where it comes twice.
#[must_use]
pub fn instant_in_england(day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    day.and_time(time).and_local_timezone(chrono_tz::Europe::London).earliest().map(|local| local.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summer_night_belongs_to_the_english_day() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        assert_eq!(day_in_england(at("2026-07-01T23:30:00Z")), day("2026-07-02"));
        assert_eq!(day_in_england(at("2026-12-01T23:30:00Z")), day("2026-12-01"));
        assert_eq!(start_of_day_in_england(day("2026-07-02")), at("2026-07-01T23:00:00Z"));
        assert_eq!(start_of_day_in_england(day("2027-01-04")), at("2027-01-04T00:00:00Z"));
        let half_past_one = NaiveTime::from_hms_opt(1, 30, 0).expect("a time");
        assert_eq!(instant_in_england(day("2026-03-29"), half_past_one), None, "the clocks skip it");
        assert_eq!(instant_in_england(day("2026-10-25"), half_past_one), Some(at("2026-10-25T00:30:00Z")));
    }
}
