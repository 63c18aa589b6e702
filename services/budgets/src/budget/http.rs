//! A year's budget over HTTP.

use auth::can;
use domain::{FinancialYear, FundId, Pence};
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use web::{At, Found, IfMatch, Problem, Sent, Versioned, changed_meanwhile};

use super::{
    store,
    year_budget::{YearBudgetBody, YearBudgetDraft},
};
use crate::{
    positions::http::too_large,
    years::{find_year, http::YearPath},
};

const NOT_SET: YearBudgetDraft = YearBudgetDraft {
    contingency_pence: Pence::ZERO,
    brought_forward_pence: Pence::ZERO,
    other_income_pence: Pence::ZERO,
    uncommitted_pence: Pence::ZERO,
    overspend_threshold_bp: 0,
    agreed_on: None,
};

/// A year's budget, and its version: 0 before it is set first.
pub(crate) async fn find(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<(i64, YearBudgetBody), Problem> {
    find_year(tx, fund, year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let (version, budget) = store::find(tx, fund, year).await?.unwrap_or((0, NOT_SET));
    let sides = store::sides(tx, fund, year).await?;
    Ok((version, YearBudgetBody::of(year, &budget, sides).ok_or_else(too_large)?))
}

/// Get a year's budget
///
/// Both sides of it: the schemes' budgets as the ledger has them, the contingency and what is allocated to no scheme
/// yet, against contributions in cash, what was brought forward and other income. Before it is set first it is at version 0.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/budget", operation_id = "getYearBudget",
    tag = "contributions",
    params(YearPath),
    responses((status = 200, body = YearBudgetBody)),
    security(("bearer" = ["contributions:read"])),
)]
pub(crate) async fn get_year_budget(
    scope: InBorough<can::ReadContributions>,
    At(path): At<YearPath>,
) -> Result<Found<YearBudgetBody>, Problem> {
    let (version, body) = find(&mut scope.read().await?, path.fund, path.year).await?;
    Ok(Found::at(version, body))
}

/// Set a year's budget
///
/// It may be agreed only where both sides balance to the penny.
#[utoipa::path(
    put, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/budget", operation_id = "setYearBudget",
    tag = "contributions",
    params(YearPath, Versioned),
    request_body = YearBudgetDraft,
    responses((status = 200, body = YearBudgetBody)),
    security(("bearer" = ["contributions:manage"])),
)]
pub(crate) async fn set_year_budget(
    scope: InBorough<can::ManageContributions>,
    At(path): At<YearPath>,
    version: IfMatch,
    Sent(draft, request): Sent<YearBudgetDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let (at, before) = find(&mut tx, path.fund, path.year).await?;
    version.holds(at)?;
    let there = store::put(&mut tx, path.fund, path.year, at, &draft)
        .await
        .on_constraint("year_budget_pkey", changed_meanwhile)?;
    if !there {
        return Err(changed_meanwhile().into());
    }
    let (now, body) = find(&mut tx, path.fund, path.year).await?;
    body.may_stand()?;
    let subject = format!("funds/{}/years/{}/budget", path.fund, path.year);
    tx.record(Act::new("year-budget.set", subject).before(serde_json::json!(before)).after(serde_json::json!(body)));
    Ok(tx.answer(Found::at(now, body)).await?)
}
