//! The rules of a consultation and its reports. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitteeId, ConsultationId, ReportId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::drafts;

/// A consultation to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"subject": "A single commissioning function for health and care",
    "audience": "The public and key stakeholders", "opens_on": "2017-10-02", "closes_on": "2017-12-01",
    "source": "Report to cabinet"}))]
pub(crate) struct ConsultationDraft {
    /// The committee whose going live it is about, where it is.
    pub(super) committee: Option<CommitteeId>,
    #[schema(min_length = 1, max_length = 300)]
    pub(super) subject: String,
    /// The persons and bodies that are asked.
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) audience: String,
    pub(super) opens_on: NaiveDate,
    pub(super) closes_on: NaiveDate,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

impl ConsultationDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/subject", &self.subject, 300);
        faults.text("/audience", &self.audience, 1000);
        faults.text("/source", &self.source, 500);
        drafts::known_day(&mut faults, "/opens_on", self.opens_on);
        drafts::known_day(&mut faults, "/closes_on", self.closes_on);
        faults.unless(self.closes_on >= self.opens_on, "/closes_on", "It closes on the day it opens, or later.");
        faults.none()
    }
}

/// A consultation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ConsultationBody {
    pub(super) id: ConsultationId,
    /// The committee whose going live it is about.
    pub(super) committee: Option<CommitteeId>,
    #[schema(example = "A single commissioning function for health and care")]
    pub(super) subject: String,
    #[schema(example = "The public and key stakeholders")]
    pub(super) audience: String,
    pub(super) opens_on: NaiveDate,
    pub(super) closes_on: NaiveDate,
    pub(super) source: String,
    pub(super) created_at: DateTime<Utc>,
}

impl Row for ConsultationBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "committee", "subject", "audience", "opens_on", "closes_on", "source", "created_at"];
}

/// Whether more is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReportKind {
    /// What has been heard so far.
    Interim,
    /// What was heard, once the consultation has closed.
    Final,
}

/// What those asked thought, on the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConsultationOutcome {
    /// For it.
    Supportive,
    /// Some for it, some against.
    Mixed,
    /// Against it.
    Opposed,
    /// Nobody answered.
    NoResponse,
}

/// A report of a consultation to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "interim", "reported_to": "Cabinet", "reported_on": "2017-11-30", "response_count": 412,
    "summary": "Feedback so far is positive.", "outcome": "supportive"}))]
pub(crate) struct ConsultationReportDraft {
    pub(super) kind: ReportKind,
    /// The body it was made to.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) reported_to: String,
    pub(super) reported_on: NaiveDate,
    /// How many answered, where that was counted.
    #[schema(minimum = 0, maximum = 10_000_000)]
    pub(super) response_count: Option<i32>,
    #[schema(min_length = 1, max_length = 5000)]
    pub(super) summary: String,
    pub(super) outcome: ConsultationOutcome,
}

impl ConsultationReportDraft {
    /// An interim report comes once it has opened, a final one once it has closed.
    pub(super) fn check(&self, of: &ConsultationBody, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reported_to", &self.reported_to, 200);
        faults.text("/summary", &self.summary, 5000);
        drafts::past_day(&mut faults, "/reported_on", self.reported_on, today);
        match self.kind {
            ReportKind::Interim => {
                let detail = "Nothing is heard before the consultation opens.";
                faults.unless(self.reported_on >= of.opens_on, "/reported_on", detail);
            }
            ReportKind::Final => {
                let detail =
                    format_args!("A final report comes once the consultation has closed, on {}.", of.closes_on);
                faults.unless(self.reported_on >= of.closes_on, "/reported_on", detail);
            }
        }
        let counted = self.response_count.is_none_or(|responses| (0..=10_000_000).contains(&responses));
        faults.unless(counted, "/response_count", "From 0 to 10,000,000.");
        let silent = self.outcome == ConsultationOutcome::NoResponse;
        let fits = !silent || self.response_count.is_none_or(|responses| responses == 0);
        faults.unless(fits, "/outcome", "Somebody answered.");
        faults.none()
    }
}

/// A report of a consultation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ConsultationReportBody {
    pub(super) id: ReportId,
    pub(super) kind: ReportKind,
    #[schema(example = "Cabinet")]
    pub(super) reported_to: String,
    pub(super) reported_on: NaiveDate,
    /// How many answered, where that was counted.
    pub(super) response_count: Option<i32>,
    pub(super) summary: String,
    pub(super) outcome: ConsultationOutcome,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for ConsultationReportBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "kind", "reported_to", "reported_on", "response_count", "summary", "outcome", "recorded_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn wigan() -> ConsultationBody {
        ConsultationBody {
            id: ConsultationId::at(DateTime::UNIX_EPOCH),
            committee: None,
            subject: "A single commissioning function".into(),
            audience: "The public and key stakeholders".into(),
            opens_on: day("2017-10-02"),
            closes_on: day("2018-01-12"),
            source: "Report to cabinet".into(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn report(kind: ReportKind, on: &str) -> ConsultationReportDraft {
        ConsultationReportDraft {
            kind,
            reported_to: "Cabinet".into(),
            reported_on: day(on),
            response_count: Some(412),
            summary: "Feedback is positive.".into(),
            outcome: ConsultationOutcome::Supportive,
        }
    }

    #[test]
    fn wigan_reported_in_december_and_finally_in_february() {
        let today = day("2018-03-01");
        assert!(report(ReportKind::Interim, "2017-12-14").check(&wigan(), today).is_ok());
        assert!(report(ReportKind::Final, "2018-02-15").check(&wigan(), today).is_ok());
        assert!(report(ReportKind::Final, "2017-12-14").check(&wigan(), today).is_err(), "it has not closed");
        assert!(report(ReportKind::Interim, "2017-10-01").check(&wigan(), today).is_err(), "it has not opened");
        assert!(report(ReportKind::Final, "2018-03-02").check(&wigan(), today).is_err(), "in the future");
    }

    #[test]
    fn nobody_answered_means_nobody() {
        let draft = |responses| ConsultationReportDraft {
            response_count: responses,
            outcome: ConsultationOutcome::NoResponse,
            ..report(ReportKind::Final, "2018-02-15")
        };
        let today = day("2018-03-01");
        assert!(draft(Some(0)).check(&wigan(), today).is_ok());
        assert!(draft(Some(1)).check(&wigan(), today).is_err());
        assert!(draft(Some(-1)).check(&wigan(), today).is_err());
    }
}
