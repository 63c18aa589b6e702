//! The SQL of what is published. Writers put; the public reads under a login role that is granted nothing else.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{BoroughId, CommitteeId};
use serde::{Serialize, de::DeserializeOwned};
use tenancy::{Borough, DbError, Public, Tx};
use uuid::Uuid;
use web::Problem;

use super::publication::{Published, PublishedKind};

/// Publishes a thing, or what it has become. A thing that has not changed stays as it is, with its time.
///
/// # Errors
/// When the database does not take it.
pub async fn put(tx: &mut Tx<Borough>, item: &Published) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "insert into governance.published as p (borough_id, kind, subject_id, committee_id, committee_name, title, on_date,
           starts_at, body, published_at, updated_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         on conflict (borough_id, kind, subject_id) do update set committee_name = excluded.committee_name,
           title = excluded.title, on_date = excluded.on_date, starts_at = excluded.starts_at, body = excluded.body,
           updated_at = excluded.updated_at, version = p.version + 1
         where (p.committee_name, p.title, p.on_date, p.starts_at, p.body)
           is distinct from (excluded.committee_name, excluded.title, excluded.on_date, excluded.starts_at, excluded.body)",
        item.kind.as_str(),
        item.subject_id,
        item.committee_id.0,
        item.committee,
        item.title,
        item.on,
        item.starts_at,
        item.body,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes a thing back that was published and should not have been.
///
/// # Errors
/// When the database does not take it.
pub async fn withdraw(tx: &mut Tx<Borough>, kind: PublishedKind, id: Uuid) -> Result<(), DbError> {
    sqlx::query!("delete from governance.published where kind = $1 and subject_id = $2", kind.as_str(), id)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// The live borough of a slug or GSS code. The policy hides sandboxes, which have the same.
pub(super) async fn find_live(tx: &mut Tx<Public>, named: &str) -> Result<Option<BoroughId>, DbError> {
    let found = sqlx::query_scalar!(
        "select borough_id from governance.borough where region is not null and (slug = $1 or gss = $1)",
        named
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(found.map(BoroughId))
}

/// The borough whose publications these are.
pub(super) struct Publisher {
    pub(super) slug: String,
    pub(super) name: String,
}

pub(super) async fn publisher(tx: &mut Tx<Public>) -> Result<Publisher, DbError> {
    let publisher = sqlx::query_as!(
        Publisher,
        "select slug, name from governance.borough where borough_id = (select platform.borough())"
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(publisher)
}

/// A thing as it was published.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Shown<T> {
    #[serde(flatten)]
    pub(super) what: T,
    /// When it was first published.
    pub(super) published_at: DateTime<Utc>,
    /// When it last changed.
    pub(super) updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub(super) version: i64,
    #[serde(skip)]
    pub(super) key: (NaiveDate, Uuid),
}

/// Which things.
pub(super) struct Wanted {
    pub(super) kind: PublishedKind,
    pub(super) one: Option<Uuid>,
    pub(super) committee: Option<CommitteeId>,
}

/// What was published, the latest day first.
pub(super) async fn list<T: DeserializeOwned>(
    tx: &mut Tx<Public>,
    wanted: &Wanted,
    after: Option<(NaiveDate, Uuid)>,
    limit: i64,
) -> Result<Vec<Shown<T>>, Problem> {
    let rows = sqlx::query!(
        "select subject_id, on_date, body, published_at, updated_at, version from governance.published
         where kind = $1 and ($2::uuid is null or subject_id = $2) and ($3::uuid is null or committee_id = $3)
           and ($4::date is null or (on_date, subject_id) < ($4, $5))
         order by on_date desc, subject_id desc limit $6",
        wanted.kind.as_str(),
        wanted.one,
        wanted.committee.map(|id| id.0),
        after.map(|(day, _)| day),
        after.map(|(_, id)| id),
        limit
    )
    .fetch_all(tx.connection())
    .await
    .map_err(DbError::from)?;
    let shown = rows.into_iter().map(|row| {
        Ok(Shown {
            what: serde_json::from_value(row.body).map_err(Problem::internal)?,
            published_at: row.published_at,
            updated_at: row.updated_at,
            version: row.version,
            key: (row.on_date, row.subject_id),
        })
    });
    shown.collect()
}
