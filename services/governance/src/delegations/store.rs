//! The SQL of delegations.

use domain::{DelegationId, Pence};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::delegation::DelegationBody;

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DelegationBody>, DbError> {
    let rows = sqlx::query_as!(
        DelegationBody,
        r#"select delegation_id as "id: DelegationId", role, limit_pence as "limit_pence: Pence", in_force_from, source, recorded_at
           from governance.delegation where $1::uuid is null or delegation_id > $1 order by delegation_id limit $2"#,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(super) async fn insert(tx: &mut Tx<Borough>, limit: &DelegationBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.delegation (borough_id, delegation_id, role, limit_pence, in_force_from, source, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        limit.id.0,
        limit.role,
        limit.limit_pence.0,
        limit.in_force_from,
        limit.source,
        limit.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
