//! The SQL of the audit trail. Nothing here changes an entry, a link or a signed head: no login role may.

use std::collections::HashMap;

use auth::{Hash, PublicSealKey, Signature};
use chrono::{DateTime, Utc};
use domain::AuditId;
use tenancy::{Borough, DbError, Kind, KindOf, Platform, Tx, Work};
use uuid::Uuid;

use super::{
    chain::{AuditHead, AuditLink, ChainedEntry},
    entry::{AuditEntry, Between, EntryRow, Wanted},
};

fn from(between: Option<&Between>) -> Option<&str> {
    between.map(|one| &*one.from)
}

fn before(between: Option<&Between>) -> Option<&str> {
    between.map(|one| &*one.before)
}

/// The least id of an instant: ids begin with the millisecond they were made in.
fn least_id(at: DateTime<Utc>) -> Uuid {
    let milliseconds = u128::try_from(at.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(milliseconds << 80)
}

/// Has a search planned for what is asked, each time: what is not asked for falls away, and an index serves the rest.
async fn plan_for_what_is_asked<K: KindOf>(tx: &mut Tx<K>) -> Result<(), DbError> {
    sqlx::query!("set local plan_cache_mode = 'force_custom_plan'").execute(tx.connection()).await?;
    Ok(())
}

/// Entries of a borough, the latest first.
pub(super) async fn list(tx: &mut Tx<Borough>, wanted: &Wanted, limit: i64) -> Result<Vec<AuditEntry>, DbError> {
    plan_for_what_is_asked(tx).await?;
    let rows = sqlx::query_as!(
        EntryRow,
        r#"select a.audit_id, a.at, a.client_id, a.role, a.request_id, a.address, a.action, a.subject, a.before, a.after,
             l.position as "position?", l.entry_hash as "entry_hash?"
           from platform.audit a
             left join platform.audit_link l on l.borough_id = a.borough_id and l.audit_id = a.audit_id
           where ($1::uuid is null or a.audit_id < $1) and ($2::uuid is null or a.audit_id = $2)
             and ($3::text is null or a.action collate "C" >= $3 and a.action collate "C" < $4)
             and ($5::text is null or a.client_id = $5) and ($6::text is null or a.role = $6)
             and ($7::text is null or a.subject collate "C" >= $7 and a.subject collate "C" < $8)
             and ($9::text is null or a.request_id = $9)
             and ($10::timestamptz is null or a.at >= $10 and a.audit_id >= $11)
             and ($12::timestamptz is null or a.at < $12 and a.audit_id <= $13)
             and ($14::boolean is null or (a.action like '%.refused') = $14)
           order by a.audit_id desc limit $15"#,
        wanted.before,
        wanted.one,
        from(wanted.action.as_ref()),
        before(wanted.action.as_ref()),
        wanted.client,
        wanted.role,
        from(wanted.subject.as_ref()),
        before(wanted.subject.as_ref()),
        wanted.request_id,
        wanted.from,
        wanted.from.map(least_id),
        wanted.until,
        wanted.until.map(|at| least_id(at + chrono::Duration::milliseconds(1))),
        wanted.refused,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The platform's own acts, the latest first.
pub(super) async fn list_office(
    tx: &mut Tx<Platform>,
    wanted: &Wanted,
    limit: i64,
) -> Result<Vec<AuditEntry>, DbError> {
    plan_for_what_is_asked(tx).await?;
    let rows = sqlx::query_as!(
        EntryRow,
        r#"select a.audit_id, a.at, a.client_id, a.role, a.request_id, a.address, a.action, a.subject, a.before, a.after,
             l.position as "position?", l.entry_hash as "entry_hash?"
           from platform.office_audit a left join platform.audit_link l on l.audit_id = a.audit_id
           where ($1::uuid is null or a.audit_id < $1)
             and ($2::text is null or a.action collate "C" >= $2 and a.action collate "C" < $3)
             and ($4::text is null or a.client_id = $4) and ($5::text is null or a.role = $5)
             and ($6::text is null or a.subject collate "C" >= $6 and a.subject collate "C" < $7)
             and ($8::text is null or a.request_id = $8)
             and ($9::timestamptz is null or a.at >= $9 and a.audit_id >= $10)
             and ($11::timestamptz is null or a.at < $11 and a.audit_id <= $12)
             and ($13::boolean is null or (a.action like '%.refused') = $13)
           order by a.audit_id desc limit $14"#,
        wanted.before,
        from(wanted.action.as_ref()),
        before(wanted.action.as_ref()),
        wanted.client,
        wanted.role,
        from(wanted.subject.as_ref()),
        before(wanted.subject.as_ref()),
        wanted.request_id,
        wanted.from,
        wanted.from.map(least_id),
        wanted.until,
        wanted.until.map(|at| least_id(at + chrono::Duration::milliseconds(1))),
        wanted.refused,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Whose entries wait for a place.
pub(super) async fn waiting(tx: &mut Tx<Work>) -> Result<Vec<Uuid>, DbError> {
    let chains = sqlx::query_scalar!("select distinct borough_id from platform.audit_waiting")
        .fetch_all(tx.connection())
        .await?;
    Ok(chains)
}

/// The entries that wait for a place, in the order they came, and which of them have one already. None where another
/// replica has the chain in hand.
pub(super) async fn take_on<K: KindOf>(
    tx: &mut Tx<K>,
    chain: Uuid,
    most: i64,
) -> Result<Option<Vec<(AuditId, bool)>>, DbError> {
    let mine = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('audit chain ' || $1, 0)) as "mine!""#,
        chain.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    if !mine {
        return Ok(None);
    }
    // In a statement of its own, which sees what whoever had the lock before has done.
    let rows = sqlx::query!(
        r#"select w.audit_id, l.position is not null as "placed!"
           from (select borough_id, audit_id, position from platform.audit_waiting order by position limit $1) w
             left join platform.audit_link l on l.borough_id = w.borough_id and l.audit_id = w.audit_id
           order by w.position"#,
        most
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(Some(rows.into_iter().map(|row| (AuditId(row.audit_id), row.placed)).collect()))
}

struct ChainedRow {
    audit_id: Uuid,
    at: DateTime<Utc>,
    client_id: String,
    role: String,
    request_id: String,
    address: String,
    action: String,
    subject: String,
    before: Option<String>,
    after: Option<String>,
}

impl From<ChainedRow> for (AuditId, ChainedEntry) {
    fn from(row: ChainedRow) -> Self {
        let entry = ChainedEntry {
            done_at: row.at,
            by: row.client_id,
            role: row.role,
            request_id: row.request_id,
            address: row.address,
            action: row.action,
            subject: row.subject,
            before: row.before,
            after: row.after,
        };
        (AuditId(row.audit_id), entry)
    }
}

/// Entries by their ids, as they are hashed.
pub(super) async fn entries<K: KindOf>(
    tx: &mut Tx<K>,
    ids: &[AuditId],
) -> Result<HashMap<AuditId, ChainedEntry>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = if K::KIND == Kind::Platform {
        sqlx::query_as!(
            ChainedRow,
            "select audit_id, at, client_id, role, request_id, address, action, subject, before::text, after::text
             from platform.office_audit where audit_id = any ($1)",
            &ids
        )
        .fetch_all(tx.connection())
        .await?
    } else {
        sqlx::query_as!(
            ChainedRow,
            "select audit_id, at, client_id, role, request_id, address, action, subject, before::text, after::text
         from platform.audit where audit_id = any ($1)",
            &ids
        )
        .fetch_all(tx.connection())
        .await?
    };
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Where the next link goes: the last place taken, and the head that was signed last. What stands behind a signed head
/// was put there by somebody else, and nothing follows it.
pub(super) async fn chain_end<K: KindOf>(tx: &mut Tx<K>) -> Result<(i64, Hash), DbError> {
    let row = sqlx::query!(
        r#"select greatest(
             (select position from platform.audit_link order by position desc limit 1),
             (select position from platform.audit_checkpoint order by position desc limit 1), 0) as "position!",
           (select head from platform.audit_checkpoint order by position desc limit 1) as head"#
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((row.position, row.head.as_deref().map_or(Hash::NONE, Hash::kept)))
}

/// Writes links and the head over them, and that these entries wait no longer.
pub(super) async fn place<K: KindOf>(
    tx: &mut Tx<K>,
    links: &[AuditLink],
    taken: &[AuditId],
    signed: Option<&AuditHead>,
    chain: Uuid,
) -> Result<(), DbError> {
    let each = |hash: fn(&AuditLink) -> Hash| -> Vec<Vec<u8>> { links.iter().map(|l| hash(l).0.to_vec()).collect() };
    let positions: Vec<i64> = links.iter().map(|link| link.position).collect();
    let ids: Vec<Uuid> = links.iter().map(|link| link.id.0).collect();
    sqlx::query!(
        "insert into platform.audit_link (borough_id, position, audit_id, entry_hash, head)
         select $1, position, audit_id, entry_hash, head
         from unnest($2::bigint[], $3::uuid[], $4::bytea[], $5::bytea[]) as l (position, audit_id, entry_hash, head)",
        chain,
        &positions,
        &ids,
        &each(|link| link.entry_hash),
        &each(|link| link.head)
    )
    .execute(tx.connection())
    .await?;
    let taken: Vec<Uuid> = taken.iter().map(|id| id.0).collect();
    sqlx::query!("delete from platform.audit_waiting where audit_id = any ($1)", &taken)
        .execute(tx.connection())
        .await?;
    let Some(signed) = signed else { return Ok(()) };
    sqlx::query!(
        "insert into platform.audit_checkpoint (borough_id, position, head, sealed_at, public_key, signature)
         values ($1, $2, $3, $4, $5, $6)",
        chain,
        signed.position,
        &signed.head.0,
        signed.sealed_at,
        &signed.key.bytes(),
        &signed.signature.bytes()
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The links after a place.
pub(super) async fn links<K: KindOf>(tx: &mut Tx<K>, after: i64, limit: i64) -> Result<Vec<AuditLink>, DbError> {
    let rows = sqlx::query!(
        "select position, audit_id, entry_hash, head from platform.audit_link where position > $1 order by position limit $2",
        after,
        limit
    )
    .map(|row| AuditLink {
        position: row.position,
        id: AuditId(row.audit_id),
        entry_hash: Hash::kept(&row.entry_hash),
        head: Hash::kept(&row.head),
    })
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// The place of an entry.
pub(super) async fn position_of(tx: &mut Tx<Borough>, id: AuditId) -> Result<Option<i64>, DbError> {
    let found = sqlx::query_scalar!("select position from platform.audit_link where audit_id = $1", id.0)
        .fetch_optional(tx.connection())
        .await?;
    Ok(found)
}

/// Signed heads after a place, up to another where one is given.
pub(super) async fn heads<K: KindOf>(
    tx: &mut Tx<K>,
    after: i64,
    up_to: Option<i64>,
    limit: i64,
) -> Result<Vec<AuditHead>, DbError> {
    let rows = sqlx::query!(
        "select borough_id, position, head, sealed_at, public_key, signature from platform.audit_checkpoint
         where position > $1 and ($2::bigint is null or position <= $2) order by position limit $3",
        after,
        up_to,
        limit
    )
    .map(|row| AuditHead {
        chain: row.borough_id,
        position: row.position,
        head: Hash::kept(&row.head),
        sealed_at: row.sealed_at,
        key: PublicSealKey::of(&row.public_key),
        signature: Signature::of(&row.signature),
    })
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// Entries that have no place and wait for none, or have waited since before `late`; and the last id looked at.
pub(super) async fn unplaced<K: KindOf>(
    tx: &mut Tx<K>,
    after: Uuid,
    late: DateTime<Utc>,
    rows_wanted: i64,
) -> Result<(Option<Uuid>, Vec<Uuid>), DbError> {
    if K::KIND == Kind::Platform {
        let row = sqlx::query!(
            r#"with page as (select audit_id, at from platform.office_audit where audit_id > $1 order by audit_id limit $3)
               select (select audit_id from page order by audit_id desc limit 1) as last,
                 array(select p.audit_id from page p
                   where not exists (select from platform.audit_link l where l.audit_id = p.audit_id)
                     and (p.at < $2 or not exists (select from platform.audit_waiting w where w.audit_id = p.audit_id))
                   limit 100) as "unplaced!""#,
            after,
            late,
            rows_wanted
        )
        .fetch_one(tx.connection())
        .await?;
        return Ok((row.last, row.unplaced));
    }
    let row = sqlx::query!(
        r#"with page as (
             select borough_id, audit_id, at from platform.audit where audit_id > $1 order by audit_id limit $3)
           select (select audit_id from page order by audit_id desc limit 1) as last,
             array(select p.audit_id from page p
               where not exists (select from platform.audit_link l
                   where l.borough_id = p.borough_id and l.audit_id = p.audit_id)
                 and (p.at < $2 or not exists (select from platform.audit_waiting w
                   where w.borough_id = p.borough_id and w.audit_id = p.audit_id))
               limit 100) as "unplaced!""#,
        after,
        late,
        rows_wanted
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((row.last, row.unplaced))
}
