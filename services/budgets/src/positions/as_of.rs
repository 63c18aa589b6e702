//! When figures are asked for: now, as of a day, as known at a moment, or both. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// A time at which figures stood. Not both of it are left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsOf {
    /// What had taken effect by the end of this day.
    pub(crate) as_of: Option<NaiveDate>,
    /// What was posted by this moment.
    pub(crate) known_at: Option<DateTime<Utc>>,
}

impl AsOf {
    /// The time asked for; none for now.
    pub(crate) fn asked(as_of: Option<NaiveDate>, known_at: Option<DateTime<Utc>>) -> Option<Self> {
        (as_of.is_some() || known_at.is_some()).then_some(Self { as_of, known_at })
    }

    /// The least key of a journal that has to be looked at one by one: of those posted since `known_at`, or, where no day is
    /// asked for, on its day (UTC).
    pub(crate) fn since(self) -> Uuid {
        let Some(known_at) = self.known_at else { return Uuid::max() };
        let start = known_at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        domain::least_at(if self.as_of.is_some() { known_at } else { start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_made_since_a_moment_have_no_lesser_key() {
        let moment = |text: &str| text.parse::<DateTime<Utc>>().expect("a moment");
        let known_at = moment("2026-09-30T12:00:00.5Z");
        let key = |text: &str| domain::JournalId::at(moment(text)).0;
        let day = "2026-09-30".parse().ok();
        let both = AsOf { as_of: day, known_at: Some(known_at) };
        assert!(key("2026-09-30T12:00:00.5Z") >= both.since());
        assert!(key("2026-09-30T12:00:00.499Z") < both.since());
        let known = AsOf { as_of: None, known_at: Some(known_at) };
        assert!(key("2026-09-30T00:00:00Z") >= known.since());
        assert!(key("2026-09-29T23:59:59.999Z") < known.since());
        assert!(AsOf::asked(None, None).is_none());
    }
}
