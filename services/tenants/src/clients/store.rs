//! The SQL of API clients: the same for a borough, which sees its own, and the platform, which sees those of offices.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use domain::{Ods, Slug, day_in_england};
use sqlx::PgConnection;
use tenancy::{Borough, DbError, KindOf, Platform, Tx};
use web::words::{read, word};

use super::{
    client::{ClientBody, ClientChange, ClientOwner, ClientState, NewClient},
    keys::store as key_store,
};

struct ClientRow {
    client_id: String,
    owner_kind: String,
    name: String,
    role: String,
    scopes: String,
    authentication: String,
    jwks_uri: Option<String>,
    secret_hint: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    version: i64,
}

impl ClientRow {
    fn at(self, now: DateTime<Utc>) -> ClientBody {
        let over = self.expires_at.is_some_and(|at| at <= now);
        let last_day = |at: DateTime<Utc>| -> NaiveDate { day_in_england(at - Duration::seconds(1)) };
        ClientBody {
            id: self.client_id,
            owner_kind: read(&self.owner_kind),
            name: self.name,
            role: self.role,
            scopes: self.scopes,
            state: match self.revoked_at {
                Some(_) => ClientState::Revoked,
                None if over => ClientState::Expired,
                None => ClientState::Active,
            },
            authentication: read(&self.authentication),
            secret_hint: self.secret_hint,
            jwks_uri: self.jwks_uri,
            expires_on: self.expires_at.map(last_day),
            created_at: self.created_at,
            revoked_at: self.revoked_at,
            version: self.version,
        }
    }
}

/// An owner's own, all or one.
pub(super) async fn list<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    one: Option<&str>,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<ClientBody>, DbError> {
    let (region, ods) = named(owner);
    let now = tx.now();
    let rows = sqlx::query_as!(
        ClientRow,
        r#"select c.client_id, c.owner_kind, c.name, c.role, c.scopes, c.authentication, c.jwks_uri, c.expires_at, c.created_at,
             coalesce(c.revoked_at, case when b.clients_cut_at >= c.created_at then b.clients_cut_at end) as "revoked_at?",
             c.version,
             (select k.hint from tenants.client_key k where k.client_id = c.client_id and k.kind = 'secret'
              order by k.created_at desc, k.key_id desc limit 1) as "secret_hint?"
           from tenants.client c left join tenants.borough b on b.borough_id = c.borough_id
           where c.owner_kind = $1 and c.region is not distinct from $2 and c.ods is not distinct from $3
             and ($4::text is null or c.client_id = $4) and ($5::text is null or c.client_id > $5)
           order by c.client_id limit $6"#,
        owner.kind().as_str(),
        region,
        ods,
        one,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| row.at(now)).collect())
}

/// The region or the partner that owns, as tables name it.
pub(crate) fn named(owner: &ClientOwner) -> (Option<&str>, Option<&str>) {
    match owner {
        ClientOwner::Region(slug) => (Some(Slug::as_str(slug)), None),
        ClientOwner::Partner(ods) => (None, Some(Ods::as_str(ods))),
        ClientOwner::Borough { .. } | ClientOwner::Platform => (None, None),
    }
}

pub(super) async fn insert(connection: &mut PgConnection, client: &NewClient) -> Result<(), DbError> {
    let (region, ods) = named(&client.owner);
    sqlx::query!(
        "insert into tenants.client
           (client_id, owner_kind, borough_id, region, ods, name, role, scopes, authentication, jwks_uri, expires_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        client.client_id,
        client.owner.kind().as_str(),
        key_store::borough_of(&client.owner),
        region,
        ods,
        client.name,
        client.role.as_str(),
        client.scopes.to_string(),
        word(client.authentication),
        client.jwks_uri,
        client.expires_at,
        client.created_at
    )
    .execute(&mut *connection)
    .await?;
    for key in &client.keys {
        let times = (client.created_at, client.created_at);
        key_store::insert(connection, &client.owner, &client.client_id, key, times).await?;
    }
    Ok(())
}

/// A borough's first, or its new first after an incident, made by the platform.
pub(crate) async fn insert_first(tx: &mut Tx<Platform>, client: &NewClient) -> Result<(), DbError> {
    insert(tx.connection(), client).await
}

pub(crate) async fn region_exists<K: KindOf>(tx: &mut Tx<K>, region: &str) -> Result<bool, DbError> {
    let there =
        sqlx::query_scalar!(r#"select exists (select from tenants.region where region = $1) as "there!""#, region)
            .fetch_one(tx.connection())
            .await?;
    Ok(there)
}

/// Changes it. False where it has moved on.
pub(super) async fn change<K: KindOf>(
    tx: &mut Tx<K>,
    client: &ClientBody,
    change: &ClientChange,
    expires_at: Option<DateTime<Utc>>,
) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "update tenants.client
         set name = coalesce($3, name), expires_at = coalesce($4, expires_at), jwks_uri = coalesce($5, jwks_uri),
           warned_days = case when $4::timestamptz is null then warned_days end, version = version + 1
         where client_id = $1 and version = $2",
        client.id,
        client.version,
        change.name.as_deref().map(str::trim),
        expires_at,
        change.jwks_uri
    )
    .execute(tx.connection())
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Waits until whoever is issuing a token to the subject has finished, and holds off others: then the clock is read.
pub(crate) async fn hold_tokens<K: KindOf>(tx: &mut Tx<K>, subject: &str) -> Result<DateTime<Utc>, DbError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('tokens of ' || $1, 0))", subject)
        .fetch_one(tx.connection())
        .await?;
    Ok(tx.clock_now())
}

