//! Locality plans over HTTP.

use auth::can;
use domain::{MilestoneId, PlanId, day_in_england};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, Tx};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent};

use super::{
    plan::{CompletionDraft, LocalityPlanBody, LocalityPlanDraft, MilestoneBody, MilestoneDraft, ReplanningDraft},
    store,
};

/// A locality plan in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct LocalityPlanPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The plan.
    plan: PlanId,
}

/// A milestone in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MilestonePath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The plan.
    plan: PlanId,
    /// The milestone.
    milestone: MilestoneId,
}

/// List locality plans
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/locality-plans", operation_id = "listLocalityPlans", tag = "locality plans",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<LocalityPlanBody>)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn list_locality_plans(
    scope: InBorough<can::ReadRegisters>,
    page: PageRequest,
) -> Result<Page<LocalityPlanBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |plan| plan.id))
}

/// Record a locality plan
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/locality-plans", operation_id = "recordLocalityPlan", tag = "locality plans",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = LocalityPlanDraft,
    responses((status = 201, body = LocalityPlanBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn record_locality_plan(
    scope: InBorough<can::ManageRegisters>,
    Sent(draft, request): Sent<LocalityPlanDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let body = LocalityPlanBody {
        id: PlanId::at(scope.now()),
        title: draft.title.trim().to_owned(),
        valid_from: draft.valid_from,
        valid_to: draft.valid_to,
        source: draft.source.trim().to_owned(),
        created_at: scope.now(),
    };
    store::insert(&mut tx, &body).await?;
    let act = Act::new("locality_plan.recorded", format!("locality-plans/{}", body.id));
    tx.record(act.after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/locality-plans", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

async fn find(tx: &mut Tx<Borough>, id: PlanId) -> Result<LocalityPlanBody, Problem> {
    store::list(tx, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("locality plan"))
}

async fn find_milestone(tx: &mut Tx<Borough>, path: &MilestonePath) -> Result<MilestoneBody, Problem> {
    let mut found = store::milestones(tx, path.plan, Some(path.milestone), None, 1).await?;
    found.pop().ok_or_else(|| Problem::not_found("milestone"))
}

/// List the milestones of a locality plan
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/locality-plans/{plan}/milestones", operation_id = "listMilestones",
    tag = "locality plans",
    params(LocalityPlanPath, Paging),
    responses((status = 200, body = Page<MilestoneBody>)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn list_milestones(
    scope: InBorough<can::ReadRegisters>,
    At(path): At<LocalityPlanPath>,
    page: PageRequest,
) -> Result<Page<MilestoneBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, path.plan).await?;
    let rows = store::milestones(&mut tx, path.plan, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |milestone| milestone.id))
}

/// Record a milestone of a locality plan
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/locality-plans/{plan}/milestones", operation_id = "recordMilestone",
    tag = "locality plans",
    params(LocalityPlanPath),
    request_body = MilestoneDraft,
    responses((status = 201, body = MilestoneBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn record_milestone(
    scope: InBorough<can::ManageRegisters>,
    At(path): At<LocalityPlanPath>,
    Sent(draft, request): Sent<MilestoneDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let plan = find(&mut tx, path.plan).await?;
    let body = MilestoneBody {
        id: MilestoneId::at(scope.now()),
        title: draft.title.trim().to_owned(),
        planned_on: draft.planned_on,
        first_planned_on: draft.planned_on,
        earlier_plans: Vec::new(),
        reached_on: None,
        created_at: scope.now(),
        version: 1,
    };
    store::insert_milestone(&mut tx, plan.id, &body).await?;
    let act = Act::new("milestone.recorded", format!("locality-plans/{}/milestones/{}", plan.id, body.id));
    tx.record(act.after(serde_json::json!({"planned_on": body.planned_on})));
    let location = milestones_at(&scope.borough().slug, plan.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

fn milestones_at(borough: &domain::Slug, plan: PlanId) -> String {
    format!("/v1/boroughs/{borough}/locality-plans/{plan}/milestones")
}

/// Plan a milestone for another day
///
/// The plan it had stays on record. A milestone that was reached is not planned anew.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/locality-plans/{plan}/milestones/{milestone}/replannings",
    operation_id = "replanMilestone", tag = "locality plans",
    params(MilestonePath),
    request_body = ReplanningDraft,
    responses((status = 201, body = MilestoneBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn replan_milestone(
    scope: InBorough<can::ManageRegisters>,
    At(path): At<MilestonePath>,
    Sent(draft, request): Sent<ReplanningDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let milestone = find_milestone(&mut tx, &path).await?;
    draft.check(&milestone)?;
    let by = &scope.caller().client_id;
    if !store::replan(&mut tx, path.plan, &milestone, draft.planned_on, draft.reason.trim(), by).await? {
        return Err(web::changed_meanwhile().into());
    }
    let act = Act::new("milestone.replanned", format!("locality-plans/{}/milestones/{}", path.plan, milestone.id));
    tx.record(act.before(milestone.planned_on.to_string()).after(draft.planned_on.to_string()));
    let body = find_milestone(&mut tx, &path).await?;
    let location = milestones_at(&scope.borough().slug, path.plan);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Say that a milestone was reached
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/locality-plans/{plan}/milestones/{milestone}/completions",
    operation_id = "completeMilestone", tag = "locality plans",
    params(MilestonePath),
    request_body = CompletionDraft,
    responses((status = 201, body = MilestoneBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn complete_milestone(
    scope: InBorough<can::ManageRegisters>,
    At(path): At<MilestonePath>,
    Sent(draft, request): Sent<CompletionDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let milestone = find_milestone(&mut tx, &path).await?;
    draft.check(&milestone, day_in_england(scope.now()))?;
    if !store::complete(&mut tx, path.plan, &milestone, draft.reached_on).await? {
        return Err(web::changed_meanwhile().into());
    }
    let act = Act::new("milestone.reached", format!("locality-plans/{}/milestones/{}", path.plan, milestone.id));
    tx.record(act.after(draft.reached_on.to_string()));
    let body = find_milestone(&mut tx, &path).await?;
    let location = milestones_at(&scope.borough().slug, path.plan);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
