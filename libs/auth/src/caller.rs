//! Who is asking.

use domain::{BoroughId, Gss, Ods, Slug};
use serde::{Deserialize, Serialize};
use web::{Problem, problems};

use crate::{AnyPermission, Role, Scopes};

/// Live, or the sandbox: a sibling tenant of the same slug, never in regional figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Real figures.
    Live,
    /// For trying things out.
    Sandbox,
}

impl Mode {
    /// Its name in tokens and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sandbox => "sandbox",
        }
    }
}

/// The kinds of owner a client can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnerKind {
    /// One borough's rows.
    Borough,
    /// One organisation's own records across boroughs.
    Partner,
    /// Regional figures.
    Region,
    /// Onboarding.
    Platform,
}

impl OwnerKind {
    /// Its name in tables and `client_id`s.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Borough => "borough",
            Self::Partner => "partner",
            Self::Region => "region",
            Self::Platform => "platform",
        }
    }
}

/// The borough a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoroughClaim {
    /// The tenant.
    pub id: BoroughId,
    /// Its name in paths.
    pub slug: Slug,
    /// Its other name in paths.
    pub gss: Gss,
    /// Live or sandbox.
    pub mode: Mode,
}

/// The organisation a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerClaim {
    /// Its own code, never a predecessor's.
    pub ods: Ods,
}

/// The region a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionClaim {
    /// Its name in paths.
    pub slug: Slug,
}

/// Whom a token speaks for: exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A borough.
    Borough(BoroughClaim),
    /// A partner organisation.
    Partner(PartnerClaim),
    /// A region.
    Region(RegionClaim),
    /// The platform.
    Platform,
}

impl Owner {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> OwnerKind {
        match self {
            Self::Borough(_) => OwnerKind::Borough,
            Self::Partner(_) => OwnerKind::Partner,
            Self::Region(_) => OwnerKind::Region,
            Self::Platform => OwnerKind::Platform,
        }
    }
}

/// Whoever a verified token speaks for.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The API client.
    pub client_id: String,
    /// Whom it acts for.
    pub owner: Owner,
    /// As what.
    pub role: Role,
    /// What the token allows; never more than the role does.
    pub scopes: Scopes,
    /// The token's own id.
    pub token_id: String,
    /// When the token was issued, in seconds since 1970.
    pub issued_at: i64,
    /// When it ends, in seconds since 1970.
    pub expires_at: i64,
}

impl Caller {
    /// Notes in the log and the trace of the present request that it is this one who asks.
    pub fn is_asking(&self) {
        match &self.owner {
            Owner::Borough(own) => web::telemetry::asked_by(Some(own.slug.as_str()), &self.client_id),
            _ => web::telemetry::asked_by(None, &self.client_id),
        }
    }

    /// Goes on only where the caller may do this at all.
    ///
    /// # Errors
    /// 403, naming the permission.
    pub fn require(&self, permission: AnyPermission) -> Result<(), Problem> {
        if permission.kind == self.owner.kind() && self.scopes.allow(permission) {
            return Ok(());
        }
        Err(Problem::new(
            &problems::FORBIDDEN,
            format_args!("This needs the permission `{}`, which your token does not carry.", permission.slug),
        ))
    }

    /// Whether a `{borough}` of a path, slug or GSS code, is the token's own.
    #[must_use]
    pub fn is_borough(&self, in_path: &str) -> Option<&BoroughClaim> {
        match &self.owner {
            Owner::Borough(own) if own.slug.as_str() == in_path || own.gss.as_str() == in_path => Some(own),
            _ => None,
        }
    }
}
