//! The SQL of votes.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitteeId, ConstitutionId, ItemId, MeetingId, MotionId, PersonId, SeatId, VoteEventId, day_in_england};
use sqlx::types::Json;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::{
    standing::{Declared, Place, SeatStanding, Sitting, standings},
    tally::{Cast, VoteResult},
    vote::{Method, VoteBody, VoteDraft, VoteEventBody},
};
use crate::{
    published::{PublicVote, PublicVotes},
    words::{read, word},
};

/// When: those count who were there all the time from the first instant to the last.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
}

impl Span {
    pub(super) fn at(instant: DateTime<Utc>) -> Self {
        Self { from: instant, to: instant }
    }
}

/// How every seat of a committee stands in a span of a meeting: towards an item, or the meeting as a whole. Seats and
/// memberships are those of the English day on which it ends. An interest declared on an item reaches what it is part of,
/// and its parts.
pub(super) async fn assembled(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    meeting: MeetingId,
    item: Option<ItemId>,
    span: Span,
) -> Result<Vec<SeatStanding>, DbError> {
    let day = day_in_england(span.to);
    let places = sqlx::query!(
        "select seat_id, title, class, partner, voting from governance.seat
         where committee_id = $1 and valid_from <= $2 and (valid_to is null or valid_to >= $2) order by seat_id",
        committee.0,
        day
    )
    .fetch_all(tx.connection())
    .await?;
    let sittings = sqlx::query!(
        r#"select a.seat_id as "seat_id!", a.person_id, p.name, a.capacity
           from governance.attendance a join governance.person p on p.person_id = a.person_id
           where a.meeting_id = $1 and a.committee_id = $2 and a.arrived_at <= $3 and (a.left_at is null or a.left_at > $5)
             and exists (select from governance.membership m
                         where m.committee_id = a.committee_id and m.seat_id = a.seat_id and m.person_id = a.person_id
                           and m.capacity = a.capacity and m.valid_from <= $4 and (m.valid_to is null or m.valid_to >= $4))
           order by a.arrived_at, a.attendance_id"#,
        meeting.0,
        committee.0,
        span.from,
        day,
        span.to
    )
    .fetch_all(tx.connection())
    .await?;
    let declared = sqlx::query!(
        r#"select d.person_id, p.name,
             (select a.seat_id from governance.attendance a
              where a.meeting_id = d.meeting_id and a.person_id = d.person_id and a.seat_id is not null
              order by a.arrived_at desc limit 1) as "seat_id?",
             coalesce((select r.may = 'vote' from governance.ruling r
                       where r.meeting_id = d.meeting_id and r.declaration_id = d.declaration_id and r.ruled_at <= $3
                       order by r.ruled_at desc, r.ruling_id desc limit 1), false) as "may_vote!"
           from governance.declaration d join governance.person p on p.person_id = d.person_id
           where d.meeting_id = $1 and d.item_id in (
             select i.item_id from governance.agenda_item i, governance.agenda_item about
             where i.meeting_id = $1 and about.meeting_id = $1 and about.item_id = $2
               and (i.item_id = about.item_id or i.item_id = about.parent_id or i.parent_id = about.item_id))"#,
        meeting.0,
        item.map(|id| id.0),
        span.to
    )
    .fetch_all(tx.connection())
    .await?;
    let places: Vec<Place> = places
        .into_iter()
        .map(|row| Place {
            seat: SeatId(row.seat_id),
            title: row.title,
            class: read(&row.class),
            partner: row.partner,
            voting: row.voting,
        })
        .collect();
    let sittings: Vec<Sitting> = sittings
        .into_iter()
        .map(|row| Sitting {
            seat: SeatId(row.seat_id),
            person: PersonId(row.person_id),
            name: row.name,
            capacity: read(&row.capacity),
        })
        .collect();
    let declared: Vec<Declared> = declared
        .into_iter()
        .map(|row| Declared {
            person: PersonId(row.person_id),
            name: row.name,
            seat: row.seat_id.map(SeatId),
            may_vote: row.may_vote,
        })
        .collect();
    Ok(standings(&places, &sittings, &declared))
}