/// Refuses the tokens a client got up to now, and a second more: they are told apart by whole seconds.
pub(crate) async fn cut_tokens<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    client: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into platform.client_epoch (client_id, borough_id, not_before, reason) values ($1, $2, $3, $4)
         on conflict (client_id) do update set not_before = excluded.not_before, reason = excluded.reason",
        client,
        key_store::borough_of(owner),
        now + Duration::seconds(1),
        reason
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Revokes it and cuts off its tokens. False where it has moved on.
pub(super) async fn revoke<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    client: &ClientBody,
    reason: &str,
) -> Result<bool, DbError> {
    let now = hold_tokens(tx, &client.id).await?;
    let revoked = sqlx::query!(
        "update tenants.client set revoked_at = $3, version = version + 1
         where client_id = $1 and version = $2 and revoked_at is null",
        client.id,
        client.version,
        now
    )
    .execute(tx.connection())
    .await?;
    if revoked.rows_affected() == 0 {
        return Ok(false);
    }
    cut_tokens(tx, owner, &client.id, reason, now).await?;
    Ok(true)
}

/// Revokes every client of the borough but `spared`, and cuts off their tokens; says which.
pub(super) async fn revoke_all(
    tx: &mut Tx<Borough>,
    borough: &ClientOwner,
    spared: Option<&str>,
    reason: &str,
) -> Result<(Vec<String>, DateTime<Utc>), DbError> {
    let subject = key_store::borough_of(borough).unwrap_or_default().to_string();
    crate::administrators::hold(tx, borough).await?;
    // Every token of the borough is issued under this lock too.
    let now = hold_tokens(tx, &subject).await?;
    let revoked = sqlx::query_scalar!(
        "with gone as (
           update tenants.client set revoked_at = $2, version = version + 1
           where revoked_at is null and client_id is distinct from $1 returning client_id
         ), cut as (
           insert into platform.client_epoch as e (client_id, borough_id, not_before, reason)
           select client_id, platform.borough(), $3, $4 from gone
           on conflict (client_id) do update set not_before = excluded.not_before, reason = excluded.reason
         )
         select client_id from gone order by 1",
        spared,
        now,
        now + Duration::seconds(1),
        reason
    )
    .fetch_all(tx.connection())
    .await?;
    Ok((revoked, now))
}

/// As the platform, of a borough whose clients it does not see: every one made up to now counts as revoked, and every
/// token of the borough issued up to now is cut off.
pub(super) async fn cut_borough(
    tx: &mut Tx<Platform>,
    borough: uuid::Uuid,
    reason: &str,
) -> Result<DateTime<Utc>, DbError> {
    let now = hold_tokens(tx, &borough.to_string()).await?;
    sqlx::query!("update tenants.borough set clients_cut_at = $2 where borough_id = $1", borough, now)
        .execute(tx.connection())
        .await?;
    sqlx::query!(
        "insert into platform.borough_epoch (borough_id, not_before, reason) values ($1, $2, $3)
         on conflict (borough_id) do update set not_before = excluded.not_before, reason = excluded.reason",
        borough,
        now + Duration::seconds(1),
        reason
    )
    .execute(tx.connection())
    .await?;
    Ok(now)
}
