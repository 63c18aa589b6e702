//! The SQL of a region's returns. The region's role reads the roll-up and the names of boroughs, and no return.

use domain::{FinancialYear, Pence, ReturnId};
use tenancy::{DbError, Region, Tx};
use web::words::{read, word};

use super::region_return::RegionReturnRow;
use crate::{funds::FundKind, region::http::NamedBorough, returns::ReturnKind};

/// Returns of a year, kind and quarter that were approved, by borough.
pub(super) async fn list(
    tx: &mut Tx<Region>,
    year: FinancialYear,
    kind: ReturnKind,
    quarter: Option<i16>,
) -> Result<Vec<RegionReturnRow>, DbError> {
    let rows = sqlx::query!(
        r#"select b.slug, b.gss, b.name, r.return_id, r.fund_kind, r.section_75, r.number, r.state,
             r.budget_pence as "budget: Pence", r.actual_pence as "actual: Pence", r.forecast_pence as "forecast: Pence",
             r.contributions_pence as "contributions: Pence", r.as_of
           from budgets.region_return r join budgets.borough b on b.borough_id = r.borough_id
           where r.year = $1 and r.kind = $2 and r.quarter = $3
           order by b.slug, r.fund_id, r.number"#,
        year.start(),
        word(kind),
        quarter.unwrap_or_default()
    )
    .fetch_all(tx.connection())
    .await?;
    let returns = rows.into_iter().map(|row| RegionReturnRow {
        borough: NamedBorough { slug: row.slug, gss: row.gss, name: row.name },
        id: ReturnId(row.return_id),
        fund_kind: FundKind::parse(&row.fund_kind),
        section_75: row.section_75,
        year,
        kind,
        quarter,
        number: row.number,
        state: read(&row.state),
        counted: false,
        budget_pence: row.budget,
        actual_pence: row.actual,
        forecast_pence: row.forecast,
        contributions_pence: row.contributions,
        variance_pence: None,
        variance_bp: None,
        rag: None,
        as_of: row.as_of,
    });
    Ok(returns.collect())
}

/// Every borough expected in the year.
pub(super) async fn expected(tx: &mut Tx<Region>, year: FinancialYear) -> Result<Vec<NamedBorough>, DbError> {
    let boroughs = sqlx::query_as!(
        NamedBorough,
        "select slug, gss, name from budgets.borough where expected_from <= $1 order by slug",
        year.last_day()
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(boroughs)
}
