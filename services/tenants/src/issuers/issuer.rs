//! What an identity provider is to us. No SQL, no HTTP, no clock.

use auth::{OwnerKind, Role};
use chrono::{DateTime, Utc};
use domain::IssuerId;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::administrators::administers;

const LONGEST_ADDRESS: usize = 500;
const LONGEST_AUDIENCE: usize = 255;
const MOST_MAPPINGS: usize = 20;

/// What a claim of an ID token makes of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"claim": "groups", "value": "pooled-fund-finance", "role": "finance", "office": "Finance officer"}))]
pub(crate) struct ClaimMapping {
    /// A claim of the ID token.
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) claim: String,
    /// What the claim is, or what the list holds that it is.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) value: String,
    /// The role whoever has it signs in with. Never an administrator's.
    pub(crate) role: Role,
    /// The office they are shown under, where no invitation said one.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) office: String,
}

/// Whether a role of that kind of owner is for people: a system is an API client.
pub(crate) fn is_for_a_person(role: Role, owner: OwnerKind) -> bool {
    role.owner_kind() == owner && role != Role::System
}

fn check_mappings(faults: &mut Faults, mappings: &[ClaimMapping], owner: OwnerKind) {
    faults.unless(mappings.len() <= MOST_MAPPINGS, "/mappings", "At most 20 mappings.");
    for (at, mapping) in mappings.iter().enumerate().take(MOST_MAPPINGS) {
        faults.text(format!("/mappings/{at}/claim"), &mapping.claim, 100);
        faults.text(format!("/mappings/{at}/value"), &mapping.value, 200);
        faults.text(format!("/mappings/{at}/office"), &mapping.office, 200);
        let role = format!("/mappings/{at}/role");
        if administers(owner).is_some_and(|(administrator, _)| administrator == mapping.role) {
            let why = "No claim makes an administrator: whoever keeps the provider's groups would give the role away. Invite them.";
            faults.unless(false, role, why);
        } else {
            let fits = is_for_a_person(mapping.role, owner);
            faults.unless(
                fits,
                role,
                format_args!("`{}` is not a role of people of this kind of owner.", mapping.role),
            );
        }
    }
}

/// A provider to register.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Council sign-in", "issuer": "https://login.salford.example/tenant/v2.0", "audience": "tenfold",
    "mappings": []}))]
pub(crate) struct IssuerDraft {
    /// What people here call it.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// What the provider calls itself, exactly: the `iss` of its ID tokens. Its discovery document lies below it.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) issuer: String,
    /// The client id that it gave Tenfold for you: the `aud` of its ID tokens. Nobody else may have registered the two.
    #[schema(min_length = 1, max_length = 255)]
    pub(crate) audience: String,
    /// Whom it lets in without an invitation, and as what. The first that fits counts.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) mappings: Vec<ClaimMapping>,
}

impl IssuerDraft {
    pub(crate) fn check(&self, owner: OwnerKind) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/name", &self.name, 200);
        faults.text("/issuer", &self.issuer, LONGEST_ADDRESS);
        let plain = !self.issuer.contains(['?', '#']) && !self.issuer.contains(char::is_whitespace);
        faults.unless(plain, "/issuer", "An issuer is an address without a query, a fragment or blanks.");
        let visible = self.audience.chars().all(|c| !c.is_control() && !c.is_whitespace());
        let fits = (1..=LONGEST_AUDIENCE).contains(&self.audience.chars().count()) && visible;
        faults.unless(fits, "/audience", "The client id at the provider, 1 to 255 characters without blanks.");
        check_mappings(&mut faults, &self.mappings, owner);
        faults.none()
    }
}

/// What to change of a provider.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Council sign-in, since the move"}))]
pub(crate) struct IssuerChange {
    /// What people here call it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: Option<String>,
    /// Whom it lets in without an invitation: all of them, anew.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) mappings: Option<Vec<ClaimMapping>>,
    /// Whether to read its discovery document again, as when its keys have moved.
    #[serde(default)]
    pub(crate) discover: bool,
}

