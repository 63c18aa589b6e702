//! Plans of schemes over HTTP.

use auth::can;
use domain::{FinancialYear, FundId, SchemeId};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use web::{At, Found, IfMatch, Problem, Sent, Versioned, changed_meanwhile};

use super::{
    scheme_plan::{SchemePlan, SchemePlanBody},
    store,
};
use crate::{
    schedules::{find_schedule, may_be_paid_from},
    years::find_year,
};

/// A scheme's plan of a year in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PlanPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    fund: FundId,
    /// The scheme.
    scheme: SchemeId,
    /// The financial year.
    year: FinancialYear,
}

async fn find(tx: &mut Tx<Borough>, path: &PlanPath) -> Result<SchemePlanBody, Problem> {
    find_year(tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    store::find(tx, path.fund, path.year, path.scheme).await?.ok_or_else(|| Problem::not_found("scheme"))
}

/// Get what a scheme plans in a year
///
/// Before the first plan it is at version 0.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/schemes/{scheme}/plans/{year}", operation_id = "getSchemePlan",
    tag = "schemes",
    params(PlanPath),
    responses((status = 200, body = SchemePlanBody)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn get_scheme_plan(
    scope: InBorough<can::ReadFunds>,
    At(path): At<PlanPath>,
) -> Result<Found<SchemePlanBody>, Problem> {
    let plan = find(&mut scope.read().await?, &path).await?;
    Ok(Found::at(plan.version, plan))
}

/// Set what a scheme plans in a year
///
/// Codes are of the year's own lists (rule 39), and the shares of joint commissioners are the whole (rule 40). Send the
/// ETag `"0"` for the first plan.
#[utoipa::path(
    put, path = "/v1/boroughs/{borough}/funds/{fund}/schemes/{scheme}/plans/{year}", operation_id = "setSchemePlan",
    tag = "schemes",
    params(PlanPath, Versioned),
    request_body = SchemePlan,
    responses((status = 200, body = SchemePlanBody)),
    security(("bearer" = ["funds:manage"])),
)]
pub(crate) async fn set_scheme_plan(
    scope: InBorough<can::ManageFunds>,
    At(path): At<PlanPath>,
    version: IfMatch,
    Sent(draft, request): Sent<SchemePlan>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let before = find(&mut tx, &path).await?;
    version.holds(before.version)?;
    draft.check(path.year)?;
    let schedule = find_schedule(&mut tx, path.fund, path.scheme).await?;
    may_be_paid_from(schedule.as_ref(), draft.bcf_source.as_deref())?;
    let plan = draft.tidy();
    let made = store::put(&mut tx, path.fund, path.year, path.scheme, before.version, &plan).await;
    if !made.on_constraint("scheme_plan_once", changed_meanwhile)? {
        return Err(changed_meanwhile().into());
    }
    let subject = format!("funds/{}/schemes/{}/plans/{}", path.fund, path.scheme, path.year);
    let act = Act::new("scheme.planned", subject).after(serde_json::json!(plan));
    tx.record(match &before.plan {
        Some(was) => act.before(serde_json::json!(was)),
        None => act,
    });
    let body = SchemePlanBody { plan: Some(plan), set_at: Some(scope.now()), version: before.version + 1, ..before };
    Ok(tx.answer(Found::at(body.version, body)).await?)
}