pub(super) async fn events(
    tx: &mut Tx<Borough>,
    motion: MotionId,
    one: Option<VoteEventId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<VoteEventBody>, DbError> {
    let rows = sqlx::query!(
        r#"select vote_event_id, motion_id, committee_id, constitution_id, binding, chair_id, method, state, opened_at, closed_at,
             standing_at_open as "seats: Json<Vec<SeatStanding>>", result as "result: Json<VoteResult>", version
           from governance.vote_event
           where motion_id = $1 and ($2::uuid is null or vote_event_id = $2) and ($3::uuid is null or vote_event_id > $3)
           order by vote_event_id limit $4"#,
        motion.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let events = rows.into_iter().map(|row| VoteEventBody {
        id: VoteEventId(row.vote_event_id),
        motion: MotionId(row.motion_id),
        committee: CommitteeId(row.committee_id),
        constitution: ConstitutionId(row.constitution_id),
        binding: row.binding,
        chair: row.chair_id.map(PersonId),
        method: read(&row.method),
        state: read(&row.state),
        opened_at: row.opened_at,
        closed_at: row.closed_at,
        seats: row.seats.0,
        result: row.result.map(|result| result.0),
        version: row.version,
    });
    Ok(events.collect())
}

pub(super) async fn open(tx: &mut Tx<Borough>, event: &VoteEventBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.vote_event (borough_id, vote_event_id, motion_id, method, state, constitution_id,
           committee_id, binding, chair_id, opened_at, standing_at_open)
         values (platform.borough(), $1, $2, $3, 'open', $4, $5, $6, $7, $8, $9)",
        event.id.0,
        event.motion.0,
        word(event.method),
        event.constitution.0,
        event.committee.0,
        event.binding,
        event.chair.map(|id| id.0),
        event.opened_at,
        Json(&event.seats) as _
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn close(
    tx: &mut Tx<Borough>,
    event: VoteEventId,
    at: DateTime<Utc>,
    result: &VoteResult,
) -> Result<(), DbError> {
    sqlx::query!(
        "update governance.vote_event set state = 'closed', closed_at = $2, result = $3, version = version + 1
         where vote_event_id = $1",
        event.0,
        at,
        Json(result) as _
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Writes votes down; one that stood there is replaced while the vote is open.
pub(super) async fn cast(
    tx: &mut Tx<Borough>,
    event: &VoteEventBody,
    votes: &[(VoteDraft, PersonId)],
    at: DateTime<Utc>,
) -> Result<(), DbError> {
    let seats: Vec<Uuid> = votes.iter().map(|(vote, _)| vote.seat.0).collect();
    let people: Vec<Uuid> = votes.iter().map(|(_, person)| person.0).collect();
    let choices: Vec<String> = votes.iter().map(|(vote, _)| word(vote.choice)).collect();
    let casting: Vec<bool> = votes.iter().map(|(vote, _)| vote.casting).collect();
    sqlx::query!(
        "insert into governance.vote (borough_id, vote_event_id, committee_id, seat_id, person_id, choice, casting, cast_at)
         select platform.borough(), $1, $2, seat, person, choice, casting, $7
         from unnest($3::uuid[], $4::uuid[], $5::text[], $6::bool[]) as v (seat, person, choice, casting)
         on conflict (borough_id, vote_event_id, seat_id, casting)
           do update set choice = excluded.choice, cast_at = excluded.cast_at",
        event.id.0,
        event.committee.0,
        &seats,
        &people,
        &choices,
        &casting,
        at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn votes(
    tx: &mut Tx<Borough>,
    event: VoteEventId,
    after: Option<(Uuid, bool)>,
    limit: i64,
) -> Result<Vec<VoteBody>, DbError> {
    let rows = sqlx::query!(
        "select seat_id, person_id, choice, casting, cast_at from governance.vote
         where vote_event_id = $1 and ($2::uuid is null or (seat_id, casting) > ($2, $3))
         order by seat_id, casting limit $4",
        event.0,
        after.map(|(seat, _)| seat),
        after.map(|(_, casting)| casting),
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let votes = rows.into_iter().map(|row| VoteBody {
        seat: SeatId(row.seat_id),
        person: PersonId(row.person_id),
        choice: read(&row.choice),
        casting: row.casting,
        cast_at: row.cast_at,
    });
    Ok(votes.collect())
}

pub(super) fn casts(votes: Vec<VoteBody>) -> Vec<Cast> {
    let cast = |v: VoteBody| Cast { seat: v.seat, person: v.person, choice: v.choice, casting: v.casting };
    votes.into_iter().map(cast).collect()
}

/// How a motion was settled.
pub(crate) struct Settled {
    /// The rules it was settled by.
    pub(crate) constitution: ConstitutionId,
    /// Whether what it settled binds.
    pub(crate) binding: bool,
    /// The day of the vote, in England.
    pub(crate) on: NaiveDate,
}

/// How a motion was settled, where it was.
pub(crate) async fn settled_by(tx: &mut Tx<Borough>, motion: MotionId) -> Result<Option<Settled>, DbError> {
    let row = sqlx::query!(
        r#"select constitution_id, binding, opened_at from governance.vote_event
           where motion_id = $1 and state = 'closed' and result ->> 'outcome' <> 'void'
           order by closed_at desc, vote_event_id desc limit 1"#,
        motion.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Settled {
        constitution: ConstitutionId(row.constitution_id),
        binding: row.binding,
        on: day_in_england(row.opened_at),
    }))
}

/// Holds a vote until the transaction ends.
pub(super) async fn hold_event(tx: &mut Tx<Borough>, event: VoteEventId) -> Result<(), DbError> {
    sqlx::query!("select 1 as one from governance.vote_event where vote_event_id = $1 for no key update", event.0)
        .fetch_optional(tx.connection())
        .await?;
    Ok(())
}

/// How the votes on a settled motion fell, as the public may know it: who voted how of a roll call only.
pub(crate) async fn public_votes(tx: &mut Tx<Borough>, motion: MotionId) -> Result<Option<PublicVotes>, DbError> {
    let row = sqlx::query!(
        r#"select method, result as "result!: Json<VoteResult>" from governance.vote_event
           where motion_id = $1 and state = 'closed' and result ->> 'outcome' <> 'void'
           order by closed_at desc, vote_event_id desc limit 1"#,
        motion.0
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let VoteResult { total, counted, .. } = row.result.0;
    let by_name = read::<Method>(&row.method) == Method::RollCall;
    let named = counted.into_iter().filter(|_| by_name).filter_map(|vote| Some((vote.name?, word(vote.choice))));
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(Some(PublicVotes {
        in_favour: number(total.yes),
        against: number(total.against),
        abstain: number(total.abstain),
        roll_call: named.map(|(name, choice)| PublicVote { name, choice }).collect(),
    }))
}
