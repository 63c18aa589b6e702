//! Long work over HTTP.

use auth::can;
use domain::OperationId;
use serde::Deserialize;
use tenancy::InBorough;
use uuid::Uuid;
use web::{At, Found, Page, PageRequest, Paging, Problem};

use super::{operation::OperationBody, store};

/// A borough in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct OperationsPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
}

/// Long work in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct OperationPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The work.
    operation: OperationId,
}

/// List long work, newest first
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/budgets/operations", operation_id = "listOperations", tag = "operations",
    params(OperationsPath, Paging),
    responses((status = 200, body = Page<OperationBody>)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn list_operations(
    scope: InBorough<can::ReadJournals>,
    _path: At<OperationsPath>,
    page: PageRequest,
) -> Result<Page<OperationBody>, Problem> {
    let here = format!("/v1/boroughs/{}", scope.borough().slug);
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, &here, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |operation| operation.id))
}

/// Get long work: how far it is, and what came of it
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/budgets/operations/{operation}", operation_id = "getOperation", tag = "operations",
    params(OperationPath),
    responses((status = 200, body = OperationBody)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn get_operation(
    scope: InBorough<can::ReadJournals>,
    At(path): At<OperationPath>,
) -> Result<Found<OperationBody>, Problem> {
    let here = format!("/v1/boroughs/{}", scope.borough().slug);
    let found = store::find(&mut scope.read().await?, &here, path.operation).await?;
    Ok(Found::of(found.ok_or_else(|| Problem::not_found("operation"))?))
}
