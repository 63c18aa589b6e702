//! The signed heads of a trail, and the keys they are signed with.

use auth::{PublicSealKey, SealKey, can};
use axum::extract::State;
use serde::Serialize;
use tenancy::InBorough;
use web::{Found, OpenToAll, Page, PageRequest, Paging, Problem, Row};

use std::sync::Arc;

use super::{chain::AuditHead, store};

impl Row for AuditHead {
    const COLUMNS: &'static [&'static str] = &["chain", "position", "head", "sealed_at", "key.kid", "signature"];
}

/// What heads are signed with, and whose signatures are believed.
#[derive(Clone, Default)]
pub(crate) struct AuditKeys {
    /// The one in use.
    pub(crate) own: Option<Arc<SealKey>>,
    /// Those in use before.
    pub(crate) before: Arc<[PublicSealKey]>,
}

impl AuditKeys {
    /// All that are believed, the one in use first.
    pub(super) fn known(&self) -> Vec<PublicSealKey> {
        self.own.iter().map(|key| key.public()).chain(self.before.iter()).cloned().collect()
    }
}

/// The keys that heads of audit trails are signed with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditKeySet {
    /// The one in use, where there is one; then those in use before.
    keys: Vec<PublicSealKey>,
}

/// List the signed heads of a borough's audit trail, from the first on
///
/// Whoever keeps a copy will see if anything before it is ever made anew. A head is signed with every batch of entries
/// that gets its places.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/audit/heads", operation_id = "listAuditHeads", tag = "audit",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), Paging),
    responses((status = 200, body = Page<AuditHead>)),
    security(("bearer" = ["audit:read"])),
)]
pub(crate) async fn list_audit_heads(
    scope: InBorough<can::ReadAudit>,
    page: PageRequest,
) -> Result<Page<AuditHead>, Problem> {
    let after = page.after::<i64>()?.unwrap_or(0);
    let heads = store::heads(&mut scope.read().await?, after, None, page.rows_wanted()).await?;
    Ok(page.page(heads, |head| head.position))
}

/// List the keys that heads of audit trails are signed with
///
/// The private key is not in the database: whoever owns that cannot sign anew what was altered.
#[utoipa::path(
    get, path = "/v1/public/audit-keys", operation_id = "listPublicAuditKeys", tag = "public",
    responses((status = 200, body = AuditKeySet)),
)]
pub(crate) async fn list_public_audit_keys(State(keys): State<AuditKeys>) -> OpenToAll<Found<AuditKeySet>> {
    OpenToAll(Found::of(AuditKeySet { keys: keys.known() }))
}
