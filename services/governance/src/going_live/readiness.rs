//! What must be there before a committee goes live. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AgreementId, ApprovalId, PlanId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::{committees::Phase, drafts};

/// A planned date to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"phase": "live", "planned_on": "2018-04-01", "source": "Press report, late 2017"}))]
pub(crate) struct PlannedDateDraft {
    pub(super) phase: Phase,
    /// When the phase is to begin.
    pub(super) planned_on: NaiveDate,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

/// When a phase was planned to begin. A plan that slipped stays; no phase ever follows from a plan.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PlannedDateBody {
    pub(super) id: PlanId,
    pub(super) phase: Phase,
    pub(super) planned_on: NaiveDate,
    /// Days later than the plan before it for the same phase; below zero where it was brought forward.
    #[schema(example = 365)]
    pub(super) slipped_by_days: Option<i64>,
    pub(super) source: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for PlannedDateBody {
    const COLUMNS: &'static [&'static str] = &["id", "phase", "planned_on", "slipped_by_days", "source", "recorded_at"];
}

impl PlannedDateDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.unless(
            self.phase != Phase::Proposed,
            "/phase",
            "Every committee begins as proposed; plan what follows.",
        );
        drafts::day(&mut faults, "/planned_on", self.planned_on);
        faults.text("/source", &self.source, 500);
        faults.none()
    }
}

/// A parent's approval to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parent": "Wigan Council", "approved_on": "2019-02-14", "reference": "Cabinet minute 87"}))]
pub(crate) struct ApprovalDraft {
    /// A parent of the committee.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) parent: String,
    pub(super) approved_on: NaiveDate,
    /// The parent's own decision.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) reference: String,
}

/// A parent body's approval of the committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ApprovalBody {
    pub(super) id: ApprovalId,
    pub(super) parent: String,
    pub(super) approved_on: NaiveDate,
    pub(super) reference: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for ApprovalBody {
    const COLUMNS: &'static [&'static str] = &["id", "parent", "approved_on", "reference", "recorded_at"];
}

impl ApprovalDraft {
    pub(super) fn check(&self, parents: &[String], today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.unless(parents.contains(&self.parent), "/parent", "It is not a parent of the committee.");
        drafts::day(&mut faults, "/approved_on", self.approved_on);
        faults.unless(self.approved_on <= today, "/approved_on", "An approval is recorded once it has been given.");
        faults.text("/reference", &self.reference, 200);
        faults.none()
    }
}

/// A signed agreement to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reference": "Section 75 agreement, April 2019", "signed_on": "2019-03-25",
    "source": "Cabinet report"}))]
pub(crate) struct AgreementDraft {
    #[schema(min_length = 1, max_length = 200)]
    pub(super) reference: String,
    pub(super) signed_on: NaiveDate,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

/// A signed agreement the committee works under.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SignedAgreementBody {
    pub(super) id: AgreementId,
    pub(super) reference: String,
    pub(super) signed_on: NaiveDate,
    pub(super) source: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for SignedAgreementBody {
    const COLUMNS: &'static [&'static str] = &["id", "reference", "signed_on", "source", "recorded_at"];
}

impl AgreementDraft {
    pub(super) fn check(&self, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reference", &self.reference, 200);
        drafts::day(&mut faults, "/signed_on", self.signed_on);
        faults.unless(self.signed_on <= today, "/signed_on", "An agreement is recorded once it is signed.");
        faults.text("/source", &self.source, 500);
        faults.none()
    }
}

/// Something a committee needs before it goes live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Requirement {
    /// `constitution`, `consultation`, `approval` or `agreement`.
    #[schema(example = "approval")]
    pub(crate) item: String,
    pub(crate) met: bool,
    /// What is there, or what is missing and how to provide it.
    #[schema(example = "NHS Wigan Borough CCG has not approved it: record its approval with date and reference.")]
    pub(crate) says: String,
    /// Where the requirement comes from.
    #[schema(example = "SI 2000/617 reg 10")]
    pub(crate) source: String,
}

/// Whether a committee may go live.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Readiness {
    pub(crate) ready: bool,
    pub(crate) requirements: Vec<Requirement>,
}

