//! The audit trail over HTTP.

use auth::can;
use tenancy::InBorough;
use web::{Page, PageRequest, Paging, Problem};

use super::entry::AuditEntry;
use super::store;

/// List what was done in a borough, newest first
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/audit", operation_id = "listAudit", tag = "audit",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), Paging),
    responses((status = 200, body = Page<AuditEntry>)),
    security(("bearer" = ["audit:read"])),
)]
pub(crate) async fn list_audit(
    scope: InBorough<can::ReadAudit>,
    page: PageRequest,
) -> Result<Page<AuditEntry>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |entry| entry.id))
}