impl IssuerChange {
    pub(crate) fn check(&self, owner: OwnerKind) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.optional_text("/name", self.name.as_deref(), 200);
        check_mappings(&mut faults, self.mappings.as_deref().unwrap_or_default(), owner);
        let something = self.name.is_some() || self.mappings.is_some() || self.discover;
        faults.unless(something, "", "Name something to change: name, mappings or discover.");
        faults.none()
    }
}

/// Whether people sign in at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IssuerState {
    /// They do.
    Active,
    /// They do not for now; the tokens they have are cut off within a minute.
    Suspended,
    /// They do not, ever again. Its issuer and audience may be registered anew.
    Removed,
}

impl IssuerState {
    pub(crate) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Active => &[Self::Suspended, Self::Removed],
            Self::Suspended => &[Self::Active, Self::Removed],
            Self::Removed => &[],
        }
    }
}

/// An identity provider.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct IssuerBody {
    pub(crate) id: IssuerId,
    #[schema(example = "Council sign-in")]
    pub(crate) name: String,
    #[schema(example = "https://login.salford.example/tenant/v2.0")]
    pub(crate) issuer: String,
    #[schema(example = "tenfold")]
    pub(crate) audience: String,
    pub(crate) mappings: Vec<ClaimMapping>,
    pub(crate) state: IssuerState,
    /// Where its discovery document says its keys are.
    #[schema(example = "https://login.salford.example/tenant/keys")]
    pub(crate) jwks_uri: String,
    /// When that was last read.
    pub(crate) discovered_at: DateTime<Utc>,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for IssuerBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "name", "issuer", "audience", "state", "jwks_uri", "discovered_at", "created_at"];
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn draft(more: &Value) -> IssuerDraft {
        let mut draft = json!({"name": "Sign-in", "issuer": "https://id.example", "audience": "tenfold"});
        draft.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(draft).expect("a draft")
    }

    #[test]
    fn a_claim_makes_no_administrator_and_no_system() {
        let mapping = |role: &str| json!({"claim": "groups", "value": "x", "role": role, "office": "An office"});
        let tried = |role: &str, owner| draft(&json!({"mappings": [mapping(role)]})).check(owner);
        for role in ["finance", "pool_manager", "clerk", "member", "auditor"] {
            assert!(tried(role, OwnerKind::Borough).is_ok(), "{role}");
        }
        for role in ["admin", "system", "officer", "analyst"] {
            assert!(tried(role, OwnerKind::Borough).is_err(), "{role}");
        }
        assert!(tried("analyst", OwnerKind::Region).is_ok() && tried("officer", OwnerKind::Platform).is_err());
        let many = json!({"mappings": vec![mapping("finance"); 21]});
        assert!(draft(&many).check(OwnerKind::Borough).is_err());
    }

    #[test]
    fn a_draft_is_bounded() {
        let tried = |more: Value| draft(&more).check(OwnerKind::Borough);
        assert!(tried(json!({})).is_ok());
        for wrong in [
            json!({"name": " "}),
            json!({"issuer": ""}),
            json!({"issuer": "https://id.example/?x=1"}),
            json!({"issuer": "https://id.example/#x"}),
            json!({"issuer": format!("https://id.example/{}", "x".repeat(500))}),
            json!({"audience": ""}),
            json!({"audience": "two words"}),
            json!({"audience": "x".repeat(256)}),
            json!({"mappings": [{"claim": "", "value": "x", "role": "finance", "office": "x"}]}),
            json!({"mappings": [{"claim": "x", "value": "x".repeat(201), "role": "finance", "office": "x"}]}),
        ] {
            assert!(tried(wrong.clone()).is_err(), "{wrong}");
        }
        let nothing: IssuerChange = serde_json::from_value(json!({})).expect("a change");
        assert!(nothing.check(OwnerKind::Borough).is_err());
    }
}
