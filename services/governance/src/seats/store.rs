//! The SQL of seats and memberships.

use chrono::NaiveDate;
use domain::{CommitteeId, MembershipId, PersonId, SeatId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::seat::{MembershipBody, SeatBody};
use crate::words::{read, word};

pub(super) async fn seats(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    one: Option<SeatId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SeatBody>, DbError> {
    let rows = sqlx::query!(
        "select seat_id, title, class, partner, voting, joint, valid_from, valid_to, created_at, version
         from governance.seat
         where committee_id = $1 and ($2::uuid is null or seat_id = $2) and ($3::uuid is null or seat_id > $3)
         order by seat_id limit $4",
        committee.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let seats = rows.into_iter().map(|row| SeatBody {
        id: SeatId(row.seat_id),
        title: row.title,
        class: read(&row.class),
        partner: row.partner,
        voting: row.voting,
        joint: row.joint,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        created_at: row.created_at,
        version: row.version,
    });
    Ok(seats.collect())
}

pub(super) async fn insert_seat(tx: &mut Tx<Borough>, committee: CommitteeId, seat: &SeatBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.seat (borough_id, committee_id, seat_id, title, class, partner, voting, joint, valid_from, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        committee.0,
        seat.id.0,
        seat.title,
        word(seat.class),
        seat.partner,
        seat.voting,
        seat.joint,
        seat.valid_from,
        seat.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Ends a seat, and with it every membership that would outlast it.
pub(super) async fn end_seat(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    seat: &SeatBody,
    valid_to: NaiveDate,
) -> Result<bool, DbError> {
    let ended = sqlx::query!(
        "update governance.seat set valid_to = $4, version = version + 1
         where committee_id = $1 and seat_id = $2 and version = $3",
        committee.0,
        seat.id.0,
        seat.version,
        valid_to
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "update governance.membership set valid_to = greatest($3, valid_from), version = version + 1
         where committee_id = $1 and seat_id = $2 and (valid_to is null or valid_to > $3)",
        committee.0,
        seat.id.0,
        valid_to
    )
    .execute(tx.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Which memberships.
#[derive(Default)]
pub(super) struct Which {
    pub(super) one: Option<MembershipId>,
    pub(super) person: Option<PersonId>,
    pub(super) after: Option<Uuid>,
}

pub(super) async fn memberships(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    which: Which,
    limit: i64,
) -> Result<Vec<MembershipBody>, DbError> {
    let rows = sqlx::query!(
        "select m.membership_id, m.seat_id, m.person_id, p.name, s.class, s.partner, m.capacity, m.valid_from, m.valid_to,
           m.created_at, m.version
         from governance.membership m
           join governance.seat s on s.committee_id = m.committee_id and s.seat_id = m.seat_id
           join governance.person p on p.person_id = m.person_id
         where m.committee_id = $1 and ($2::uuid is null or m.membership_id = $2) and ($3::uuid is null or m.person_id = $3)
           and ($4::uuid is null or m.membership_id > $4)
         order by m.membership_id limit $5",
        committee.0,
        which.one.map(|id| id.0),
        which.person.map(|id| id.0),
        which.after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let memberships = rows.into_iter().map(|row| MembershipBody {
        id: MembershipId(row.membership_id),
        seat: SeatId(row.seat_id),
        person: PersonId(row.person_id),
        name: row.name,
        class: read(&row.class),
        partner: row.partner,
        capacity: read(&row.capacity),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        created_at: row.created_at,
        version: row.version,
    });
    Ok(memberships.collect())
}

/// The member in a seat on its last known day: from when, until when.
pub(super) async fn last_member(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    seat: SeatId,
) -> Result<Option<(MembershipId, NaiveDate, Option<NaiveDate>)>, DbError> {
    // The seat is held against a second hand-over at once.
    sqlx::query!(
        "select 1 as one from governance.seat where committee_id = $1 and seat_id = $2 for no key update",
        committee.0,
        seat.0
    )
    .fetch_optional(tx.connection())
    .await?;
    let row = sqlx::query!(
        "select membership_id, valid_from, valid_to from governance.membership
         where committee_id = $1 and seat_id = $2 and capacity = 'member' order by valid_from desc limit 1",
        committee.0,
        seat.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| (MembershipId(row.membership_id), row.valid_from, row.valid_to)))
}

pub(super) async fn insert_membership(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    body: &MembershipBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.membership (borough_id, committee_id, membership_id, seat_id, person_id, capacity, valid_from, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        committee.0,
        body.id.0,
        body.seat.0,
        body.person.0,
        word(body.capacity),
        body.valid_from,
        body.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Ends a membership, where it is still at the version that was read. False where it has changed.
pub(super) async fn end_membership(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    id: MembershipId,
    read_at: Option<i64>,
    valid_to: NaiveDate,
) -> Result<bool, DbError> {
    let ended = sqlx::query!(
        "update governance.membership set valid_to = $3, version = version + 1
         where committee_id = $1 and membership_id = $2 and version = coalesce($4, version)",
        committee.0,
        id.0,
        valid_to,
        read_at
    )
    .execute(tx.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// What a person is called, where there is such a person; held, so that nobody seats them at the same time.
pub(super) async fn name_of(tx: &mut Tx<Borough>, person: PersonId) -> Result<Option<String>, DbError> {
    let name =
        sqlx::query_scalar!("select name from governance.person where person_id = $1 for no key update", person.0)
            .fetch_optional(tx.connection())
            .await?;
    Ok(name)
}
