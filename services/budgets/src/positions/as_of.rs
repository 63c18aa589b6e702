//! When figures are asked for: now, as of a day, as known at a moment, or both. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};

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
}
