//! The SQL of the keys tokens are signed with.

use chrono::{DateTime, Utc};
use tenancy::{DbError, Issuer, KindOf, Platform, Tx};

use super::signing_key::{Plan, SigningKeyBody, SigningState, Times, states};

/// A key as it is kept: sealed.
pub(super) struct Kept {
    pub(super) kid: String,
    pub(super) sealed: Vec<u8>,
    pub(super) times: Times,
}

/// Those that are published, in the order they were made.
pub(super) async fn published(tx: &mut Tx<Issuer>) -> Result<Vec<Kept>, DbError> {
    let now = tx.now();
    let rows = sqlx::query!(
        "select kid, sealed, signs_from, retires_at from tenants.signing_key
         where retires_at is null or retires_at > $1 order by number",
        now
    )
    .fetch_all(tx.connection())
    .await?;
    let kept = rows.into_iter().map(|row| Kept {
        kid: row.kid,
        sealed: row.sealed,
        times: Times { signs_from: row.signs_from, retires_at: row.retires_at },
    });
    Ok(kept.collect())
}

/// One rotation at a time, whichever replica makes it.
pub(super) async fn hold<K: KindOf>(tx: &mut Tx<K>) -> Result<DateTime<Utc>, DbError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('signing keys', 0))")
        .fetch_one(tx.connection())
        .await?;
    Ok(tx.clock_now())
}

/// The times of all there ever were, and when the newest was made.
pub(super) async fn times<K: KindOf>(tx: &mut Tx<K>) -> Result<(Vec<Times>, Option<DateTime<Utc>>), DbError> {
    let rows = sqlx::query!("select signs_from, retires_at, created_at from tenants.signing_key order by number")
        .fetch_all(tx.connection())
        .await?;
    let newest = rows.last().map(|row| row.created_at);
    Ok((rows.iter().map(|row| Times { signs_from: row.signs_from, retires_at: row.retires_at }).collect(), newest))
}

/// A new key, sealed, and who wanted it why.
pub(super) struct New<'a> {
    pub(super) kid: &'a str,
    pub(super) sealed: &'a [u8],
    pub(super) made_by: &'a str,
    pub(super) reason: &'a str,
}

/// Keeps a new key; those before it get their end.
pub(super) async fn insert<K: KindOf>(
    tx: &mut Tx<K>,
    new: &New<'_>,
    plan: Plan,
    now: DateTime<Utc>,
) -> Result<SigningKeyBody, DbError> {
    sqlx::query!("update tenants.signing_key set retires_at = $1 where retires_at is null", plan.others_retire_at)
        .execute(tx.connection())
        .await?;
    let number = sqlx::query_scalar!(
        "insert into tenants.signing_key (kid, sealed, made_by, reason, created_at, signs_from)
         values ($1, $2, $3, $4, $5, $6) returning number",
        new.kid,
        new.sealed,
        new.made_by,
        new.reason,
        now,
        plan.signs_from
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(SigningKeyBody {
        id: new.kid.to_owned(),
        state: if plan.signs_from > now { SigningState::Pending } else { SigningState::Active },
        made_by: new.made_by.to_owned(),
        reason: new.reason.to_owned(),
        created_at: now,
        signs_from: plan.signs_from,
        retires_at: None,
        number,
    })
}

/// The newest first.
pub(super) async fn list(
    tx: &mut Tx<Platform>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<SigningKeyBody>, DbError> {
    let (all, _) = times(tx).await?;
    let now = tx.now();
    // One that was retired early leaves no gap: states go by place.
    let states = states(&all, now);
    let rows = sqlx::query!(
        r#"select number, place as "place!", kid, made_by, reason, created_at, signs_from, retires_at
           from (select *, row_number() over (order by number) as place
                 from (select number, kid, made_by, reason, created_at, signs_from, retires_at from tenants.signing_key) k) k
           where $1::bigint is null or number < $1 order by number desc limit $2"#,
        before,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let keys = rows.into_iter().map(|row| SigningKeyBody {
        state: usize::try_from(row.place - 1)
            .ok()
            .and_then(|at| states.get(at).copied())
            .unwrap_or(SigningState::Retired),
        id: row.kid,
        made_by: row.made_by,
        reason: row.reason,
        created_at: row.created_at,
        signs_from: row.signs_from,
        retires_at: row.retires_at,
        number: row.number,
    });
    Ok(keys.collect())
}
