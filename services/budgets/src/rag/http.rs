//! Thresholds over HTTP.

use auth::can;
use tenancy::{Handled, InRegion, OnConstraint};
use web::{Found, IfMatch, Problem, Sent, Versioned, WriteRequest, changed_meanwhile};

use super::{
    store,
    thresholds::{RagBody, Thresholds},
};

/// Get what counts as green and amber in a region
///
/// Until somebody sets them, those of practice are in force, at version 0: up to 1 % over is green, up to 3 % amber.
#[utoipa::path(
    get, path = "/v1/regions/{region}/rag", operation_id = "getRag", tag = "regions",
    params(("region" = String, Path, description = "The region's slug", example = "greater-manchester")),
    responses((status = 200, body = RagBody)),
    security(("bearer" = ["region-figures:read"])),
)]
pub(crate) async fn get_rag(scope: InRegion<can::ReadFigures>) -> Result<Found<RagBody>, Problem> {
    let body = store::find(&mut scope.read().await?).await?;
    Ok(Found::at(body.version, body))
}

/// Set what counts as green and amber in a region
///
/// What was set before is kept, by version. Send the ETag `"0"` for the first.
#[utoipa::path(
    put, path = "/v1/regions/{region}/rag", operation_id = "setRag", tag = "regions",
    params(("region" = String, Path, description = "The region's slug", example = "greater-manchester"), Versioned),
    request_body = Thresholds,
    responses((status = 200, body = RagBody)),
    security(("bearer" = ["region-thresholds:set"])),
)]
pub(crate) async fn set_rag(
    scope: InRegion<can::SetThresholds>,
    version: IfMatch,
    Sent(draft, request): Sent<Thresholds>,
) -> Handled {
    // The version is what makes it happen once: a region keeps no answers under keys.
    let request = WriteRequest { key: None, ..request };
    let mut tx = scope.write(&request).await?;
    let before = store::find(&mut tx).await?;
    version.holds(before.version)?;
    draft.check()?;
    let made = store::insert(&mut tx, before.version + 1, draft, &scope.caller().client_id).await;
    made.on_constraint("thresholds_set_once", changed_meanwhile)?;
    let body = store::find(&mut tx).await?;
    Ok(tx.answer(Found::at(body.version, body)).await?)
}
