//! The platform's own acts over HTTP: their trail, its heads, and whether it holds.

use auth::can;
use axum::extract::State;
use tenancy::OnPlatform;
use web::{Found, Page, PageRequest, Paging, Problem, Query};

use super::{
    AuditKeys,
    chain::AuditHead,
    entry::{AuditEntry, AuditFilters},
    http::wanted,
    proof::{AuditProof, ProofQuery, prove},
    store,
};

/// List what the platform did, newest first
///
/// And what was refused at its door: sign-ins of its clients and of regions' and partners' that failed, and those of clients
/// there are not, counted by the minute.
#[utoipa::path(
    get, path = "/v1/platform/audit", operation_id = "listOfficeAudit", tag = "audit",
    params(AuditFilters, Paging),
    responses((status = 200, body = Page<AuditEntry>)),
    security(("bearer" = ["office-audit:read"])),
)]
pub(crate) async fn list_office_audit(
    scope: OnPlatform<can::ReadOfficeAudit>,
    page: PageRequest<AuditFilters>,
) -> Result<Page<AuditEntry>, Problem> {
    let (wanted, page) = wanted(page)?;
    let rows = store::list_office(&mut scope.read().await?, &wanted, page.rows_wanted()).await?;
    Ok(page.page(rows, |entry| entry.id))
}

/// List the signed heads of the platform's own trail, from the first on
#[utoipa::path(
    get, path = "/v1/platform/audit/heads", operation_id = "listOfficeAuditHeads", tag = "audit",
    params(Paging),
    responses((status = 200, body = Page<AuditHead>)),
    security(("bearer" = ["office-audit:read"])),
)]
pub(crate) async fn list_office_audit_heads(
    scope: OnPlatform<can::ReadOfficeAudit>,
    page: PageRequest,
) -> Result<Page<AuditHead>, Problem> {
    let after = page.after::<i64>()?.unwrap_or(0);
    let heads = store::heads(&mut scope.read().await?, after, None, page.rows_wanted()).await?;
    Ok(page.page(heads, |head| head.position))
}

/// Verify the platform's own trail
#[utoipa::path(
    get, path = "/v1/platform/audit/proof", operation_id = "proveOfficeAudit", tag = "audit",
    params(ProofQuery),
    responses((status = 200, body = AuditProof)),
    security(("bearer" = ["office-audit:read"])),
)]
pub(crate) async fn prove_office_audit(
    scope: OnPlatform<can::ReadOfficeAudit>,
    State(keys): State<AuditKeys>,
    Query(query): Query<ProofQuery>,
) -> Result<Found<AuditProof>, Problem> {
    Ok(Found::of(prove(&scope, &keys, &query).await?))
}
