//! The SQL of members: the same for a borough, which sees its own, and the platform, which sees those of offices.

use chrono::{DateTime, NaiveDate, Utc};
use domain::IssuerId;
use tenancy::{DbError, KindOf, Tx};
use uuid::Uuid;
use web::{
    Move,
    words::{read, word},
};

use super::member::{MemberBody, MemberState};
use crate::clients::{ClientOwner, borough_of, named};

struct MemberRow {
    member_id: String,
    office: String,
    role: String,
    role_from: String,
    state: String,
    issuer_id: Uuid,
    hint: String,
    joined_at: DateTime<Utc>,
    last_signed_in_on: Option<NaiveDate>,
    version: i64,
}

impl From<MemberRow> for MemberBody {
    fn from(row: MemberRow) -> Self {
        Self {
            id: row.member_id,
            office: row.office,
            role: row.role,
            role_from: read(&row.role_from),
            state: read(&row.state),
            issuer: IssuerId(row.issuer_id),
            identity_hint: row.hint,
            joined_at: row.joined_at,
            last_signed_in_on: row.last_signed_in_on,
            version: row.version,
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
) -> Result<Vec<MemberBody>, DbError> {
    let (region, ods) = named(owner);
    let rows = sqlx::query_as!(
        MemberRow,
        r#"select member_id, office, role, role_from, state, issuer_id,
             substr(encode(subject_hash, 'hex'), 1, 8) as "hint!", joined_at, last_signed_in_on, version
           from tenants.member
           where owner_kind = $1 and region is not distinct from $2 and ods is not distinct from $3
             and ($4::text is null or member_id = $4) and ($5::text is null or member_id > $5)
           order by member_id limit $6"#,
        owner.kind().as_str(),
        region,
        ods,
        one,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Keeps what it is from now on. False where it has moved on.
pub(super) async fn change<K: KindOf>(tx: &mut Tx<K>, after: &MemberBody) -> Result<bool, DbError> {
    let changed = sqlx::query!(
        "update tenants.member set office = $3, role = $4, role_from = $5, state = $6, version = $2
         where member_id = $1 and version + 1 = $2",
        after.id,
        after.version,
        after.office,
        after.role,
        word(after.role_from),
        word(after.state)
    )
    .execute(tx.connection())
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Remembers a move of the state it is in now.
pub(super) async fn note_move<K: KindOf>(
    tx: &mut Tx<K>,
    owner: &ClientOwner,
    member: &str,
    made: &Move<MemberState>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tenants.member_move (member_id, number, borough_id, from_state, to_state, reason, moved_by, moved_at)
         select $1, 1 + count(*), $2, $3, $4, $5, $6, $7 from tenants.member_move where member_id = $1",
        member,
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

pub(super) async fn moves<K: KindOf>(tx: &mut Tx<K>, member: &str) -> Result<Vec<Move<MemberState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, moved_by, moved_at from tenants.member_move
         where member_id = $1 order by number limit 500",
        member
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
