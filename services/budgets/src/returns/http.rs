//! Returns over HTTP.

use auth::can;
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{FinancialYear, FundId, ReturnId};
use serde::{Deserialize, Serialize};
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{
    At, Created, Found, NoFilters, Page, PageRequest, Paging, Problem, Sent, WithCsv, drafts::trimmed, problems,
};

use super::{
    figures::{ReturnFigures, ReturnLine},
    gather::gather,
    statutory_return::{ReturnDraft, ReturnKind, ReturnState, ReturnSummary},
    store::{self, Frozen, Narrowed},
    workbook,
};
use crate::{funds::find_fund, years::find_year};

/// A return in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ReturnPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The return.
    #[param(rename = "return")]
    #[serde(rename = "return")]
    pub(super) id: ReturnId,
}

/// What a list of returns is narrowed to.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReturnFilters {
    /// Of this fund.
    fund: Option<FundId>,
    /// Of this financial year.
    #[param(value_type = Option<String>, example = "2026-27")]
    year: Option<FinancialYear>,
    /// Of this kind.
    kind: Option<ReturnKind>,
}

/// A return with its figures.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReturnBody {
    #[serde(flatten)]
    pub(super) summary: ReturnSummary,
    /// Whether the figures are frozen. A draft's are those of this moment.
    frozen: bool,
    /// SHA-256 of the frozen figures, as the JSON under `figures` without blanks; null of a draft.
    sha256: Option<String>,
    /// When the figures were taken.
    as_of: DateTime<Utc>,
    figures: ReturnFigures,
}

/// The figures of a return: the published cut, or what was submitted, or of a draft those of this moment.
pub(super) async fn figures_of(
    tx: &mut Tx<Borough>,
    of: &ReturnSummary,
) -> Result<(ReturnFigures, Option<Frozen>), Problem> {
    let frozen = match of.state {
        ReturnState::Draft => return Ok((gather(tx, of).await?.figures, None)),
        ReturnState::Submitted | ReturnState::Approved => store::submission(tx, of.id).await?,
        ReturnState::Published | ReturnState::Restated => store::cut(tx, of.id).await?,
    };
    let frozen = frozen.ok_or_else(|| Problem::internal("a return lost its frozen figures"))?;
    let figures = serde_json::from_str(&frozen.figures).map_err(Problem::internal)?;
    Ok((figures, Some(frozen)))
}

pub(super) async fn find(tx: &mut Tx<Borough>, id: ReturnId) -> Result<ReturnSummary, Problem> {
    let narrowed = Narrowed { one: Some(id), ..Narrowed::default() };
    store::list(tx, narrowed, None, 1).await?.pop().ok_or_else(|| Problem::not_found("return"))
}

pub(super) async fn told(tx: &mut Tx<Borough>, summary: ReturnSummary) -> Result<ReturnBody, Problem> {
    let (figures, frozen) = figures_of(tx, &summary).await?;
    Ok(ReturnBody {
        summary,
        frozen: frozen.is_some(),
        as_of: figures.as_of,
        sha256: frozen.map(|frozen| frozen.sha256),
        figures,
    })
}

/// List returns
///
/// Of all funds and kinds, restated ones among them, without their figures.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/returns", operation_id = "listReturns", tag = "returns",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), ReturnFilters, Paging),
    responses((status = 200, body = Page<ReturnSummary>)),
    security(("bearer" = ["returns:read"])),
)]
pub(crate) async fn list_returns(
    scope: InBorough<can::ReadReturns>,
    page: PageRequest<ReturnFilters>,
) -> Result<Page<ReturnSummary>, Problem> {
    let mut tx = scope.read().await?;
    let ReturnFilters { fund, year, kind } = page.filters;
    let narrowed = Narrowed { one: None, fund, year, kind };
    let rows = store::list(&mut tx, narrowed, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |one| one.id))
}

