//! The region's contributions over HTTP: planned, due, paid and overdue.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{FinancialYear, day_in_england};
use serde::{Deserialize, Serialize};
use tenancy::InRegion;
use web::{Problem, Query, Row, WithCsv, problems};

use super::{
    contributed::{self, ByWhat, RegionContributionColumns, RegionContributionFigures},
    http::Coverage,
    store,
};
use crate::positions::http::too_large;

/// Which contributions, and by what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RegionContributionsQuery {
    /// The financial year; the present one when left out.
    #[param(value_type = Option<String>, example = "2019-20")]
    year: Option<FinancialYear>,
    /// Any of borough, kind, source, payer, with a comma between; by borough when left out.
    #[param(example = "borough,payer")]
    group_by: Option<String>,
}

impl ByWhat {
    fn parse(text: Option<&str>) -> Result<Self, Problem> {
        let mut by = Self::default();
        for name in text.unwrap_or("borough").split(',').filter(|name| !name.is_empty()) {
            match name {
                "borough" => by.borough = true,
                "kind" => by.kind = true,
                "source" => by.source = true,
                "payer" => by.payer = true,
                _ => {
                    let detail = "Group by any of borough, kind, source, payer.";
                    return Err(Problem::of_fault(&problems::QUERY_INVALID, "?group_by", detail));
                }
            }
        }
        Ok(by)
    }
}

/// A row of the region's contributions.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionContributionRow {
    #[serde(flatten)]
    columns: RegionContributionColumns,
    #[serde(flatten)]
    figures: RegionContributionFigures,
}

impl Row for RegionContributionRow {
    const COLUMNS: &'static [&'static str] = &[
        "borough.slug",
        "borough.gss",
        "borough.name",
        "kind",
        "source",
        "payer.ods",
        "payer.kind",
        "planned_pence",
        "due_pence",
        "paid_pence",
        "overdue_pence",
        "completeness",
    ];
}

/// The region's contributions of a year.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionContributionsBody {
    year: FinancialYear,
    data: Vec<RegionContributionRow>,
    /// Section 75 money of complete years. Nothing is imputed.
    total: RegionContributionFigures,
    as_of: DateTime<Utc>,
    coverage: Coverage,
    next_cursor: Option<String>,
}

/// Get the region's contributions
///
/// Planned, due by today, paid and overdue, of section 75 funds. A borough that has recorded none is named under
/// `coverage.missing`; one whose year is only partly known is shown, and left out of the total.
#[utoipa::path(
    get, path = "/v1/regions/{region}/contributions", operation_id = "getRegionContributions", tag = "regions",
    params(("region" = String, Path, description = "The region's slug", example = "greater-manchester"),
        RegionContributionsQuery),
    responses((status = 200, body = RegionContributionsBody)),
    security(("bearer" = ["region-figures:read"])),
)]
pub(crate) async fn get_region_contributions(
    scope: InRegion<can::ReadFigures>,
    Query(query): Query<RegionContributionsQuery>,
) -> Result<WithCsv<RegionContributionsBody, RegionContributionRow>, Problem> {
    let by = ByWhat::parse(query.group_by.as_deref())?;
    let today = day_in_england(scope.now());
    let year = match query.year {
        Some(year) => year,
        None => FinancialYear::of(today).map_err(Problem::internal)?,
    };
    let mut tx = scope.read().await?;
    let all = store::contributed(&mut tx, year, today).await?;
    let boroughs = store::contribution_coverage(&mut tx, year).await?;

    let rows = contributed::grouped(&all, &by).ok_or_else(too_large)?;
    let data: Vec<_> = rows.into_iter().map(|(columns, figures)| RegionContributionRow { columns, figures }).collect();
    let body = RegionContributionsBody {
        year,
        data: data.clone(),
        total: contributed::total(&all).ok_or_else(too_large)?,
        as_of: scope.now(),
        coverage: Coverage::of(boroughs),
        next_cursor: None,
    };
    Ok(WithCsv { body, rows: data })
}
