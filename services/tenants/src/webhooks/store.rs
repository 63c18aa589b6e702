//! The SQL of webhooks.

use auth::{KeyEncryptionKey, WebhookSecret};
use chrono::{DateTime, Utc};
use domain::{BoroughId, WebhookId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::{Move, words};

use super::webhook::{WebhookBody, WebhookDraft, WebhookState};

/// What the secret of a webhook is sealed as.
fn named(borough: BoroughId, webhook: WebhookId, number: i64) -> String {
    format!("webhook {borough} {webhook} {number}")
}

/// The borough's own that are not deleted, or one, whatever its state.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<WebhookId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<WebhookBody>, DbError> {
    let now = tx.now();
    let rows = sqlx::query!(
        r#"select webhook_id, url, description, services, actions, state, failing_since, created_at, version,
             array(select public_key from tenants.webhook_secret s
               where s.webhook_id = w.webhook_id and (retires_at is null or retires_at > $4)
               order by number desc) as "public_keys!"
           from tenants.webhook w
           where ($1::uuid is null and state <> 'deleted' or webhook_id = $1) and ($2::uuid is null or webhook_id > $2)
           order by webhook_id limit $3"#,
        one.map(|id| id.0),
        after,
        limit,
        now
    )
    .fetch_all(tx.connection())
    .await?;
    let webhooks = rows.into_iter().map(|row| WebhookBody {
        id: WebhookId(row.webhook_id),
        url: row.url,
        description: row.description,
        services: row.services.iter().map(|service| words::read(service)).collect(),
        actions: row.actions,
        state: words::read(&row.state),
        failing_since: row.failing_since,
        public_keys: row.public_keys,
        created_at: row.created_at,
        version: row.version,
    });
    Ok(webhooks.collect())
}

pub(crate) async fn find_webhook(tx: &mut Tx<Borough>, id: WebhookId) -> Result<Option<WebhookBody>, DbError> {
    Ok(list(tx, Some(id), None, 1).await?.pop())
}

/// How many there are that are not deleted; whoever registers one waits for whoever does.
pub(super) async fn count(tx: &mut Tx<Borough>, borough: BoroughId) -> Result<i64, DbError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('webhooks of ' || $1, 0))", borough.to_string())
        .fetch_one(tx.connection())
        .await?;
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from tenants.webhook where state <> 'deleted'"#)
        .fetch_one(tx.connection())
        .await?;
    Ok(count)
}

