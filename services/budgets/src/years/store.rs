//! The SQL of fund-years.

use chrono::{DateTime, Utc};
use domain::{FinancialYear, FundId};
use serde::{Deserialize, Serialize};
use tenancy::{Borough, DbError, Tx};
use web::Row;

use super::http::FundYearDraft;
use crate::funds::FundBody;

/// Whether what stands in a fund-year is the whole of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Completeness {
    /// All income and spending; what is not there is nil.
    Complete,
    /// Only a part is known; what is not there is unknown, not nil. Left out of regional totals.
    Partial,
}

impl Completeness {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        if text == "partial" { Self::Partial } else { Self::Complete }
    }
}

/// A financial year of a fund.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct FundYearBody {
    pub(crate) year: FinancialYear,
    pub(crate) completeness: Completeness,
    /// What a reader must know of its figures.
    pub(crate) note: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

impl Row for FundYearBody {
    const COLUMNS: &'static [&'static str] = &["year", "completeness", "note", "created_at"];
}

/// All years of a fund in order, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    one: Option<FinancialYear>,
    after: Option<i16>,
    limit: i64,
) -> Result<Vec<FundYearBody>, DbError> {
    let rows = sqlx::query!(
        r#"select year as "year: FinancialYear", completeness, note, created_at from budgets.fund_year
           where fund_id = $1 and ($2::smallint is null or year = $2) and ($3::smallint is null or year > $3)
           order by year limit $4"#,
        fund.0,
        one.map(FinancialYear::start),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let years = rows.into_iter().map(|row| FundYearBody {
        year: row.year,
        completeness: Completeness::parse(&row.completeness),
        note: row.note,
        created_at: row.created_at,
    });
    Ok(years.collect())
}

/// The year, where the fund has it.
pub(crate) async fn find_year(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<Option<FundYearBody>, DbError> {
    Ok(list(tx, fund, Some(year), None, 1).await?.pop())
}

/// The years of a fund from one on.
pub(crate) async fn years_from(
    tx: &mut Tx<Borough>,
    fund: FundId,
    from: FinancialYear,
) -> Result<Vec<FinancialYear>, DbError> {
    let years = sqlx::query_scalar!(
        r#"select year as "year: FinancialYear" from budgets.fund_year where fund_id = $1 and year >= $2 order by year"#,
        fund.0,
        from.start()
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(years)
}

/// Opens a year with its thirteen periods; for a fund the region counts, also what the region may know of them.
pub(super) async fn insert(tx: &mut Tx<Borough>, fund: &FundBody, draft: &FundYearDraft) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.fund_year (borough_id, fund_id, year, completeness, note, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5)",
        fund.id.0,
        draft.year.start(),
        draft.completeness.as_str(),
        draft.note.as_deref().map(str::trim),
        now
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "insert into budgets.period (borough_id, fund_id, year, period, state)
         select platform.borough(), $1, $2, period, 'open' from generate_series(1, 13) period",
        fund.id.0,
        draft.year.start()
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "insert into budgets.region_period (borough_id, region, year, fund_id, period, state, kind, section_75, completeness)
         select platform.borough(), $3, $2, $1, period, 'open', $4, $5, $6
         from generate_series(1, 13) period where $3::text is not null",
        fund.id.0,
        draft.year.start(),
        fund.region,
        fund.kind.as_str(),
        fund.legal_basis.counts_as_section_75(fund.kind),
        draft.completeness.as_str()
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
