//! The steps to an agreement and out of it: consultations, approvals, notice, the funds it governs. No SQL, no HTTP.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{ApprovalId, ConsultationId, DecisionId, FundId, NoticeId, OrganisationId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts};

use crate::{
    agreements::{
        agreement::AgreementState,
        checks::{Approved, Consulted},
    },
    rules,
};

/// A consultation to record, once it has closed.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"consulted": "Service users, carers, staff and providers", "joint": true,
    "opens_on": "2025-10-01", "closes_on": "2025-12-12", "outcome": "Support for care closer to home"}))]
pub(crate) struct AgreementConsultationDraft {
    /// The persons and bodies that were asked.
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) consulted: String,
    /// Whether the partners asked together (SI 2000/617 reg 4(2)).
    pub(super) joint: bool,
    pub(super) opens_on: NaiveDate,
    /// The day it closed.
    pub(super) closes_on: NaiveDate,
    /// What was heard.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) outcome: String,
}

impl AgreementConsultationDraft {
    pub(super) fn check(&self, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/consulted", &self.consulted, 1000);
        faults.text("/outcome", &self.outcome, 2000);
        drafts::known_day(&mut faults, "/opens_on", self.opens_on);
        drafts::past_day(&mut faults, "/closes_on", self.closes_on, today);
        faults.unless(self.closes_on >= self.opens_on, "/closes_on", "It closes on the day it opens, or later.");
        faults.none()
    }
}

/// A consultation on an agreement.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct AgreementConsultationBody {
    pub(super) id: ConsultationId,
    pub(super) consulted: String,
    pub(super) joint: bool,
    pub(super) opens_on: NaiveDate,
    pub(super) closes_on: NaiveDate,
    pub(super) outcome: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for AgreementConsultationBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "consulted", "joint", "opens_on", "closes_on", "outcome", "recorded_at"];
}

/// A partner's approval to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organisation": "01890a5d-ac96-774b-bcce-b302099a8057", "approved_on": "2026-02-11",
    "reference": "Cabinet, 11 February 2026, minute 84"}))]
pub(crate) struct AgreementApprovalDraft {
    /// The partner that approves.
    pub(super) organisation: OrganisationId,
    /// The version it approves; the first, where it is left out.
    #[serde(default = "first")]
    #[schema(minimum = 1, maximum = 999)]
    pub(super) version: i16,
    pub(super) approved_on: NaiveDate,
    /// The partner's own decision, as its minutes name it.
    #[schema(min_length = 1, max_length = 300)]
    pub(super) reference: String,
    /// The same decision, where it is one that was taken here.
    #[serde(default)]
    pub(super) decision_id: Option<DecisionId>,
}

fn first() -> i16 {
    1
}

impl AgreementApprovalDraft {
    pub(super) fn check(&self, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reference", &self.reference, 300);
        drafts::past_day(&mut faults, "/approved_on", self.approved_on, today);
        faults.none()
    }

    /// Holds it to what comes before it: until the agreement is signed, a joint consultation that has closed (rule 6);
    /// always, a decision that is the partner's own (rule 12).
    pub(super) fn may_follow(
        &self,
        state: AgreementState,
        consulted: &[Consulted],
        approved: &[Approved],
    ) -> Result<(), Problem> {
        let closed = consulted.iter().filter(|one| one.joint).map(|one| one.closes_on).max();
        if !state.is_signed() && closed.is_none_or(|closed| self.approved_on < closed) {
            let detail = "No joint consultation had closed by that day, or one was still open. Record it first, or mend the date.";
            return Err(rules::CONSULTED.broken("/approved_on", detail));
        }
        let cited = |reference: &str| reference.trim().to_lowercase();
        let same = |other: &&Approved| {
            cited(&other.reference) == cited(&self.reference)
                || (self.decision_id.is_some() && other.decision_id == self.decision_id)
        };
        let mut others =
            approved.iter().filter(|one| one.number == self.version && one.organisation != self.organisation);
        match others.find(same) {
            None => Ok(()),
            Some(_) => {
                let detail = "Another partner cites this decision. Each approves by a decision of its own.";
                Err(rules::BOTH_APPROVE.broken("/reference", detail))
            }
        }
    }
}

