//! The SQL of exports.

use auth::Hash;
use chrono::{DateTime, Duration, Utc};
use domain::{BoroughId, ExportId};
use serde_json::Value;
use tenancy::{Archive, Borough, DbError, Platform, Tx, Work};
use uuid::Uuid;
use web::words::read;

use super::{
    export::{ExportBody, ExportProgress},
    manifest::{ManifestBorough, ManifestRegion},
};

struct ExportRow {
    export_id: Uuid,
    state: String,
    reason: String,
    asked_by: String,
    asked_at: DateTime<Utc>,
    done: i32,
    total: i32,
    made_at: Option<DateTime<Utc>>,
    settled: Option<bool>,
    bytes: Option<i64>,
    sha256: Option<Vec<u8>>,
    expires_at: Option<DateTime<Utc>>,
    failure: Option<String>,
}

impl From<ExportRow> for ExportBody {
    fn from(row: ExportRow) -> Self {
        Self {
            id: ExportId(row.export_id),
            state: read(&row.state),
            reason: row.reason,
            asked_by: row.asked_by,
            asked_at: row.asked_at,
            progress: ExportProgress { done: row.done, total: row.total },
            made_at: row.made_at,
            at_rest: row.settled,
            bytes: row.bytes,
            sha256: row.sha256.map(|sum| Hash::kept(&sum).to_string()),
            expires_at: row.expires_at,
            failure: row.failure,
        }
    }
}

