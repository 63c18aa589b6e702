//! Giving numbers to what was committed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::store;
use crate::Db;

/// A change is to be read about this long after it was committed.
const POLL: Duration = Duration::from_millis(250);
const BATCH: i64 = 2_000;

/// Numbers the service's changes until `stop`. Any number of replicas may run it; one at a time works.
pub async fn number_changes(db: Db, stop: CancellationToken) {
    loop {
        let numbered = store::number(&db, BATCH).await.unwrap_or_else(|error| {
            tracing::warn!(%error, service = db.service(), "changes could not be numbered; trying again");
            0
        });
        if numbered >= BATCH && !stop.is_cancelled() {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
