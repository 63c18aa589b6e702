//! Giving entries their place in the chain, behind those who write them.
//!
//! Work sees only whose entries wait; a batch is placed in an ordinary transaction of the borough, under a lock of its
//! chain, and ends in a signed head. An entry waits from the statement that writes it on and is seen once that is
//! committed, so one that commits late simply gets a later place. Killed anywhere, the batch is made again.

use std::{sync::Arc, time::Duration};

use auth::{Hash, SealKey};
use chrono::SubsecRound;
use domain::{AuditId, BoroughId};
use tenancy::{Db, DbError, KindOf, Tx};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    chain::{AuditHead, AuditLink, OFFICE, head},
    store,
};

const EVERY: Duration = Duration::from_millis(500);
/// After one that failed: what is wrong with it seldom passes in less.
const AFTER_A_FAILURE: Duration = Duration::from_secs(10);
/// How many entries are placed at once: what a proof of one shows at most.
const BATCH: i64 = 1_000;

/// Places entries until `stop`. Any number of replicas may run it. Without a key they wait.
pub(crate) async fn keep_chaining(db: Db, key: Option<Arc<SealKey>>, stop: CancellationToken) {
    let Some(key) = key else {
        tracing::warn!("there is no key to sign the audit trail with (TENFOLD_AUDIT_KEY_FILE): its entries wait");
        return;
    };
    loop {
        let pause = match place_waiting(&db, &key).await {
            Ok((true, false)) if !stop.is_cancelled() => continue,
            Ok((_, failed)) => {
                if failed {
                    AFTER_A_FAILURE
                } else {
                    EVERY
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the audit trail could not be looked at; trying again");
                EVERY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One batch of every chain: whether any was full, and whether any failed.
async fn place_waiting(db: &Db, key: &SealKey) -> Result<(bool, bool), DbError> {
    let mut tx = db.work().await?;
    let chains = store::waiting(&mut tx).await?;
    tx.commit().await?;
    let (mut full, mut failed) = (false, false);
    for chain in chains {
        let placed = match chain {
            OFFICE => match db.for_work_on_platform().await {
                Ok(tx) => place_batch(tx, chain, key).await,
                Err(error) => Err(error),
            },
            _ => match db.for_work_in(BoroughId(chain)).await {
                Ok(tx) => place_batch(tx, chain, key).await,
                Err(error) => Err(error),
            },
        };
        // One that fails holds back no other.
        match placed {
            Ok(placed) => full |= placed >= BATCH,
            Err(error) => {
                failed = true;
                tracing::error!(%error, borough.id = %chain, "entries of the audit trail could not be placed; it is tried again");
            }
        }
    }
    Ok((full, failed))
}

async fn place_batch<K: KindOf>(mut tx: Tx<K>, chain: Uuid, key: &SealKey) -> Result<i64, DbError> {
    let Some(waiting) = store::take_on(&mut tx, chain, BATCH).await? else { return Ok(0) };
    let taken: Vec<AuditId> = waiting.iter().map(|(id, _)| *id).collect();
    let new: Vec<AuditId> = waiting.iter().filter(|(_, placed)| !placed).map(|(id, _)| *id).collect();
    let entries = store::entries(&mut tx, &new).await?;
    let (mut position, mut last) = store::chain_end(&mut tx).await?;
    let mut links = Vec::with_capacity(new.len());
    for id in new {
        // One that is gone already keeps its place, and is told of.
        let entry_hash = entries.get(&id).map_or(Hash::NONE, |entry| entry.hash(chain, id));
        position += 1;
        last = head(chain, position, &last, &entry_hash);
        links.push(AuditLink { position, id, entry_hash, head: last });
    }
    let now = tx.clock_now().trunc_subsecs(6);
    let signed = links.last().map(|link| AuditHead::sign(chain, (link.position, link.head), now, key));
    store::place(&mut tx, &links, &taken, signed.as_ref(), chain).await?;
    tx.commit().await?;
    Ok(i64::try_from(taken.len()).unwrap_or(BATCH))
}
