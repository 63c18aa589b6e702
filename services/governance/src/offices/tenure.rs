//! The rules of holding an office: a hand-over leaves no gap and no overlap. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{PersonId, TenureId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

use crate::drafts;

/// An office of a council or an NHS body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Office {
    /// Of a clinical commissioning group or board (National Health Service Act 2006, Schedules 1A and 1B).
    AccountableOfficer,
    /// Head of paid service (Local Government and Housing Act 1989 s4).
    ChiefExecutive,
    /// Who answers for a council's money (Local Government Act 1972 s151).
    #[serde(rename = "section_151_officer")]
    Section151Officer,
    /// Local Government and Housing Act 1989 s5.
    MonitoringOfficer,
    /// SI 2000/617 reg 7(4).
    PoolManager,
    /// Local Authority Social Services Act 1970 s6.
    DirectorOfAdultServices,
    PlaceLead,
    Chair,
    Clerk,
}

/// A holder of an office to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"office": "accountable_officer", "body": "NHS Wigan Borough CCG",
    "person": "01890a5d-ac96-774b-bcce-b302099a8057", "valid_from": "2026-04-01"}))]
pub(crate) struct TenureDraft {
    pub(super) office: Office,
    /// The body it is an office of.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) body: String,
    pub(super) person: PersonId,
    /// Their first day. The present holder's last day becomes the one before.
    pub(super) valid_from: NaiveDate,
    /// Why nobody held it in between, where the last holder left earlier than the day before.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(super) vacancy_reason: Option<String>,
}

impl TenureDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/body", &self.body, 200);
        faults.optional_text("/vacancy_reason", self.vacancy_reason.as_deref(), 500);
        drafts::day(&mut faults, "/valid_from", self.valid_from);
        faults.none()
    }

    /// What becomes of the last holder's tenure: the last day it is now to have, where it has none yet.
    pub(super) fn takes_over_from(&self, last: Option<&TenureBody>) -> Result<Option<NaiveDate>, Problem> {
        let eve = self.valid_from.pred_opt().unwrap_or(self.valid_from);
        let Some(last) = last else { return self.without_vacancy().map(|()| None) };
        match last.valid_to {
            None if self.valid_from <= last.valid_from => Err(Problem::of_fault(
                &problems::CONFLICT,
                "/valid_from",
                format_args!("The present holder's first day is {}: a successor's is later.", last.valid_from),
            )),
            None => self.without_vacancy().map(|()| Some(eve)),
            Some(ended) if self.valid_from <= ended => Err(Problem::of_fault(
                &problems::CONFLICT,
                "/valid_from",
                format_args!("The last holder's last day is {ended}: a successor's first is later."),
            )),
            Some(ended) if ended == eve => self.without_vacancy().map(|()| None),
            Some(ended) if self.vacancy_reason.is_none() => Err(Problem::invalid(
                "/vacancy_reason",
                format_args!("Nobody would have held it since {ended}. Say why, or name the day after."),
            )),
            Some(_) => Ok(None),
        }
    }

    fn without_vacancy(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.unless(self.vacancy_reason.is_none(), "/vacancy_reason", "There is no vacancy before this holder.");
        faults.none()
    }
}

/// The end of a tenure that no successor ends.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ended_on": "2027-03-31", "reason": "Retirement"}))]
pub(crate) struct TenureEndingDraft {
    /// Their last day; it may be ahead.
    pub(super) ended_on: NaiveDate,
    #[schema(min_length = 1, max_length = 500)]
    pub(super) reason: String,
}

impl TenureEndingDraft {
    pub(super) fn check(&self, valid_from: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, 500);
        drafts::day(&mut faults, "/ended_on", self.ended_on);
        faults.unless(self.ended_on >= valid_from, "/ended_on", format_args!("It began on {valid_from}."));
        faults.none()
    }
}

/// A person in an office, from a first day to a last.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct TenureBody {
    pub(crate) id: TenureId,
    pub(crate) office: Office,
    #[schema(example = "NHS Wigan Borough CCG")]
    pub(crate) body: String,
    pub(crate) person: PersonId,
    /// What the person is called in the record.
    pub(crate) name: String,
    pub(crate) valid_from: NaiveDate,
    /// Their last day, where it is known.
    pub(crate) valid_to: Option<NaiveDate>,
    pub(crate) vacancy_reason: Option<String>,
    pub(crate) ended_reason: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for TenureBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "office", "body", "person", "name", "valid_from", "valid_to", "vacancy_reason", "ended_reason"];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn nobody() -> PersonId {
        PersonId(uuid::Uuid::nil())
    }

    fn held(from: &str, to: Option<&str>) -> TenureBody {
        TenureBody {
            id: TenureId(uuid::Uuid::nil()),
            office: Office::AccountableOfficer,
            body: "NHS Wigan Borough CCG".into(),
            person: nobody(),
            name: "A person".into(),
            valid_from: day(from),
            valid_to: to.map(day),
            vacancy_reason: None,
            ended_reason: None,
            created_at: DateTime::default(),
            version: 1,
        }
    }

    fn from(first: &str, vacancy_reason: Option<&str>) -> TenureDraft {
        TenureDraft {
            office: Office::AccountableOfficer,
            body: "NHS Wigan Borough CCG".into(),
            person: nobody(),
            valid_from: day(first),
            vacancy_reason: vacancy_reason.map(str::to_owned),
        }
    }

    #[test]
    fn a_hand_over_leaves_no_gap_and_no_overlap() {
        let present = held("2026-04-01", None);
        assert_eq!(from("2026-10-01", None).takes_over_from(Some(&present)).expect("later"), Some(day("2026-09-30")));
        for overlapping in ["2026-04-01", "2026-03-31"] {
            let refused = from(overlapping, None).takes_over_from(Some(&present)).expect_err(overlapping);
            assert_eq!(refused.kind().slug, "conflict");
        }
        let left = held("2026-04-01", Some("2026-09-30"));
        assert_eq!(from("2026-10-01", None).takes_over_from(Some(&left)).expect("the day after"), None);
        assert!(from("2026-09-30", None).takes_over_from(Some(&left)).is_err(), "an overlap");
        assert!(from("2026-10-02", None).takes_over_from(Some(&left)).is_err(), "a gap");
        assert!(from("2026-10-02", Some("Advertised twice")).takes_over_from(Some(&left)).is_ok(), "a gap explained");
        assert!(from("2026-10-01", Some("None")).takes_over_from(Some(&left)).is_err(), "no gap to explain");
        assert_eq!(from("2026-10-01", None).takes_over_from(None).expect("the first"), None);
    }
}
