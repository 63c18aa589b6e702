//! Estimates over HTTP.

use auth::can;
use domain::day_in_england;
use serde::Serialize;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use web::{At, Created, Problem, Sent, WithCsv, changed_meanwhile};

use super::{
    estimate::{EstimateBody, EstimateDraft},
    store,
};
use crate::funds::{find_fund, http::FundPath};

/// What a fund was said to come to, the first figure first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EstimatesBody {
    data: Vec<EstimateBody>,
    next_cursor: Option<String>,
}

/// List what a fund was said to come to
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/estimates", operation_id = "listEstimates", tag = "funds",
    params(FundPath),
    responses((status = 200, body = EstimatesBody)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn list_estimates(
    scope: InBorough<can::ReadFunds>,
    At(path): At<FundPath>,
) -> Result<WithCsv<EstimatesBody, EstimateBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let data = store::list(&mut tx, path.fund).await?;
    Ok(WithCsv { body: EstimatesBody { data: data.clone(), next_cursor: None }, rows: data })
}

/// Record what a fund is said to come to
///
/// Indicative, provisional or final, with its source. Figures before it stay on record; none is part of a position.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/estimates", operation_id = "recordEstimate", tag = "funds",
    params(FundPath),
    request_body = EstimateDraft,
    responses((status = 201, body = EstimateBody)),
    security(("bearer" = ["funds:manage"])),
)]
pub(crate) async fn record_estimate(
    scope: InBorough<can::ManageFunds>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<EstimateDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let before = store::list(&mut tx, path.fund).await?;
    draft.check(before.last(), day_in_england(scope.now()))?;
    store::insert(&mut tx, path.fund, &draft).await.on_constraint("fund_estimate_pkey", changed_meanwhile)?;
    let body = EstimateBody {
        firmness: draft.firmness,
        amount_pence: draft.amount_pence,
        said_on: Some(draft.said_on),
        source: draft.source.trim().to_owned(),
        recorded_at: scope.now(),
    };
    let act = Act::new("fund.estimated", format!("funds/{}", path.fund));
    tx.record(act.after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/funds/{}/estimates", scope.borough().slug, path.fund);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