/// What is known of a committee that would go live.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) parents: Vec<String>,
    pub(super) constitution_from: Option<NaiveDate>,
    /// The final reports of closed consultations on it.
    pub(super) consultation_reported: Vec<NaiveDate>,
    pub(super) approvals: Vec<(String, NaiveDate)>,
    pub(super) agreement_signed: Option<NaiveDate>,
}

impl Known {
    /// Everything that is needed, and whether it is there, on a day.
    pub(super) fn readiness(&self, today: NaiveDate) -> Readiness {
        let mut requirements = Vec::new();
        let mut requirement = |item: &str, source: &str, met: bool, says: String| {
            requirements.push(Requirement { item: item.to_owned(), met, says, source: source.to_owned() });
        };
        let rules = self.constitution_from.filter(|from| *from <= today);
        let says = match (rules, self.constitution_from) {
            (Some(from), _) => format!("Its rules are in force since {from}."),
            (None, Some(from)) => format!("Its rules are in force only from {from}."),
            (None, None) => "It has no rules: record a constitution.".to_owned(),
        };
        requirement("constitution", "A decision cites the rules in force on its day", rules.is_some(), says);
        let reported = self.consultation_reported.iter().min();
        let says = match reported {
            Some(day) => format!("The consultation on it was finally reported on {day}."),
            None => {
                "No closed consultation on it has a final report: record the consultation, and its report.".to_owned()
            }
        };
        requirement("consultation", "SI 2000/617 reg 4(2)", reported.is_some(), says);
        for parent in &self.parents {
            let given = self.approvals.iter().find(|(by, _)| by == parent).map(|(_, on)| *on);
            let early = given.zip(reported.copied()).is_some_and(|(given, reported)| given < reported);
            let says = match given {
                Some(on) if early => format!("{parent} approved it on {on}, before the consultation was reported."),
                Some(on) => format!("{parent} approved it on {on}."),
                None => format!("{parent} has not approved it: record its approval with date and reference."),
            };
            requirement("approval", "SI 2000/617 reg 4, reg 10", given.is_some() && !early, says);
        }
        let last = self.approvals.iter().map(|(_, on)| *on).max();
        let early = self.agreement_signed.zip(last).is_some_and(|(signed, last)| signed < last);
        let says = match self.agreement_signed {
            Some(on) if early => format!("The agreement was signed on {on}, before every parent had approved it."),
            Some(on) => format!("The agreement was signed on {on}."),
            None => "No signed agreement is recorded for it.".to_owned(),
        };
        let signed = self.agreement_signed.is_some() && !early;
        requirement("agreement", "NHS Act 2006 s75; SI 2000/617 reg 7(3)", signed, says);
        Readiness { ready: requirements.iter().all(|one| one.met), requirements }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn a_committee_goes_live_with_rules_a_report_every_parent_and_a_signature() {
        let mut known = Known {
            parents: vec!["Council".into(), "CCG".into()],
            constitution_from: Some(day("2019-04-01")),
            consultation_reported: vec![day("2019-02-14")],
            approvals: vec![("Council".into(), day("2019-02-14")), ("CCG".into(), day("2019-02-26"))],
            agreement_signed: Some(day("2019-03-25")),
        };
        let today = day("2019-04-01");
        assert!(known.readiness(today).ready);
        assert!(!known.readiness(day("2019-03-31")).ready, "the rules are not in force yet");
        let whole = known.clone();
        for spoil in [
            (|k| k.constitution_from = None) as fn(&mut Known),
            |k| k.consultation_reported.clear(),
            |k| k.approvals.truncate(1),
            |k| k.agreement_signed = None,
            |k| k.agreement_signed = Some(day("2019-02-20")),
            |k| k.approvals[0].1 = day("2019-02-01"),
        ] {
            known = whole.clone();
            spoil(&mut known);
            let readiness = known.readiness(today);
            assert!(!readiness.ready);
            assert_eq!(readiness.requirements.iter().filter(|r| !r.met).count(), 1, "{readiness:?}");
        }
    }
}
