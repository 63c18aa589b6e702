//! The SQL of security contacts.

use domain::SecurityContactId;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::contact::SecurityContactBody;

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SecurityContactBody>, DbError> {
    let rows = sqlx::query!(
        "select contact_id, office, email, telephone, recorded_at, client_id from tenants.security_contact
         where $1::uuid is null or contact_id < $1 order by contact_id desc limit $2",
        before,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let contacts = rows.into_iter().map(|row| SecurityContactBody {
        id: SecurityContactId(row.contact_id),
        office: row.office,
        email: row.email,
        telephone: row.telephone,
        recorded_at: row.recorded_at,
        recorded_by: row.client_id,
    });
    Ok(contacts.collect())
}

/// The one that counts.
pub(crate) async fn newest(tx: &mut Tx<Borough>) -> Result<Option<SecurityContactBody>, DbError> {
    Ok(list(tx, None, 1).await?.pop())
}

pub(crate) async fn insert(tx: &mut Tx<Borough>, contact: &SecurityContactBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.security_contact (borough_id, contact_id, office, email, telephone, recorded_at, client_id)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        contact.id.0,
        contact.office,
        contact.email,
        contact.telephone,
        contact.recorded_at,
        contact.recorded_by
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
