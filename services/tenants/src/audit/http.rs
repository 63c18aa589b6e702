//! The audit trail over HTTP.

use auth::can;
use domain::AuditId;
use serde::Deserialize;
use tenancy::{Borough, InBorough, KindOf, OnPlatform, Platform, Tx};
use uuid::Uuid;
use web::{At, Found, Page, PageRequest, Paging, Problem};

use super::{
    chain::OFFICE,
    entry::{AuditEntry, AuditFilters, Wanted},
    store,
};

/// A trail that is read in more than one transaction.
pub(super) trait Trail<K: KindOf>: Send + Sync + 'static {
    /// The id its chain goes by.
    fn chain(&self) -> Uuid;

    /// Opens a READ ONLY transaction.
    fn open(&self) -> impl Future<Output = Result<Tx<K>, Problem>> + Send;
}

impl Trail<Borough> for InBorough<can::ReadAudit> {
    fn chain(&self) -> Uuid {
        self.borough().id.0
    }

    fn open(&self) -> impl Future<Output = Result<Tx<Borough>, Problem>> + Send {
        self.read()
    }
}

impl Trail<Platform> for OnPlatform<can::ReadOfficeAudit> {
    fn chain(&self) -> Uuid {
        OFFICE
    }

    fn open(&self) -> impl Future<Output = Result<Tx<Platform>, Problem>> + Send {
        self.read()
    }
}

/// An entry in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct AuditEntryPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The entry.
    pub(super) entry: AuditId,
}

/// What of a trail is asked for: the filters, and where the page before ended.
pub(super) fn wanted(mut page: PageRequest<AuditFilters>) -> Result<(Wanted, PageRequest<AuditFilters>), Problem> {
    let before = page.after::<Uuid>()?;
    let wanted = std::mem::take(&mut page.filters).wanted()?;
    Ok((Wanted { before, ..wanted }, page))
}

/// List what was done in a borough, newest first
///
/// And what was refused: sign-ins that failed, and tokens of the borough at another tenant's door. Identical refusals of a
/// client are one entry, and after a minute one more that says how many there were.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/audit", operation_id = "listAudit", tag = "audit",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), AuditFilters, Paging),
    responses((status = 200, body = Page<AuditEntry>)),
    security(("bearer" = ["audit:read"])),
)]
pub(crate) async fn list_audit(
    scope: InBorough<can::ReadAudit>,
    page: PageRequest<AuditFilters>,
) -> Result<Page<AuditEntry>, Problem> {
    let (wanted, page) = wanted(page)?;
    let rows = store::list(&mut scope.read().await?, &wanted, page.rows_wanted()).await?;
    Ok(page.page(rows, |entry| entry.id))
}

/// Get an entry of a borough's audit trail
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/audit/entries/{entry}", operation_id = "getAuditEntry", tag = "audit",
    params(AuditEntryPath),
    responses((status = 200, body = AuditEntry)),
    security(("bearer" = ["audit:read"])),
)]
pub(crate) async fn get_audit_entry(
    scope: InBorough<can::ReadAudit>,
    At(path): At<AuditEntryPath>,
) -> Result<Found<AuditEntry>, Problem> {
    let wanted = Wanted { one: Some(path.entry.0), ..Wanted::default() };
    let found = store::list(&mut scope.read().await?, &wanted, 1).await?.pop();
    Ok(Found::of(found.ok_or_else(|| Problem::not_found("entry"))?))
}
