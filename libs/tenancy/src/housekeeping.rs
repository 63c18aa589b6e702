//! Throwing away what has served its time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{Db, DbError, idempotency::kept_since};

const EVERY: Duration = Duration::from_secs(600);
const EVENTS_KEPT_DAYS: i64 = 7;

/// Every ten minutes until `stop`: answers older than a day, events delivered a week ago, tokens
/// handed back that ended a day ago.
pub async fn keep_house(db: Db, stop: CancellationToken) {
    loop {
        if let Err(error) = tidy(&db).await {
            tracing::warn!(%error, "old rows could not be thrown away");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn tidy(db: &Db) -> Result<(), DbError> {
    let mut tx = db.work().await?;
    let (answers, events) = (kept_since(tx.now()), tx.now() - chrono::Duration::days(EVENTS_KEPT_DAYS));
    let connection = tx.connection();
    sqlx::query!("delete from platform.idempotency where created_at <= $1", answers).execute(&mut *connection).await?;
    sqlx::query!("delete from platform.office_idempotency where created_at <= $1", answers)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from platform.outbox where relayed_at <= $1", events).execute(&mut *connection).await?;
    sqlx::query!("delete from platform.inbox where done_at <= $1", events).execute(&mut *connection).await?;
    sqlx::query!("delete from platform.revoked_token where expires_at <= $1", answers).execute(connection).await?;
    tx.commit().await
}
