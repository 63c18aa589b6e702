//! What a declaration of interest is, and a ruling on it. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{DeclarationId, InterestId, ItemId, MeetingId, PersonId, RulingId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

/// What they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Stay,
    Speak,
    Leave,
}

/// Who ruled: the chair, or whoever grants dispensations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RulingKind {
    ChairsRuling,
    /// Localism Act 2011 s33.
    Dispensation,
}

/// What they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum May {
    /// Speak and vote.
    Vote,
    /// Speak, and not vote.
    Speak,
    Neither,
}

/// A declaration to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"item": "01890a5d-ac96-774b-bcce-b302099a8057", "person": "01890a5d-ac96-774b-bcce-b302099a8057",
    "nature": "Partner in a practice that would hold the contract", "action": "leave"}))]
pub(crate) struct DeclarationDraft {
    pub(super) item: ItemId,
    /// Somebody who is at the meeting.
    pub(super) person: PersonId,
    /// The entry of the register of interests, where there is one.
    #[serde(default)]
    pub(super) interest: Option<InterestId>,
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) nature: String,
    pub(super) action: Action,
}

impl DeclarationDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/nature", &self.nature, 1000);
        faults.none()
    }
}

/// A ruling to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "chairs_ruling", "may": "speak", "by_whom": "The chair",
    "reason": "The interest is shared with all practices of the borough"}))]
pub(crate) struct RulingDraft {
    pub(super) kind: RulingKind,
    pub(super) may: May,
    /// The office or body that ruled.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) by_whom: String,
    #[schema(min_length = 1, max_length = 1000)]
    pub(super) reason: String,
}

impl RulingDraft {
    /// Whether the chair would let somebody vote.
    pub(super) fn frees_to_vote_by_the_chair(&self) -> bool {
        self.kind == RulingKind::ChairsRuling && self.may == May::Vote
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/by_whom", &self.by_whom, 200);
        faults.text("/reason", &self.reason, 1000);
        faults.none()
    }
}

/// A ruling on a declaration.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RulingBody {
    pub(crate) id: RulingId,
    pub(crate) kind: RulingKind,
    pub(crate) may: May,
    pub(crate) by_whom: String,
    pub(crate) reason: String,
    pub(crate) ruled_at: DateTime<Utc>,
}

/// A declaration of interest at an item.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct DeclarationBody {
    pub(crate) id: DeclarationId,
    pub(crate) meeting: MeetingId,
    pub(crate) item: ItemId,
    pub(crate) person: PersonId,
    /// What the person is called in the record.
    pub(crate) name: String,
    pub(crate) interest: Option<InterestId>,
    pub(crate) nature: String,
    pub(crate) action: Action,
    pub(crate) declared_at: DateTime<Utc>,
    /// Oldest first.
    pub(crate) rulings: Vec<RulingBody>,
    /// The ruling in force: the last one.
    pub(crate) in_force: Option<RulingId>,
    /// What the ruling in force lets them do; null where nothing was ruled.
    pub(crate) may: Option<May>,
}

impl DeclarationBody {
    /// With these rulings, of which the last holds.
    pub(super) fn ruled(self, rulings: Vec<RulingBody>) -> Self {
        let last = rulings.last();
        Self { in_force: last.map(|ruling| ruling.id), may: last.map(|ruling| ruling.may), rulings, ..self }
    }
}

impl Row for DeclarationBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "meeting", "item", "person", "name", "interest", "nature", "action", "declared_at", "may"];
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_last_ruling_holds() {
        let declaration = DeclarationBody {
            id: DeclarationId(Uuid::nil()),
            meeting: MeetingId(Uuid::nil()),
            item: ItemId(Uuid::nil()),
            person: PersonId(Uuid::nil()),
            name: "A person".into(),
            interest: None,
            nature: "An interest".into(),
            action: Action::Stay,
            declared_at: DateTime::default(),
            rulings: Vec::new(),
            in_force: None,
            may: None,
        };
        let ruling = |number: u128, may: May| RulingBody {
            id: RulingId(Uuid::from_u128(number)),
            kind: RulingKind::ChairsRuling,
            may,
            by_whom: "The chair".into(),
            reason: "A test".into(),
            ruled_at: DateTime::default(),
        };
        assert_eq!(declaration.clone().ruled(Vec::new()).may, None);
        let ruled = declaration.ruled(vec![ruling(1, May::Vote), ruling(2, May::Neither)]);
        assert_eq!((ruled.may, ruled.in_force), (Some(May::Neither), Some(RulingId(Uuid::from_u128(2)))));
    }
}
