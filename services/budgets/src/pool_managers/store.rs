//! The SQL of pool managers.

use domain::{FundId, OrganisationId};
use tenancy::{Borough, DbError, Tx};

use super::pool_manager::{PoolManagerBody, PoolManagerDraft};

pub(super) async fn list(tx: &mut Tx<Borough>, fund: FundId) -> Result<Vec<PoolManagerBody>, DbError> {
    let rows = sqlx::query_as!(
        PoolManagerBody,
        r#"select m.office, m.employer_id as "employer: OrganisationId", p.name as employer_name, m.from_on,
             (lead(m.from_on) over (order by m.from_on)) - 1 as to_on, m.reference, m.recorded_at
           from budgets.pool_manager m join budgets.party p on p.organisation_id = m.employer_id
           where m.fund_id = $1 order by m.from_on"#,
        fund.0
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(super) async fn insert(tx: &mut Tx<Borough>, fund: FundId, draft: &PoolManagerDraft) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into budgets.pool_manager (borough_id, fund_id, from_on, employer_id, office, reference, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        fund.0,
        draft.from_on,
        draft.employer.0,
        draft.office.trim(),
        draft.reference.trim(),
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
