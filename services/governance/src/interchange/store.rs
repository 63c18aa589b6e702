//! The SQL of interchange. Titles and texts of exempt items are not selected, and exempt papers not at all (rule 46).

use chrono::{DateTime, NaiveDate, Utc};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

/// Which rows: one, or those after one, and how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) one: Option<Uuid>,
    pub(super) after: Option<Uuid>,
    pub(super) limit: i64,
}

/// A committee.
#[derive(Debug)]
pub(super) struct Organization {
    pub(super) committee_id: Uuid,
    pub(super) name: String,
    pub(super) basis: String,
    pub(super) created_at: DateTime<Utc>,
}

/// A seat.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) seat_id: Uuid,
    pub(super) committee_id: Uuid,
    pub(super) title: String,
    pub(super) class: String,
    pub(super) valid_from: NaiveDate,
    pub(super) valid_to: Option<NaiveDate>,
}

/// A person in a seat.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) membership_id: Uuid,
    pub(super) committee_id: Uuid,
    pub(super) seat_id: Uuid,
    pub(super) person_id: Uuid,
    pub(super) capacity: String,
    pub(super) seat_title: String,
    pub(super) voting: bool,
    pub(super) valid_from: NaiveDate,
    pub(super) valid_to: Option<NaiveDate>,
}

impl Membership {
    /// The seat's title, and that it is as a substitute.
    pub(super) fn role(&self) -> String {
        if self.capacity == "substitute" { format!("{}, substitute", self.seat_title) } else { self.seat_title.clone() }
    }
}

/// A person who sits on a committee, or did.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) person_id: Uuid,
    pub(super) name: String,
    pub(super) created_at: DateTime<Utc>,
}

/// A meeting of which notice was given.
#[derive(Debug)]
pub(super) struct Meeting {
    pub(super) meeting_id: Uuid,
    pub(super) committee_id: Uuid,
    pub(super) title: String,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) place: String,
    pub(super) state: String,
    pub(super) created_at: DateTime<Utc>,
}

/// An item of an agenda.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) meeting_id: Uuid,
    pub(super) item_id: Uuid,
    pub(super) label: String,
    /// None where the item is exempt.
    pub(super) open_title: Option<String>,
}

/// A paper that is not exempt, of an item that is not.
#[derive(Debug)]
pub(super) struct Paper {
    pub(super) paper_id: Uuid,
    pub(super) title: String,
    pub(super) added_at: DateTime<Utc>,
}

/// A motion.
#[derive(Debug)]
pub(super) struct Motion {
    pub(super) motion_id: Uuid,
    pub(super) committee_id: Uuid,
    pub(super) mover_id: Uuid,
    /// None where the item is exempt.
    pub(super) open_text: Option<String>,
    pub(super) outcome: String,
    pub(super) state: String,
    pub(super) moved_at: DateTime<Utc>,
}

/// A vote on a motion.
#[derive(Debug)]
pub(super) struct VoteEvent {
    pub(super) vote_event_id: Uuid,
    pub(super) committee_id: Uuid,
    pub(super) motion_id: Uuid,
    pub(super) motion_state: String,
    pub(super) method: String,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) closed_at: Option<DateTime<Utc>>,
}

/// One member's vote.
#[derive(Debug)]
pub(super) struct Vote {
    pub(super) vote_event_id: Uuid,
    pub(super) person_id: Uuid,
    pub(super) choice: String,
}

pub(in crate::interchange) async fn borough_name(tx: &mut Tx<Borough>) -> Result<Option<String>, DbError> {
    Ok(sqlx::query_scalar!("select name from governance.borough").fetch_optional(tx.connection()).await?)
}

