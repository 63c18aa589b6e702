//! From a service's outbox to the inboxes of those who want its events.

use std::time::{Duration, Instant};

use tenancy::{Db, DbError};
use tokio_util::sync::CancellationToken;
use web::telemetry::measures;

use crate::subscriptions;

const POLL: Duration = Duration::from_millis(250);
const BATCH: i64 = 500;
/// Consumers are woken at most this often.
const WAKE_AT_MOST_EVERY: Duration = Duration::from_millis(50);

/// The channel on which relays wake consumers. Writers never notify: that takes a global lock at commit.
pub(crate) const CHANNEL: &str = "tenfold_inbox";

/// Relays the service's events until `stop`. Any number of replicas may run it; one at a time works.
pub async fn relay(db: Db, stop: CancellationToken) {
    let mut woken = Instant::now();
    loop {
        let moved = match move_batch(&db, woken.elapsed() >= WAKE_AT_MOST_EVERY).await {
            Ok((moved, notified)) => {
                if notified {
                    woken = Instant::now();
                }
                measures::worked(db.service(), "relay", "done", moved.unsigned_abs());
                moved
            }
            Err(error) => {
                tracing::warn!(%error, service = db.service(), "events could not be relayed; trying again");
                measures::worked(db.service(), "relay", "failed", 1);
                0
            }
        };
        if moved >= BATCH && !stop.is_cancelled() {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = db.events_waiting() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn move_batch(db: &Db, may_wake: bool) -> Result<(i64, bool), DbError> {
    let mut tx = db.work().await?;
    let (kinds, consumers) = subscriptions();
    let now = tx.now();
    // One relay a service: order per aggregate is the order of one reader.
    let mine = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('relay ' || $1, 0)) as "mine!""#,
        db.service()
    )
    .fetch_one(tx.connection())
    .await?;
    if !mine {
        return Ok((0, false));
    }
    let moved = sqlx::query_scalar!(
        r#"with batch as (
             select borough_id, event_id, position, kind, aggregate, payload, trace
             from platform.outbox where relayed_at is null and service = $5 order by position limit $4
           ), delivered as (
             insert into platform.inbox (borough_id, consumer, event_id, position, kind, aggregate, payload, arrived_at, trace)
             select borough_id, wants.consumer, event_id, position, batch.kind, aggregate, payload, $3, trace
             from batch join unnest($1::text[], $2::text[]) as wants (kind, consumer) on wants.kind = batch.kind
             order by position
             on conflict do nothing
           ), gone as (
             update platform.outbox o set relayed_at = $3 from batch b
             where o.borough_id = b.borough_id and o.event_id = b.event_id
             returning 1
           )
           select count(*) as "moved!" from gone"#,
        &kinds,
        &consumers,
        now,
        BATCH,
        db.service(),
    )
    .fetch_one(tx.connection())
    .await?;
    let wake = moved > 0 && may_wake;
    if wake {
        sqlx::query("notify tenfold_inbox").execute(tx.connection()).await?;
    }
    tx.commit().await?;
    Ok((moved, wake))
}
