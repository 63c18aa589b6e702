//! Savings over HTTP.

use auth::can;
use domain::{FinancialYear, FundId, ReportId, SavingId};
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, drafts::trimmed};

use super::{
    saving::{SavingBody, SavingDraft, SavingReportBody, SavingReportDraft},
    store,
};
use crate::{
    schemes,
    years::{find_year, http::YearPath},
};

/// A saving in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SavingPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    fund: FundId,
    /// The financial year.
    year: FinancialYear,
    /// The saving.
    saving: SavingId,
}

/// List the savings of a fund-year, each as it was last reported
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/savings", operation_id = "listSavings",
    tag = "monitoring",
    params(YearPath, Paging),
    responses((status = 200, body = Page<SavingBody>)),
    security(("bearer" = ["monitoring:read"])),
)]
pub(crate) async fn list_savings(
    scope: InBorough<can::ReadMonitoring>,
    At(path): At<YearPath>,
    page: PageRequest,
) -> Result<Page<SavingBody>, Problem> {
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let rows = store::list(&mut tx, path.fund, path.year, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |saving| saving.id))
}

/// Plan a saving
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/savings", operation_id = "planSaving",
    tag = "monitoring",
    params(YearPath),
    request_body = SavingDraft,
    responses((status = 201, body = SavingBody)),
    security(("bearer" = ["monitoring:keep"])),
)]
pub(crate) async fn plan_saving(
    scope: InBorough<can::KeepMonitoring>,
    At(path): At<YearPath>,
    Sent(draft, request): Sent<SavingDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let scheme = schemes::named(&mut tx, path.fund, draft.scheme.as_deref()).await?;
    let body = SavingBody {
        id: SavingId::at(scope.now()),
        title: draft.title.trim().to_owned(),
        scheme: draft.scheme,
        target_pence: draft.target_pence,
        recurrent: draft.recurrent,
        owner: draft.owner.trim().to_owned(),
        period: None,
        achieved_pence: None,
        forecast_pence: None,
        variance_pence: None,
        variance_bp: None,
        rag: None,
        recorded_at: scope.now(),
    };
    store::insert(&mut tx, path.fund, path.year, scheme, &body).await?;
    let subject = format!("funds/{}/years/{}/savings/{}", path.fund, path.year, body.id);
    tx.record(Act::new("saving.planned", subject).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/funds/{}/years/{}/savings", scope.borough().slug, path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Report what came of a saving
///
/// Of the latest period, the last report counts; those before it are kept.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/savings/{saving}/reports",
    operation_id = "reportSaving", tag = "monitoring",
    params(SavingPath),
    request_body = SavingReportDraft,
    responses((status = 201, body = SavingReportBody)),
    security(("bearer" = ["monitoring:keep"])),
)]
pub(crate) async fn report_saving(
    scope: InBorough<can::KeepMonitoring>,
    At(path): At<SavingPath>,
    Sent(draft, request): Sent<SavingReportDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let saving = store::find(&mut tx, path.fund, path.year, path.saving).await?;
    let saving = saving.ok_or_else(|| Problem::not_found("saving"))?;
    let body = SavingReportBody {
        id: ReportId::at(scope.now()),
        period: draft.period,
        achieved_pence: draft.achieved_pence,
        forecast_pence: draft.forecast_pence,
        note: trimmed(draft.note),
        reported_at: scope.now(),
    };
    store::insert_report(&mut tx, (path.fund, path.year), saving.id, &body).await?;
    let subject = format!("funds/{}/years/{}/savings/{}", path.fund, path.year, saving.id);
    tx.record(Act::new("saving.reported", subject).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/funds/{}/years/{}/savings", scope.borough().slug, path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
