//! What a decision says. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitteeId, ConstitutionId, DecisionId, DelegationId, ItemId, MeetingId, MotionId, PersonId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{Faults, Problem, Row};

use super::machine::DecisionState;
use crate::{
    motions::{Money, MotionOutcome},
    progress::CountedDecision,
};

/// A decision to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"motion": "01890a5d-ac96-774b-bcce-b302099a8057",
    "reasons": "The contract gives the neighbourhoods the service the agreement promises.",
    "options_rejected": ["To extend the present contracts by a year"]}))]
pub(crate) struct DecisionDraft {
    /// The motion that was carried.
    pub(super) motion: MotionId,
    /// What it is called in the public record; the item's title where left out.
    #[schema(min_length = 1, max_length = 300)]
    pub(super) title: Option<String>,
    #[schema(min_length = 1, max_length = 5000)]
    pub(super) reasons: String,
    /// Each option that was considered and rejected, or that there was none (SI 2012/2089 reg 12(2)).
    #[schema(min_items = 1, max_items = 50)]
    pub(super) options_rejected: Vec<String>,
    /// Why call-in is left out, where it is.
    pub(super) call_in_waiver: Option<Waiver>,
}

/// An urgent decision is left out of call-in.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Waiver {
    /// The office that agreed.
    #[schema(min_length = 1, max_length = 200, example = "Chair of the scrutiny committee")]
    pub(crate) agreed_by: String,
    #[schema(min_length = 1, max_length = 1000, example = "The contract lapses tomorrow.")]
    pub(crate) reason: String,
}

impl DecisionDraft {
    /// Rule 51: reasons and the options rejected are said.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.optional_text("/title", self.title.as_deref(), 300);
        faults.text("/reasons", &self.reasons, 5_000);
        let some = (1..=50).contains(&self.options_rejected.len());
        faults.unless(some, "/options_rejected", "Name 1 to 50 options, or say that there was none.");
        for (at, option) in self.options_rejected.iter().enumerate() {
            faults.text(format!("/options_rejected/{at}"), option, 2_000);
        }
        if let Some(waiver) = &self.call_in_waiver {
            faults.text("/call_in_waiver/agreed_by", &waiver.agreed_by, 200);
            faults.text("/call_in_waiver/reason", &waiver.reason, 1_000);
        }
        faults.none()
    }
}

/// An interest that was declared on the item, and what was ruled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ConflictRecorded {
    pub(crate) person: PersonId,
    #[schema(example = "A councillor")]
    pub(crate) name: String,
    pub(crate) nature: String,
    /// What they did: stay, speak or leave.
    #[schema(example = "leave")]
    pub(crate) action: String,
    /// The ruling or dispensation in force, where there is one.
    pub(crate) ruling: Option<String>,
    /// Whether that ruling is a dispensation (Localism Act 2011 s33).
    pub(crate) dispensation: bool,
}

impl ConflictRecorded {
    /// As the public record tells it.
    pub(crate) fn in_words(&self) -> String {
        let did = match self.action.as_str() {
            "leave" => "left the meeting",
            "speak" => "spoke and did not vote",
            _ => "stayed",
        };
        let ruling = self.ruling.as_deref().map(|ruling| format!(" {ruling}")).unwrap_or_default();
        format!("{}: {}; {did}.{ruling}", self.name, self.nature.trim_end_matches('.'))
    }
}

/// What the law wants said of a decision (SI 2012/2089 reg 12).
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct DecisionRecord {
    /// What was resolved.
    pub(crate) resolution: String,
    pub(crate) reasons: String,
    pub(crate) options_rejected: Vec<String>,
    pub(crate) conflicts: Vec<ConflictRecorded>,
    pub(crate) call_in_waiver: Option<Waiver>,
}

/// A decision of a live committee.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct DecisionBody {
    pub(crate) id: DecisionId,
    pub(crate) committee: CommitteeId,
    pub(crate) meeting: MeetingId,
    pub(crate) agenda_item: ItemId,
    pub(crate) motion: MotionId,
    /// The rules in force that day (rule 53).
    pub(crate) constitution: ConstitutionId,
    /// The limit of the scheme of delegation that the money was above, in force that day.
    pub(crate) delegation: Option<DelegationId>,
    pub(crate) title: String,
    pub(crate) outcome: MotionOutcome,
    pub(crate) key_decision: bool,
    pub(crate) decided_on: NaiveDate,
    pub(crate) record: DecisionRecord,
    /// Whether it was taken in private, and by which paragraph of Schedule 12A (Local Government Act 1972).
    #[schema(value_type = Option<Object>)]
    pub(crate) private: Option<Value>,
    pub(crate) money: Option<Money>,
    pub(crate) state: DecisionState,
    pub(crate) published_on: Option<NaiveDate>,
    /// The last day on which it can be called in.
    pub(crate) call_in_ends_on: Option<NaiveDate>,
    /// The day it takes effect, or took effect.
    pub(crate) effective_on: Option<NaiveDate>,
    pub(crate) recorded_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl DecisionBody {
    /// What the region counts of it.
    pub(super) fn counted(&self) -> CountedDecision<'static> {
        let outcome = match self.outcome {
            MotionOutcome::Approved => "approved",
            MotionOutcome::Noted => "noted",
            MotionOutcome::Recommended => "recommended",
            MotionOutcome::Deferred => "deferred",
            MotionOutcome::Referred => "referred",
        };
        CountedDecision { decided_on: self.decided_on, outcome, key_decision: self.key_decision }
    }
}

impl Row for DecisionBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "committee",
        "meeting",
        "agenda_item",
        "motion",
        "constitution",
        "delegation",
        "title",
        "outcome",
        "key_decision",
        "decided_on",
        "record",
        "private",
        "money",
        "state",
        "published_on",
        "call_in_ends_on",
        "effective_on",
        "recorded_at",
    ];
}
