//! Turning what changed into deliveries.
//!
//! From the numbers that `/changes` gives: nothing more is written by those who change something. Of each service a webhook
//! knows up to which number it was told, and that moves on in the transaction that adds the deliveries.

use std::time::Duration;

use domain::{BoroughId, WebhookId};
use tenancy::{Db, DbError};
use tokio_util::sync::CancellationToken;

use super::{delivery::Told, store};
use crate::webhooks::{
    store::find_webhook,
    webhook::{WebhookState, wants},
};

const EVERY: Duration = Duration::from_millis(500);
/// How many changes of a service are looked at at once.
const BATCH: i64 = 200;
/// How long the log of what ended is kept, in days.
const KEPT_DAYS: i64 = 30;

/// Feeds webhooks until `stop`. Any number of replicas may run it.
pub(crate) async fn feed(db: Db, stop: CancellationToken) {
    loop {
        if let Err(error) = feed_all(&db, &stop).await {
            tracing::warn!(%error, "webhooks could not be fed; trying again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn feed_all(db: &Db, stop: &CancellationToken) -> Result<(), DbError> {
    let mut tx = db.work().await?;
    let webhooks = store::all(&mut tx).await?;
    tx.commit().await?;
    for (borough, webhook) in webhooks {
        // One that fails holds back no other.
        loop {
            match feed_one(db, borough, webhook).await {
                Ok(true) if !stop.is_cancelled() => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, webhook.id = %webhook, "a webhook could not be fed; trying again")
                }
            }
            break;
        }
    }
    Ok(())
}

/// Whether there may be more.
async fn feed_one(db: &Db, borough: BoroughId, id: WebhookId) -> Result<bool, DbError> {
    let mut tx = db.for_work_in(borough).await?;
    let Some(slug) = store::take_on(&mut tx, id).await? else { return Ok(false) };
    let Some(webhook) = find_webhook(&mut tx, id).await?.filter(|w| w.state == WebhookState::Active) else {
        return Ok(false);
    };
    let untold = store::untold(&mut tx, id, BATCH).await?;
    if untold.is_empty() {
        return Ok(false);
    }
    let services: Vec<String> = webhook.services.iter().map(web::words::word).collect();
    for change in &untold {
        if services.contains(&change.service) && wants(&webhook.actions, &change.action) {
            store::add(&mut tx, &webhook, Told::of(change, slug.as_str()), None).await?;
        }
        store::note_told(&mut tx, id, (&change.service, change.number)).await?;
    }
    let before = tx.now() - chrono::Duration::days(KEPT_DAYS);
    store::forget(&mut tx, id, before).await?;
    tx.commit().await?;
    Ok(true)
}
