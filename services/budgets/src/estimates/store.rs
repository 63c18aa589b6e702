//! The SQL of estimates.

use domain::{FundId, Pence};
use tenancy::{Borough, DbError, Tx};
use web::words::{read, word};

use super::estimate::{EstimateBody, EstimateDraft};

/// All estimates of a fund, the one recorded with it first.
pub(super) async fn list(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<EstimateBody>, DbError> {
    let rows = sqlx::query!(
        r#"select firmness as "firmness!", amount_pence as "amount_pence!", said_on, source as "source!", recorded_at as "recorded_at!"
           from (select 0::smallint as number, 'indicative' as firmness, indicative_pence as amount_pence, null::date as said_on,
                   source, created_at as recorded_at
                 from budgets.fund where fund_id = $1 and indicative_pence is not null
                 union all
                 select number, firmness, amount_pence, said_on, source, recorded_at from budgets.fund_estimate
                 where fund_id = $1) e
           order by number"#,
        fund.0
    )
    .fetch_all(tx.connection())
    .await?;
    let estimates = rows.into_iter().map(|row| EstimateBody {
        firmness: read(&row.firmness),
        amount_pence: Pence(row.amount_pence),
        said_on: row.said_on,
        source: row.source,
        recorded_at: row.recorded_at,
    });
    Ok(estimates.collect())
}

/// Writes it as the next of the fund's.
pub(super) async fn insert(tx: &mut Tx<Borough>, fund: FundId, draft: &EstimateDraft) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.fund_estimate (borough_id, fund_id, number, firmness, amount_pence, said_on, source, recorded_at)
         select platform.borough(), $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6
         from budgets.fund_estimate where fund_id = $1",
        fund.0,
        word(draft.firmness),
        draft.amount_pence.0,
        draft.said_on,
        draft.source.trim(),
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
