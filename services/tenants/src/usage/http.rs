//! Usage over HTTP.

use auth::can;
use axum::extract::State;
use chrono::NaiveDate;
use domain::day_in_england;
use serde::Deserialize;
use tenancy::InBorough;
use web::{Found, Page, PageRequest, Paging, Problem, problems};

use super::{
    Quota, store,
    used::{QuotaBody, UsageBody},
};

/// Which days.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageFilters {
    /// The first day.
    from: Option<NaiveDate>,
    /// The last day.
    to: Option<NaiveDate>,
}

/// List what the borough's clients asked for, by day, the latest first, and client
///
/// Counted where the answers leave, a few seconds behind.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/usage", operation_id = "listUsage", tag = "usage",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), UsageFilters, Paging),
    responses((status = 200, body = Page<UsageBody>)),
    security(("bearer" = ["usage:read"])),
)]
pub(crate) async fn list_usage(
    scope: InBorough<can::ReadUsage>,
    page: PageRequest<UsageFilters>,
) -> Result<Page<UsageBody>, Problem> {
    let days = (page.filters.from, page.filters.to);
    if days.0.zip(days.1).is_some_and(|(from, to)| from > to) {
        return Err(Problem::of_fault(&problems::QUERY_INVALID, "?to", "The last day is not before the first."));
    }
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, days, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |line| (line.day, line.client_id.clone())))
}

/// Get how the borough stands with its quota for today
///
/// Calls of all its clients together. One that is used up answers 429 until midnight in England. How many requests a second
/// a client and a borough have, `RateLimit-Policy` says on every answer.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/usage/quota", operation_id = "getUsageQuota", tag = "usage",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    responses((status = 200, body = QuotaBody)),
    security(("bearer" = ["usage:read"])),
)]
pub(crate) async fn get_usage_quota(
    scope: InBorough<can::ReadUsage>,
    State(Quota(usual)): State<Quota>,
) -> Result<Found<QuotaBody>, Problem> {
    let today = day_in_england(scope.now());
    let (calls, own) = store::of_day(&mut scope.read().await?, today).await?;
    Ok(Found::of(QuotaBody::of(today, calls, own.unwrap_or(i64::from(usual)))))
}
