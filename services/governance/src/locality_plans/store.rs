//! The SQL of locality plans.

use chrono::NaiveDate;
use domain::{MilestoneId, PlanId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::plan::{EarlierPlan, LocalityPlanBody, MilestoneBody};

/// All plans in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    one: Option<PlanId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<LocalityPlanBody>, DbError> {
    let rows = sqlx::query_as!(
        LocalityPlanBody,
        r#"select plan_id as "id: PlanId", title, valid_from, valid_to, source, created_at from governance.locality_plan
           where ($1::uuid is null or plan_id = $1) and ($2::uuid is null or plan_id > $2) order by plan_id limit $3"#,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

pub(super) async fn insert(tx: &mut Tx<Borough>, plan: &LocalityPlanBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.locality_plan (borough_id, plan_id, title, valid_from, valid_to, source, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        plan.id.0,
        plan.title,
        plan.valid_from,
        plan.valid_to,
        plan.source,
        plan.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// All milestones of a plan in the order of their ids, or one.
pub(super) async fn milestones(
    tx: &mut Tx<Borough>,
    of: PlanId,
    one: Option<MilestoneId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<MilestoneBody>, DbError> {
    let rows = sqlx::query!(
        r#"select milestone_id, title, planned_on, reached_on, created_at, version,
             (select coalesce(jsonb_agg(jsonb_build_object('planned_on', r.from_on, 'reason', r.reason,
                'replanned_at', r.replanned_at) order by r.number), '[]')
              from governance.milestone_replanning r
              where r.borough_id = m.borough_id and r.plan_id = m.plan_id and r.milestone_id = m.milestone_id)
             as "earlier_plans!: sqlx::types::Json<Vec<EarlierPlan>>"
           from governance.milestone m
           where plan_id = $1 and ($2::uuid is null or milestone_id = $2) and ($3::uuid is null or milestone_id > $3)
           order by milestone_id limit $4"#,
        of.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let milestones = rows.into_iter().map(|row| MilestoneBody {
        id: MilestoneId(row.milestone_id),
        title: row.title,
        planned_on: row.planned_on,
        first_planned_on: row.earlier_plans.first().map_or(row.planned_on, |plan| plan.planned_on),
        earlier_plans: row.earlier_plans.0,
        reached_on: row.reached_on,
        created_at: row.created_at,
        version: row.version,
    });
    Ok(milestones.collect())
}

pub(super) async fn insert_milestone(
    tx: &mut Tx<Borough>,
    of: PlanId,
    milestone: &MilestoneBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into governance.milestone (borough_id, plan_id, milestone_id, title, planned_on, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5)",
        of.0,
        milestone.id.0,
        milestone.title,
        milestone.planned_on,
        milestone.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Plans it anew where it is still at the version that was read, and keeps the plan before. False where it has changed.
pub(super) async fn replan(
    tx: &mut Tx<Borough>,
    of: PlanId,
    at: &MilestoneBody,
    planned_on: NaiveDate,
    reason: &str,
    client_id: &str,
) -> Result<bool, DbError> {
    let now = tx.now();
    let replanned = sqlx::query!(
        "with changed as (
           update governance.milestone set planned_on = $4, version = version + 1
           where plan_id = $1 and milestone_id = $2 and version = $3 returning borough_id, plan_id, milestone_id
         )
         insert into governance.milestone_replanning (borough_id, plan_id, milestone_id, number, from_on, to_on, reason,
           client_id, replanned_at)
         select borough_id, plan_id, milestone_id, $3, $5, $4, $6, $7, $8 from changed",
        of.0,
        at.id.0,
        at.version,
        planned_on,
        at.planned_on,
        reason,
        client_id,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(replanned.rows_affected() == 1)
}

/// Says it was reached, where it is still at the version that was read. False where it has changed.
pub(super) async fn complete(
    tx: &mut Tx<Borough>,
    of: PlanId,
    at: &MilestoneBody,
    reached_on: NaiveDate,
) -> Result<bool, DbError> {
    let reached = sqlx::query!(
        "update governance.milestone set reached_on = $4, version = version + 1
         where plan_id = $1 and milestone_id = $2 and version = $3",
        of.0,
        at.id.0,
        at.version,
        reached_on
    )
    .execute(tx.connection())
    .await?;
    Ok(reached.rows_affected() == 1)
}
