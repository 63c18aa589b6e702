//! The Better Care Fund over HTTP.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{Pence, Period, day_in_england};
use serde::Serialize;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use web::{
    At, Created, Found, IfMatch, NoFilters, PageRequest, Problem, Sent, SentOnce, Versioned, WithCsv,
    changed_meanwhile, problems,
};

use super::{
    checks::{BcfCheck, Looked, SourceTotal},
    plan::{BcfPlan, BcfPlanBody},
    sign_offs::{SignOffBody, SignOffDraft, SignOffRole},
    store,
};
use crate::{
    agreements::agreement_of_year,
    funds::{FundBody, find_fund},
    memorandum::givings,
    positions::{by_scheme, http::too_large},
    rules, scheme_plans,
    years::{find_year, http::YearPath},
};

/// What a fund-year's Better Care Fund looks like, and how it stands.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) sources: Vec<SourceTotal>,
    pub(crate) checks: Vec<BcfCheck>,
    pub(crate) plan: Option<BcfPlan>,
    pub(crate) sign_offs: Vec<SignOffBody>,
}

/// Reads all of it and looks at every rule.
pub(crate) async fn checked(
    tx: &mut Tx<Borough>,
    fund: &FundBody,
    year: domain::FinancialYear,
) -> Result<Checked, Problem> {
    let plan = store::find(tx, fund.id, year).await?.plan;
    let sign_offs = store::sign_offs(tx, fund.id, year).await?;
    let signed_off: Vec<SignOffRole> =
        sign_offs.iter().filter(|signed| signed.counts).map(|signed| signed.role).collect();
    let planned = scheme_plans::all(tx, fund.id, year).await?;
    let sums = by_scheme(tx, fund, year, Period::ADJUSTMENTS).await?;
    let budget = |code: &str| sums.iter().find(|scheme| scheme.code == code).map_or(Pence::ZERO, |s| s.budget);
    let schemes: Vec<_> = planned.iter().map(|scheme| (scheme, budget(&scheme.code))).collect();
    let givings = givings(tx, fund, year, year.last_day()).await?;
    let cash = givings.iter().filter(|giving| !giving.in_kind);
    let contributions: Vec<_> = cash.map(|giving| (giving.bcf_source.clone(), giving.amount)).collect();
    let looked = Looked {
        year,
        contributions: &contributions,
        schemes: &schemes,
        plan: plan.as_ref(),
        signed_off: &signed_off,
        agreement_signed_on: agreement_of_year(tx, fund.id, year).await?.and_then(|agreement| agreement.signed_on),
    };
    let sources = looked.sources().ok_or_else(too_large)?;
    let checks = looked.checks().ok_or_else(too_large)?;
    Ok(Checked { sources, checks, plan, sign_offs })
}

async fn fund_of(tx: &mut Tx<Borough>, path: &YearPath) -> Result<FundBody, Problem> {
    let fund = find_fund(tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    find_year(tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    Ok(fund)
}

/// Get a fund-year's Better Care Fund plan
///
/// Its published minimums, conditions and metrics. Before the first plan it is at version 0.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/better-care-fund", operation_id = "getBetterCareFund",
    tag = "better care fund",
    params(YearPath),
    responses((status = 200, body = BcfPlanBody)),
    security(("bearer" = ["returns:read"])),
)]
pub(crate) async fn get_better_care_fund(
    scope: InBorough<can::ReadReturns>,
    At(path): At<YearPath>,
) -> Result<Found<BcfPlanBody>, Problem> {
    let mut tx = scope.read().await?;
    fund_of(&mut tx, &path).await?;
    let body = store::find(&mut tx, path.fund, path.year).await?;
    Ok(Found::at(body.version, body))
}

