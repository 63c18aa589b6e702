//! The SQL of deliveries.

use chrono::{DateTime, Utc};
use domain::{AuditId, BoroughId, DeliveryId, Slug, WebhookId};
use tenancy::{Borough, DbError, Tx, Work};
use uuid::Uuid;
use web::words;

use super::delivery::{DeliveryAttempt, DeliveryBody, DeliveryState, Numbered, Told};
use crate::webhooks::webhook::{WebhookBody, WebhookState};

/// Which webhooks there are, of all boroughs.
pub(super) async fn all(tx: &mut Tx<Work>) -> Result<Vec<(BoroughId, WebhookId)>, DbError> {
    let rows = sqlx::query!("select distinct borough_id, webhook_id from tenants.webhook_cursor")
        .fetch_all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (BoroughId(row.borough_id), WebhookId(row.webhook_id))).collect())
}

/// Takes a webhook on, where no other replica feeds it; its borough's name.
pub(super) async fn take_on(tx: &mut Tx<Borough>, webhook: WebhookId) -> Result<Option<Slug>, DbError> {
    let row = sqlx::query!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('webhook ' || $1, 0)) as "mine!", slug from tenants.borough"#,
        webhook.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(row.slug.parse().ok().filter(|_| row.mine))
}

/// What the webhook is not told of yet, in the order of numbers, a service after the other.
pub(super) async fn untold(tx: &mut Tx<Borough>, webhook: WebhookId, limit: i64) -> Result<Vec<Numbered>, DbError> {
    let rows = sqlx::query!(
        r#"select c.service, c.number, c.audit_id, c.at, c.action, c.subject, c.deleted
           from tenants.webhook_cursor k cross join lateral (
             select c.service, c.number, c.audit_id, c.at, c.action, c.subject, c.deleted from platform.change c
             where c.borough_id = k.borough_id and c.service = k.service and c.number > k.number
             order by c.number limit $2) c
           where k.webhook_id = $1 order by c.at, c.service, c.number"#,
        webhook.0,
        limit
    )
    .map(|row| Numbered {
        service: row.service,
        number: row.number,
        audit_id: AuditId(row.audit_id),
        at: row.at,
        action: row.action,
        subject: row.subject,
        deleted: row.deleted,
    })
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// Notes up to which change of a service the webhook was told.
pub(super) async fn note_told(
    tx: &mut Tx<Borough>,
    webhook: WebhookId,
    (service, number): (&str, i64),
) -> Result<(), DbError> {
    sqlx::query!(
        "update tenants.webhook_cursor set number = $3 where webhook_id = $1 and service = $2 and number < $3",
        webhook.0,
        service,
        number
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Adds a delivery, to be made at once where the webhook is active.
pub(crate) async fn add(
    tx: &mut Tx<Borough>,
    webhook: &WebhookBody,
    told: Told,
    replays: Option<DeliveryId>,
) -> Result<DeliveryBody, DbError> {
    let now = tx.now();
    let body = DeliveryBody {
        id: DeliveryId::at(now),
        event_id: told.event_id,
        kind: told.kind,
        state: DeliveryState::Pending,
        attempts: 0,
        created_at: now,
        next_at: (webhook.state == WebhookState::Active).then_some(now),
        ended_at: None,
        replays,
    };
    sqlx::query!(
        "insert into tenants.webhook_delivery
           (borough_id, webhook_id, delivery_id, event_id, type, body, state, replays, created_at, next_at)
         values (platform.borough(), $1, $2, $3, $4, $5, 'pending', $6, $7, $8)",
        webhook.id.0,
        body.id.0,
        body.event_id,
        body.kind,
        told.body,
        replays.map(|id| id.0),
        now,
        body.next_at
    )
    .execute(tx.connection())
    .await?;
    Ok(body)
}

/// Forgets what ended before an instant.
pub(super) async fn forget(tx: &mut Tx<Borough>, webhook: WebhookId, before: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!("delete from tenants.webhook_delivery where webhook_id = $1 and ended_at < $2", webhook.0, before)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// A delivery that is in hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leased {
    pub(super) borough: BoroughId,
    pub(super) webhook: WebhookId,
    pub(super) delivery: DeliveryId,
}

/// Takes deliveries that are due, one of each webhook that has none in hand, the longest due first.
pub(super) async fn lease(tx: &mut Tx<Work>, until: DateTime<Utc>, most: i64) -> Result<Vec<Leased>, DbError> {
    let now = tx.now();
    let mine = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('lease deliveries of webhooks', 0)) as "mine!""#
    )
    .fetch_one(tx.connection())
    .await?;
    if !mine {
        return Ok(Vec::new());
    }
    // In a statement of its own, which sees what whoever had the lock before has taken.
    let rows = sqlx::query!(
        "update tenants.webhook_delivery d set leased_until = $2
         from (
           select * from (
             select distinct on (borough_id, webhook_id) borough_id, webhook_id, delivery_id, next_at
             from tenants.webhook_delivery w where next_at <= $1
               and not exists (select from tenants.webhook_delivery o
                 where o.borough_id = w.borough_id and o.webhook_id = w.webhook_id and o.leased_until > $1)
             order by borough_id, webhook_id, next_at, place) one
           order by next_at limit $3) due
         where d.borough_id = due.borough_id and d.webhook_id = due.webhook_id and d.delivery_id = due.delivery_id
         returning d.borough_id, d.webhook_id, d.delivery_id",
        now,
        until,
        most
    )
    .fetch_all(tx.connection())
    .await?;
    let leased = rows.into_iter().map(|row| Leased {
        borough: BoroughId(row.borough_id),
        webhook: WebhookId(row.webhook_id),
        delivery: DeliveryId(row.delivery_id),
    });
    Ok(leased.collect())
}

/// What is to be sent for a delivery, and how often it was tried; none where it has ended.
pub(super) async fn to_send(tx: &mut Tx<Borough>, of: Leased) -> Result<Option<(Told, i32)>, DbError> {
    let row = sqlx::query!(
        "select event_id, type, body, attempts from tenants.webhook_delivery
         where webhook_id = $1 and delivery_id = $2 and state = 'pending' and next_at is not null",
        of.webhook.0,
        of.delivery.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| (Told { event_id: row.event_id, kind: row.r#type, body: row.body }, row.attempts)))
}

/// Notes an attempt and what follows from it: the end of the delivery, or when it is tried again.
pub(super) async fn note_attempt(
    tx: &mut Tx<Borough>,
    of: Leased,
    attempt: &DeliveryAttempt,
    state: DeliveryState,
    next_at: Option<DateTime<Utc>>,
) -> Result<(), DbError> {
    let ended = (state != DeliveryState::Pending).then(|| tx.clock_now());
    // A webhook that was paused meanwhile holds it.
    let noted = sqlx::query!(
        "update tenants.webhook_delivery set state = $4, attempts = $3, ended_at = $5, leased_until = null,
           next_at = case when next_at is null then null else $6::timestamptz end
         where webhook_id = $1 and delivery_id = $2 and attempts = $3 - 1",
        of.webhook.0,
        of.delivery.0,
        attempt.number,
        words::word(state),
        ended,
        next_at
    )
    .execute(tx.connection())
    .await?;
    if noted.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query!(
        "insert into tenants.webhook_attempt (borough_id, webhook_id, delivery_id, number, at, took_ms, status, failure, answer)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        of.webhook.0,
        of.delivery.0,
        attempt.number,
        attempt.at,
        attempt.took_ms,
        attempt.status,
        attempt.failure,
        attempt.answer
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Which deliveries.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    pub(super) one: Option<DeliveryId>,
    pub(super) state: Option<DeliveryState>,
    pub(super) before: Option<Uuid>,
}

/// Deliveries of a webhook, the latest first.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    webhook: WebhookId,
    wanted: Wanted,
    limit: i64,
) -> Result<Vec<DeliveryBody>, DbError> {
    let rows = sqlx::query!(
        "select delivery_id, event_id, type, state, attempts, created_at, next_at, ended_at, replays
         from tenants.webhook_delivery
         where webhook_id = $1 and ($2::uuid is null or delivery_id = $2) and ($3::text is null or state = $3)
           and ($4::uuid is null or delivery_id < $4)
         order by delivery_id desc limit $5",
        webhook.0,
        wanted.one.map(|id| id.0),
        wanted.state.map(words::word),
        wanted.before,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let deliveries = rows.into_iter().map(|row| DeliveryBody {
        id: DeliveryId(row.delivery_id),
        event_id: row.event_id,
        kind: row.r#type,
        state: words::read(&row.state),
        attempts: row.attempts,
        created_at: row.created_at,
        next_at: row.next_at,
        ended_at: row.ended_at,
        replays: row.replays.map(DeliveryId),
    });
    Ok(deliveries.collect())
}

/// What a delivery sends, and its attempts.
pub(super) async fn detail(
    tx: &mut Tx<Borough>,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<(String, Vec<DeliveryAttempt>), DbError> {
    let body = sqlx::query_scalar!(
        "select body from tenants.webhook_delivery where webhook_id = $1 and delivery_id = $2",
        webhook.0,
        id.0
    )
    .fetch_one(tx.connection())
    .await?;
    let attempts = sqlx::query_as!(
        DeliveryAttempt,
        "select number, at, took_ms, status, failure, answer from tenants.webhook_attempt
         where webhook_id = $1 and delivery_id = $2 order by number",
        webhook.0,
        id.0
    )
    .fetch_all(tx.connection())
    .await?;
    Ok((body, attempts))
}
