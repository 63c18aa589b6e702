//! The region's figures over HTTP.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{FinancialYear, Period};
use serde::{Deserialize, Serialize};
use tenancy::InRegion;
use web::{Problem, Query, Row, WithCsv, problems};

use super::store;
use crate::positions::{Figures, Status, http::too_large};

/// Which figures, and by what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RegionQuery {
    /// The financial year; the present one when left out.
    #[param(value_type = Option<String>, example = "2019-20")]
    year: Option<FinancialYear>,
    /// Up to the end of this period; all that have been soft-closed when left out.
    #[param(value_type = Option<i16>, minimum = 1, maximum = 13)]
    period: Option<Period>,
    /// Any of borough, kind, category, source, with a comma between; by borough when left out.
    #[param(example = "borough,kind")]
    group_by: Option<String>,
}

/// What rows are told apart by.
#[derive(Debug, Default)]
pub(crate) struct GroupBy {
    pub(super) borough: bool,
    pub(super) kind: bool,
    pub(super) category: bool,
    pub(super) source: bool,
}

impl GroupBy {
    fn parse(text: Option<&str>) -> Result<Self, Problem> {
        let mut by = Self::default();
        for name in text.unwrap_or("borough").split(',').filter(|name| !name.is_empty()) {
            match name {
                "borough" => by.borough = true,
                "kind" => by.kind = true,
                "category" => by.category = true,
                "source" => by.source = true,
                _ => {
                    let detail = "Group by any of borough, kind, category, source.";
                    return Err(Problem::of_fault(&problems::QUERY_INVALID, "?group_by", detail));
                }
            }
        }
        Ok(by)
    }
}

/// A borough, by its names.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct NamedBorough {
    #[schema(example = "salford")]
    pub(crate) slug: String,
    #[schema(example = "E08000006")]
    pub(crate) gss: String,
    #[schema(example = "Salford")]
    pub(crate) name: String,
}

/// What a row is of; null where it was not grouped by.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionColumns {
    pub(super) borough: Option<NamedBorough>,
    /// Only when grouped by kind are aligned and in-view funds without a section 75 basis shown.
    pub(super) kind: Option<String>,
    pub(super) category: Option<String>,
    pub(super) source: Option<String>,
}

/// A row of the region's figures.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionRow {
    #[serde(flatten)]
    columns: RegionColumns,
    #[serde(flatten)]
    figures: Figures,
    /// The latest period the row includes.
    to_period: Option<Period>,
    status: Status,
}

impl Row for RegionRow {
    const COLUMNS: &'static [&'static str] = &[
        "borough.slug",
        "borough.gss",
        "borough.name",
        "kind",
        "category",
        "source",
        "budget_pence",
        "committed_pence",
        "actual_pence",
        "available_pence",
        "forecast_pence",
        "variance_pence",
        "variance_bp",
        "completeness",
        "to_period",
        "status",
    ];
}

/// How many of the boroughs the region expects have reported, and which have not.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Coverage {
    #[schema(example = 2)]
    reported: usize,
    #[schema(example = 10)]
    expected: usize,
    /// Nothing is imputed for these.
    missing: Vec<NamedBorough>,
    /// Reported, but not the whole year's figures: shown, and left out of the total.
    left_out_of_total: Vec<NamedBorough>,
}

impl Coverage {
    /// Of each borough that is expected: whether it has reported, and whether of a year that is only partly known.
    pub(super) fn of(boroughs: Vec<(NamedBorough, bool, bool)>) -> Self {
        let expected = boroughs.len();
        let (reported, missing): (Vec<_>, Vec<_>) = boroughs.into_iter().partition(|(_, reported, _)| *reported);
        Self {
            reported: reported.len(),
            expected,
            missing: missing.into_iter().map(|(borough, ..)| borough).collect(),
            left_out_of_total: reported
                .into_iter()
                .filter(|(.., partial)| *partial)
                .map(|(borough, ..)| borough)
                .collect(),
        }
    }
}

/// The region's figures of a year.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionPositionsBody {
    year: FinancialYear,
    data: Vec<RegionRow>,
    /// Section 75 money of the boroughs that have reported a complete year. Nothing is imputed.
    total: Figures,
    as_of: DateTime<Utc>,
    status: Status,
    coverage: Coverage,
    next_cursor: Option<String>,
}

/// Get the region's positions
///
/// Counts soft-closed and closed periods of section 75 funds. A borough that has not reported is named under
/// `coverage.missing`; nothing is imputed for it.
#[utoipa::path(
    get, path = "/v1/regions/{region}/positions", operation_id = "getRegionPositions", tag = "regions",
    params(("region" = String, Path, description = "The region's slug", example = "greater-manchester"), RegionQuery),
    responses((status = 200, body = RegionPositionsBody)),
    security(("bearer" = ["region-figures:read"])),
)]
pub(crate) async fn get_region_positions(
    scope: InRegion<can::ReadFigures>,
    Query(query): Query<RegionQuery>,
) -> Result<WithCsv<RegionPositionsBody, RegionRow>, Problem> {
    let by = GroupBy::parse(query.group_by.as_deref())?;
    let today = scope.now().date_naive();
    let year = match query.year {
        Some(year) => year,
        None => FinancialYear::of(today).map_err(Problem::internal)?,
    };
    let mut tx = scope.read().await?;
    let sums = store::sums(&mut tx, year, query.period, &by).await?;
    let boroughs = store::coverage(&mut tx, year, query.period).await?;

    let mut data = Vec::new();
    let mut total = None;
    let mut all_closed = true;
    for row in sums {
        let figures = Figures::of(row.budget, row.committed, row.actual, row.completeness).ok_or_else(too_large)?;
        if row.is_total {
            total = Some(figures);
            continue;
        }
        all_closed &= row.all_closed;
        let status = if row.all_closed { Status::Final } else { Status::Provisional };
        data.push(RegionRow { columns: row.columns, figures, to_period: row.to_period, status });
    }
    let expected = boroughs.len();
    let (reported, missing): (Vec<_>, Vec<_>) = boroughs.into_iter().partition(|(_, reported)| *reported);
    let left_out = store::left_out(&mut tx, year, query.period).await?;
    let body = RegionPositionsBody {
        year,
        status: if all_closed && !data.is_empty() { Status::Final } else { Status::Provisional },
        total: total.ok_or_else(|| Problem::internal("the total is missing"))?,
        as_of: scope.now(),
        coverage: Coverage {
            reported: reported.len(),
            expected,
            missing: missing.into_iter().map(|(borough, _)| borough).collect(),
            left_out_of_total: left_out,
        },
        data: data.clone(),
        next_cursor: None,
    };
    Ok(WithCsv { body, rows: data })
}
