//! Scrutiny over HTTP.

use auth::can;
use domain::{ScrutinyItemId, day_in_england};
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{Created, Page, PageRequest, Paging, Problem, Sent, problems};

use super::{
    scrutiny_item::{ScrutinyItemBody, ScrutinyItemDraft},
    store,
};

/// List what scrutiny committees considered, in the order it was recorded
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/scrutiny-items", operation_id = "listScrutinyItems", tag = "scrutiny",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<ScrutinyItemBody>)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn list_scrutiny_items(
    scope: InBorough<can::ReadRegisters>,
    page: PageRequest,
) -> Result<Page<ScrutinyItemBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |item| item.id))
}

/// Record what a scrutiny committee considered, asked and resolved
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/scrutiny-items", operation_id = "recordScrutinyItem", tag = "scrutiny",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = ScrutinyItemDraft,
    responses((status = 201, body = ScrutinyItemBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn record_scrutiny_item(
    scope: InBorough<can::ManageRegisters>,
    Sent(draft, request): Sent<ScrutinyItemDraft>,
) -> Handled {
    draft.check(day_in_england(scope.now()))?;
    let mut tx = scope.write(&request).await?;
    let body = ScrutinyItemBody {
        id: ScrutinyItemId::at(scope.now()),
        body: draft.body.trim().to_owned(),
        title: draft.title.trim().to_owned(),
        considered_on: draft.considered_on,
        verbal: draft.verbal,
        questions: draft.questions.iter().map(|question| question.trim().to_owned()).collect(),
        resolution: draft.resolution.trim().to_owned(),
        outcome: draft.outcome,
        decision: draft.decision,
        source: draft.source.trim().to_owned(),
        recorded_at: scope.now(),
    };
    store::insert(&mut tx, &body).await.on_constraint("scrutiny_item_borough_id_decision_id_fkey", || {
        Problem::of_fault(&problems::UNKNOWN_REFERENCE, "/decision", "The borough has no such decision.")
    })?;
    let act = Act::new("scrutiny_item.recorded", format!("scrutiny-items/{}", body.id));
    tx.record(act.after(serde_json::json!({"considered_on": body.considered_on, "outcome": body.outcome})));
    let location = format!("/v1/boroughs/{}/scrutiny-items", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
