//! The SQL of attendances.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AttendanceId, CommitteeId, MeetingId, PersonId, SeatId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::attendance::{AttendanceBody, AttendingAs};
use crate::words::{read, word};

/// All stays at a meeting in the order they were recorded, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
    one: Option<AttendanceId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<AttendanceBody>, DbError> {
    let rows = sqlx::query!(
        "select a.attendance_id, a.person_id, p.name, a.seat_id, a.capacity, a.arrived_at, a.left_at, a.version
         from governance.attendance a join governance.person p on p.person_id = a.person_id
         where a.meeting_id = $1 and ($2::uuid is null or a.attendance_id = $2)
           and ($3::uuid is null or a.attendance_id > $3)
         order by a.attendance_id limit $4",
        meeting.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let stays = rows.into_iter().map(|row| AttendanceBody {
        id: AttendanceId(row.attendance_id),
        meeting,
        person: PersonId(row.person_id),
        name: row.name,
        seat: row.seat_id.map(SeatId),
        capacity: read(&row.capacity),
        arrived_at: row.arrived_at,
        left_at: row.left_at,
        version: row.version,
    });
    Ok(stays.collect())
}

/// Every stay at a meeting.
pub(crate) async fn stays(tx: &mut Tx<Borough>, meeting: MeetingId) -> Result<Vec<AttendanceBody>, DbError> {
    list(tx, meeting, None, None, i64::MAX).await
}

/// Whether the committee has that seat on that day; and whether the person has it then, in that capacity.
pub(super) async fn seat_of(
    tx: &mut Tx<Borough>,
    (committee, seat): (CommitteeId, SeatId),
    person: PersonId,
    capacity: AttendingAs,
    on: NaiveDate,
) -> Result<(bool, bool), DbError> {
    let found = sqlx::query!(
        r#"select
             exists (select from governance.seat s
               where s.committee_id = $1 and s.seat_id = $2 and s.valid_from <= $5
                 and (s.valid_to is null or s.valid_to >= $5)) as "there!",
             exists (select from governance.membership m
               where m.committee_id = $1 and m.seat_id = $2 and m.person_id = $3 and m.capacity = $4
                 and m.valid_from <= $5 and (m.valid_to is null or m.valid_to >= $5)) as "theirs!""#,
        committee.0,
        seat.0,
        person.0,
        word(capacity),
        on
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((found.there, found.theirs))
}

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    stay: &AttendanceBody,
    committee: Option<CommitteeId>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.attendance
           (borough_id, meeting_id, attendance_id, person_id, committee_id, seat_id, capacity, arrived_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        stay.meeting.0,
        stay.id.0,
        stay.person.0,
        committee.map(|id| id.0),
        stay.seat.map(|id| id.0),
        word(stay.capacity),
        stay.arrived_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Ends it where it is still at the version that was read. False where it has moved on.
pub(super) async fn leave(tx: &mut Tx<Borough>, stay: &AttendanceBody, at: DateTime<Utc>) -> Result<bool, DbError> {
    let left = sqlx::query!(
        "update governance.attendance set left_at = $4, version = version + 1
         where meeting_id = $1 and attendance_id = $2 and version = $3",
        stay.meeting.0,
        stay.id.0,
        stay.version,
        at
    )
    .execute(tx.connection())
    .await?;
    Ok(left.rows_affected() == 1)
}

/// When the last vote of a meeting was closed.
pub(super) async fn last_vote(tx: &mut Tx<Borough>, meeting: MeetingId) -> Result<Option<DateTime<Utc>>, DbError> {
    let closed = sqlx::query_scalar!(
        "select max(v.closed_at) from governance.vote_event v join governance.motion m on m.motion_id = v.motion_id
         where m.meeting_id = $1",
        meeting.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(closed)
}
