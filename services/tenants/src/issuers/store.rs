//! The SQL of providers: the same for a borough, which sees its own, and the platform, which sees those of offices.

use chrono::{DateTime, Duration, Utc};
use domain::IssuerId;
use tenancy::{DbError, Issuer, KindOf, Tx};
use uuid::Uuid;
use web::{
    Move,
    words::{read, word},
};

use super::{
    issuer::{IssuerBody, IssuerState},
    open::{PublicIssuer, Whose},
};
use crate::clients::{ClientOwner, borough_of, named};

/// The most a list of the open document holds: more providers than any owner has.
const MOST_OPEN: i64 = 100;

/// An owner's own, all or one.
pub(super) async fn list<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    one: Option<IssuerId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<IssuerBody>, DbError> {
    let (region, ods) = named(owner);
    let rows = sqlx::query!(
        "select issuer_id, name, issuer, audience, mappings, state, jwks_uri, discovered_at, created_at, version
         from tenants.issuer
         where owner_kind = $1 and region is not distinct from $2 and ods is not distinct from $3
           and ($4::uuid is null or issuer_id = $4) and ($5::uuid is null or issuer_id > $5)
         order by issuer_id limit $6",
        owner.kind().as_str(),
        region,
        ods,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let issuers = rows.into_iter().map(|row| IssuerBody {
        id: IssuerId(row.issuer_id),
        name: row.name,
        issuer: row.issuer,
        audience: row.audience,
        mappings: serde_json::from_value(row.mappings).unwrap_or_default(),
        state: read(&row.state),
        jwks_uri: row.jwks_uri,
        discovered_at: row.discovered_at,
        created_at: row.created_at,
        version: row.version,
    });
    Ok(issuers.collect())
}

pub(super) async fn insert<K: KindOf>(tx: &mut Tx<K>, owner: &ClientOwner, issuer: &IssuerBody) -> Result<(), DbError> {
    let (region, ods) = named(owner);
    sqlx::query!(
        "insert into tenants.issuer (issuer_id, owner_kind, borough_id, region, ods, name, issuer, audience, jwks_uri,
           mappings, state, discovered_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        issuer.id.0,
        owner.kind().as_str(),
        borough_of(owner),
        region,
        ods,
        issuer.name,
        issuer.issuer,
        issuer.audience,
        issuer.jwks_uri,
        serde_json::json!(issuer.mappings),
        word(issuer.state),
        issuer.discovered_at,
        issuer.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Keeps what it is from now on. False where it has moved on.
pub(super) async fn change<K: KindOf>(tx: &mut Tx<K>, after: &IssuerBody) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "update tenants.issuer set name = $3, mappings = $4, jwks_uri = $5, discovered_at = $6, version = $2
         where issuer_id = $1 and version + 1 = $2",
        after.id.0,
        after.version,
        after.name,
        serde_json::json!(after.mappings),
        after.jwks_uri,
        after.discovered_at
    )
    .execute(tx.connection())
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Moves it. False where it has moved on.
pub(super) async fn shift<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    issuer: &IssuerBody,
    made: &Move<IssuerState>,
) -> Result<bool, DbError> {
    let moved = sqlx::query!(
        "update tenants.issuer set state = $3, version = version + 1 where issuer_id = $1 and version = $2",
        issuer.id.0,
        issuer.version,
        word(made.to)
    )
    .execute(tx.connection())
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into tenants.issuer_move (issuer_id, number, borough_id, from_state, to_state, reason, moved_by, moved_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        issuer.id.0,
        issuer.version,
        borough_of(owner),
        word(made.from),
        word(made.to),
        made.reason,
        made.by,
        made.moved_at
    )
    .execute(tx.connection())
    .await?;
    Ok(true)
}

pub(super) async fn moves<K: KindOf>(tx: &mut Tx<K>, id: IssuerId) -> Result<Vec<Move<IssuerState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, moved_by, moved_at from tenants.issuer_move
         where issuer_id = $1 order by number limit 500",
        id.0
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

/// Refuses the tokens of all who sign in there that were issued up to now, and a second more.
pub(super) async fn cut_tokens<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    id: IssuerId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into platform.client_epoch as e (client_id, borough_id, not_before, reason)
         select m.member_id, $2, $3, $4 from tenants.member m where m.issuer_id = $1 and m.state <> 'removed'
         on conflict (client_id) do update set not_before = excluded.not_before, reason = excluded.reason",
        id.0,
        borough_of(owner),
        now + Duration::seconds(1),
        reason
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Where the people of an owner sign in, for everybody to read.
pub(super) async fn open(tx: &mut Tx<Issuer>, whose: &Whose) -> Result<Vec<PublicIssuer>, DbError> {
    let (kind, named) = whose.asked();
    let rows = sqlx::query!(
        r#"select i.issuer, i.audience, b.mode as "mode?"
           from tenants.issuer i left join tenants.borough b on b.borough_id = i.borough_id
           where i.state = 'active' and i.owner_kind = $1
             and ($1 = 'platform' or $2 in (b.slug, b.gss, i.region, i.ods))
           order by b.mode, i.issuer_id limit $3"#,
        kind.as_str(),
        named,
        MOST_OPEN
    )
    .fetch_all(tx.connection())
    .await?;
    let issuers = rows.into_iter().map(|row| PublicIssuer {
        issuer: row.issuer,
        audience: row.audience,
        mode: row.mode.map_or(auth::Mode::Live, |mode| read(&mode)),
    });
    Ok(issuers.collect())
}
