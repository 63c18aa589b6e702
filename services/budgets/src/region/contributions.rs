//! The region's contributions over HTTP: planned, due, paid and overdue.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{FinancialYear, Pence, day_in_england};
use serde::{Deserialize, Serialize};
use tenancy::InRegion;
use web::{Problem, Query, Row, WithCsv, problems};

use super::{
    http::{Coverage, NamedBorough},
    store,
};
use crate::{positions::http::too_large, years::Completeness};

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

/// What rows are told apart by.
#[derive(Debug, Default)]
pub(super) struct ByWhat {
    pub(super) borough: bool,
    pub(super) kind: bool,
    pub(super) source: bool,
    pub(super) payer: bool,
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

/// A body that contributes, as the region knows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionPayer {
    /// Its ODS code; a council has none.
    #[schema(example = "QOP")]
    pub(super) ods: Option<String>,
    #[schema(example = "icb")]
    pub(super) kind: String,
}

/// What a row is of; null where it was not grouped by.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionContributionColumns {
    pub(super) borough: Option<NamedBorough>,
    /// Only when grouped by kind are aligned and in-view funds without a section 75 basis shown.
    pub(super) kind: Option<String>,
    /// Of a payment, where all its body's contributions to the fund have the same; else `not_analysed`.
    pub(super) source: Option<String>,
    pub(super) payer: Option<RegionPayer>,
}

/// What was planned, due and paid. What is in kind is in none of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionContributionFigures {
    /// For the whole year, by the versions in force.
    pub(super) planned_pence: Pence,
    /// What of it was due by today.
    pub(super) due_pence: Pence,
    pub(super) paid_pence: Pence,
    /// What was due less what was paid, nil where that is not above it; null where not all that was paid is known.
    pub(super) overdue_pence: Option<Pence>,
    pub(super) completeness: Completeness,
}

impl RegionContributionFigures {
    fn of(row: &store::ContributionSums) -> Option<Self> {
        let overdue = row.due.checked_sub(row.paid)?.max(Pence::ZERO);
        Some(Self {
            planned_pence: row.planned,
            due_pence: row.due,
            paid_pence: row.paid,
            overdue_pence: (row.completeness == Completeness::Complete).then_some(overdue),
            completeness: row.completeness,
        })
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
    let sums = store::contribution_sums(&mut tx, year, today, &by).await?;
    let boroughs = store::contribution_coverage(&mut tx, year).await?;

    let (mut data, mut total) = (Vec::new(), None);
    for row in sums {
        let figures = RegionContributionFigures::of(&row).ok_or_else(too_large)?;
        if row.is_total {
            total = Some(figures);
        } else {
            data.push(RegionContributionRow { columns: row.columns, figures });
        }
    }
    let body = RegionContributionsBody {
        year,
        data: data.clone(),
        total: total.ok_or_else(|| Problem::internal("the total is missing"))?,
        as_of: scope.now(),
        coverage: Coverage::of(boroughs),
        next_cursor: None,
    };
    Ok(WithCsv { body, rows: data })
}
