//! The SQL of meetings.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitteeId, MeetingId, PersonId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::Move;

use super::meeting::{MeetingBody, MeetingState, came_late};
use super::notice::Deadlines;
use crate::{
    constitutions::NoticeRule,
    words::{read, word},
};

/// Which meetings are wanted.
#[derive(Default)]
pub(super) struct Which {
    pub(super) one: Option<MeetingId>,
    pub(super) committee: Option<CommitteeId>,
    /// The first and the last day, in England.
    pub(super) from: Option<NaiveDate>,
    pub(super) to: Option<NaiveDate>,
}

impl Which {
    pub(super) fn one(id: MeetingId) -> Self {
        Self { one: Some(id), ..Self::default() }
    }
}

/// Meetings in the order they were called. The rule of notice is that of the constitution in force on the day.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    which: Which,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<MeetingBody>, DbError> {
    let rows = sqlx::query!(
        r#"select m.meeting_id, m.committee_id, m.title, m.starts_at, m.place, m.state, m.notified_at, m.chair_id,
             m.external_id, m.created_at, m.version,
             (select c.rules -> 'notice' from governance.constitution c
              where c.committee_id = m.committee_id and c.in_force_from <= (m.starts_at at time zone 'Europe/London')::date
              order by c.in_force_from desc limit 1) as "notice?",
             (select v.reason from governance.meeting_move v
              where v.meeting_id = m.meeting_id and v.to_state = 'notified') as "notified_because?"
           from governance.meeting m
           where ($1::uuid is null or m.meeting_id = $1) and ($2::uuid is null or m.committee_id = $2)
             and ($3::date is null or (m.starts_at at time zone 'Europe/London')::date >= $3)
             and ($4::date is null or (m.starts_at at time zone 'Europe/London')::date <= $4)
             and ($5::uuid is null or m.meeting_id > $5)
           order by m.meeting_id limit $6"#,
        which.one.map(|id| id.0),
        which.committee.map(|id| id.0),
        which.from,
        which.to,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let meetings = rows.into_iter().map(|row| {
        let deadlines = Deadlines::of(domain::day_in_england(row.starts_at), NoticeRule::of(row.notice));
        let notice_late = came_late(row.notified_at, &deadlines);
        MeetingBody {
            id: MeetingId(row.meeting_id),
            committee: CommitteeId(row.committee_id),
            title: row.title,
            starts_at: row.starts_at,
            place: row.place,
            state: read(&row.state),
            deadlines,
            notified_at: row.notified_at,
            notice_late,
            notice_late_reason: row.notified_because.filter(|_| notice_late),
            chair: row.chair_id.map(PersonId),
            external_id: row.external_id,
            created_at: row.created_at,
            version: row.version,
        }
    });
    Ok(meetings.collect())
}

/// Makes those who change a meeting's record wait for each other, and for its moves.
pub(crate) async fn hold(tx: &mut Tx<Borough>, id: MeetingId) -> Result<(), DbError> {
    sqlx::query!("select version from governance.meeting where meeting_id = $1 for no key update", id.0)
        .fetch_optional(tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, meeting: &MeetingBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.meeting
           (borough_id, meeting_id, committee_id, title, starts_at, place, state, external_id, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        meeting.id.0,
        meeting.committee.0,
        meeting.title,
        meeting.starts_at,
        meeting.place,
        word(meeting.state),
        meeting.external_id,
        meeting.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Keeps a new time, place or chair where it is still at the version that was read. False where it has moved on.
pub(super) async fn keep(tx: &mut Tx<Borough>, meeting: &MeetingBody) -> Result<bool, DbError> {
    let kept = sqlx::query!(
        "update governance.meeting set starts_at = $3, place = $4, chair_id = $5, version = version + 1
         where meeting_id = $1 and version = $2",
        meeting.id.0,
        meeting.version,
        meeting.starts_at,
        meeting.place,
        meeting.chair.map(|id| id.0)
    )
    .execute(tx.connection())
    .await?;
    Ok(kept.rows_affected() == 1)
}

pub(super) async fn history(tx: &mut Tx<Borough>, id: MeetingId) -> Result<Vec<Move<MeetingState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, client_id, moved_at from governance.meeting_move
         where meeting_id = $1 order by number",
        id.0
    )
    .fetch_all(tx.connection())
    .await?;
    let moves = rows.into_iter().map(|row| Move {
        from: read(&row.from_state),
        to: read(&row.to_state),
        reason: row.reason,
        by: row.client_id,
        moved_at: row.moved_at,
    });
    Ok(moves.collect())
}

/// Moves it where it is still at the version that was read. False where it has moved on.
pub(super) async fn move_to(
    tx: &mut Tx<Borough>,
    at: &MeetingBody,
    made: &Move<MeetingState>,
) -> Result<bool, DbError> {
    let notified_at = (made.to == MeetingState::Notified).then_some(made.moved_at);
    let moved = sqlx::query!(
        "update governance.meeting set state = $3, notified_at = coalesce($4, notified_at), version = version + 1
         where meeting_id = $1 and version = $2",
        at.id.0,
        at.version,
        word(made.to),
        notified_at
    )
    .execute(tx.connection())
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into governance.meeting_move (borough_id, meeting_id, number, from_state, to_state, reason, client_id, moved_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        at.id.0,
        at.version,
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

/// Whether the meeting was in session at an instant, by the moves on record.
pub(crate) async fn in_session_at(tx: &mut Tx<Borough>, id: MeetingId, at: DateTime<Utc>) -> Result<bool, DbError> {
    let state = sqlx::query_scalar!(
        "select to_state from governance.meeting_move where meeting_id = $1 and moved_at <= $2 order by number desc limit 1",
        id.0,
        at
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(state.as_deref() == Some("in_session"))
}

/// Whether a vote is open at the meeting.
pub(super) async fn has_open_vote(tx: &mut Tx<Borough>, id: MeetingId) -> Result<bool, DbError> {
    let open = sqlx::query_scalar!(
        r#"select exists (
             select from governance.vote_event v join governance.motion m on m.motion_id = v.motion_id
             where m.meeting_id = $1 and v.state = 'open') as "open!""#,
        id.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(open)
}
