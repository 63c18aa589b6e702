//! The SQL of the keys of API clients.

use chrono::{DateTime, Utc};
use domain::ClientKeyId;
use sqlx::PgConnection;
use tenancy::{DbError, KindOf, Tx};
use uuid::Uuid;
use web::{
    Move,
    words::{read, word},
};

use super::{
    super::client::ClientOwner,
    key::{KeyBody, KeyState, KeyTimes, NewKey},
};

/// The borough that owns, as tables name it.
pub(crate) fn borough_of(owner: &ClientOwner) -> Option<Uuid> {
    match owner {
        ClientOwner::Borough { id, .. } => Some(id.0),
        _ => None,
    }
}

/// Keeps a key, made and working from the two instants on.
pub(in crate::clients) async fn insert(
    connection: &mut PgConnection,
    owner: &ClientOwner,
    client: &str,
    key: &NewKey,
    (created_at, starts_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<ClientKeyId, DbError> {
    let id = ClientKeyId::at(created_at);
    let (hint, hash, kid, jwk) = match key {
        NewKey::Secret { hash, hint } => (hint, Some(hash), None, None),
        NewKey::Public { kid, thumbprint, jwk } => (thumbprint, None, Some(kid), Some(jwk)),
    };
    sqlx::query!(
        "insert into tenants.client_key
           (client_id, key_id, borough_id, kind, hint, secret_hash, kid, jwk, created_at, starts_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        client,
        id.0,
        borough_of(owner),
        word(key.kind()),
        hint,
        hash,
        kid,
        jwk,
        created_at,
        starts_at
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// A client's keys, all or one.
pub(in crate::clients) async fn list<K: KindOf>(
    tx: &mut Tx<K>,
    client: &str,
    one: Option<ClientKeyId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<KeyBody>, DbError> {
    let now = tx.now();
    let rows = sqlx::query!(
        "select key_id, kind, hint, kid, jwk, created_at, starts_at, retires_at, revoked_at, last_used_on, version
         from tenants.client_key
         where client_id = $1 and ($2::uuid is null or key_id = $2) and ($3::uuid is null or key_id > $3)
         order by key_id limit $4",
        client,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let keys = rows.into_iter().map(|row| {
        let times = KeyTimes { starts_at: row.starts_at, retires_at: row.retires_at, revoked_at: row.revoked_at };
        KeyBody {
            id: ClientKeyId(row.key_id),
            kind: read(&row.kind),
            state: times.state(now),
            hint: row.hint,
            kid: row.kid,
            public_key: row.jwk,
            created_at: row.created_at,
            starts_at: row.starts_at,
            retires_at: row.retires_at,
            revoked_at: row.revoked_at,
            last_used_on: row.last_used_on,
            version: row.version,
        }
    });
    Ok(keys.collect())
}

/// Sets its times. False where it has moved on.
pub(in crate::clients) async fn set_times<K: KindOf>(
    tx: &mut Tx<K>,
    client: &str,
    key: &KeyBody,
    times: KeyTimes,
) -> Result<bool, DbError> {
    let set = sqlx::query!(
        "update tenants.client_key set starts_at = $4, retires_at = $5, revoked_at = $6, version = version + 1
         where client_id = $1 and key_id = $2 and version = $3",
        client,
        key.id.0,
        key.version,
        times.starts_at,
        times.retires_at,
        times.revoked_at
    )
    .execute(tx.connection())
    .await?;
    Ok(set.rows_affected() == 1)
}

/// Remembers a move that was asked for.
pub(in crate::clients) async fn note_move<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    (client, key): (&str, ClientKeyId),
    made: &Move<KeyState>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.client_key_move
           (client_id, key_id, number, borough_id, from_state, to_state, reason, moved_by, moved_at)
         select $1, $2, 1 + count(*), $3, $4, $5, $6, $7, $8 from tenants.client_key_move
         where client_id = $1 and key_id = $2",
        client,
        key.0,
        borough_of(owner),
        word(made.from),
        word(made.to),
        made.reason,
        made.by,
        made.moved_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The moves that were asked for, oldest first.
pub(in crate::clients) async fn moves<K: KindOf>(
    tx: &mut Tx<K>,
    client: &str,
    key: ClientKeyId,
) -> Result<Vec<Move<KeyState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, moved_by, moved_at from tenants.client_key_move
         where client_id = $1 and key_id = $2 order by number limit 500",
        client,
        key.0
    )
    .fetch_all(tx.connection())
    .await?;
    let moves = rows.into_iter().map(|row| Move {
        from: read(&row.from_state),
        to: read(&row.to_state),
        reason: row.reason,
        by: row.moved_by,
        moved_at: row.moved_at,
    });
    Ok(moves.collect())
}
