//! What was asked for, and what may be. No SQL, no HTTP, no clock.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use web::Row;

/// How many calls a day a borough has that was given no number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota(pub(crate) u32);

/// What a client asked for on a day.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = UsageOfDay)]
pub(crate) struct UsageBody {
    /// The day in England.
    pub(crate) day: NaiveDate,
    /// The client, or the member, who asked.
    #[schema(example = "borough.salford.live.5f1c09ab2e")]
    pub(crate) client_id: String,
    /// Calls, those that were refused included.
    #[schema(example = 4211)]
    pub(crate) calls: i64,
    /// Rows of lists that were answered.
    #[schema(example = 182_340)]
    pub(crate) rows: i64,
    /// Calls answered with a status of 400 or more.
    #[schema(example = 3)]
    pub(crate) errors: i64,
}

impl Row for UsageBody {
    const COLUMNS: &'static [&'static str] = &["day", "client_id", "calls", "rows", "errors"];
}

/// How a borough stands with its quota.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = UsageQuota)]
pub(crate) struct QuotaBody {
    /// The day in England.
    pub(crate) day: NaiveDate,
    /// Calls of all its clients on this day, a few seconds ago.
    #[schema(example = 48_211)]
    pub(crate) calls: i64,
    /// How many there may be.
    #[schema(example = 10_000_000)]
    pub(crate) calls_a_day: i64,
    /// How many are left.
    #[schema(example = 9_951_789)]
    pub(crate) left: i64,
    /// When the next day begins.
    pub(crate) begins_anew_at: DateTime<Utc>,
}

impl QuotaBody {
    pub(crate) fn of(day: NaiveDate, calls: i64, calls_a_day: i64) -> Self {
        let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
        let begins_anew_at = domain::start_of_day_in_england(next);
        Self { day, calls, calls_a_day, left: (calls_a_day - calls).max(0), begins_anew_at }
    }
}

/// A line of what a gateway counted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    pub(crate) borough: domain::BoroughId,
    pub(crate) client: String,
    pub(crate) day: NaiveDate,
    pub(crate) calls: u32,
    pub(crate) rows: u64,
    pub(crate) errors: u32,
}

/// How a borough stands, for a gateway.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Told {
    pub(crate) borough: domain::BoroughId,
    pub(crate) day: NaiveDate,
    pub(crate) used: i64,
    pub(crate) allowed: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_never_less_than_nothing_and_the_day_is_englands() {
        let day = "2026-06-30".parse().expect("a day");
        let quota = QuotaBody::of(day, 12, 10);
        assert_eq!((quota.left, quota.begins_anew_at.to_rfc3339().as_str()), (0, "2026-06-30T23:00:00+00:00"));
        assert_eq!(QuotaBody::of(day, 4, 10).left, 6);
    }
}
