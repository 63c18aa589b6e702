//! The SQL of delegations.

use domain::{DelegationId, FundId, Pence};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::delegation::DelegationBody;
use crate::words::{read, word};

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DelegationBody>, DbError> {
    let rows = sqlx::query!(
        "select delegation_id, role, fund_id, kind, officers, limit_pence, in_force_from, source, recorded_at
         from governance.delegation where $1::uuid is null or delegation_id > $1 order by delegation_id limit $2",
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let limits = rows.into_iter().map(|row| DelegationBody {
        id: DelegationId(row.delegation_id),
        role: row.role,
        fund: row.fund_id.map(FundId),
        kind: row.kind.as_deref().map(read),
        officers: row.officers,
        limit_pence: Pence(row.limit_pence),
        in_force_from: row.in_force_from,
        source: row.source,
        recorded_at: row.recorded_at,
    });
    Ok(limits.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, limit: &DelegationBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.delegation (borough_id, delegation_id, role, fund_id, kind, officers, limit_pence, in_force_from,
           source, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        limit.id.0,
        limit.role,
        limit.fund.map(|id| id.0),
        limit.kind.map(word),
        limit.officers,
        limit.limit_pence.0,
        limit.in_force_from,
        limit.source,
        limit.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
