//! The epochs as the database knows them.

use std::{sync::Arc, time::Duration};

use auth::{Epoch, EpochFeed, Epochs, RevokedToken};
use domain::BoroughId;
use tokio_util::sync::CancellationToken;

use crate::{Db, DbError};

const EVERY: Duration = Duration::from_secs(5);
/// The most tokens handed back that are told of: each client has few at a time.
const MOST_TOKENS: i64 = 100_000;
/// A token is taken a little after its end, for clocks that are apart.
const LEEWAY_SECONDS: i64 = 60;

/// All epochs that can still matter: a token lives an hour at most.
///
/// # Errors
/// When the database is out of reach.
pub async fn load_epochs(db: &Db) -> Result<EpochFeed, DbError> {
    let mut tx = db.work().await?;
    let since = tx.now() - chrono::Duration::hours(2);
    let rows = sqlx::query!(
        r#"select null::text as client_id, borough_id as "borough_id?", not_before as "not_before!"
           from platform.borough_epoch where not_before > $1
           union all
           select client_id, null::uuid, not_before from platform.client_epoch where not_before > $1"#,
        since
    )
    .fetch_all(tx.connection())
    .await?;
    let tokens = sqlx::query_scalar!(
        "select token_id from platform.revoked_token where expires_at > $1 order by expires_at desc limit $2",
        tx.now() - chrono::Duration::seconds(LEEWAY_SECONDS),
        MOST_TOKENS
    )
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let revoked = tokens.into_iter().map(|token_id| RevokedToken { token_id }).collect();
    let epochs = rows.into_iter().map(|row| Epoch {
        client_id: row.client_id,
        borough_id: row.borough_id.map(BoroughId),
        not_before: row.not_before.timestamp(),
    });
    Ok(EpochFeed { epochs: epochs.collect(), revoked })
}

/// Reads the epochs every 5 seconds until `stop`.
pub async fn follow_epochs(db: Db, epochs: Arc<Epochs>, stop: CancellationToken) {
    loop {
        let pause = match load_epochs(&db).await {
            Ok(feed) => {
                epochs.hear(feed);
                web::telemetry::measures::epochs_heard(db.service());
                EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "the epochs could not be read");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
