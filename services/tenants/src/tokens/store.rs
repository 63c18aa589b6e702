//! The SQL of token issuing: clients, before any borough is known.

use auth::{BoroughClaim, Mode, Owner, PartnerClaim, RegionClaim, Role, Scopes};
use chrono::{DateTime, Utc};
use domain::{BoroughId, day_in_england};
use serde_json::Value;
use tenancy::{DbError, Issuer, Tx};
use uuid::Uuid;

use crate::boroughs::BoroughState;

/// The most keys of a client that are looked at: those that work, and those that did not long ago.
const MOST_KEYS: i64 = 50;

/// A client that may get a token.
pub(super) struct Found {
    pub(super) owner: Owner,
    pub(super) role: Role,
    pub(super) scopes: Scopes,
    pub(super) keys: Vec<KeptKey>,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) revoked: bool,
    /// Its borough is not open: suspended, closed, or only named.
    pub(super) suspended: bool,
}

/// A key of a client.
#[derive(Clone)]
pub(super) struct KeptKey {
    /// None of one that an older program made: it is kept with its client.
    id: Option<Uuid>,
    pub(super) hint: String,
    pub(super) secret_hash: Option<Vec<u8>>,
    pub(super) jwk: Option<Value>,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) retires_at: Option<DateTime<Utc>>,
    pub(super) revoked: bool,
}

/// Finds a client, holding off whoever would revoke it or suspend its borough until this transaction ends:
/// a token is issued either before the cut, and cut off, or not at all.
pub(super) async fn find_client(tx: &mut Tx<Issuer>, client_id: &str) -> Result<Option<Found>, DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended('tokens of ' || subject, 0))
         from (select $1::text as subject
               union all
               select borough_id::text from tenants.client where client_id = $1 and borough_id is not null) s",
        client_id
    )
    .fetch_all(tx.connection())
    .await?;
    let row = sqlx::query!(
        r#"select c.owner_kind, c.region, c.ods, c.role, c.scopes, c.secret_hash, c.expires_at, c.created_at,
             c.revoked_at is not null or coalesce(b.clients_cut_at >= c.created_at, false) as "revoked!",
             b.borough_id as "borough_id?", b.slug as "slug?", b.gss as "gss?", b.mode as "mode?", b.state as "state?"
           from tenants.client c left join tenants.borough b on b.borough_id = c.borough_id
           where c.client_id = $1"#,
        client_id
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let mut keys = keys(tx, client_id).await?;
    if let (true, Some(hash)) = (keys.is_empty(), row.secret_hash) {
        keys.push(KeptKey {
            id: None,
            hint: String::new(),
            secret_hash: Some(hash),
            jwk: None,
            starts_at: row.created_at,
            retires_at: None,
            revoked: false,
        });
    }
    let borough = || {
        Some(Owner::Borough(BoroughClaim {
            id: BoroughId(row.borough_id?),
            slug: row.slug.as_deref()?.parse().ok()?,
            gss: row.gss.as_deref()?.parse().ok()?,
            mode: if row.mode.as_deref()? == "live" { Mode::Live } else { Mode::Sandbox },
        }))
    };
    let owner = match row.owner_kind.as_str() {
        "borough" => borough(),
        "region" => row.region.and_then(|r| r.parse().ok()).map(|slug| Owner::Region(RegionClaim { slug })),
        "partner" => row.ods.and_then(|o| o.parse().ok()).map(|ods| Owner::Partner(PartnerClaim { ods })),
        _ => Some(Owner::Platform),
    };
    let (Some(owner), Ok(role), Ok(scopes)) = (owner, row.role.parse(), row.scopes.parse::<Scopes>()) else {
        return Ok(None);
    };
    Ok(Some(Found {
        owner,
        role,
        scopes,
        keys,
        expires_at: row.expires_at,
        revoked: row.revoked,
        suspended: row.state.is_some_and(|state| !BoroughState::parse(&state).is_open()),
    }))
}

async fn keys(tx: &mut Tx<Issuer>, client_id: &str) -> Result<Vec<KeptKey>, DbError> {
    let rows = sqlx::query!(
        r#"select key_id, hint, secret_hash, jwk, starts_at, retires_at, revoked_at is not null as "revoked!"
           from tenants.client_key where client_id = $1
           order by revoked_at is null desc, coalesce(retires_at, 'infinity') desc, key_id desc limit $2"#,
        client_id,
        MOST_KEYS
    )
    .fetch_all(tx.connection())
    .await?;
    let keys = rows.into_iter().map(|row| KeptKey {
        id: Some(row.key_id),
        hint: row.hint,
        secret_hash: row.secret_hash,
        jwk: row.jwk,
        starts_at: row.starts_at,
        retires_at: row.retires_at,
        revoked: row.revoked,
    });
    Ok(keys.collect())
}

/// Where a client publishes its keys, if it does.
pub(super) async fn jwks_uri(tx: &mut Tx<Issuer>, client_id: &str) -> Result<Option<String>, DbError> {
    let found = sqlx::query_scalar!("select jwks_uri from tenants.client where client_id = $1", client_id)
        .fetch_optional(tx.connection())
        .await?;
    Ok(found.flatten())
}

/// Remembers that a key got a token on this day: one write a day, not one a token.
pub(super) async fn note_use(tx: &mut Tx<Issuer>, client_id: &str, key: &KeptKey) -> Result<(), DbError> {
    let today = day_in_england(tx.now());
    sqlx::query!(
        "update tenants.client_key set last_used_on = $3
         where client_id = $1 and key_id = $2 and last_used_on is distinct from $3",
        client_id,
        key.id,
        today
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Uses an assertion up. False where it was used before: of many at once, all but one wait for that one, and find it so.
pub(super) async fn use_assertion(
    tx: &mut Tx<Issuer>,
    digest: &[u8],
    useless_from: DateTime<Utc>,
) -> Result<bool, DbError> {
    let used = sqlx::query!(
        "insert into tenants.used_assertion (digest, expires_at) values ($1, $2) on conflict do nothing",
        digest,
        useless_from
    )
    .execute(tx.connection())
    .await?;
    Ok(used.rows_affected() == 1)
}

/// How many tokens a client has handed back that have not ended.
pub(super) async fn handed_back(tx: &mut Tx<Issuer>, client_id: &str) -> Result<i64, DbError> {
    let now = tx.now();
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from platform.revoked_token where client_id = $1 and expires_at > $2"#,
        client_id,
        now
    )
    .fetch_one(tx.connection())
    .await
    .map_err(Into::into)
}

/// Takes a token back.
pub(super) async fn hand_back(
    tx: &mut Tx<Issuer>,
    token_id: &str,
    client_id: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into platform.revoked_token (token_id, client_id, expires_at) values ($1, $2, $3) on conflict do nothing",
        token_id,
        client_id,
        expires_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
