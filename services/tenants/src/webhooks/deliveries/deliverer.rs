//! Making deliveries.
//!
//! Whoever makes one leases it, and holds no transaction while the receiver is asked. Killed in between, the lease runs out
//! and it is sent again: a receiver hears of everything at least once, and knows what it has by its id.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use serde_json::json;
use tenancy::{Act, Db, DbError};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;
use web::{OutboundAnswer, OutboundError, telemetry::measures};

use super::{
    delivery::{DeliveryAttempt, DeliveryState, FAILING_DAYS, next_attempt},
    store::{self, Leased},
};
use crate::{
    app::WebhookSettings,
    webhooks::{
        store::{find_webhook, move_to, note_failing, secrets},
        webhook::{WebhookBody, WebhookState},
    },
};

const EVERY: Duration = Duration::from_millis(300);
/// How many are made at once, of all webhooks; of one, one.
const AT_ONCE: usize = 32;
/// Longer than an attempt can take, in seconds.
const LEASE_SECONDS: i64 = 60;
const ANSWER_READ: usize = 64 * 1024;
const ANSWER_KEPT: usize = 1_000;

/// Makes deliveries until `stop`. Any number of replicas may run it.
pub(crate) async fn deliver(db: Db, settings: WebhookSettings, stop: CancellationToken) {
    let (room, mut under_way) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    while !stop.is_cancelled() {
        let free = i64::try_from(room.available_permits()).unwrap_or(0);
        let leased = if free == 0 { Ok(Vec::new()) } else { lease(&db, free).await };
        let leased = leased.unwrap_or_else(|error| {
            tracing::warn!(%error, "deliveries of webhooks could not be looked for; trying again");
            Vec::new()
        });
        let none = leased.is_empty();
        for one in leased {
            let Ok(permit) = room.clone().acquire_owned().await else { return };
            let (db, settings) = (db.clone(), settings.clone());
            under_way.spawn(async move {
                if let Err(error) = make(&db, &settings, one).await {
                    tracing::error!(%error, webhook.id = %one.webhook, "a delivery could not be noted; it is made again");
                }
                drop(permit);
            });
        }
        tokio::select! {
            () = stop.cancelled() => {}
            // One that ended may let the next of its webhook go.
            Some(_) = under_way.join_next(), if !none || room.available_permits() < AT_ONCE => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}

async fn lease(db: &Db, most: i64) -> Result<Vec<Leased>, DbError> {
    let mut tx = db.work().await?;
    let until = tx.now() + chrono::Duration::seconds(LEASE_SECONDS);
    let leased = store::lease(&mut tx, until, most).await?;
    tx.commit().await?;
    Ok(leased)
}

/// Makes one attempt, and notes it.
async fn make(db: &Db, settings: &WebhookSettings, of: Leased) -> Result<(), DbError> {
    let mut tx = db.for_work_in(of.borough).await?;
    let Some(webhook) = find_webhook(&mut tx, of.webhook).await? else { return Ok(()) };
    let Some((told, attempts)) = store::to_send(&mut tx, of).await? else { return Ok(()) };
    let secrets = secrets(&mut tx, of.borough, of.webhook, &settings.key).await?;
    drop(tx);

    let (at, began) = (db.now(), Instant::now());
    let timestamp = at.timestamp();
    let signatures: Vec<String> =
        secrets.iter().map(|secret| secret.sign(&told.event_id, timestamp, &told.body)).collect();
    let (timestamp, signatures) = (timestamp.to_string(), signatures.join(" "));
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", &*told.event_id),
        ("webhook-timestamp", &*timestamp),
        ("webhook-signature", &*signatures),
    ];
    let answer = match secrets.is_empty() {
        true => Err(OutboundError::Address("its secret cannot be opened with the key-encryption key in use")),
        false => settings.outbound.post(&webhook.url, &headers, told.body.into_bytes(), ANSWER_READ).await,
    };
    let took_ms = i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX);
    let attempt = attempt(attempts + 1, at, took_ms, &answer);
    note(db, of, &attempt, &answer).await
}

fn attempt(
    number: i32,
    at: DateTime<Utc>,
    took_ms: i32,
    answer: &Result<OutboundAnswer, OutboundError>,
) -> DeliveryAttempt {
    let kept = |body: &[u8]| {
        let text = String::from_utf8_lossy(body).replace('\0', "");
        text.chars().take(ANSWER_KEPT).collect::<String>()
    };
    DeliveryAttempt {
        number,
        at,
        took_ms,
        status: answer.as_ref().ok().map(|answer| answer.status.into()),
        failure: answer.as_ref().err().map(|why| why.to_string().chars().take(300).collect()),
        answer: answer.as_ref().ok().map(|answer| kept(&answer.body)),
    }
}

/// Notes an attempt, and what it means for the webhook.
async fn note(
    db: &Db,
    of: Leased,
    attempt: &DeliveryAttempt,
    answer: &Result<OutboundAnswer, OutboundError>,
) -> Result<(), DbError> {
    let mut tx = db.for_work_in(of.borough).await?;
    let now = tx.clock_now();
    let taken = answer.as_ref().is_ok_and(|answer| (200..300).contains(&answer.status));
    let next_at = if taken { None } else { next_attempt(attempt.number, now, of.delivery) };
    let state = match next_at {
        _ if taken => DeliveryState::Delivered,
        None => DeliveryState::Failed,
        Some(_) => DeliveryState::Pending,
    };
    measures::worked(db.service(), "tell a webhook", if taken { "done" } else { "failed" }, 1);
    store::note_attempt(&mut tx, of, attempt, state, next_at).await?;
    let Some(webhook) = find_webhook(&mut tx, of.webhook).await? else { return tx.commit().await };
    if taken {
        if webhook.failing_since.is_some() {
            note_failing(&mut tx, webhook.id, None).await?;
        }
        return tx.commit().await;
    }
    let since = webhook.failing_since.unwrap_or(now);
    let why = match answer {
        Ok(answer) if answer.status == 410 => Some("The receiver answered 410: it is gone."),
        _ if now - since >= chrono::Duration::days(FAILING_DAYS) => Some("It took nothing for five days."),
        _ => None,
    };
    match why {
        Some(why) if webhook.state == WebhookState::Active => disable(&mut tx, of, &webhook, why).await?,
        _ if webhook.failing_since.is_none() => note_failing(&mut tx, webhook.id, Some(now)).await?,
        _ => {}
    }
    tx.commit().await
}

async fn disable(
    tx: &mut tenancy::Tx<tenancy::Borough>,
    of: Leased,
    webhook: &WebhookBody,
    why: &str,
) -> Result<(), DbError> {
    if move_to(tx, webhook, WebhookState::Disabled, why, "service.tenants").await? {
        let act = Act::new("webhook.disabled", format!("webhooks/{}", webhook.id)).concerning(of.borough);
        tx.record(act.before(json!(webhook.state)).after(json!({"state": WebhookState::Disabled, "reason": why})));
    }
    Ok(())
}
