//! Action plans over HTTP.

use auth::can;
use domain::ActionPlanId;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent};

use super::{
    action_plan::{ActionPlanBody, ActionPlanDraft},
    store,
};
use crate::{
    schemes,
    years::{find_year, http::YearPath},
};

/// List the action plans of a fund-year, in the order they were recorded
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/action-plans", operation_id = "listActionPlans",
    tag = "monitoring",
    params(YearPath, Paging),
    responses((status = 200, body = Page<ActionPlanBody>)),
    security(("bearer" = ["monitoring:read"])),
)]
pub(crate) async fn list_action_plans(
    scope: InBorough<can::ReadMonitoring>,
    At(path): At<YearPath>,
    page: PageRequest,
) -> Result<Page<ActionPlanBody>, Problem> {
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let rows = store::list(&mut tx, path.fund, path.year, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |plan| plan.id))
}

/// Record how an overspend is to be brought back
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/action-plans", operation_id = "recordActionPlan",
    tag = "monitoring",
    params(YearPath),
    request_body = ActionPlanDraft,
    responses((status = 201, body = ActionPlanBody)),
    security(("bearer" = ["monitoring:keep"])),
)]
pub(crate) async fn record_action_plan(
    scope: InBorough<can::KeepMonitoring>,
    At(path): At<YearPath>,
    Sent(draft, request): Sent<ActionPlanDraft>,
) -> Handled {
    draft.check(path.year)?;
    let mut tx = scope.write(&request).await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let scheme = schemes::named(&mut tx, path.fund, draft.scheme.as_deref()).await?;
    let body = ActionPlanBody {
        id: ActionPlanId::at(scope.now()),
        scheme: draft.scheme,
        cause: draft.cause.trim().to_owned(),
        actions: draft.actions.iter().map(|action| action.trim().to_owned()).collect(),
        owner: draft.owner.trim().to_owned(),
        due_on: draft.due_on,
        recovers_pence: draft.recovers_pence,
        recorded_at: scope.now(),
    };
    store::insert(&mut tx, path.fund, path.year, scheme, &body).await?;
    let subject = format!("funds/{}/years/{}/action-plans/{}", path.fund, path.year, body.id);
    tx.record(Act::new("action-plan.recorded", subject).after(serde_json::json!(body)));
    let location =
        format!("/v1/boroughs/{}/funds/{}/years/{}/action-plans", scope.borough().slug, path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