/// Prepare a return
///
/// A draft's figures are those of the moment they are asked for. They are frozen when it is submitted.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/returns", operation_id = "prepareReturn", tag = "returns",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    request_body = ReturnDraft,
    responses((status = 201, body = ReturnSummary)),
    security(("bearer" = ["returns:prepare"])),
)]
pub(crate) async fn prepare_return(
    scope: InBorough<can::PrepareReturns>,
    Sent(draft, request): Sent<ReturnDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let fund = find_fund(&mut tx, draft.fund).await?;
    let fund = fund.ok_or_else(|| web::drafts::unknown("/fund", "fund"))?;
    let year = find_year(&mut tx, fund.id, draft.year).await?;
    year.ok_or_else(|| web::drafts::unknown("/year", "year of this fund"))?;
    let body = ReturnSummary {
        id: ReturnId::at(scope.now()),
        fund: fund.id,
        fund_name: fund.name,
        year: draft.year,
        kind: draft.kind,
        quarter: draft.quarter,
        number: 1,
        state: ReturnState::Draft,
        restates: None,
        restatement_reason: None,
        restated_by: None,
        narrative: trimmed(draft.narrative),
        created_at: scope.now(),
        published_at: None,
        version: 1,
    };
    store::insert(&mut tx, &body, &scope.caller().client_id).await.on_constraint("return_once", || {
        let detail = "There is one already. Mend it while it is a draft; once it is published, restate it.";
        Problem::of_fault(&problems::CONFLICT, "/kind", detail)
    })?;
    tx.record(Act::new("return.prepared", format!("returns/{}", body.id)).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/returns/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: Some(body.version), body }).await?)
}

/// Get a return with its figures
///
/// Frozen from when it is submitted; a draft's are those of this moment, and say so. To move a return, send the ETag of its
/// transitions: a draft's own is that of its figures.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/returns/{return}", operation_id = "getReturn", tag = "returns",
    params(ReturnPath),
    responses((status = 200, body = ReturnBody)),
    security(("bearer" = ["returns:read"])),
)]
pub(crate) async fn get_return(
    scope: InBorough<can::ReadReturns>,
    At(path): At<ReturnPath>,
) -> Result<Found<ReturnBody>, Problem> {
    let mut tx = scope.read().await?;
    let summary = find(&mut tx, path.id).await?;
    let body = told(&mut tx, summary).await?;
    // The figures of a draft change without its version: only frozen ones are tagged by it.
    Ok(if body.frozen { Found::at(body.summary.version, body) } else { Found::of(body) })
}

/// A return as flat lines.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReturnLinesBody {
    data: Vec<ReturnLine>,
    frozen: bool,
    as_of: DateTime<Utc>,
    next_cursor: Option<String>,
}

/// Get a return as flat lines
///
/// The same figures, a line each, for a spreadsheet or a warehouse: ask for text/csv.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/returns/{return}/lines", operation_id = "getReturnLines", tag = "returns",
    params(ReturnPath),
    responses((status = 200, body = ReturnLinesBody)),
    security(("bearer" = ["returns:read"])),
)]
pub(crate) async fn get_return_lines(
    scope: InBorough<can::ReadReturns>,
    At(path): At<ReturnPath>,
    _page: PageRequest<NoFilters>,
) -> Result<WithCsv<ReturnLinesBody, ReturnLine>, Problem> {
    let mut tx = scope.read().await?;
    let summary = find(&mut tx, path.id).await?;
    let (figures, frozen) = figures_of(&mut tx, &summary).await?;
    let rows = figures.lines();
    let body =
        ReturnLinesBody { data: rows.clone(), frozen: frozen.is_some(), as_of: figures.as_of, next_cursor: None };
    Ok(WithCsv { body, rows })
}

/// Get a return as a workbook
///
/// For Excel and its like: a sheet for each part, totals as formulas, and on the last sheet where the figures are from, as
/// of when, and in what state. To be saved, never shown.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/returns/{return}/workbook", operation_id = "getReturnWorkbook", tag = "returns",
    params(ReturnPath),
    responses((status = 200, body = String, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        description = "The workbook.")),
    security(("bearer" = ["returns:read"])),
)]
pub(crate) async fn get_return_workbook(
    scope: InBorough<can::ReadReturns>,
    At(path): At<ReturnPath>,
) -> Result<Response, Problem> {
    let mut tx = scope.read().await?;
    let summary = find(&mut tx, path.id).await?;
    let (figures, frozen) = figures_of(&mut tx, &summary).await?;
    drop(tx);
    let sha256 = frozen.map(|frozen| frozen.sha256);
    // Compressing takes processor time, which must not hold other requests up.
    let (bytes, name) = tokio::task::spawn_blocking(move || {
        let name = workbook::file_name(&summary, &figures);
        workbook::of(&summary, &figures, sha256.as_deref()).map(|bytes| (bytes, name))
    })
    .await
    .map_err(Problem::internal)?
    .map_err(Problem::internal)?;
    let named = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")).map_err(Problem::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(workbook::MEDIA_TYPE)),
        (header::CONTENT_DISPOSITION, named),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, bytes).into_response())
}
