//! The SQL of boroughs.

use auth::Mode;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{BoroughId, Slug};
use tenancy::{Borough, DbError, KindOf, Platform, Tx};
use uuid::Uuid;
use web::Move;

use super::{
    BoroughState,
    borough::{BoroughBody, BoroughDraft},
};

struct BoroughRow {
    borough_id: Uuid,
    slug: String,
    gss: String,
    name: String,
    mode: String,
    state: String,
    retained_until: Option<NaiveDate>,
    created_at: DateTime<Utc>,
    version: i64,
}

impl From<BoroughRow> for BoroughBody {
    fn from(row: BoroughRow) -> Self {
        Self {
            id: BoroughId(row.borough_id),
            slug: row.slug.parse().expect("checked by the table"),
            gss: row.gss.parse().expect("checked by the table"),
            name: row.name,
            mode: if row.mode == "live" { Mode::Live } else { Mode::Sandbox },
            state: BoroughState::parse(&row.state),
            retained_until: row.retained_until,
            created_at: row.created_at,
            version: row.version,
        }
    }
}

/// The borough of the transaction.
pub(crate) async fn own(tx: &mut Tx<Borough>) -> Result<BoroughBody, DbError> {
    let row = sqlx::query_as!(
        BoroughRow,
        "select borough_id, slug, gss, name, mode, state, retained_until, created_at, version from tenants.borough"
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(row.into())
}

pub(super) async fn list(
    tx: &mut Tx<Platform>,
    mode: Mode,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<BoroughBody>, DbError> {
    let rows = sqlx::query_as!(
        BoroughRow,
        "select borough_id, slug, gss, name, mode, state, retained_until, created_at, version from tenants.borough
         where mode = $1 and ($2::text is null or slug > $2) order by slug limit $3",
        mode.as_str(),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(super) async fn find_live(tx: &mut Tx<Platform>, in_path: &str) -> Result<Option<BoroughBody>, DbError> {
    let row = sqlx::query_as!(
        BoroughRow,
        "select borough_id, slug, gss, name, mode, state, retained_until, created_at, version from tenants.borough
         where mode = 'live' and (slug = $1 or gss = $1)",
        in_path
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(Into::into))
}

pub(super) async fn region_exists(tx: &mut Tx<Platform>, region: &str) -> Result<bool, DbError> {
    let there =
        sqlx::query_scalar!(r#"select exists (select from tenants.region where region = $1) as "there!""#, region)
            .fetch_one(tx.connection())
            .await?;
    Ok(there)
}

/// The officer's client that asked for it.
pub(super) async fn asked_for_by(tx: &mut Tx<Platform>, id: BoroughId) -> Result<Option<String>, DbError> {
    let by = sqlx::query_scalar!("select asked_for_by from tenants.borough where borough_id = $1", id.0)
        .fetch_one(tx.connection())
        .await?;
    Ok(by)
}

pub(super) async fn insert(
    tx: &mut Tx<Platform>,
    id: BoroughId,
    draft: &BoroughDraft,
    mode: Mode,
    asked_for_by: &str,
) -> Result<BoroughBody, DbError> {
    let now = tx.now();
    // A sandbox follows its borough: until that is opened, nobody works there either.
    let state = if draft.draft { BoroughState::Draft } else { BoroughState::InSetup };
    let row = sqlx::query_as!(
        BoroughRow,
        "insert into tenants.borough (borough_id, slug, mode, gss, name, state, created_at, asked_for_by)
         values ($1, $2, $3, $4, $5, $8, $6, $7)
         returning borough_id, slug, gss, name, mode, state, retained_until, created_at, version",
        id.0,
        draft.slug.as_str(),
        mode.as_str(),
        draft.gss.as_str(),
        draft.name.trim(),
        now,
        asked_for_by,
        state.as_str()
    )
    .fetch_one(tx.connection())
    .await?;
    if mode == Mode::Live {
        sqlx::query!(
            "insert into tenants.region_borough (borough_id, region, expected_from) values ($1, $2, $3)",
            id.0,
            draft.region.as_str(),
            draft.expected_from
        )
        .execute(tx.connection())
        .await?;
    }
    Ok(row.into())
}

pub(super) async fn history<K: KindOf>(tx: &mut Tx<K>, id: BoroughId) -> Result<Vec<Move<BoroughState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, client_id, moved_at from tenants.borough_move
         where borough_id = $1 order by number",
        id.0
    )
    .fetch_all(tx.connection())
    .await?;
    let moves = rows.into_iter().map(|row| Move {
        from: BoroughState::parse(&row.from_state),
        to: BoroughState::parse(&row.to_state),
        reason: row.reason,
        by: row.client_id,
        moved_at: row.moved_at,
    });
    Ok(moves.collect())
}

/// Moves it, where it is still at the version that was read. False where it has moved on.
pub(super) async fn move_to<K: KindOf>(
    tx: &mut Tx<K>,
    borough: &BoroughBody,
    to: BoroughState,
    reason: &str,
    client_id: &str,
) -> Result<bool, DbError> {
    let moved = sqlx::query!(
        "update tenants.borough set state = $3, version = version + 1 where borough_id = $1 and version = $2",
        borough.id.0,
        borough.version,
        to.as_str()
    )
    .execute(tx.connection())
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    let now = tx.now();
    sqlx::query!(
        "insert into tenants.borough_move (borough_id, number, from_state, to_state, reason, client_id, moved_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        borough.id.0,
        borough.version,
        borough.state.as_str(),
        to.as_str(),
        reason,
        client_id,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(true)
}

/// Cuts off every token of the borough issued so far.
pub(super) async fn cut_off(tx: &mut Tx<Platform>, id: BoroughId, reason: &str) -> Result<(), DbError> {
    // Whoever is issuing a token for it now finishes first; then the clock is read.
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('tokens of ' || $1, 0))", id.0.to_string())
        .fetch_one(tx.connection())
        .await?;
    let not_before = tx.clock_now() + chrono::Duration::seconds(1);
    sqlx::query!(
        "insert into platform.borough_epoch (borough_id, not_before, reason) values ($1, $2, $3)
         on conflict (borough_id) do update set not_before = excluded.not_before, reason = excluded.reason",
        id.0,
        not_before,
        reason
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The sandbox beside a live borough.
pub(super) async fn sandbox_of(tx: &mut Tx<Platform>, slug: &str) -> Result<Option<BoroughBody>, DbError> {
    let row = sqlx::query_as!(
        BoroughRow,
        "select borough_id, slug, gss, name, mode, state, retained_until, created_at, version from tenants.borough
         where mode = 'sandbox' and slug = $1",
        slug
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(Into::into))
}

/// Gives it a name, and a quota where one is given. False where it has moved on.
pub(super) async fn change(
    tx: &mut Tx<Platform>,
    borough: &BoroughBody,
    name: &str,
    calls_a_day: Option<i64>,
) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "update tenants.borough set name = $3, calls_a_day = coalesce($4, calls_a_day), version = version + 1
         where borough_id = $1 and version = $2",
        borough.id.0,
        borough.version,
        name,
        calls_a_day
    )
    .execute(tx.connection())
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// The region that expects it now, and since when.
pub(super) async fn expected_by(tx: &mut Tx<Platform>, id: BoroughId) -> Result<Option<(Slug, NaiveDate)>, DbError> {
    let row = sqlx::query!(
        "select region, expected_from from tenants.region_borough where borough_id = $1 order by expected_from desc limit 1",
        id.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| (row.region.parse().expect("checked by the table"), row.expected_from)))
}

/// Keeps the record of a closed borough until a day.
pub(super) async fn retain(tx: &mut Tx<Platform>, id: BoroughId, until: NaiveDate) -> Result<(), DbError> {
    sqlx::query!("update tenants.borough set retained_until = $2 where borough_id = $1", id.0, until)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Who moved it to a state last, and when.
pub(super) async fn last_moved_to(
    tx: &mut Tx<Platform>,
    id: BoroughId,
    state: BoroughState,
) -> Result<Option<(String, DateTime<Utc>)>, DbError> {
    let row = sqlx::query!(
        "select client_id, moved_at from tenants.borough_move where borough_id = $1 and to_state = $2
         order by number desc limit 1",
        id.0,
        state.as_str()
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| (row.client_id, row.moved_at)))
}

/// Orders that its record be destroyed. It is due at once: the day until which it is kept has passed.
pub(super) async fn order_purge(tx: &mut Tx<Platform>, id: BoroughId) -> Result<(), DbError> {
    sqlx::query!(
        "insert into platform.purge_order (borough_id, ordered_at, due_at) values ($1, now(), now())
         on conflict (borough_id) do nothing",
        id.0
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Has a new sandbox filled with something to try things out on.
pub(super) async fn have_filled(tx: &mut Tx<Platform>, sandbox: &BoroughBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into platform.seed_due (borough_id, service, slug, gss, name) values ($1, 'tenants', $2, $3, $4)",
        sandbox.id.0,
        sandbox.slug.as_str(),
        sandbox.gss.as_str(),
        sandbox.name
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
