//! The SQL of trial balances.

use domain::{FinancialYear, FundId, Pence, Period};
use tenancy::{Borough, DbError, Tx};
use web::words::read;

use super::http::TrialBalanceRow;
use crate::positions::as_of::AsOf;

/// Every account of the fund that something was posted to, by code, as it stands up to the end of a period.
pub(super) async fn standing(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    up_to: Option<Period>,
) -> Result<Vec<TrialBalanceRow>, DbError> {
    let rows = sqlx::query_as!(
        Balance,
        r#"select a.code, a.name, a.kind,
             coalesce(sum(f.amount_pence) filter (where f.layer = 'budget'), 0)::bigint as "budget!",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'committed'), 0)::bigint as "committed!",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'actual'), 0)::bigint as "actual!"
           from budgets.standing f join budgets.account a on a.fund_id = $1 and a.account_id = f.account_id
           where f.fund_id = $1 and f.year = $2 and ($3::smallint is null or f.period <= $3)
           group by a.code, a.name, a.kind order by a.code"#,
        fund.0,
        year.start(),
        up_to.map(Period::number)
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(TrialBalanceRow::from).collect())
}

/// The same as it stood at a time.
pub(super) async fn stood(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    at: AsOf,
) -> Result<Vec<TrialBalanceRow>, DbError> {
    let rows = sqlx::query_as!(
        Balance,
        r#"select a.code, a.name, a.kind,
             coalesce(sum(f.amount_pence) filter (where f.layer = 'budget'), 0)::bigint as "budget!",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'committed'), 0)::bigint as "committed!",
             coalesce(sum(f.amount_pence) filter (where f.layer = 'actual'), 0)::bigint as "actual!"
           from budgets.stood($1, $2, $3, $4) f join budgets.account a on a.fund_id = $1 and a.account_id = f.account_id
           group by a.code, a.name, a.kind order by a.code"#,
        fund.0,
        year.start(),
        at.as_of,
        at.known_at
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(TrialBalanceRow::from).collect())
}

struct Balance {
    code: String,
    name: String,
    kind: String,
    budget: i64,
    committed: i64,
    actual: i64,
}

impl From<Balance> for TrialBalanceRow {
    fn from(row: Balance) -> Self {
        Self {
            account: row.code,
            name: row.name,
            kind: read(&row.kind),
            budget_pence: Pence(row.budget),
            committed_pence: Pence(row.committed),
            actual_pence: Pence(row.actual),
        }
    }
}
