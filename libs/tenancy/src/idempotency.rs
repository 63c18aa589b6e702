//! The same key twice is done once.
//!
//! The first answer is kept in the transaction that did it, for 24 hours, per tenant and client. Only what
//! was done is kept: a refused request may be mended and sent again under its key.

use auth::{Caller, Owner};
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use web::{IdempotencyKey, Problem, Replayed, WriteRequest, problems};

use crate::{DbError, Instead, Kind, KindOf, tx::By};

const KEPT_HOURS: i64 = 24;

pub(crate) fn kept_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - Duration::hours(KEPT_HOURS)
}

struct Stored {
    free: bool,
    fingerprint: Option<Vec<u8>>,
    status: Option<i16>,
    headers: Option<Value>,
    body: Option<Vec<u8>>,
}

/// What one advisory lock stands for: this client's use of this key.
fn lock_name(caller: &Caller, key: &str) -> String {
    let tenant = match &caller.owner {
        Owner::Borough(own) => own.id.to_string(),
        other => other.kind().as_str().to_owned(),
    };
    format!("{tenant} {} {key}", caller.client_id)
}

/// The answer first given under the request's key; nothing where the key is new.
pub(crate) async fn look_up<K: KindOf>(
    connection: &mut PgConnection,
    caller: &Caller,
    request: &WriteRequest,
    now: DateTime<Utc>,
) -> Result<Option<Replayed>, Instead> {
    let Some(key) = &request.key else { return Ok(None) };
    let (key, lock, since) = (key.as_str(), lock_name(caller, key.as_str()), kept_since(now));
    let stored = match K::KIND {
        Kind::Borough => {
            sqlx::query_as!(
                Stored,
                r#"select pg_try_advisory_xact_lock(hashtextextended($4, 0)) as "free!",
                     fingerprint as "fingerprint?", status as "status?", headers as "headers?", body as "body?"
                   from (select 1) one left join platform.idempotency
                     on client_id = $1 and key = $2 and created_at > $3"#,
                caller.client_id,
                key,
                since,
                lock,
            )
            .fetch_one(connection)
            .await
        }
        _ => {
            sqlx::query_as!(
                Stored,
                r#"select pg_try_advisory_xact_lock(hashtextextended($4, 0)) as "free!",
                     fingerprint as "fingerprint?", status as "status?", headers as "headers?", body as "body?"
                   from (select 1) one left join platform.office_idempotency
                     on client_id = $1 and key = $2 and created_at > $3"#,
                caller.client_id,
                key,
                since,
                lock,
            )
            .fetch_one(connection)
            .await
        }
    }
    .map_err(DbError::from)?;

    let Some(fingerprint) = stored.fingerprint else {
        return if stored.free { Ok(None) } else { Err(in_progress().into()) };
    };
    if fingerprint != request.fingerprint {
        return Err(Problem::of_fault(
            &problems::IDEMPOTENCY_KEY_REUSED,
            "Idempotency-Key:",
            "This key was sent before with another request. Use a new key for a new request.",
        )
        .into());
    }
    let headers = stored.headers.as_ref().and_then(Value::as_object).into_iter().flatten();
    let headers = headers
        .filter_map(|(name, value)| Some((name.parse::<HeaderName>().ok()?, value.as_str()?.to_owned())))
        .collect();
    let status = stored.status.and_then(|s| u16::try_from(s).ok()).and_then(|s| StatusCode::from_u16(s).ok());
    let first = Replayed {
        status: status.unwrap_or(StatusCode::OK),
        headers,
        body: stored.body.unwrap_or_default(),
        again: true,
    };
    Ok(Some(first))
}

fn in_progress() -> Problem {
    Problem::new(&problems::REQUEST_IN_PROGRESS, "The first request with this key has not finished.").retry_after(1)
}

fn columns(answer: &Replayed) -> (i16, Value) {
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str())));
    (i16::try_from(answer.status.as_u16()).unwrap_or(200), headers.collect())
}

/// Another request with the key committed between our look and our lock: this one must not be done twice.
fn unless_done(rows_affected: u64) -> Result<(), Problem> {
    if rows_affected == 0 { Err(in_progress()) } else { Ok(()) }
}

/// Keeps the first answer of a write in a borough, and writes its acts, in one statement.
pub(crate) async fn keep_with_acts(
    connection: &mut PgConnection,
    by: &By,
    (key, request): (&IdempotencyKey, &WriteRequest),
    answer: &Replayed,
    acts: &Value,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let (status, headers) = columns(answer);
    let written = sqlx::query!(
        "with act as (
           select borough_id, audit_id, action, subject, before, after, deleted, bumps, unchanged
           from jsonb_to_recordset($12)
             as act (borough_id uuid, audit_id uuid, action text, subject text, before jsonb, after jsonb,
               deleted boolean, bumps text[], unchanged boolean)
         ), waiting as (
           insert into platform.act_waiting (borough_id, audit_id, service, at, action, subject, deleted, bumps)
           select borough_id, audit_id, (select platform.service()), $7, action, subject, coalesce(deleted, false),
             bumps
           from act where unchanged is not true
         ), trail as (
           insert into platform.audit
             (borough_id, audit_id, at, client_id, role, request_id, address, action, subject, before, after)
           select borough_id, audit_id, $7, $1, $9, $10, $11, action, subject, before, after from act
         )
         insert into platform.idempotency as kept
           (borough_id, client_id, key, fingerprint, status, headers, body, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)
         on conflict (borough_id, client_id, key) do update
           set fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
               body = excluded.body, created_at = excluded.created_at
           where kept.created_at <= $8",
        by.caller.client_id,
        key.as_str(),
        &request.fingerprint[..],
        status,
        headers,
        answer.body,
        now,
        kept_since(now),
        by.caller.role.as_str(),
        by.request_id,
        by.address,
        acts
    )
    .execute(connection)
    .await
    .map_err(DbError::from)?;
    unless_done(written.rows_affected())
}

/// Keeps the first answer of a write of the platform's.
pub(crate) async fn keep_of_office(
    connection: &mut PgConnection,
    caller: &Caller,
    (key, request): (&IdempotencyKey, &WriteRequest),
    answer: &Replayed,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let (status, headers) = columns(answer);
    let written = sqlx::query!(
        "insert into platform.office_idempotency as kept
           (client_id, key, fingerprint, status, headers, body, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (client_id, key) do update
           set fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
               body = excluded.body, created_at = excluded.created_at
           where kept.created_at <= $8",
        caller.client_id,
        key.as_str(),
        &request.fingerprint[..],
        status,
        headers,
        answer.body,
        now,
        kept_since(now),
    )
    .execute(connection)
    .await
    .map_err(DbError::from)?;
    unless_done(written.rows_affected())
}
