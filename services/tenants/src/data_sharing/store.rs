//! The SQL of data-sharing agreements.

use domain::DataSharingId;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::agreement::DataSharingBody;

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DataSharingBody>, DbError> {
    let rows = sqlx::query!(
        "select agreement_id, version, signed_by, signed_on, reference, recorded_at, client_id
         from tenants.data_sharing_agreement
         where $1::uuid is null or agreement_id < $1 order by agreement_id desc limit $2",
        before,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let agreements = rows.into_iter().map(|row| DataSharingBody {
        id: DataSharingId(row.agreement_id),
        version: row.version,
        signed_by: row.signed_by,
        signed_on: row.signed_on,
        reference: row.reference,
        recorded_at: row.recorded_at,
        recorded_by: row.client_id,
    });
    Ok(agreements.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, agreement: &DataSharingBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.data_sharing_agreement
           (borough_id, agreement_id, version, signed_by, signed_on, reference, recorded_at, client_id)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        agreement.id.0,
        agreement.version,
        agreement.signed_by,
        agreement.signed_on,
        agreement.reference,
        agreement.recorded_at,
        agreement.recorded_by
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
