//! Fund-years over HTTP.

use auth::can;
use domain::{FinancialYear, FundId};
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Sent, problems};

use super::store::{self, Completeness, FundYearBody};
use crate::funds::{find_fund, http::FundPath};

/// A year of a fund in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct YearPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    pub(crate) fund: FundId,
    /// The financial year.
    pub(crate) year: FinancialYear,
}

/// A year to open.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"year": "2026-27"}))]
pub(crate) struct FundYearDraft {
    pub(crate) year: FinancialYear,
    /// Complete, unless said otherwise.
    #[serde(default = "complete")]
    pub(crate) completeness: Completeness,
    /// What a reader must know of its figures.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(crate) note: Option<String>,
}

fn complete() -> Completeness {
    Completeness::Complete
}

/// List a fund's years
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years", operation_id = "listFundYears", tag = "funds",
    params(FundPath, Paging),
    responses((status = 200, body = Page<FundYearBody>)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn list_fund_years(
    scope: InBorough<can::ReadFunds>,
    At(path): At<FundPath>,
    page: PageRequest,
) -> Result<Page<FundYearBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let rows = store::list(&mut tx, path.fund, None, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |row| row.year.start()))
}

/// Open a year of a fund
///
/// Opens its periods 1 to 12, and 13 for adjustments.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years", operation_id = "openFundYear", tag = "funds",
    params(FundPath),
    request_body = FundYearDraft,
    responses((status = 201, body = FundYearBody)),
    security(("bearer" = ["funds:manage"])),
)]
pub(crate) async fn open_fund_year(
    scope: InBorough<can::ManageFunds>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<FundYearDraft>,
) -> Handled {
    if draft.note.as_ref().is_some_and(|note| !(1..=1000).contains(&note.trim().chars().count())) {
        return Err(Problem::invalid("/note", "A note has 1 to 1,000 characters.").into());
    }
    let mut tx = scope.write(&request).await?;
    let fund = find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    store::insert(&mut tx, &fund, &draft).await.on_constraint("fund_year_pkey", || {
        Problem::of_fault(&problems::CONFLICT, "/year", "The fund has this year already.")
    })?;
    let year = draft.year;
    let subject = format!("funds/{}/years/{year}", fund.id);
    tx.record(Act::new("fund-year.opened", subject).after(draft.completeness.as_str()));
    let body = store::find_year(&mut tx, fund.id, year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let location = format!("/v1/boroughs/{}/funds/{}/years/{year}", scope.borough().slug, fund.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Get a year of a fund
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}", operation_id = "getFundYear", tag = "funds",
    params(YearPath),
    responses((status = 200, body = FundYearBody)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn get_fund_year(
    scope: InBorough<can::ReadFunds>,
    At(path): At<YearPath>,
) -> Result<Found<FundYearBody>, Problem> {
    let mut tx = scope.read().await?;
    let year = store::find_year(&mut tx, path.fund, path.year).await?;
    Ok(Found::of(year.ok_or_else(|| Problem::not_found("year"))?))
}
