//! Data-sharing agreements over HTTP.

use auth::can;
use domain::{DataSharingId, day_in_england};
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{Created, Page, PageRequest, Paging, Problem, Sent};

use super::{
    agreement::{DataSharingBody, DataSharingDraft},
    store,
};

/// List data-sharing agreements, newest first
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/data-sharing-agreements", operation_id = "listDataSharingAgreements",
    tag = "onboarding",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), Paging),
    responses((status = 200, body = Page<DataSharingBody>)),
    security(("bearer" = ["onboarding:read"])),
)]
pub(crate) async fn list_data_sharing_agreements(
    scope: InBorough<can::ReadOnboarding>,
    page: PageRequest,
) -> Result<Page<DataSharingBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |agreement| agreement.id))
}

/// Record a data-sharing agreement that was signed
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/data-sharing-agreements", operation_id = "recordDataSharingAgreement",
    tag = "onboarding",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    request_body = DataSharingDraft,
    responses((status = 201, body = DataSharingBody)),
    security(("bearer" = ["onboarding:keep"])),
)]
pub(crate) async fn record_data_sharing_agreement(
    scope: InBorough<can::KeepOnboarding>,
    Sent(draft, request): Sent<DataSharingDraft>,
) -> Handled {
    draft.check(day_in_england(scope.now()))?;
    let mut tx = scope.write(&request).await?;
    let body = DataSharingBody {
        id: DataSharingId::at(scope.now()),
        version: draft.version.trim().to_owned(),
        signed_by: draft.signed_by.trim().to_owned(),
        signed_on: draft.signed_on,
        reference: draft.reference.trim().to_owned(),
        recorded_at: scope.now(),
        recorded_by: scope.caller().client_id.clone(),
    };
    store::insert(&mut tx, &body).await?;
    let subject = format!("data-sharing-agreements/{}", body.id);
    let told = json!({"version": body.version, "signed_by": body.signed_by, "signed_on": body.signed_on});
    tx.record(Act::new("data-sharing-agreement.recorded", subject).after(told));
    let location = format!("/v1/boroughs/{}/data-sharing-agreements", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
