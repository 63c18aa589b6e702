//! The rules of an action. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{ActionId, DecisionId, MeetingId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::drafts;

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionState {
    /// Still owed.
    Open,
    /// Done; the reason of the move is the evidence.
    Done,
    /// No longer wanted.
    Dropped,
}

impl ActionState {
    pub(super) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Done, Self::Dropped],
            Self::Done | Self::Dropped => &[],
        }
    }

    /// Whether it is still owed after its day. The day says so, and moves nothing.
    pub(super) fn overdue(self, due_on: NaiveDate, today: NaiveDate) -> bool {
        self == Self::Open && due_on < today
    }
}

/// An action to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Bring the final consultation report to both parent bodies",
    "owner": "Accountable officer", "due_on": "2027-02-26"}))]
pub(crate) struct ActionDraft {
    /// The meeting that asked for it.
    pub(super) meeting: Option<MeetingId>,
    /// The decision it follows from.
    pub(super) decision: Option<DecisionId>,
    /// What is to be done.
    #[schema(min_length = 1, max_length = 2000)]
    pub(super) text: String,
    /// The office that is to do it, not who holds it.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) owner: String,
    /// The last day to do it in time.
    pub(super) due_on: NaiveDate,
}

impl ActionDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/text", &self.text, 2000);
        faults.text("/owner", &self.owner, 200);
        drafts::known_day(&mut faults, "/due_on", self.due_on);
        faults.none()
    }
}

/// An action.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ActionBody {
    pub(super) id: ActionId,
    pub(super) meeting: Option<MeetingId>,
    pub(super) decision: Option<DecisionId>,
    #[schema(example = "Bring the final consultation report to both parent bodies")]
    pub(super) text: String,
    #[schema(example = "Accountable officer")]
    pub(super) owner: String,
    pub(super) due_on: NaiveDate,
    pub(super) state: ActionState,
    /// Whether it is open and its day is past, in England.
    pub(super) overdue: bool,
    pub(super) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(super) version: i64,
}

impl Row for ActionBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "meeting", "decision", "text", "owner", "due_on", "state", "overdue", "created_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_overdue_from_the_day_after() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let due = day("2027-02-26");
        assert!(!ActionState::Open.overdue(due, day("2027-02-26")));
        assert!(ActionState::Open.overdue(due, day("2027-02-27")));
        assert!(!ActionState::Done.overdue(due, day("2027-02-27")));
        assert!(ActionState::Done.allowed().is_empty() && ActionState::Dropped.allowed().is_empty());
    }
}
