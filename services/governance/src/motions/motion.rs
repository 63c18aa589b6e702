//! What a motion is. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{CommitteeId, FundId, ItemId, MeetingId, MotionId, Pence, PersonId, ProposalId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

/// What a motion would have the committee do, as the record will say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MotionOutcome {
    /// Something is approved.
    Approved,
    /// A report is noted.
    Noted,
    /// Something is recommended to another body.
    Recommended,
    /// It is put off.
    Deferred,
    /// It is sent to another body.
    Referred,
}

/// How far a motion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MotionState {
    /// Before the meeting.
    Moved,
    /// Taken back before a vote on it was closed.
    Withdrawn,
    /// A lawful vote agreed it.
    Carried,
    /// A lawful vote did not.
    Lost,
}

/// The money a motion would let move.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Money {
    /// Of which fund.
    pub(crate) fund: FundId,
    /// The most that may move, once. In pence.
    pub(crate) amount_pence: Pence,
    /// The refused journal it answers, where there is one.
    pub(crate) proposal: Option<ProposalId>,
}

/// A motion to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"meeting": "01890a5d-ac96-774b-bcce-b302099a8057", "agenda_item": "01890a5d-ac96-774b-bcce-b302099a8058",
    "text": "That the community services contract be approved.", "outcome": "approved",
    "mover": "01890a5d-ac96-774b-bcce-b302099a8059"}))]
pub(crate) struct MotionDraft {
    pub(super) meeting: MeetingId,
    pub(super) agenda_item: ItemId,
    /// The motion it would amend: where it carries, its text and money replace that motion's.
    pub(super) amends: Option<MotionId>,
    #[schema(min_length = 1, max_length = 5000)]
    pub(super) text: String,
    pub(super) outcome: MotionOutcome,
    pub(super) mover: PersonId,
    pub(super) seconder: Option<PersonId>,
    pub(super) money: Option<Money>,
}

impl MotionDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/text", &self.text, 5_000);
        faults.unless(self.seconder != Some(self.mover), "/seconder", "Nobody seconds their own motion.");
        if let Some(money) = &self.money {
            let positive = money.amount_pence > Pence::ZERO && money.amount_pence <= Pence(10_000_000_000_000);
            faults.unless(positive, "/money/amount_pence", "It is more than nothing and at most £100,000,000,000.00.");
            let approves = self.outcome == MotionOutcome::Approved;
            faults.unless(approves, "/money", "Only a motion that approves something lets money move.");
        }
        faults.none()
    }
}

/// A motion.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MotionBody {
    pub(crate) id: MotionId,
    pub(crate) committee: CommitteeId,
    pub(crate) meeting: MeetingId,
    pub(crate) agenda_item: ItemId,
    pub(crate) amends: Option<MotionId>,
    pub(crate) text: String,
    pub(crate) outcome: MotionOutcome,
    pub(crate) mover: PersonId,
    pub(crate) seconder: Option<PersonId>,
    pub(crate) money: Option<Money>,
    pub(crate) state: MotionState,
    pub(crate) moved_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for MotionBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "committee",
        "meeting",
        "agenda_item",
        "amends",
        "text",
        "outcome",
        "mover",
        "seconder",
        "money",
        "state",
        "moved_at",
    ];
}
