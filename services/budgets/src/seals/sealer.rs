//! Sealing closed periods, behind the request that closed them.
//!
//! Work sees only which periods are closed and unsealed; the seal is made in an ordinary transaction of the borough.
//! A closed period takes no postings and is not reopened while its seal is due, so the lines can be read in batches
//! for as long as it takes. Of any number of replicas one makes a seal, once; killed anywhere, it is made again.

use auth::SealKey;
use std::{sync::Arc, time::Duration};

use tenancy::{Act, Db, DbError};
use tokio_util::sync::CancellationToken;
use web::{Problem, telemetry::measures};

use super::{
    seal::{Closed, seal},
    store,
};

const EVERY: Duration = Duration::from_millis(500);
/// After one that failed: what is wrong with it seldom passes in less.
const AFTER_A_FAILURE: Duration = Duration::from_secs(10);
/// How many periods are looked for at once.
const BATCH: i64 = 100;

/// Seals until `stop`. Any number of replicas may run it. Without a key it only tells what waits for one.
pub(crate) async fn keep_sealing(db: Db, key: Option<Arc<SealKey>>, stop: CancellationToken) {
    if key.is_none() {
        tracing::warn!("there is no key to seal with (TENFOLD_SEAL_KEY_FILE): closed periods wait for their seals");
    }
    let (mut waited, mut pause) = (0, EVERY);
    loop {
        match seal_due(&db, key.as_deref()).await {
            Ok(Done { sealed, failed: 0, .. }) if sealed > 0 && !stop.is_cancelled() => continue,
            Ok(Done { waiting, failed, .. }) => {
                if waiting > waited {
                    tracing::warn!(waiting, "closed periods wait for a key to be sealed with");
                }
                waited = waiting;
                pause = if failed > 0 { AFTER_A_FAILURE } else { EVERY };
            }
            Err(error) => tracing::warn!(%error, "periods that are closed could not be sealed; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What became of the periods that were due.
struct Done {
    sealed: usize,
    failed: usize,
    /// For want of a key.
    waiting: usize,
}

async fn seal_due(db: &Db, key: Option<&SealKey>) -> Result<Done, DbError> {
    let mut tx = db.work().await?;
    let due = store::due(&mut tx, BATCH).await?;
    tx.commit().await?;
    let Some(key) = key else { return Ok(Done { sealed: 0, failed: 0, waiting: due.len() }) };
    let (mut sealed, mut failed) = (0, 0);
    for closed in due {
        // One that fails holds back no other.
        match seal_one(db, closed, key).await {
            Ok(true) => {
                measures::worked(db.service(), "seal", "done", 1);
                sealed += 1;
            }
            Ok(false) => {}
            Err(problem) => {
                measures::worked(db.service(), "seal", "failed", 1);
                failed += 1;
                let inside = problem.inside().unwrap_or_default();
                let (fund, year, period) = (closed.fund, closed.year, closed.period);
                tracing::error!(%fund, %year, %period, inside, "a period could not be sealed; it is tried again");
            }
        }
    }
    Ok(Done { sealed, failed, waiting: 0 })
}

/// Whether this replica was the one.
async fn seal_one(db: &Db, closed: Closed, key: &SealKey) -> Result<bool, Problem> {
    let mut tx = db.for_work_in(closed.borough).await?;
    if !store::take_on(&mut tx, &closed).await? {
        return Ok(false);
    }
    let tally = store::tally(&mut tx, closed).await?.map_err(Problem::internal)?;
    let end = store::hold_end(&mut tx, closed.borough).await?;
    let body = seal(closed, tally, end, tx.clock_now(), key)
        .ok_or_else(|| Problem::internal("the sums of the period are too large"))?;
    store::insert(&mut tx, &body).await?;
    let subject = format!("funds/{}/years/{}/periods/{}", closed.fund, closed.year, closed.period);
    let head = body.seal.head.to_string();
    tx.record(Act::new("period.sealed", subject).after(head).concerning(closed.borough));
    tx.commit().await?;
    Ok(true)
}
