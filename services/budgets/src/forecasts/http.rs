//! Forecasts over HTTP.

use auth::can;
use domain::ForecastId;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, drafts::unknown, problems};

use super::{
    forecast::{ForecastBody, ForecastDraft, ForecastLine, over_threshold, total},
    store::{self, Made},
};
use crate::{
    action_plans,
    budget::find_year_budget,
    funds::{FundBody, find_fund},
    positions::{by_scheme, http::too_large},
    years::{find_year, http::YearPath},
};

async fn find(tx: &mut Tx<Borough>, path: &YearPath) -> Result<FundBody, Problem> {
    let fund = find_fund(tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    find_year(tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    Ok(fund)
}

/// What rule 27 needs to know of a fund-year: the threshold, and whether there is an action plan.
async fn held_to(tx: &mut Tx<Borough>, path: &YearPath) -> Result<(i32, bool), Problem> {
    let (_, money) = find_year_budget(tx, path.fund, path.year).await?;
    let planned = action_plans::any(tx, path.fund, path.year).await?;
    Ok((money.overspend_threshold_bp, planned))
}

fn body(
    made: Made,
    path: &YearPath,
    lines: Vec<ForecastLine>,
    (threshold, planned): (i32, bool),
) -> Result<ForecastBody, Problem> {
    let total = total(&lines).ok_or_else(too_large)?;
    let over = over_threshold(total.budget_pence, total.forecast_pence, threshold);
    Ok(ForecastBody {
        id: made.id,
        year: path.year,
        period: made.period,
        number: made.number,
        method: made.method,
        basis: made.basis,
        made_at: made.made_at,
        total,
        lines,
        overspend_threshold_bp: threshold,
        action_plan_required: over && !planned,
    })
}

/// List the forecasts of a fund-year, in the order they were made
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/forecasts", operation_id = "listForecasts",
    tag = "monitoring",
    params(YearPath, Paging),
    responses((status = 200, body = Page<ForecastBody>)),
    security(("bearer" = ["monitoring:read"])),
)]
pub(crate) async fn list_forecasts(
    scope: InBorough<can::ReadMonitoring>,
    At(path): At<YearPath>,
    page: PageRequest,
) -> Result<Page<ForecastBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, &path).await?;
    let made = store::list(&mut tx, path.fund, path.year, page.after::<Uuid>()?, page.rows_wanted()).await?;
    let ids: Vec<ForecastId> = made.iter().map(|one| one.id).collect();
    let mut lines = store::lines(&mut tx, path.fund, path.year, &ids).await?;
    let held_to = held_to(&mut tx, &path).await?;
    let mut all = Vec::new();
    for one in made {
        let own: Option<Vec<ForecastLine>> =
            lines.extract_if(.., |(of, _)| *of == one.id).map(|(_, line)| line).collect();
        all.push(body(one, &path, own.ok_or_else(too_large)?, held_to)?);
    }
    Ok(page.page(all, |forecast| forecast.id))
}

/// Forecast the outturn of a fund-year
///
/// By the profile, each scheme is spending up to the end of the period, what is left of its budget in a straight line, and
/// commitments outstanding. A manager may say otherwise, scheme by scheme. Forecasts are kept as they were made; the
/// latest of the latest period is in force. Where it is over budget by more than the year's threshold, an action plan is
/// required (rule 27).
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/forecasts", operation_id = "makeForecast",
    tag = "monitoring",
    params(YearPath),
    request_body = ForecastDraft,
    responses((status = 201, body = ForecastBody)),
    security(("bearer" = ["monitoring:keep"])),
)]
pub(crate) async fn make_forecast(
    scope: InBorough<can::KeepMonitoring>,
    At(path): At<YearPath>,
    Sent(draft, request): Sent<ForecastDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let fund = find(&mut tx, &path).await?;
    let sums = by_scheme(&mut tx, &fund, path.year, draft.period).await?;
    for (at, line) in draft.lines.iter().enumerate() {
        if !sums.iter().any(|scheme| scheme.code == line.scheme) {
            return Err(unknown(&format!("/lines/{at}/scheme"), "scheme").into());
        }
    }
    let said = |code: &str| draft.lines.iter().find(|line| line.scheme == code).map(|line| line.amount_pence);
    let lines: Option<Vec<ForecastLine>> =
        sums.iter().map(|scheme| ForecastLine::of(scheme, draft.period, said(&scheme.code))).collect();
    let made = Made {
        id: ForecastId::at(scope.now()),
        period: draft.period,
        number: store::next_number(&mut tx, path.fund, path.year, draft.period).await?,
        method: draft.method,
        basis: draft.basis.trim().to_owned(),
        made_at: scope.now(),
    };
    let held_to = held_to(&mut tx, &path).await?;
    let body = body(made, &path, lines.ok_or_else(too_large)?, held_to)?;
    let clash = || Problem::new(&problems::CONFLICT, "Another forecast of this period was just made. Send it again.");
    store::insert(&mut tx, path.fund, &body, &scope.caller().client_id)
        .await
        .on_constraint("forecast_number_once", clash)?;
    let subject = format!("funds/{}/years/{}/forecasts/{}", path.fund, path.year, body.id);
    let told =
        serde_json::json!({"period": body.period, "number": body.number, "method": body.method, "total": body.total});
    tx.record(Act::new("forecast.made", subject).after(told));
    let location = format!("/v1/boroughs/{}/funds/{}/years/{}/forecasts", scope.borough().slug, path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