/// A partner's approval of a version.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct AgreementApprovalBody {
    pub(super) id: ApprovalId,
    pub(super) organisation: OrganisationId,
    #[schema(example = 1)]
    pub(super) version: i16,
    pub(super) approved_on: NaiveDate,
    pub(super) reference: String,
    pub(super) decision_id: Option<DecisionId>,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for AgreementApprovalBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "organisation", "version", "approved_on", "reference", "decision_id", "recorded_at"];
}

/// Notice to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organisation": "01890a5d-ac96-774b-bcce-b302099a8057", "given_on": "2026-09-30",
    "ends_on": "2027-03-31", "reference": "Letter of 30 September 2026"}))]
pub(crate) struct NoticeDraft {
    /// The partner that gives it.
    pub(super) organisation: OrganisationId,
    pub(super) given_on: NaiveDate,
    /// The last day of the agreement: no sooner than the notice that was agreed.
    pub(super) ends_on: NaiveDate,
    #[schema(min_length = 1, max_length = 300)]
    pub(super) reference: String,
}

impl NoticeDraft {
    pub(super) fn check(&self, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reference", &self.reference, 300);
        drafts::past_day(&mut faults, "/given_on", self.given_on, today);
        drafts::known_day(&mut faults, "/ends_on", self.ends_on);
        faults.none()
    }
}

/// Notice that was given.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct NoticeBody {
    pub(super) id: NoticeId,
    pub(super) organisation: OrganisationId,
    pub(super) given_on: NaiveDate,
    pub(super) ends_on: NaiveDate,
    pub(super) reference: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for NoticeBody {
    const COLUMNS: &'static [&'static str] = &["id", "organisation", "given_on", "ends_on", "reference", "recorded_at"];
}

/// A fund to put under an agreement.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fund": "01890a5d-ac96-774b-bcce-b302099a8057"}))]
pub(crate) struct GovernedFundDraft {
    pub(super) fund: FundId,
}

/// A fund under an agreement.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct GovernedFundBody {
    pub(super) fund: FundId,
    #[schema(example = "Integrated community equipment fund")]
    pub(super) name: String,
    pub(super) linked_at: DateTime<Utc>,
}

impl Row for GovernedFundBody {
    const COLUMNS: &'static [&'static str] = &["fund", "name", "linked_at"];
}

#[cfg(test)]
mod tests {
    use domain::DecisionId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn rule_12_an_approval_follows_the_consultation_by_a_decision_of_its_own() {
        use AgreementState::{Consulted as AfterConsulting, Operating};
        let day = |text: &str| -> NaiveDate { text.parse().expect("a day") };
        let body = |number| OrganisationId(Uuid::from_u128(number));
        let decision = |number| Some(DecisionId(Uuid::from_u128(number)));
        let draft = |on: &str, reference: &str, decision_id| AgreementApprovalDraft {
            organisation: body(2),
            version: 1,
            approved_on: day(on),
            reference: reference.into(),
            decision_id,
        };
        let closed = [Consulted { joint: true, closes_on: day("2019-01-31") }];
        let open_again = [closed[0].clone(), Consulted { joint: true, closes_on: day("2019-03-31") }];
        let other = Approved {
            number: 1,
            organisation: body(1),
            approved_on: day("2019-02-14"),
            reference: "Cabinet, 14 February".into(),
            decision_id: decision(7),
        };
        let others = [other];
        let plain = draft("2019-02-19", "Governing body", None);
        assert!(plain.may_follow(AfterConsulting, &closed, &others).is_ok());
        assert!(plain.may_follow(AfterConsulting, &[], &others).is_err(), "nobody was asked");
        assert!(plain.may_follow(AfterConsulting, &open_again, &others).is_err(), "another was open");
        assert!(plain.may_follow(Operating, &[], &others).is_ok(), "a variation is not consulted on");
        let borrowed = draft("2019-02-19", " cabinet, 14 february", None);
        assert!(borrowed.may_follow(AfterConsulting, &closed, &others).is_err());
        let same = draft("2019-02-19", "Governing body", decision(7));
        assert!(same.may_follow(AfterConsulting, &closed, &others).is_err(), "the same decision by its id");
        let later = AgreementApprovalDraft { version: 2, ..borrowed };
        assert!(later.may_follow(AfterConsulting, &closed, &others).is_ok(), "of another version");
    }
}
