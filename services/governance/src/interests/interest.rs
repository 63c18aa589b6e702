//! The rules of the register of interests. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{InterestId, PersonId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::drafts;

/// Days within which an interest is to be registered: NHS England, Managing conflicts of interest in the NHS;
/// for councillors, Localism Act 2011 s30 and s31.
pub(super) const DAYS_TO_REGISTER: i64 = 28;

/// What an interest is: councillors' kinds and the NHS's, in one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InterestKind {
    /// Localism Act 2011 s30; SI 2012/1464.
    DisclosablePecuniary,
    /// By the council's own code of conduct.
    OtherRegistrable,
    /// NHS: money or the like.
    NhsFinancial,
    /// NHS: a profession or a career.
    NhsNonFinancialProfessional,
    /// NHS: a person's own life.
    NhsNonFinancialPersonal,
    /// NHS: by somebody close.
    NhsIndirect,
}

/// An interest to register.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "nhs_financial", "nature": "Partner in a practice that holds a contract of the fund",
    "arose_on": "2025-09-01"}))]
pub(crate) struct InterestDraft {
    pub(super) kind: InterestKind,
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) nature: String,
    /// The day it arose; not after today.
    pub(super) arose_on: NaiveDate,
}

impl InterestDraft {
    pub(super) fn check(&self, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/nature", &self.nature, 1000);
        drafts::day(&mut faults, "/arose_on", self.arose_on);
        faults.unless(self.arose_on <= today, "/arose_on", "An interest is registered once it has arisen.");
        faults.none()
    }
}

/// The end of an interest.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ended_on": "2025-10-31"}))]
pub(crate) struct InterestEndingDraft {
    /// The last day the interest was held; not after today.
    pub(super) ended_on: NaiveDate,
}

impl InterestEndingDraft {
    pub(super) fn check(&self, arose_on: NaiveDate, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.unless(self.ended_on >= arose_on, "/ended_on", format_args!("It arose on {arose_on}."));
        faults.unless(self.ended_on <= today, "/ended_on", "An end is recorded once it has come.");
        faults.none()
    }
}

/// An entry of the register of interests.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct InterestBody {
    pub(crate) id: InterestId,
    pub(crate) person: PersonId,
    pub(crate) kind: InterestKind,
    pub(crate) nature: String,
    pub(crate) arose_on: NaiveDate,
    /// The day in England it was registered.
    pub(crate) registered_on: NaiveDate,
    /// From the day it arose to the day it was registered. In days.
    pub(crate) days: i64,
    /// Registered more than 28 days after it arose.
    pub(crate) late: bool,
    pub(crate) ended_on: Option<NaiveDate>,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

/// How long registering took, in days, and whether that was too long.
pub(super) fn promptness(arose_on: NaiveDate, registered_on: NaiveDate) -> (i64, bool) {
    let days = (registered_on - arose_on).num_days();
    (days, days > DAYS_TO_REGISTER)
}

impl Row for InterestBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "person", "kind", "nature", "arose_on", "registered_on", "days", "late", "ended_on"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interest_is_late_after_28_days() {
        let day = |text: &str| text.parse().expect("a day");
        assert_eq!(promptness(day("2026-09-01"), day("2026-09-01")), (0, false));
        assert_eq!(promptness(day("2026-09-01"), day("2026-09-29")), (28, false));
        assert_eq!(promptness(day("2026-09-01"), day("2026-09-30")), (29, true));
    }

    #[test]
    fn an_interest_ends_between_its_beginning_and_today() {
        let day = |text: &str| text.parse().expect("a day");
        let ends = |on: &str| InterestEndingDraft { ended_on: day(on) }.check(day("2026-09-01"), day("2026-10-01"));
        assert!(ends("2026-09-01").is_ok() && ends("2026-10-01").is_ok());
        assert!(ends("2026-08-31").is_err() && ends("2026-10-02").is_err());
    }
}
