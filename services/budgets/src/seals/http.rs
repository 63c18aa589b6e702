//! Seals over HTTP.

use auth::can;
use domain::Period;
use serde::Deserialize;
use tenancy::{Borough, InBorough, Tx};
use web::{At, Found, Page, PageRequest, Paging, Problem, Query, Row};

use super::{
    proof::SealProof,
    seal::{PeriodSeal, SealBody},
    store::{self, Wanted},
};
use crate::{
    periods::http::PeriodPath,
    years::{self, http::YearPath},
};

impl Row for PeriodSeal {
    const COLUMNS: &'static [&'static str] = &[
        "position",
        "period",
        "closing",
        "accounts",
        "journals",
        "postings",
        "budget_pence",
        "committed_pence",
        "actual_pence",
        "root",
        "content",
        "previous",
        "head",
        "sealed_at",
        "key.kid",
        "signature",
    ];
}

/// Which seal of a period.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SealQuery {
    /// The move that closed it; left out, the latest seal.
    #[param(minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    closing: Option<i64>,
}

/// Which account of which seal.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProofQuery {
    /// The account's code.
    #[param(example = "5100", max_length = 40)]
    account: String,
    /// The move that closed the period; left out, the latest seal.
    #[param(minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    closing: Option<i64>,
}

/// List the seals of a fund-year, the latest first
///
/// A period that was reopened and closed again has a seal of each closing. Each is a link in the borough's one chain:
/// what comes before it in the chain may be of another fund.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/seals", operation_id = "listSeals", tag = "seals",
    params(YearPath, Paging),
    responses((status = 200, body = Page<PeriodSeal>)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn list_seals(
    scope: InBorough<can::ReadFunds>,
    At(path): At<YearPath>,
    page: PageRequest,
) -> Result<Page<PeriodSeal>, Problem> {
    let mut tx = scope.read().await?;
    years::find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let wanted = Wanted { year: Some((path.fund, path.year)), before: page.after::<i64>()?, ..Wanted::default() };
    let seals = store::list(&mut tx, wanted, page.rows_wanted()).await?;
    Ok(page.page(seals, |seal| seal.position))
}

async fn find(tx: &mut Tx<Borough>, path: &PeriodPath, closing: Option<i64>) -> Result<SealBody, Problem> {
    let (fund, year, period): (_, _, Period) = path.key();
    let wanted = Wanted { year: Some((fund, year)), period: Some(period), closing, ..Wanted::default() };
    let seal = store::list(tx, wanted, 1).await?.pop().ok_or_else(|| Problem::not_found("seal"))?;
    let accounts = store::accounts(tx, seal.position).await?;
    Ok(SealBody { seal, accounts })
}

/// Get a period's seal
///
/// With what each account had in it: keep it, and with an export of the period anybody can recompute it
/// (`tenfold seal verify`).
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/seals/{period}", operation_id = "getSeal", tag = "seals",
    params(PeriodPath, SealQuery),
    responses((status = 200, body = SealBody)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn get_seal(
    scope: InBorough<can::ReadFunds>,
    At(path): At<PeriodPath>,
    Query(query): Query<SealQuery>,
) -> Result<Found<SealBody>, Problem> {
    Ok(Found::of(find(&mut scope.read().await?, &path, query.closing).await?))
}

/// Prove one account of a sealed period
///
/// What the account had, and the hashes that lead from it to the signed head. It shows nothing of other accounts.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/seals/{period}/proof", operation_id = "proveAccount",
    tag = "seals",
    params(PeriodPath, ProofQuery),
    responses((status = 200, body = SealProof)),
    security(("bearer" = ["journals:read"])),
)]
pub(crate) async fn prove_account(
    scope: InBorough<can::ReadJournals>,
    At(path): At<PeriodPath>,
    Query(query): Query<ProofQuery>,
) -> Result<Found<SealProof>, Problem> {
    let body = find(&mut scope.read().await?, &path, query.closing).await?;
    let proof = SealProof::of(&body, &query.account);
    Ok(Found::of(proof.ok_or_else(|| Problem::not_found("account in the seal"))?))
}
