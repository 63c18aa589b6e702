//! What an API client is. No SQL, no HTTP, no clock.

use auth::{ClientSecret, Mode, OwnerKind, Role, Scopes};
use chrono::{DateTime, Utc};
use domain::{BoroughId, Ods, Slug};
use serde::{Deserialize, Serialize};
use web::{Problem, Row};

/// Whom a client acts for.
#[derive(Debug, Clone)]
pub(crate) enum ClientOwner {
    Borough { id: BoroughId, slug: Slug, mode: Mode },
    Region(Slug),
    Partner(Ods),
    Platform,
}

impl ClientOwner {
    pub(crate) fn kind(&self) -> OwnerKind {
        match self {
            Self::Borough { .. } => OwnerKind::Borough,
            Self::Region(_) => OwnerKind::Region,
            Self::Partner(_) => OwnerKind::Partner,
            Self::Platform => OwnerKind::Platform,
        }
    }

    fn mode(&self) -> Mode {
        match self {
            Self::Borough { mode, .. } => *mode,
            _ => Mode::Live,
        }
    }

    /// The `client_id` embeds its owner.
    fn client_id(&self) -> String {
        let suffix = ClientSecret::id_suffix();
        match self {
            Self::Borough { slug, mode, .. } => format!("borough.{slug}.{}.{suffix}", mode.as_str()),
            Self::Region(slug) => format!("region.{slug}.{suffix}"),
            Self::Partner(ods) => format!("partner.{ods}.{suffix}"),
            Self::Platform => format!("platform.{suffix}"),
        }
    }
}

/// A client to be kept.
#[derive(Debug)]
pub(crate) struct NewClient {
    pub(crate) client_id: String,
    pub(crate) owner: ClientOwner,
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) scopes: Scopes,
    pub(crate) secret_hash: Vec<u8>,
    pub(crate) secret_hint: String,
    pub(crate) created_at: DateTime<Utc>,
}

impl NewClient {
    pub(crate) fn new(
        owner: ClientOwner,
        role: Role,
        name: &str,
        scopes: Scopes,
        secret: &ClientSecret,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            client_id: owner.client_id(),
            owner,
            role,
            name: name.trim().to_owned(),
            scopes,
            secret_hash: secret.hash(),
            secret_hint: secret.hint(),
            created_at: now,
        }
    }

    pub(crate) fn secret_for(owner: &ClientOwner) -> ClientSecret {
        ClientSecret::new(owner.mode())
    }
}

/// A client to create.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Month end posting", "role": "system"}))]
pub(crate) struct ClientDraft {
    /// What it is for, so that others know.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    pub(crate) role: Role,
    /// What it may do, names with a space between; everything the role may do when left out.
    #[serde(default)]
    #[schema(example = "funds:read journals:post")]
    pub(crate) scopes: Option<String>,
}

impl ClientDraft {
    /// The scopes meant, where the draft is sound for an owner of that kind.
    pub(crate) fn check(&self, owner: OwnerKind) -> Result<Scopes, Problem> {
        if !(1..=200).contains(&self.name.trim().chars().count()) {
            return Err(Problem::invalid("/name", "A name has 1 to 200 characters."));
        }
        if self.role.owner_kind() != owner {
            return Err(Problem::invalid(
                "/role",
                format_args!("`{}` is not a role of this kind of owner.", self.role),
            ));
        }
        let all = self.role.scopes();
        let Some(named) = &self.scopes else { return Ok(all) };
        let scopes: Scopes = named.parse().map_err(|why| Problem::invalid("/scopes", why))?;
        if scopes.is_empty() || !scopes.within(all) {
            return Err(Problem::invalid("/scopes", format_args!("The role {} may do some of: {all}.", self.role)));
        }
        Ok(scopes)
    }
}

/// Whether a client works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientState {
    /// It gets tokens.
    Active,
    /// It gets none, and those it has are cut off within a minute.
    Revoked,
}

impl ClientState {
    pub(crate) fn allowed(self) -> &'static [Self] {
        match self {
            Self::Active => &[Self::Revoked],
            Self::Revoked => &[],
        }
    }
}

/// An API client. Its secret is shown when it is created, and never again.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ClientBody {
    /// Its `client_id`.
    #[schema(example = "borough.salford.live.5f1c09ab2e")]
    pub(crate) id: String,
    pub(crate) owner_kind: OwnerKind,
    #[schema(example = "Month end posting")]
    pub(crate) name: String,
    #[schema(example = "system")]
    pub(crate) role: String,
    #[schema(example = "funds:read journals:post")]
    pub(crate) scopes: String,
    pub(crate) state: ClientState,
    /// How the secret begins, to tell one from another.
    #[schema(example = "tfl_live_k3Tq9z")]
    pub(crate) secret_hint: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for ClientBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "owner_kind", "name", "role", "scopes", "state", "secret_hint", "created_at", "revoked_at"];
}

/// A client just created, with its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CreatedClient {
    #[serde(flatten)]
    pub(crate) client: ClientBody,
    /// Shown once; null when this answer is given again.
    pub(crate) client_secret: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_never_gets_more_than_its_role() {
        let draft = |role, scopes: Option<&str>| ClientDraft { name: "x".into(), role, scopes: scopes.map(Into::into) };
        assert!(draft(Role::Finance, None).check(OwnerKind::Borough).is_ok_and(|s| s == Role::Finance.scopes()));
        assert!(draft(Role::Finance, Some("journals:post")).check(OwnerKind::Borough).is_ok());
        assert!(draft(Role::Finance, Some("clients:manage")).check(OwnerKind::Borough).is_err());
        assert!(draft(Role::Finance, Some("")).check(OwnerKind::Borough).is_err());
        assert!(draft(Role::Officer, None).check(OwnerKind::Borough).is_err());
        assert!(draft(Role::Analyst, None).check(OwnerKind::Region).is_ok());
    }
}
