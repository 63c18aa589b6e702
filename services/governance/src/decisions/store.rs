//! The SQL of decisions.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    CallInId, CommitteeId, ConstitutionId, DecisionId, DelegationId, FundId, ItemId, MeetingId, MotionId, Pence,
    PersonId, ProposalId, RecommendationId,
};
use serde_json::Value;
use sqlx::types::Json;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::Move;

use super::{
    call_ins::CallInBody,
    decision::{ConflictRecorded, DecisionBody, DecisionRecord},
    machine::DecisionState,
    recommendations::RecommendationBody,
};
use crate::{
    motions::Money,
    words::{read, word},
};

/// Which decisions.
#[derive(Default)]
pub(super) struct Which {
    pub(super) one: Option<DecisionId>,
    pub(super) committee: Option<CommitteeId>,
    pub(super) meeting: Option<MeetingId>,
    pub(super) after: Option<Uuid>,
}

impl Which {
    pub(super) fn one(id: DecisionId) -> Self {
        Self { one: Some(id), ..Self::default() }
    }
}

pub(super) async fn list(tx: &mut Tx<Borough>, which: Which, limit: i64) -> Result<Vec<DecisionBody>, DbError> {
    let rows = sqlx::query!(
        r#"select decision_id, committee_id, meeting_id, item_id, motion_id, constitution_id, delegation_id, title, outcome,
             key_decision, decided_on, record as "record: Json<DecisionRecord>", private as "private: Value", fund_id, amount_pence,
             proposal_id, state, published_on, call_in_ends_on, effective_on, recorded_at, version
           from governance.decision
           where ($1::uuid is null or decision_id = $1) and ($2::uuid is null or committee_id = $2)
             and ($3::uuid is null or meeting_id = $3) and ($4::uuid is null or decision_id > $4)
           order by decision_id limit $5"#,
        which.one.map(|id| id.0),
        which.committee.map(|id| id.0),
        which.meeting.map(|id| id.0),
        which.after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let decisions = rows.into_iter().map(|row| DecisionBody {
        id: DecisionId(row.decision_id),
        committee: CommitteeId(row.committee_id),
        meeting: MeetingId(row.meeting_id),
        agenda_item: ItemId(row.item_id),
        motion: MotionId(row.motion_id),
        constitution: ConstitutionId(row.constitution_id),
        delegation: row.delegation_id.map(DelegationId),
        title: row.title,
        outcome: read(&row.outcome),
        key_decision: row.key_decision,
        decided_on: row.decided_on,
        record: row.record.0,
        private: row.private,
        money: row.fund_id.zip(row.amount_pence).map(|(fund, amount)| Money {
            fund: FundId(fund),
            amount_pence: Pence(amount),
            proposal: row.proposal_id.map(ProposalId),
        }),
        state: read(&row.state),
        published_on: row.published_on,
        call_in_ends_on: row.call_in_ends_on,
        effective_on: row.effective_on,
        recorded_at: row.recorded_at,
        version: row.version,
    });
    Ok(decisions.collect())
}

pub(super) async fn insert(tx: &mut Tx<Borough>, decision: &DecisionBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.decision (borough_id, decision_id, committee_id, meeting_id, item_id, motion_id,
           constitution_id, delegation_id, title, outcome, key_decision, decided_on, record, private, fund_id, amount_pence,
           proposal_id, state, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        decision.id.0,
        decision.committee.0,
        decision.meeting.0,
        decision.agenda_item.0,
        decision.motion.0,
        decision.constitution.0,
        decision.delegation.map(|id| id.0),
        decision.title,
        word(decision.outcome),
        decision.key_decision,
        decision.decided_on,
        Json(&decision.record) as _,
        decision.private,
        decision.money.as_ref().map(|money| money.fund.0),
        decision.money.as_ref().map(|money| money.amount_pence.0),
        decision.money.as_ref().and_then(|money| money.proposal).map(|id| id.0),
        word(decision.state),
        decision.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The interests declared on an item, with the ruling in force on each.
pub(super) async fn conflicts(
    tx: &mut Tx<Borough>,
    meeting: MeetingId,
    item: ItemId,
) -> Result<Vec<ConflictRecorded>, DbError> {
    let rows = sqlx::query!(
        r#"select d.person_id, p.name, d.nature, d.action, r.kind as "kind?", r.may as "may?", r.by_whom as "by_whom?", r.reason as "reason?"
           from governance.declaration d
             join governance.person p on p.person_id = d.person_id
             left join lateral (
               select kind, may, by_whom, reason from governance.ruling r
               where r.meeting_id = d.meeting_id and r.declaration_id = d.declaration_id
               order by ruled_at desc, ruling_id desc limit 1) r on true
           where d.meeting_id = $1 and d.item_id = $2 order by d.declared_at, d.declaration_id"#,
        meeting.0,
        item.0
    )
    .fetch_all(tx.connection())
    .await?;
    let conflicts = rows.into_iter().map(|row| ConflictRecorded {
        person: PersonId(row.person_id),
        name: row.name,
        nature: row.nature,
        action: row.action,
        dispensation: row.kind.as_deref() == Some("dispensation"),
        ruling: row.may.map(|may| {
            let (by, why) = (row.by_whom.unwrap_or_default(), row.reason.unwrap_or_default());
            let may = if may == "neither" { "neither speak nor vote".to_owned() } else { may };
            format!("{by}: may {may}. {why}")
        }),
    });
    Ok(conflicts.collect())
}

/// The limit that the refused journal of a proposal was above, in the version in force on a day.
pub(super) async fn delegation_of(
    tx: &mut Tx<Borough>,
    proposal: ProposalId,
    day: NaiveDate,
) -> Result<Option<DelegationId>, DbError> {
    let id = sqlx::query_scalar!(
        "select d.delegation_id from governance.proposal p
           join governance.delegation d on d.role = p.role and (d.fund_id is null or d.fund_id = p.fund_id)
         where p.proposal_id = $1 and d.in_force_from <= $2 and d.officers = 1 and (d.kind is null or d.kind = 'spend')
         order by d.fund_id nulls last, d.kind nulls last, d.in_force_from desc limit 1",
        proposal.0,
        day
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(id.map(DelegationId))
}

/// Holds a decision until the transaction ends, and says where it stands then.
pub(super) async fn hold(tx: &mut Tx<Borough>, id: DecisionId) -> Result<Option<DecisionBody>, DbError> {
    sqlx::query!("select 1 as one from governance.decision where decision_id = $1 for no key update", id.0)
        .fetch_optional(tx.connection())
        .await?;
    Ok(list(tx, Which::one(id), 1).await?.pop())
}

/// Moves a held decision, with its days, and writes the move down.
pub(super) async fn move_to(
    tx: &mut Tx<Borough>,
    decision: &DecisionBody,
    made: &Move<DecisionState>,
) -> Result<(), DbError> {
    sqlx::query!(
        "update governance.decision set state = $2, published_on = $3, call_in_ends_on = $4, effective_on = $5,
           version = version + 1
         where decision_id = $1",
        decision.id.0,
        word(made.to),
        decision.published_on,
        decision.call_in_ends_on,
        decision.effective_on
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "insert into governance.decision_move (borough_id, decision_id, number, from_state, to_state, reason, client_id, moved_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        decision.id.0,
        decision.version,
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

pub(super) async fn history(tx: &mut Tx<Borough>, id: DecisionId) -> Result<Vec<Move<DecisionState>>, DbError> {
    let rows = sqlx::query!(
        "select from_state, to_state, reason, client_id, moved_at from governance.decision_move
         where decision_id = $1 order by number",
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

pub(super) async fn set_timer(tx: &mut Tx<Borough>, id: DecisionId, due_on: NaiveDate) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.timer (borough_id, decision_id, due_on) values (platform.borough(), $1, $2)",
        id.0,
        due_on
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn drop_timer(tx: &mut Tx<Borough>, id: DecisionId) -> Result<(), DbError> {
    sqlx::query!("delete from governance.timer where decision_id = $1", id.0).execute(tx.connection()).await?;
    Ok(())
}

pub(super) async fn call_ins(
    tx: &mut Tx<Borough>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<CallInBody>, DbError> {
    let rows = sqlx::query_as!(
        CallInBody,
        r#"select call_in_id as "id: CallInId", decision_id as "decision: DecisionId", requested_by, reason, requested_at
           from governance.call_in where $1::uuid is null or call_in_id > $1 order by call_in_id limit $2"#,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(super) async fn insert_call_in(tx: &mut Tx<Borough>, call_in: &CallInBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.call_in (borough_id, call_in_id, decision_id, requested_by, reason, requested_at)
         values (platform.borough(), $1, $2, $3, $4, $5)",
        call_in.id.0,
        call_in.decision.0,
        &call_in.requested_by,
        call_in.reason,
        call_in.requested_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn recommendations(
    tx: &mut Tx<Borough>,
    one: Option<RecommendationId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RecommendationBody>, DbError> {
    let rows = sqlx::query!(
        r#"select r.recommendation_id, r.committee_id, r.meeting_id, r.item_id, r.motion_id, r.constitution_id, r.title, r.outcome,
             r.made_to, r.reasons, r.made_on, r.recorded_at, i.private is not null as "private!"
           from governance.recommendation r
             join governance.agenda_item i on i.meeting_id = r.meeting_id and i.item_id = r.item_id
           where ($1::uuid is null or r.recommendation_id = $1) and ($2::uuid is null or r.recommendation_id > $2)
           order by r.recommendation_id limit $3"#,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let recommendations = rows.into_iter().map(|row| RecommendationBody {
        id: RecommendationId(row.recommendation_id),
        committee: CommitteeId(row.committee_id),
        meeting: MeetingId(row.meeting_id),
        agenda_item: ItemId(row.item_id),
        motion: MotionId(row.motion_id),
        constitution: ConstitutionId(row.constitution_id),
        title: row.title,
        outcome: read(&row.outcome),
        made_to: row.made_to,
        reasons: row.reasons,
        made_on: row.made_on,
        private: row.private,
        binding: false,
        recorded_at: row.recorded_at,
    });
    Ok(recommendations.collect())
}

pub(super) async fn insert_recommendation(tx: &mut Tx<Borough>, body: &RecommendationBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.recommendation (borough_id, recommendation_id, committee_id, meeting_id, item_id, motion_id,
           constitution_id, title, outcome, made_to, reasons, made_on, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        body.id.0,
        body.committee.0,
        body.meeting.0,
        body.agenda_item.0,
        body.motion.0,
        body.constitution.0,
        body.title,
        word(body.outcome),
        body.made_to,
        body.reasons,
        body.made_on,
        body.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Decisions whose day has come, of any borough.
pub(super) async fn due(
    tx: &mut Tx<tenancy::Work>,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<(Uuid, Uuid)>, DbError> {
    let rows = sqlx::query!(
        "select borough_id, decision_id from governance.timer where due_on <= $1 order by due_on, decision_id limit $2",
        today,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.borough_id, row.decision_id)).collect())
}

/// When something happened, for a move the service made.
pub(super) fn made(
    from: DecisionState,
    to: DecisionState,
    reason: &str,
    by: &str,
    moved_at: DateTime<Utc>,
) -> Move<DecisionState> {
    Move { from, to, reason: reason.to_owned(), by: by.to_owned(), moved_at }
}