/// A borough's, newest first, all or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<ExportId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ExportBody>, DbError> {
    let rows = sqlx::query_as!(
        ExportRow,
        "select export_id, state, reason, asked_by, asked_at, done, total, made_at, settled, bytes, sha256, expires_at,
           failure
         from tenants.export
         where ($1::uuid is null or export_id = $1) and ($2::uuid is null or export_id < $2)
         order by export_id desc limit $3",
        one.map(|id| id.0),
        before,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many wait to be made, and how many were asked for within a day. Two that ask at once wait for each other.
pub(super) async fn asked_lately(tx: &mut Tx<Borough>) -> Result<(i64, i64), DbError> {
    let since = tx.now() - Duration::days(1);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('exports of ' || platform.borough(), 0))")
        .fetch_one(tx.connection())
        .await?;
    let row = sqlx::query!(
        r#"select count(*) filter (where state in ('waiting', 'making')) as "waiting!",
             count(*) filter (where asked_at > $1) as "lately!" from tenants.export"#,
        since
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((row.waiting, row.lately))
}

pub(super) async fn insert(tx: &mut Tx<Borough>, borough: BoroughId, export: &ExportBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.export (borough_id, export_id, reason, state, asked_by, asked_at)
         values ($1, $2, $3, 'waiting', $4, $5)",
        borough.0,
        export.id.0,
        export.reason,
        export.asked_by,
        export.asked_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Asks for one as the platform, for a borough that leaves.
pub(crate) async fn ask_on_platform(
    tx: &mut Tx<Platform>,
    borough: BoroughId,
    reason: &str,
    asked_by: &str,
) -> Result<ExportId, DbError> {
    let now = tx.now();
    let id = ExportId::at(now);
    sqlx::query!(
        "insert into tenants.export (borough_id, export_id, reason, state, asked_by, asked_at)
         values ($1, $2, $3, 'waiting', $4, $5)",
        borough.0,
        id.0,
        reason,
        asked_by,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(id)
}

/// Whether an export of a borough that was asked for since an instant is made.
pub(crate) async fn made_since(
    tx: &mut Tx<Platform>,
    borough: BoroughId,
    since: DateTime<Utc>,
) -> Result<bool, DbError> {
    let there = sqlx::query_scalar!(
        r#"select exists (select from tenants.export
                          where borough_id = $1 and asked_at >= $2 and state in ('made', 'expired')) as "there!""#,
        borough.0,
        since
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(there)
}

pub(super) async fn manifest(tx: &mut Tx<Borough>, id: ExportId) -> Result<Option<Value>, DbError> {
    let found = sqlx::query_scalar!("select manifest from tenants.export where export_id = $1", id.0)
        .fetch_optional(tx.connection())
        .await?;
    Ok(found.flatten())
}

/// An export that waits to be made, or whose maker has not been heard of; or one past its time.
pub(super) struct Due {
    pub(super) borough: BoroughId,
    pub(super) export: ExportId,
    pub(super) expired: bool,
}

pub(super) async fn due(tx: &mut Tx<Work>, silence: Duration) -> Result<Vec<Due>, DbError> {
    let now = tx.now();
    let rows = sqlx::query!(
        r#"select borough_id, export_id, state = 'made' as "expired!" from tenants.export
           where state = 'waiting' or (state = 'making' and seen_at < $2) or (state = 'made' and expires_at <= $1)
           order by asked_at limit 20"#,
        now,
        now - silence
    )
    .fetch_all(tx.connection())
    .await?;
    let due = rows.into_iter().map(|row| Due {
        borough: BoroughId(row.borough_id),
        export: ExportId(row.export_id),
        expired: row.expired,
    });
    Ok(due.collect())
}

/// Takes it on, where nobody else has. The number of the attempt, from 1.
pub(super) async fn take(tx: &mut Tx<Borough>, id: ExportId, silence: Duration) -> Result<Option<i32>, DbError> {
    let now = tx.now();
    let attempt = sqlx::query_scalar!(
        "update tenants.export set state = 'making', seen_at = $2, attempts = attempts + 1, done = 0, total = 0,
           version = version + 1
         where export_id = $1 and (state = 'waiting' or (state = 'making' and seen_at < $3)) returning attempts",
        id.0,
        now,
        now - silence
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(attempt)
}

/// Says that its maker is still there. False where it is another's by now.
pub(super) async fn tell(
    tx: &mut Tx<Borough>,
    id: ExportId,
    attempt: i32,
    (done, total): (i32, i32),
) -> Result<bool, DbError> {
    let now = tx.now();
    let told = sqlx::query!(
        "update tenants.export set seen_at = $3, done = $4, total = $5
         where export_id = $1 and state = 'making' and attempts = $2",
        id.0,
        attempt,
        now,
        done,
        total
    )
    .execute(tx.connection())
    .await?;
    Ok(told.rows_affected() == 1)
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) at_rest: bool,
    pub(super) bytes: i64,
    pub(super) sha256: [u8; 32],
    pub(super) manifest: Value,
    pub(super) expires_at: DateTime<Utc>,
}

/// Keeps what came of it. False where it is another's by now.
pub(super) async fn made(tx: &mut Tx<Borough>, id: ExportId, attempt: i32, outcome: &Outcome) -> Result<bool, DbError> {
    let now = tx.now();
    let kept = sqlx::query!(
        "update tenants.export set state = 'made', made_at = $3, settled = $4, bytes = $5, sha256 = $6, manifest = $7,
           expires_at = $8, done = total, version = version + 1
         where export_id = $1 and state = 'making' and attempts = $2",
        id.0,
        attempt,
        now,
        outcome.at_rest,
        outcome.bytes,
        &outcome.sha256,
        outcome.manifest,
        outcome.expires_at
    )
    .execute(tx.connection())
    .await?;
    Ok(kept.rows_affected() == 1)
}

pub(super) async fn failed(tx: &mut Tx<Borough>, id: ExportId, why: &str) -> Result<(), DbError> {
    sqlx::query!(
        "update tenants.export set state = 'failed', failure = $2, version = version + 1
         where export_id = $1 and state = 'making'",
        id.0,
        why
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn expired(tx: &mut Tx<Borough>, id: ExportId) -> Result<(), DbError> {
    sqlx::query!(
        "update tenants.export set state = 'expired', version = version + 1 where export_id = $1 and state = 'made'",
        id.0
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whose archive it is, and which regions expect it.
pub(super) async fn borough(tx: &mut Tx<Archive>) -> Result<(ManifestBorough, Vec<ManifestRegion>), DbError> {
    let row = sqlx::query!("select borough_id, slug, gss, name, mode from tenants.borough")
        .fetch_one(tx.connection())
        .await?;
    let regions =
        sqlx::query!("select region, name, gss, created_at from tenants.region order by region collate \"C\"")
            .fetch_all(tx.connection())
            .await?;
    let borough = ManifestBorough {
        id: BoroughId(row.borough_id),
        slug: row.slug.parse().expect("checked by the table"),
        gss: row.gss.parse().expect("checked by the table"),
        name: row.name,
        mode: read(&row.mode),
    };
    let regions = regions.into_iter().map(|row| ManifestRegion {
        region: row.region.parse().expect("checked by the table"),
        name: row.name,
        gss: row.gss.map(|gss| gss.parse().expect("checked by the table")),
        created_at: row.created_at,
    });
    Ok((borough, regions.collect()))
}
