//! Certificates of destruction over HTTP.

use auth::can;
use chrono::{DateTime, Utc};
use tenancy::OnPlatform;
use uuid::Uuid;
use web::{Page, PageRequest, Paging, Problem};

use super::{certificate::PurgeCertificateBody, store};

/// List certificates of destruction, newest first
///
/// Whose record was destroyed and when, how many rows of each table and how many files, where the chain of its audit trail
/// ended, and the sum of the last archive. Signed with the key of the audit trails (`/v1/public/audit-keys`).
#[utoipa::path(
    get, path = "/v1/platform/purge-certificates", operation_id = "listPurgeCertificates", tag = "boroughs",
    params(Paging),
    responses((status = 200, body = Page<PurgeCertificateBody>)),
    security(("bearer" = ["boroughs:read"])),
)]
pub(crate) async fn list_purge_certificates(
    scope: OnPlatform<can::ReadBoroughs>,
    page: PageRequest,
) -> Result<Page<PurgeCertificateBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, page.after::<(DateTime<Utc>, Uuid)>()?, page.rows_wanted()).await?;
    let bodies = rows.into_iter().filter_map(|(_, kept)| PurgeCertificateBody::of(kept)).collect();
    Ok(page.page(bodies, |one: &PurgeCertificateBody| (one.certificate.purged_at, one.certificate.subject.id)))
}
