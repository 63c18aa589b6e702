//! The region's view of governance over HTTP.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{FinancialYear, day_in_england};
use serde::{Deserialize, Serialize};
use tenancy::InRegion;
use web::{Problem, Query, WithCsv};

use super::{
    committee_progress::{BoroughOfRegion, ProgressRow},
    store,
};

/// Of which year.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProgressQuery {
    /// The financial year of the counts; the present one when left out. Phases are as they are now.
    #[param(value_type = Option<String>, example = "2019-20")]
    year: Option<FinancialYear>,
}

/// Which of the region's boroughs have a committee on record, and which have not.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProgressCoverage {
    #[schema(example = 2)]
    reported: usize,
    #[schema(example = 10)]
    expected: usize,
    /// Nothing is imputed for these.
    missing: Vec<BoroughOfRegion>,
}

/// How the region's committees come along.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RegionGovernanceBody {
    year: FinancialYear,
    data: Vec<ProgressRow>,
    as_of: DateTime<Utc>,
    coverage: ProgressCoverage,
    next_cursor: Option<String>,
}

/// Get how the region's committees come along
///
/// By borough: phases with their planned and reached days, decisions by outcome, call-ins, agendas in time and late.
/// Of what was decided nothing is said.
#[utoipa::path(
    get, path = "/v1/regions/{region}/governance", operation_id = "getRegionGovernance", tag = "regions",
    params(("region" = String, Path, description = "The region's slug", example = "greater-manchester"), ProgressQuery),
    responses((status = 200, body = RegionGovernanceBody)),
    security(("bearer" = ["region-governance:read"])),
)]
pub(crate) async fn get_region_governance(
    scope: InRegion<can::ReadProgress>,
    Query(query): Query<ProgressQuery>,
) -> Result<WithCsv<RegionGovernanceBody, ProgressRow>, Problem> {
    let year = match query.year {
        Some(year) => year,
        None => FinancialYear::of(day_in_england(scope.now())).map_err(Problem::internal)?,
    };
    let mut tx = scope.read().await?;
    let boroughs = store::boroughs(&mut tx).await?;
    let mut committees = store::committees(&mut tx).await?;
    let mut counts = store::counts(&mut tx, year.first_day(), year.last_day()).await?;

    let expected = boroughs.len();
    let (mut data, mut missing) = (Vec::new(), Vec::new());
    for (id, borough) in boroughs {
        match committees.remove(&id) {
            Some(committees) => {
                data.push(ProgressRow::of(borough, committees, counts.remove(&id).unwrap_or_default()));
            }
            None => missing.push(borough),
        }
    }
    let coverage = ProgressCoverage { reported: data.len(), expected, missing };
    let body = RegionGovernanceBody { year, data: data.clone(), as_of: scope.now(), coverage, next_cursor: None };
    Ok(WithCsv { body, rows: data })
}
