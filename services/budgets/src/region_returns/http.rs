//! A region's returns over HTTP.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{FinancialYear, day_in_england};
use serde::{Deserialize, Serialize};
use tenancy::InRegion;
use web::{Problem, Query, WithCsv, problems};

use super::{
    region_return::{RegionReturnRow, RegionReturnTotal, quarter_ended, total},
    store,
};
use crate::{positions::http::too_large, rag, region::http::NamedBorough, returns::ReturnKind};

/// Which returns.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RegionReturnsQuery {
    /// The financial year; the present one when left out.
    #[param(value_type = Option<String>, example = "2026-27")]
    year: Option<FinancialYear>,
    /// Quarterly when left out.
    kind: Option<ReturnKind>,
    /// 1 to 4. Of quarterly reports, the last quarter that has ended when left out.
    #[param(minimum = 1, maximum = 4)]
    quarter: Option<i16>,
}

/// How many of the boroughs the region expects have reported, and which have not.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReturnCoverage {
    #[schema(example = 2)]
    reported: usize,
    #[schema(example = 10)]
    expected: usize,
    /// Nothing is imputed for these.
    missing: Vec<NamedBorough>,
}

/// A region's returns of a year, kind and quarter.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionReturnsBody {
    year: FinancialYear,
    kind: ReturnKind,
    quarter: Option<i16>,
    /// Restated ones among them, which are listed and not counted.
    data: Vec<RegionReturnRow>,
    /// Section 75 money of the latest cuts.
    total: RegionReturnTotal,
    /// A borough has reported where a section 75 return of it counts.
    coverage: ReturnCoverage,
    as_of: DateTime<Utc>,
    next_cursor: Option<String>,
}

fn asked(query: &RegionReturnsQuery, now: DateTime<Utc>) -> Result<(FinancialYear, ReturnKind, Option<i16>), Problem> {
    let today = day_in_england(now);
    let year = match query.year {
        Some(year) => year,
        None => FinancialYear::of(today).map_err(Problem::internal)?,
    };
    let wrong = |detail: &str| Problem::of_fault(&problems::QUERY_INVALID, "?quarter", detail);
    if query.quarter.is_some_and(|quarter| !(1..=4).contains(&quarter)) {
        return Err(wrong("A quarter is 1 to 4."));
    }
    let kind = query.kind.unwrap_or(ReturnKind::Quarterly);
    let quarter = match kind {
        ReturnKind::Quarterly => Some(query.quarter.unwrap_or_else(|| quarter_ended(year, today))),
        ReturnKind::BetterCareFund => query.quarter,
        ReturnKind::Annual | ReturnKind::BetterCareFundPlan if query.quarter.is_some() => {
            return Err(wrong("A return of this kind is of the whole year."));
        }
        ReturnKind::Annual | ReturnKind::BetterCareFundPlan => None,
    };
    Ok((year, kind, quarter))
}

/// Get a region's returns
///
/// Approved, published and restated ones; what is in draft or submitted is the borough's own. The total counts section 75
/// money once, in its latest cut (rules 22, 56). A borough that has not reported is named under `coverage.missing`.
#[utoipa::path(
    get, path = "/v1/regions/{region}/returns", operation_id = "getRegionReturns", tag = "regions",
    params(("region" = String, Path, description = "The region's slug", example = "greater-manchester"), RegionReturnsQuery),
    responses((status = 200, body = RegionReturnsBody)),
    security(("bearer" = ["region-figures:read"])),
)]
pub(crate) async fn get_region_returns(
    scope: InRegion<can::ReadFigures>,
    Query(query): Query<RegionReturnsQuery>,
) -> Result<WithCsv<RegionReturnsBody, RegionReturnRow>, Problem> {
    let (year, kind, quarter) = asked(&query, scope.now())?;
    let mut tx = scope.read().await?;
    let thresholds = rag::in_force(&mut tx).await?;
    let rows = store::list(&mut tx, year, kind, quarter).await?;
    let rows: Vec<RegionReturnRow> = rows.into_iter().map(|row| row.judged(thresholds)).collect();
    let boroughs = store::expected(&mut tx, year).await?;
    let expected = boroughs.len();
    let has_reported = |borough: &NamedBorough| rows.iter().any(|row| row.counted && row.borough.slug == borough.slug);
    let missing: Vec<NamedBorough> = boroughs.into_iter().filter(|borough| !has_reported(borough)).collect();
    let body = RegionReturnsBody {
        year,
        kind,
        quarter,
        total: total(&rows, thresholds).ok_or_else(too_large)?,
        coverage: ReturnCoverage { reported: expected - missing.len(), expected, missing },
        as_of: scope.now(),
        data: rows.clone(),
        next_cursor: None,
    };
    Ok(WithCsv { body, rows })
}
