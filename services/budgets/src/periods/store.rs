//! The SQL of periods.

use domain::{FinancialYear, FundId, Period};
use serde::Serialize;
use tenancy::{Borough, DbError, Tx};
use web::{Move, Row};

use super::period::PeriodState;
use crate::{journals::MOVES_MAX, seals::SealState};

/// A period of a fund-year.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PeriodBody {
    pub(crate) period: Period,
    pub(crate) state: PeriodState,
    /// Whether what it holds is sealed.
    pub(crate) seal: SealState,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for PeriodBody {
    const COLUMNS: &'static [&'static str] = &["period", "state", "seal"];
}

/// All thirteen in order, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    one: Option<Period>,
) -> Result<Vec<PeriodBody>, DbError> {
    let rows = sqlx::query!(
        r#"select period as "period: Period", state, version,
             exists (select from budgets.seal_due d
                     where d.fund_id = p.fund_id and d.year = p.year and d.period = p.period) as "seal_due!"
           from budgets.period p
           where fund_id = $1 and year = $2 and ($3::smallint is null or period = $3) order by period"#,
        fund.0,
        year.start(),
        one.map(Period::number)
    )
    .fetch_all(tx.connection())
    .await?;
    let periods = rows.into_iter().map(|row| {
        let state = PeriodState::parse(&row.state);
        let seal = match state {
            PeriodState::Closed if row.seal_due => SealState::Pending,
            PeriodState::Closed => SealState::Sealed,
            _ => SealState::None,
        };
        PeriodBody { period: row.period, state, seal, version: row.version }
    });
    Ok(periods.collect())
}

pub(super) async fn history(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    period: Period,
) -> Result<Vec<Move<PeriodState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, client_id, moved_at from budgets.period_move
         where fund_id = $1 and year = $2 and period = $3 order by number",
        fund.0,
        year.start(),
        period.number()
    )
    .fetch_all(tx.connection())
    .await?;
    let moves = rows.into_iter().map(|row| Move {
        from: PeriodState::parse(&row.from_state),
        to: PeriodState::parse(&row.to_state),
        reason: row.reason,
        by: row.client_id,
        moved_at: row.moved_at,
    });
    Ok(moves.collect())
}

/// How many of a year's twelve months take postings.
pub(crate) async fn open_months(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<i64, DbError> {
    let open = sqlx::query_scalar!(
        r#"select count(*) as "open!" from budgets.period
           where fund_id = $1 and year = $2 and period <= 12 and state in ('open', 'reopened')"#,
        fund.0,
        year.start()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(open)
}

/// Waits until nobody is posting in the period, and keeps others from it until the transaction ends.
pub(super) async fn hold_back_writers(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    period: Period,
) -> Result<(), DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'period', $1::text, $2::text, $3::text), 0))",
        fund.0.to_string(),
        year.to_string(),
        period.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// Adds up what a period's accounts were debited and credited with, as its seal will: an error where that leaves the range of
/// pence. Where there are too few journals for that, each within what a journal may move, nothing is added up.
pub(super) async fn add_up(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    period: Period,
) -> Result<(), DbError> {
    let journals = sqlx::query_scalar!(
        r#"select count(*) as "journals!" from budgets.journal where fund_id = $1 and year = $2 and period = $3"#,
        fund.0,
        year.start(),
        period.number()
    )
    .fetch_one(tx.connection())
    .await?;
    if journals < i64::MAX / MOVES_MAX.0 / 2 {
        return Ok(());
    }
    sqlx::query!(
        r#"select sum(p.amount_pence) filter (where p.amount_pence > 0)::bigint as debits,
             sum(p.amount_pence) filter (where p.amount_pence < 0)::bigint as credits
           from budgets.journal j join budgets.posting p on p.fund_id = j.fund_id and p.journal_id = j.journal_id
           where j.fund_id = $1 and j.year = $2 and j.period = $3 group by p.layer"#,
        fund.0,
        year.start(),
        period.number()
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(())
}

/// The same for every period of a year: what is read next is of one moment.
pub(crate) async fn hold_back_the_year(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<(), DbError> {
    for period in Period::all() {
        hold_back_writers(tx, fund, year, period).await?;
    }
    Ok(())
}

pub(super) async fn move_to(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    at: &PeriodBody,
    to: &Move<PeriodState>,
) -> Result<(), DbError> {
    sqlx::query!(
        "with moved as (
           update budgets.period set state = $4, version = version + 1 where fund_id = $1 and year = $2 and period = $3
         ), told as (
           update budgets.region_period set state = $4 where fund_id = $1 and year = $2 and period = $3
         ), due as (
           insert into budgets.seal_due (borough_id, fund_id, year, period, closing)
           select platform.borough(), $1, $2, $3, $5 where $4 = 'closed'
         )
         insert into budgets.period_move
           (borough_id, fund_id, year, period, number, from_state, to_state, reason, client_id, moved_at)
         values (platform.borough(), $1, $2, $3, $5, $6, $4, $7, $8, $9)",
        fund.0,
        year.start(),
        at.period.number(),
        to.to.as_str(),
        at.version,
        to.from.as_str(),
        to.reason,
        to.by,
        to.moved_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
