//! Taking in what has arrived: once each, in an ordinary transaction of the event's borough.

use std::{collections::HashSet, time::Duration};

use domain::{BoroughId, EventId};
use serde_json::Value;
use tenancy::{Borough, Db, DbError, Tx};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use web::telemetry::measures;

use crate::{Event, relay::CHANNEL};

const POLL: Duration = Duration::from_millis(250);
const BATCH: i64 = 200;

/// An event that has arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Its borough.
    pub borough: BoroughId,
    /// Its id.
    pub id: EventId,
    /// Its kind and version.
    pub kind: String,
    aggregate: String,
    payload: Value,
}

impl Arrived {
    /// The event, where it is of that kind.
    #[must_use]
    pub fn is<E: Event>(&self) -> Option<E> {
        (self.kind == E::KIND).then(|| serde_json::from_value(self.payload.clone()).ok()).flatten()
    }

    /// This version does not know it. It stays where it is, for the newer one that does: while a release rolls out, both
    /// take events in.
    #[must_use]
    pub fn unknown(&self) -> DbError {
        sqlx::Error::Protocol(format!("this version cannot read {}", self.kind)).into()
    }
}

/// A service that takes in events.
pub trait Consumer: Send + Sync + 'static {
    /// Takes in one event. What it writes is committed together with the note that it was taken in.
    fn take(&self, tx: &mut Tx<Borough>, event: &Arrived) -> impl Future<Output = Result<(), DbError>> + Send;
}

/// Takes in what arrives until `stop`. Any number of replicas may run it.
pub async fn consume<C: Consumer>(db: Db, consumer: C, stop: CancellationToken) {
    let mut woken = db.listen(CHANNEL).await;
    loop {
        match take_batch(&db, &consumer).await {
            Ok(taken) if taken > 0 && !stop.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, service = db.service(), "events could not be taken in; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = woken.wait() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// How many were taken in. One that fails holds back only later ones of its aggregate.
async fn take_batch<C: Consumer>(db: &Db, consumer: &C) -> Result<usize, DbError> {
    let mut tx = db.work().await?;
    let rows = sqlx::query!(
        r#"select borough_id, event_id, kind, aggregate, payload, trace from platform.inbox
           where done_at is null and consumer = $2 order by position limit $1"#,
        BATCH,
        db.service(),
    )
    .fetch_all(tx.connection())
    .await?;
    tx.commit().await?;
    let mut stuck = HashSet::new();
    let mut taken = 0;
    for row in rows {
        let event = Arrived {
            borough: BoroughId(row.borough_id),
            id: EventId(row.event_id),
            kind: row.kind,
            aggregate: row.aggregate,
            payload: row.payload,
        };
        let trace = row.trace.as_deref();
        if stuck.contains(&(event.borough, event.aggregate.clone())) {
            continue;
        }
        let span = tracing::info_span!(
            target: "event", "event", otel.name = format!("take in {}", event.kind), otel.kind = "consumer",
            service = db.service(), event.id = %event.id, event.kind
        );
        web::telemetry::continuing(&span, trace);
        match take_one(db, consumer, &event).instrument(span.clone()).await {
            Ok(()) => {
                measures::worked(db.service(), "take in", "done", 1);
                taken += 1;
            }
            Err(error) => {
                span.in_scope(|| tracing::error!(%error, "an event could not be taken in"));
                measures::worked(db.service(), "take in", "failed", 1);
                note_failure(db, &event, &error).await?;
                stuck.insert((event.borough, event.aggregate));
            }
        }
    }
    Ok(taken)
}

async fn take_one<C: Consumer>(db: &Db, consumer: &C, event: &Arrived) -> Result<(), DbError> {
    let mut tx = db.for_work_in(event.borough).await?;
    let now = tx.now();
    let mine = sqlx::query!(
        "update platform.inbox set done_at = $2 where event_id = $1 and consumer = $3 and done_at is null",
        event.id.0,
        now,
        db.service(),
    )
    .execute(tx.connection())
    .await?;
    // Another replica was faster.
    if mine.rows_affected() == 0 {
        return Ok(());
    }
    consumer.take(&mut tx, event).await?;
    tx.commit().await
}

async fn note_failure(db: &Db, event: &Arrived, error: &DbError) -> Result<(), DbError> {
    let mut tx = db.work().await?;
    sqlx::query!(
        "update platform.inbox set attempts = attempts + 1, failure = left($3, 500)
         where borough_id = $1 and event_id = $2 and consumer = $4",
        event.borough.0,
        event.id.0,
        error.to_string(),
        db.service(),
    )
    .execute(tx.connection())
    .await?;
    tx.commit().await
}
