//! The epochs as the database knows them.

use std::{sync::Arc, time::Duration};

use auth::{Epoch, EpochFeed, Epochs};
use domain::BoroughId;
use tokio_util::sync::CancellationToken;

use crate::{Db, DbError};

const EVERY: Duration = Duration::from_secs(5);

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
    tx.commit().await?;
    let epochs = rows.into_iter().map(|row| Epoch {
        client_id: row.client_id,
        borough_id: row.borough_id.map(BoroughId),
        not_before: row.not_before.timestamp(),
    });
    Ok(EpochFeed { epochs: epochs.collect() })
}

/// Reads the epochs every 5 seconds until `stop`.
pub async fn follow_epochs(db: Db, epochs: Arc<Epochs>, stop: CancellationToken) {
    loop {
        let pause = match load_epochs(&db).await {
            Ok(feed) => {
                epochs.hear(feed);
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
