//! The SQL of API clients.

use auth::OwnerKind;
use chrono::{DateTime, Utc};
use domain::{Ods, Slug};
use sqlx::PgConnection;
use tenancy::{Borough, DbError, Platform, Tx};

use super::client::{ClientBody, ClientOwner, ClientState, NewClient};

struct ClientRow {
    client_id: String,
    owner_kind: String,
    name: String,
    role: String,
    scopes: String,
    secret_hint: String,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    version: i64,
}

impl From<ClientRow> for ClientBody {
    fn from(row: ClientRow) -> Self {
        Self {
            id: row.client_id,
            owner_kind: match row.owner_kind.as_str() {
                "region" => OwnerKind::Region,
                "partner" => OwnerKind::Partner,
                "platform" => OwnerKind::Platform,
                _ => OwnerKind::Borough,
            },
            name: row.name,
            role: row.role,
            scopes: row.scopes,
            state: if row.revoked_at.is_some() { ClientState::Revoked } else { ClientState::Active },
            secret_hint: row.secret_hint,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
            version: row.version,
        }
    }
}

/// The borough's own, all or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<&str>,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<ClientBody>, DbError> {
    let rows = sqlx::query_as!(
        ClientRow,
        "select client_id, owner_kind, name, role, scopes, secret_hint, created_at, revoked_at, version
         from tenants.client
         where ($1::text is null or client_id = $1) and ($2::text is null or client_id > $2)
         order by client_id limit $3",
        one,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// An office's own.
pub(super) async fn list_office(
    tx: &mut Tx<Platform>,
    owner: &ClientOwner,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<ClientBody>, DbError> {
    let (region, ods) = named(owner);
    let rows = sqlx::query_as!(
        ClientRow,
        "select client_id, owner_kind, name, role, scopes, secret_hint, created_at, revoked_at, version
         from tenants.client
         where owner_kind = $1 and region is not distinct from $2 and ods is not distinct from $3
           and borough_id is null and ($4::text is null or client_id > $4)
         order by client_id limit $5",
        owner.kind().as_str(),
        region,
        ods,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

fn named(owner: &ClientOwner) -> (Option<&str>, Option<&str>) {
    match owner {
        ClientOwner::Region(slug) => (Some(Slug::as_str(slug)), None),
        ClientOwner::Partner(ods) => (None, Some(Ods::as_str(ods))),
        ClientOwner::Borough { .. } | ClientOwner::Platform => (None, None),
    }
}

pub(super) async fn insert(connection: &mut PgConnection, client: &NewClient) -> Result<(), DbError> {
    let (region, ods) = named(&client.owner);
    let borough = match &client.owner {
        ClientOwner::Borough { id, .. } => Some(id.0),
        _ => None,
    };
    sqlx::query!(
        "insert into tenants.client
           (client_id, owner_kind, borough_id, region, ods, name, role, scopes, secret_hash, secret_hint, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        client.client_id,
        client.owner.kind().as_str(),
        borough,
        region,
        ods,
        client.name,
        client.role.as_str(),
        client.scopes.to_string(),
        client.secret_hash,
        client.secret_hint,
        client.created_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A borough's first, made by the platform.
pub(crate) async fn insert_first(tx: &mut Tx<Platform>, client: &NewClient) -> Result<(), DbError> {
    insert(tx.connection(), client).await
}

pub(super) async fn region_exists(tx: &mut Tx<Platform>, region: &str) -> Result<bool, DbError> {
    let there =
        sqlx::query_scalar!(r#"select exists (select from tenants.region where region = $1) as "there!""#, region)
            .fetch_one(tx.connection())
            .await?;
    Ok(there)
}

/// Revokes it and cuts off its tokens. False where it has moved on.
pub(super) async fn revoke(tx: &mut Tx<Borough>, client: &ClientBody, reason: &str) -> Result<bool, DbError> {
    // Whoever is issuing it a token now finishes first; then the clock is read.
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('tokens of ' || $1, 0))", client.id)
        .fetch_one(tx.connection())
        .await?;
    let now = tx.clock_now();
    let revoked = sqlx::query!(
        "update tenants.client set revoked_at = $3, version = version + 1 where client_id = $1 and version = $2",
        client.id,
        client.version,
        now
    )
    .execute(tx.connection())
    .await?;
    if revoked.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into platform.client_epoch (client_id, borough_id, not_before, reason)
         values ($1, platform.borough(), $2, $3)",
        client.id,
        now + chrono::Duration::seconds(1),
        reason
    )
    .execute(tx.connection())
    .await?;
    Ok(true)
}