pub(super) async fn organizations(tx: &mut Tx<Borough>, wanted: Wanted) -> Result<Vec<Organization>, DbError> {
    let rows = sqlx::query_as!(
        Organization,
        "select committee_id, name, basis, created_at from governance.committee
         where ($1::uuid is null or committee_id = $1) and ($2::uuid is null or committee_id > $2)
         order by committee_id limit $3",
        wanted.one,
        wanted.after,
        wanted.limit
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

pub(super) async fn seats(tx: &mut Tx<Borough>, wanted: Wanted) -> Result<Vec<Seat>, DbError> {
    let rows = sqlx::query_as!(
        Seat,
        "select seat_id, committee_id, title, class, valid_from, valid_to from governance.seat
         where ($1::uuid is null or seat_id = $1) and ($2::uuid is null or seat_id > $2) order by seat_id limit $3",
        wanted.one,
        wanted.after,
        wanted.limit
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

pub(super) async fn memberships(tx: &mut Tx<Borough>, wanted: Wanted) -> Result<Vec<Membership>, DbError> {
    let rows = sqlx::query_as!(
        Membership,
        "select m.membership_id, m.committee_id, m.seat_id, m.person_id, m.capacity, s.title as seat_title, s.voting,
           m.valid_from, m.valid_to
         from governance.membership m join governance.seat s using (borough_id, committee_id, seat_id)
         where ($1::uuid is null or m.membership_id = $1) and ($2::uuid is null or m.membership_id > $2)
         order by m.membership_id limit $3",
        wanted.one,
        wanted.after,
        wanted.limit
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

/// The memberships of some committees and of some people.
pub(super) async fn memberships_of(
    tx: &mut Tx<Borough>,
    committees: &[Uuid],
    people: &[Uuid],
) -> Result<Vec<Membership>, DbError> {
    let rows = sqlx::query_as!(
        Membership,
        "select m.membership_id, m.committee_id, m.seat_id, m.person_id, m.capacity, s.title as seat_title, s.voting,
           m.valid_from, m.valid_to
         from governance.membership m join governance.seat s using (borough_id, committee_id, seat_id)
         where m.committee_id = any ($1) or m.person_id = any ($2) order by m.membership_id",
        committees,
        people
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

/// People who sit on a committee, or did. Officers who only hold an office are nobody's to hand on.
pub(super) async fn people(tx: &mut Tx<Borough>, wanted: Wanted) -> Result<Vec<Person>, DbError> {
    let rows = sqlx::query_as!(
        Person,
        "select person_id, name, created_at from governance.person p
         where ($1::uuid is null or person_id = $1) and ($2::uuid is null or person_id > $2)
           and exists (select from governance.membership m where m.borough_id = p.borough_id and m.person_id = p.person_id)
         order by person_id limit $3",
        wanted.one,
        wanted.after,
        wanted.limit
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

pub(super) async fn meetings(tx: &mut Tx<Borough>, wanted: Wanted) -> Result<Vec<Meeting>, DbError> {
    let rows = sqlx::query_as!(
        Meeting,
        "select meeting_id, committee_id, title, starts_at, place, state, created_at from governance.meeting
         where state <> 'draft' and ($1::uuid is null or meeting_id = $1) and ($2::uuid is null or meeting_id > $2)
         order by meeting_id limit $3",
        wanted.one,
        wanted.after,
        wanted.limit
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

/// The items of some meetings, in the order they were put on the agenda.
pub(super) async fn items(tx: &mut Tx<Borough>, meetings: &[Uuid]) -> Result<Vec<Item>, DbError> {
    let rows = sqlx::query_as!(
        Item,
        r#"select meeting_id, item_id, label, case when private is null then title end as "open_title?"
           from governance.agenda_item where meeting_id = any ($1) order by meeting_id, item_id"#,
        meetings
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

pub(super) async fn papers(tx: &mut Tx<Borough>, wanted: Wanted) -> Result<Vec<Paper>, DbError> {
    let rows = sqlx::query_as!(
        Paper,
        "select p.paper_id, p.title, p.added_at
         from governance.paper p join governance.meeting m using (borough_id, meeting_id)
           left join governance.agenda_item i using (borough_id, meeting_id, item_id)
         where not p.exempt and i.private is null and m.state <> 'draft' and p.stored_at is not null
           and ($1::uuid is null or p.paper_id = $1) and ($2::uuid is null or p.paper_id > $2)
         order by p.paper_id limit $3",
        wanted.one,
        wanted.after,
        wanted.limit
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

pub(super) async fn motions(tx: &mut Tx<Borough>, wanted: Wanted) -> Result<Vec<Motion>, DbError> {
    let rows = sqlx::query_as!(
        Motion,
        r#"select o.motion_id, m.committee_id, o.mover_id, case when i.private is null then o.text end as "open_text?",
             o.outcome, o.state, o.moved_at
           from governance.motion o join governance.meeting m using (borough_id, meeting_id)
             join governance.agenda_item i using (borough_id, meeting_id, item_id)
           where ($1::uuid is null or o.motion_id = $1) and ($2::uuid is null or o.motion_id > $2)
           order by o.motion_id limit $3"#,
        wanted.one,
        wanted.after,
        wanted.limit
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

pub(super) async fn vote_events(tx: &mut Tx<Borough>, wanted: Wanted) -> Result<Vec<VoteEvent>, DbError> {
    let rows = sqlx::query_as!(
        VoteEvent,
        "select e.vote_event_id, e.committee_id, e.motion_id, o.state as motion_state, e.method, e.opened_at, e.closed_at
         from governance.vote_event e join governance.motion o using (borough_id, motion_id)
           join governance.agenda_item i on i.meeting_id = o.meeting_id and i.item_id = o.item_id and i.private is null
         where ($1::uuid is null or e.vote_event_id = $1) and ($2::uuid is null or e.vote_event_id > $2)
         order by e.vote_event_id limit $3",
        wanted.one,
        wanted.after,
        wanted.limit
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}

pub(super) async fn votes(tx: &mut Tx<Borough>, events: &[Uuid]) -> Result<Vec<Vote>, DbError> {
    let rows = sqlx::query_as!(
        Vote,
        "select vote_event_id, person_id, choice from governance.vote where vote_event_id = any ($1)
         order by vote_event_id, seat_id, casting",
        events
    );
    Ok(rows.fetch_all(tx.connection()).await?)
}