/// Set a fund-year's Better Care Fund plan
///
/// Send the ETag `"0"` for the first. Metrics are of the year's list (rule 39).
#[utoipa::path(
    put, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/better-care-fund", operation_id = "setBetterCareFund",
    tag = "better care fund",
    params(YearPath, Versioned),
    request_body = BcfPlan,
    responses((status = 200, body = BcfPlanBody)),
    security(("bearer" = ["returns:prepare"])),
)]
pub(crate) async fn set_better_care_fund(
    scope: InBorough<can::PrepareReturns>,
    At(path): At<YearPath>,
    version: IfMatch,
    Sent(draft, request): Sent<BcfPlan>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    fund_of(&mut tx, &path).await?;
    let before = store::find(&mut tx, path.fund, path.year).await?;
    version.holds(before.version)?;
    draft.check(path.year)?;
    let made = store::put(&mut tx, path.fund, path.year, before.version, &draft).await;
    if !made.on_constraint("better_care_fund_once", changed_meanwhile)? {
        return Err(changed_meanwhile().into());
    }
    let subject = format!("funds/{}/years/{}/better-care-fund", path.fund, path.year);
    let act = Act::new("better-care-fund.set", subject).after(serde_json::json!(draft));
    tx.record(match &before.plan {
        Some(was) => act.before(serde_json::json!(was)),
        None => act,
    });
    let body = store::find(&mut tx, path.fund, path.year).await?;
    Ok(tx.answer(Found::at(body.version, body)).await?)
}

/// How a fund-year's Better Care Fund stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BcfChecksBody {
    data: Vec<BcfCheck>,
    /// By source, what comes in and what its schemes are budgeted.
    sources: Vec<SourceTotal>,
    sign_offs: Vec<SignOffBody>,
    as_of: DateTime<Utc>,
    next_cursor: Option<String>,
}

/// Check a fund-year's Better Care Fund
///
/// Rules 35 to 40, each with its source and what is missing. Where the deadline of a year is not known, that is said.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/better-care-fund/checks",
    operation_id = "checkBetterCareFund", tag = "better care fund",
    params(YearPath),
    responses((status = 200, body = BcfChecksBody)),
    security(("bearer" = ["returns:read"])),
)]
pub(crate) async fn check_better_care_fund(
    scope: InBorough<can::ReadReturns>,
    At(path): At<YearPath>,
    _page: PageRequest<NoFilters>,
) -> Result<WithCsv<BcfChecksBody, BcfCheck>, Problem> {
    let mut tx = scope.read().await?;
    let fund = fund_of(&mut tx, &path).await?;
    let Checked { sources, checks, sign_offs, .. } = checked(&mut tx, &fund, path.year).await?;
    let rows = checks.clone();
    let body = BcfChecksBody { data: checks, sources, sign_offs, as_of: scope.now(), next_cursor: None };
    Ok(WithCsv { body, rows })
}

/// Record that a Better Care Fund plan was signed off
///
/// By the health and wellbeing board, both chief executives and the chief finance officer, each itself (rule 37), and once
/// for each version of the plan: where the plan changes, it is signed off anew.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/better-care-fund/sign-offs",
    operation_id = "signOffBetterCareFund", tag = "better care fund",
    params(YearPath, web::Keyed),
    request_body = SignOffDraft,
    responses((status = 201, body = SignOffBody)),
    security(("bearer" = ["returns:approve"])),
)]
pub(crate) async fn sign_off_better_care_fund(
    scope: InBorough<can::ApproveReturns>,
    At(path): At<YearPath>,
    SentOnce(draft, request): SentOnce<SignOffDraft>,
) -> Handled {
    draft.check(path.year, day_in_england(scope.now()))?;
    let mut tx = scope.write(&request).await?;
    fund_of(&mut tx, &path).await?;
    let plan = store::find(&mut tx, path.fund, path.year).await?;
    if plan.plan.is_none() {
        rules::all_met(vec![rules::BCF_SIGN_OFF.unmet("There is no plan to sign off. Set the plan first.")])?;
    }
    let body = SignOffBody {
        role: draft.role,
        plan_version: plan.version,
        counts: true,
        signed_on: draft.signed_on,
        reference: draft.reference.trim().to_owned(),
        recorded_at: scope.now(),
    };
    store::insert_sign_off(&mut tx, path.fund, path.year, &body, &scope.caller().client_id).await.on_constraint(
        "signed_off_once",
        || {
            let detail = format!("{} has signed this version of the plan off already.", draft.role.office());
            Problem::of_fault(&problems::CONFLICT, "/role", detail)
        },
    )?;
    let at = format!("funds/{}/years/{}/better-care-fund", path.fund, path.year);
    tx.record(Act::new("better-care-fund.signed-off", at.clone()).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/{at}/checks", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
