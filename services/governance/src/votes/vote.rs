//! What a vote is. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{CommitteeId, ConstitutionId, MotionId, PersonId, SeatId, VoteEventId};
use serde::{Deserialize, Serialize};
use web::{Problem, Row, problems};

use super::{
    explain::Step,
    standing::SeatStanding,
    tally::{Choice, VoteResult},
};
use crate::{agenda::ItemBody, constitutions::Rules, motions::MotionBody};

/// Whether what a motion would approve was announced as it must be: money that is a key decision under the rules stands on
/// an item announced as one, and a key decision had its notice, or what stands in for it (rules 41 to 44).
pub(crate) fn announced(rules: &Rules, motion: &MotionBody, item: &ItemBody) -> Result<(), Problem> {
    let amount = motion.money.as_ref().map(|money| money.amount_pence);
    if let Some((from, amount)) = rules.key_decision_from_pence.zip(amount)
        && amount >= from
        && !item.key_decision
    {
        let detail = format!(
            "Under the rules {from} and more is a key decision, and this is {amount}. The item was not announced as one."
        );
        return Err(Problem::new(&problems::NOTICE_TOO_SHORT, detail));
    }
    item.notice.holds()
}

/// How votes are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// By hands; what is published of it is the count.
    ShowOfHands,
    /// By name; what is published of it is who voted how.
    RollCall,
    /// Taken at the meeting, written down afterwards: `at` says when.
    ClerkEntered,
}

/// Whether votes are still taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VoteState {
    /// They are.
    Open,
    /// The result stands.
    Closed,
}

/// A vote to open.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"method": "roll_call"}))]
pub(crate) struct VoteEventDraft {
    pub(super) method: Method,
    /// For `clerk_entered`: the instant at which it was taken; who sat there then is who may vote.
    pub(super) at: Option<DateTime<Utc>>,
}

/// A vote on a motion.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct VoteEventBody {
    pub(crate) id: VoteEventId,
    pub(crate) motion: MotionId,
    pub(crate) committee: CommitteeId,
    /// The rules in force that day.
    pub(crate) constitution: ConstitutionId,
    /// Whether what carries is a decision: the committee was live, and can decide. Otherwise it is advice, for good.
    pub(crate) binding: bool,
    pub(crate) method: Method,
    pub(crate) state: VoteState,
    pub(crate) opened_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    /// Who presided when it opened.
    pub(crate) chair: Option<PersonId>,
    /// How each seat stood when it opened: who may vote.
    pub(crate) seats: Vec<SeatStanding>,
    #[serde(skip)]
    pub(crate) result: Option<VoteResult>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for VoteEventBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "motion", "committee", "constitution", "binding", "method", "state", "opened_at", "closed_at", "seats"];
}

/// Votes to write down.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"votes": [{"seat": "01890a5d-ac96-774b-bcce-b302099a8057", "choice": "for"}]}))]
pub(crate) struct VotesDraft {
    #[schema(min_items = 1, max_items = 200)]
    pub(super) votes: Vec<VoteDraft>,
}

/// A vote to write down.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoteDraft {
    pub(super) seat: SeatId,
    pub(super) choice: Choice,
    /// The second vote of whoever presides; it counts in a tie only.
    #[serde(default)]
    pub(super) casting: bool,
}

/// A vote.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct VoteBody {
    pub(crate) seat: SeatId,
    pub(crate) person: PersonId,
    pub(crate) choice: Choice,
    pub(crate) casting: bool,
    pub(crate) cast_at: DateTime<Utc>,
}

impl Row for VoteBody {
    const COLUMNS: &'static [&'static str] = &["seat", "person", "choice", "casting", "cast_at"];
}

/// Whether an item has a quorum at the present instant, and why.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct QuorumBody {
    pub(crate) quorate: bool,
    /// The instant it was computed for.
    pub(crate) at: DateTime<Utc>,
    pub(crate) constitution: ConstitutionId,
    pub(crate) seats: Vec<SeatStanding>,
    pub(crate) explanation: Vec<Step>,
}
