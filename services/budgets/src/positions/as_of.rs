//! When figures are asked for: now, as of a day, as known at a moment, or both. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::FinancialYear;
use web::{Problem, problems};

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
    ///
    /// # Errors
    /// 400 where it is of no year that we keep.
    pub(crate) fn asked(as_of: Option<NaiveDate>, known_at: Option<DateTime<Utc>>) -> Result<Option<Self>, Problem> {
        let days = [("?as_of", as_of), ("?known_at", known_at.map(|moment| moment.date_naive()))];
        if let Some((name, _)) = days.iter().find(|(_, day)| day.is_some_and(|day| FinancialYear::of(day).is_err())) {
            let detail = "A day between April 2000 and March 2099.";
            return Err(Problem::of_fault(&problems::QUERY_INVALID, *name, detail));
        }
        Ok((as_of.is_some() || known_at.is_some()).then_some(Self { as_of, known_at }))
    }
}
