//! The SQL of motions.

use domain::{CommitteeId, FundId, ItemId, MeetingId, MotionId, Pence, PersonId, ProposalId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::motion::{Money, MotionBody, MotionState};
use crate::words::{read, word};

/// Which motions.
#[derive(Default)]
pub(super) struct Which {
    pub(super) one: Option<MotionId>,
    pub(super) meeting: Option<MeetingId>,
    pub(super) item: Option<ItemId>,
    pub(super) after: Option<Uuid>,
}

pub(super) async fn list(tx: &mut Tx<Borough>, which: Which, limit: i64) -> Result<Vec<MotionBody>, DbError> {
    let rows = sqlx::query!(
        "select o.motion_id, m.committee_id, o.meeting_id, o.item_id, o.amends_id, o.text, o.outcome, o.mover_id,
           o.seconder_id, o.fund_id, o.amount_pence, o.proposal_id, o.state, o.moved_at, o.version
         from governance.motion o join governance.meeting m on m.meeting_id = o.meeting_id
         where ($1::uuid is null or o.motion_id = $1) and ($2::uuid is null or o.meeting_id = $2)
           and ($3::uuid is null or o.item_id = $3) and ($4::uuid is null or o.motion_id > $4)
         order by o.motion_id limit $5",
        which.one.map(|id| id.0),
        which.meeting.map(|id| id.0),
        which.item.map(|id| id.0),
        which.after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let motions = rows.into_iter().map(|row| MotionBody {
        id: MotionId(row.motion_id),
        committee: CommitteeId(row.committee_id),
        meeting: MeetingId(row.meeting_id),
        agenda_item: ItemId(row.item_id),
        amends: row.amends_id.map(MotionId),
        text: row.text,
        outcome: read(&row.outcome),
        mover: PersonId(row.mover_id),
        seconder: row.seconder_id.map(PersonId),
        money: row.fund_id.zip(row.amount_pence).map(|(fund, amount)| Money {
            fund: FundId(fund),
            amount_pence: Pence(amount),
            proposal: row.proposal_id.map(ProposalId),
        }),
        state: read(&row.state),
        moved_at: row.moved_at,
        version: row.version,
    });
    Ok(motions.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, motion: &MotionBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.motion (borough_id, motion_id, meeting_id, item_id, amends_id, text, outcome, mover_id,
           seconder_id, state, fund_id, amount_pence, proposal_id, moved_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        motion.id.0,
        motion.meeting.0,
        motion.agenda_item.0,
        motion.amends.map(|id| id.0),
        motion.text,
        word(motion.outcome),
        motion.mover.0,
        motion.seconder.map(|id| id.0),
        word(motion.state),
        motion.money.as_ref().map(|money| money.fund.0),
        motion.money.as_ref().map(|money| money.amount_pence.0),
        motion.money.as_ref().and_then(|money| money.proposal).map(|id| id.0),
        motion.moved_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Keeps a motion from being voted on, amended or withdrawn by anybody else until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx<Borough>, id: MotionId) -> Result<(), DbError> {
    sqlx::query!("select 1 as one from governance.motion where motion_id = $1 for no key update", id.0)
        .fetch_optional(tx.connection())
        .await?;
    Ok(())
}

/// Writes down what became of a motion.
pub(crate) async fn decide(tx: &mut Tx<Borough>, id: MotionId, state: MotionState) -> Result<(), DbError> {
    sqlx::query!(
        "update governance.motion set state = $2, version = version + 1 where motion_id = $1",
        id.0,
        word(state)
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What would amend a motion falls with it.
pub(super) async fn drop_amendments(tx: &mut Tx<Borough>, id: MotionId) -> Result<Vec<MotionId>, DbError> {
    let dropped = sqlx::query_scalar!(
        "update governance.motion set state = 'withdrawn', version = version + 1 where amends_id = $1 and state = 'moved'
         returning motion_id",
        id.0
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(dropped.into_iter().map(MotionId).collect())
}

/// Puts a carried amendment's text in its motion's place, and its money where it names any.
pub(crate) async fn amend(tx: &mut Tx<Borough>, id: MotionId, by: &MotionBody) -> Result<(), DbError> {
    sqlx::query!(
        "update governance.motion set text = $2, fund_id = coalesce($3, fund_id), amount_pence = coalesce($4, amount_pence),
           proposal_id = case when $3::uuid is null then proposal_id else $5 end, version = version + 1
         where motion_id = $1 and state = 'moved'",
        id.0,
        by.text,
        by.money.as_ref().map(|money| money.fund.0),
        by.money.as_ref().map(|money| money.amount_pence.0),
        by.money.as_ref().and_then(|money| money.proposal).map(|id| id.0)
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether somebody would amend it, and that is not settled.
pub(crate) async fn has_open_amendments(tx: &mut Tx<Borough>, id: MotionId) -> Result<bool, DbError> {
    let open = sqlx::query_scalar!(
        r#"select exists (select from governance.motion where amends_id = $1 and state = 'moved') as "open!""#,
        id.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(open)
}

/// Whether a vote on it is open.
pub(super) async fn is_being_voted_on(tx: &mut Tx<Borough>, id: MotionId) -> Result<bool, DbError> {
    let open = sqlx::query_scalar!(
        r#"select exists (select from governance.vote_event where motion_id = $1 and state = 'open') as "open!""#,
        id.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(open)
}

/// Whether the fund has been heard of here.
pub(super) async fn knows_fund(tx: &mut Tx<Borough>, fund: FundId) -> Result<bool, DbError> {
    let known =
        sqlx::query_scalar!(r#"select exists (select from governance.fund where fund_id = $1) as "known!""#, fund.0)
            .fetch_one(tx.connection())
            .await?;
    Ok(known)
}

/// Of which fund a proposal is, and how much it wants.
pub(super) async fn proposal(tx: &mut Tx<Borough>, id: ProposalId) -> Result<Option<(FundId, Pence)>, DbError> {
    let row = sqlx::query!("select fund_id, amount_pence from governance.proposal where proposal_id = $1", id.0)
        .fetch_optional(tx.connection())
        .await?;
    Ok(row.map(|row| (FundId(row.fund_id), Pence(row.amount_pence))))
}

/// Whether a person is at the meeting in a seat of its committee, at an instant.
pub(super) async fn sits(tx: &mut Tx<Borough>, meeting: MeetingId, person: PersonId) -> Result<bool, DbError> {
    let sits = sqlx::query_scalar!(
        r#"select exists (select from governance.attendance
                          where meeting_id = $1 and person_id = $2 and seat_id is not null) as "sits!""#,
        meeting.0,
        person.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(sits)
}