/// Registers a webhook; it is told what changes from now on.
pub(super) async fn insert(tx: &mut Tx<Borough>, id: WebhookId, draft: &WebhookDraft) -> Result<(), DbError> {
    let now = tx.now();
    let services: Vec<String> = draft.services.iter().map(words::word).collect();
    sqlx::query!(
        "insert into tenants.webhook (borough_id, webhook_id, url, description, services, actions, state, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, 'active', $6)",
        id.0,
        draft.url,
        draft.description,
        &services,
        &draft.actions,
        now
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "insert into tenants.webhook_cursor (borough_id, webhook_id, service, number)
         select platform.borough(), $1, service, coalesce((
           select number from platform.change c where c.borough_id = platform.borough() and c.service = s.service
           order by number desc limit 1), 0)
         from unnest(array['tenants', 'budgets', 'governance']) as s (service)",
        id.0
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Changes what it is. False where it has moved on.
pub(super) async fn change(tx: &mut Tx<Borough>, webhook: &WebhookBody, draft: &WebhookDraft) -> Result<bool, DbError> {
    let services: Vec<String> = draft.services.iter().map(words::word).collect();
    let changed = sqlx::query!(
        "update tenants.webhook set url = $3, description = $4, services = $5, actions = $6, version = version + 1
         where webhook_id = $1 and version = $2",
        webhook.id.0,
        webhook.version,
        draft.url,
        draft.description,
        &services,
        &draft.actions
    )
    .execute(tx.connection())
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// Adds a secret; those before it go on signing until `retire_at`.
pub(super) async fn add_secret(
    tx: &mut Tx<Borough>,
    (borough, webhook): (BoroughId, WebhookId),
    secret: &WebhookSecret,
    key: &KeyEncryptionKey,
    retire_at: DateTime<Utc>,
) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "update tenants.webhook_secret set retires_at = $2 where webhook_id = $1 and (retires_at is null or retires_at > $2)",
        webhook.0,
        retire_at
    )
    .execute(tx.connection())
    .await?;
    let number = sqlx::query_scalar!(
        r#"select coalesce(max(number), 0) + 1 as "number!" from tenants.webhook_secret where webhook_id = $1"#,
        webhook.0
    )
    .fetch_one(tx.connection())
    .await?;
    sqlx::query!(
        "insert into tenants.webhook_secret (borough_id, webhook_id, number, sealed, public_key, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5)",
        webhook.0,
        number,
        key.seal(&named(borough, webhook, number), &secret.bytes()),
        secret.public_key(),
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The secrets that sign now, the newest first. One that cannot be opened is left out, and told of in the log.
pub(crate) async fn secrets(
    tx: &mut Tx<Borough>,
    borough: BoroughId,
    webhook: WebhookId,
    key: &KeyEncryptionKey,
) -> Result<Vec<WebhookSecret>, DbError> {
    let now = tx.clock_now();
    let rows = sqlx::query!(
        "select number, sealed from tenants.webhook_secret
         where webhook_id = $1 and (retires_at is null or retires_at > $2) order by number desc",
        webhook.0,
        now
    )
    .fetch_all(tx.connection())
    .await?;
    let opened = rows.into_iter().filter_map(|row| {
        let opened = key.open(&named(borough, webhook, row.number), &row.sealed);
        if let Err(error) = &opened {
            tracing::error!(%error, webhook.id = %webhook, "a webhook's secret cannot be opened");
        }
        WebhookSecret::of(&opened.ok()?)
    });
    Ok(opened.collect())
}

pub(super) async fn history(tx: &mut Tx<Borough>, id: WebhookId) -> Result<Vec<Move<WebhookState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, client_id, moved_at from tenants.webhook_move
         where webhook_id = $1 order by number",
        id.0
    )
    .fetch_all(tx.connection())
    .await?;
    let moves = rows.into_iter().map(|row| Move {
        from: words::read(&row.from_state),
        to: words::read(&row.to_state),
        reason: row.reason,
        by: row.client_id,
        moved_at: row.moved_at,
    });
    Ok(moves.collect())
}

/// Moves it, and holds or lets go what waits to be delivered. False where it has moved on.
pub(crate) async fn move_to(
    tx: &mut Tx<Borough>,
    webhook: &WebhookBody,
    to: WebhookState,
    reason: &str,
    by: &str,
) -> Result<bool, DbError> {
    let now = tx.clock_now();
    let moved = sqlx::query!(
        "update tenants.webhook set state = $3, failing_since = null, version = version + 1
         where webhook_id = $1 and version = $2",
        webhook.id.0,
        webhook.version,
        words::word(to)
    )
    .execute(tx.connection())
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into tenants.webhook_move (borough_id, webhook_id, number, from_state, to_state, reason, client_id, moved_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        webhook.id.0,
        webhook.version,
        words::word(webhook.state),
        words::word(to),
        reason,
        by,
        now
    )
    .execute(tx.connection())
    .await?;
    let next_at = (to == WebhookState::Active).then_some(now);
    sqlx::query!(
        "update tenants.webhook_delivery set next_at = $2 where webhook_id = $1 and state = 'pending'",
        webhook.id.0,
        next_at
    )
    .execute(tx.connection())
    .await?;
    Ok(true)
}

/// Notes since when nothing was taken, or that something was.
pub(crate) async fn note_failing(
    tx: &mut Tx<Borough>,
    id: WebhookId,
    since: Option<DateTime<Utc>>,
) -> Result<(), DbError> {
    sqlx::query!("update tenants.webhook set failing_since = $2 where webhook_id = $1", id.0, since)
        .execute(tx.connection())
        .await?;
    Ok(())
}
