//! What a member is. No SQL, no HTTP, no clock.

use auth::{OwnerKind, Role};
use chrono::{DateTime, NaiveDate, Utc};
use domain::IssuerId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

use crate::issuers::is_for_a_person;

/// Whether a token's subject is a member, and no client.
pub(crate) fn is_member(subject: &str) -> bool {
    subject.rsplit('.').next().is_some_and(|last| last.starts_with("member-"))
}

/// Whether a member may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MemberState {
    /// They sign in.
    Active,
    /// They do not for now; the tokens they have are cut off within a minute.
    Suspended,
    /// They do not, unless they are invited again: then as another member.
    Removed,
}

impl MemberState {
    pub(crate) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Active => &[Self::Suspended, Self::Removed],
            Self::Suspended => &[Self::Active, Self::Removed],
            Self::Removed => &[],
        }
    }
}

/// Who decides a member's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RoleFrom {
    /// An administrator gave it: by an invitation, a change or a hand-over.
    Given,
    /// A claim of their provider says it, at each sign-in.
    Claim,
}

/// Somebody who holds an office.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MemberBody {
    /// What tokens and the audit trail call them.
    #[schema(example = "borough.salford.live.member-5f1c09ab2e")]
    pub(crate) id: String,
    #[schema(example = "Head of integrated finance")]
    pub(crate) office: String,
    #[schema(example = "finance")]
    pub(crate) role: String,
    pub(crate) role_from: RoleFrom,
    pub(crate) state: MemberState,
    /// The provider they sign in at.
    pub(crate) issuer: IssuerId,
    /// How the hash of their identity there begins, to tell one from another.
    #[schema(example = "3f9a01bc")]
    pub(crate) identity_hint: String,
    pub(crate) joined_at: DateTime<Utc>,
    pub(crate) last_signed_in_on: Option<NaiveDate>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for MemberBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "office", "role", "role_from", "state", "issuer", "identity_hint", "joined_at", "last_signed_in_on"];
}

/// The fault of a role that is not for people of that kind of owner.
pub(crate) fn check_role(faults: &mut Faults, pointer: &str, role: Role, owner: OwnerKind) {
    let fits = is_for_a_person(role, owner);
    faults.unless(fits, pointer, format_args!("`{role}` is not a role of people of this kind of owner."));
}

/// What to change of a member.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"office": "Assistant director of finance"}))]
pub(crate) struct MemberChange {
    /// The office, never a person's name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) office: Option<String>,
    /// The role. Once it is given here, no claim of the provider decides it any more.
    #[serde(default)]
    pub(crate) role: Option<Role>,
}

impl MemberChange {
    pub(crate) fn check(&self, owner: OwnerKind) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.optional_text("/office", self.office.as_deref(), 200);
        if let Some(role) = self.role {
            check_role(&mut faults, "/role", role, owner);
        }
        let something = self.office.is_some() || self.role.is_some();
        faults.unless(something, "", "Name something to change: office or role.");
        faults.none()
    }
}

/// A role to pass on.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HandOverDraft, example = json!({"to": "borough.salford.live.member-5f1c09ab2e", "reason": "A new head of finance", "keeps": null}))]
pub(crate) struct HandOverDraft {
    /// The member who is to have the role.
    #[schema(max_length = 120)]
    pub(crate) to: String,
    /// Why, for those who read the trail.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reason: String,
    /// The role that who hands over has from then on; where none is named, they leave.
    #[serde(default)]
    pub(crate) keeps: Option<Role>,
}

impl HandOverDraft {
    pub(crate) fn check(&self, from: &MemberBody, owner: OwnerKind) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, 500);
        faults.unless(self.to != from.id, "/to", "Name another member than who hands over.");
        faults.unless((1..=120).contains(&self.to.len()), "/to", "The id of a member.");
        if let Some(keeps) = self.keeps {
            check_role(&mut faults, "/keeps", keeps, owner);
        }
        faults.none()
    }
}

/// Goes on where a member is one that acts.
pub(crate) fn acting(member: &MemberBody, pointer: &str) -> Result<(), Problem> {
    if member.state == MemberState::Active {
        return Ok(());
    }
    let why = "This member does not act: it is suspended or removed.";
    Err(Problem::of_fault(&problems::CONFLICT, pointer, why))
}

/// A role that was passed on.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct HandOverBody {
    /// Who had the role, as they are now.
    pub(crate) from: MemberBody,
    /// Who has it.
    pub(crate) to: MemberBody,
    #[schema(example = "admin")]
    pub(crate) role: String,
    pub(crate) reason: String,
    /// Who decided it.
    pub(crate) by: String,
    pub(crate) handed_over_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_role_is_one_of_people() {
        let tried =
            |change: Value, owner| serde_json::from_value::<MemberChange>(change).expect("a change").check(owner);
        assert!(tried(json!({"role": "admin"}), OwnerKind::Borough).is_ok());
        assert!(tried(json!({"office": "Clerk"}), OwnerKind::Borough).is_ok());
        assert!(tried(json!({"role": "officer"}), OwnerKind::Platform).is_ok());
        for wrong in [json!({}), json!({"role": "system"}), json!({"role": "analyst"}), json!({"office": " "})] {
            assert!(tried(wrong.clone(), OwnerKind::Borough).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_member_is_told_from_a_client() {
        use crate::clients::ClientOwner;
        let owner = ClientOwner::Platform;
        assert!(is_member(&owner.member_id()) && !is_member(&owner.client_id()));
        assert!(!is_member("borough.member-town.live.5f1c09ab2e"));
    }

    #[test]
    fn a_removed_member_stays_removed() {
        assert!(MemberState::Removed.allowed().is_empty());
        assert!(MemberState::Suspended.allowed().contains(&MemberState::Active));
    }
}
