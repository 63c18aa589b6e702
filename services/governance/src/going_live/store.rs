//! The SQL of planned dates, approvals and signed agreements.

use chrono::NaiveDate;
use domain::{AgreementId, ApprovalId, CommitteeId, PlanId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::readiness::{ApprovalBody, Known, PlannedDateBody, Readiness, SignedAgreementBody};
use crate::{
    committees::CommitteeBody,
    words::{read, word},
};

pub(super) async fn plans(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    one: Option<PlanId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PlannedDateBody>, DbError> {
    let rows = sqlx::query!(
        r#"select * from (
             select plan_id, phase, planned_on, source, recorded_at,
               (planned_on - lag(planned_on) over (partition by phase order by plan_id))::bigint as slipped
             from governance.committee_plan where committee_id = $1) plan
           where ($2::uuid is null or plan_id = $2) and ($3::uuid is null or plan_id > $3)
           order by plan_id limit $4"#,
        committee.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let plans = rows.into_iter().map(|row| PlannedDateBody {
        id: PlanId(row.plan_id),
        phase: read(&row.phase),
        planned_on: row.planned_on,
        slipped_by_days: row.slipped,
        source: row.source,
        recorded_at: row.recorded_at,
    });
    Ok(plans.collect())
}

pub(super) async fn insert_plan(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    plan: &PlannedDateBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.committee_plan (borough_id, committee_id, plan_id, phase, planned_on, source, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        committee.0,
        plan.id.0,
        word(plan.phase),
        plan.planned_on,
        plan.source,
        plan.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn approvals(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ApprovalBody>, DbError> {
    let rows = sqlx::query_as!(
        ApprovalBody,
        r#"select approval_id as "id: ApprovalId", parent, approved_on, reference, recorded_at
           from governance.parent_approval where committee_id = $1 and ($2::uuid is null or approval_id > $2)
           order by approval_id limit $3"#,
        committee.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(super) async fn insert_approval(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    approval: &ApprovalBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.parent_approval (borough_id, committee_id, approval_id, parent, approved_on, reference, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        committee.0,
        approval.id.0,
        approval.parent,
        approval.approved_on,
        approval.reference,
        approval.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn agreements(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SignedAgreementBody>, DbError> {
    let rows = sqlx::query_as!(
        SignedAgreementBody,
        r#"select agreement_id as "id: AgreementId", reference, signed_on, source, recorded_at
           from governance.committee_agreement where committee_id = $1 and ($2::uuid is null or agreement_id > $2)
           order by agreement_id limit $3"#,
        committee.0,
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(super) async fn insert_agreement(
    tx: &mut Tx<Borough>,
    committee: CommitteeId,
    agreement: &SignedAgreementBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.committee_agreement (borough_id, committee_id, agreement_id, reference, signed_on, source, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        committee.0,
        agreement.id.0,
        agreement.reference,
        agreement.signed_on,
        agreement.source,
        agreement.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What a committee still needs to go live on a day.
pub(crate) async fn readiness_of(
    tx: &mut Tx<Borough>,
    committee: &CommitteeBody,
    today: NaiveDate,
) -> Result<Readiness, DbError> {
    let row = sqlx::query!(
        r#"select
             (select min(in_force_from) from governance.constitution where committee_id = $1) as constitution_from,
             (select coalesce(array_agg(r.reported_on), '{}') from governance.consultation c
                join governance.consultation_report r on r.consultation_id = c.consultation_id
              where c.committee_id = $1 and r.kind = 'final' and r.reported_on >= c.closes_on and r.reported_on <= $2) as "reported!",
             (select coalesce(array_agg(parent order by parent), '{}') from governance.parent_approval where committee_id = $1) as "parents!",
             (select coalesce(array_agg(approved_on order by parent), '{}') from governance.parent_approval where committee_id = $1) as "approved!",
             (select max(signed_on) from governance.committee_agreement where committee_id = $1) as signed_on"#,
        committee.id.0,
        today
    )
    .fetch_one(tx.connection())
    .await?;
    let known = Known {
        parents: committee.parents.clone(),
        constitution_from: row.constitution_from,
        consultation_reported: row.reported,
        approvals: row.parents.into_iter().zip(row.approved).collect(),
        agreement_signed: row.signed_on,
    };
    Ok(known.readiness(today))
}
