//! The SQL of warnings: work sees ids and times.

use chrono::{DateTime, Utc};
use domain::BoroughId;
use tenancy::{Borough, Db, DbError, KindOf, Tx, Work};

/// A client that ends within 30 days, and was not warned of as late as it ought to be.
pub(super) struct Ending {
    pub(super) client_id: String,
    /// None of an office's.
    pub(super) borough: Option<BoroughId>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) warned: Option<i16>,
}

pub(super) async fn ending(tx: &mut Tx<Work>, limit: i64) -> Result<Vec<Ending>, DbError> {
    let now = tx.now();
    let rows = sqlx::query!(
        r#"select client_id, borough_id, expires_at as "expires_at!", warned_days from tenants.client
           where expires_at > $1 and expires_at <= $1 + interval '30 days' and revoked_at is null
             and (warned_days is null or warned_days > case when expires_at <= $1 + interval '1 day' then 1
               when expires_at <= $1 + interval '7 days' then 7 else 30 end)
           order by expires_at limit $2"#,
        now,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let ending = rows.into_iter().map(|row| Ending {
        client_id: row.client_id,
        borough: row.borough_id.map(BoroughId),
        expires_at: row.expires_at,
        warned: row.warned_days,
    });
    Ok(ending.collect())
}

/// When it ends and what its owner was told, held until the transaction is over.
pub(super) async fn hold(
    tx: &mut Tx<Borough>,
    client_id: &str,
) -> Result<Option<(DateTime<Utc>, Option<i16>)>, DbError> {
    let row = sqlx::query!(
        "select expires_at, warned_days from tenants.client where client_id = $1 and revoked_at is null for update",
        client_id
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.and_then(|row| Some((row.expires_at?, row.warned_days))))
}

/// False where another was quicker.
pub(super) async fn note_warning<K: KindOf>(tx: &mut Tx<K>, client_id: &str, days: i16) -> Result<bool, DbError> {
    let set = sqlx::query!(
        "update tenants.client set warned_days = $2 where client_id = $1 and warned_days is distinct from $2",
        client_id,
        days
    )
    .execute(tx.connection())
    .await?;
    Ok(set.rows_affected() == 1)
}

/// Assertions and ID tokens are kept until they could not be taken anyway.
pub(super) async fn forget_assertions(db: &Db) -> Result<(), DbError> {
    let mut tx = db.work().await?;
    let over = tx.now() - chrono::Duration::minutes(5);
    sqlx::query!("delete from tenants.used_assertion where expires_at <= $1", over).execute(tx.connection()).await?;
    sqlx::query!("delete from tenants.spent_id_token where expires_at <= $1", over).execute(tx.connection()).await?;
    tx.commit().await
}
