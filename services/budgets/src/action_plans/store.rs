//! The SQL of action plans.

use domain::{ActionPlanId, FinancialYear, FundId, Pence, SchemeId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::action_plan::ActionPlanBody;

pub(crate) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ActionPlanBody>, DbError> {
    let rows = sqlx::query_as!(
        ActionPlanBody,
        r#"select p.action_plan_id as "id: ActionPlanId", s.code as "scheme?", p.cause, p.actions, p.owner, p.due_on,
             p.recovers_pence as "recovers_pence: Pence", p.recorded_at
           from budgets.action_plan p
             left join budgets.scheme s on s.fund_id = p.fund_id and s.scheme_id = p.scheme_id
           where p.fund_id = $1 and p.year = $2 and ($3::uuid is null or p.action_plan_id > $3)
           order by p.action_plan_id limit $4"#,
        fund.0,
        year.start(),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// Whether a fund-year has an action plan.
pub(crate) async fn any(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<bool, DbError> {
    Ok(!list(tx, fund, year, None, 1).await?.is_empty())
}

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    scheme: Option<SchemeId>,
    plan: &ActionPlanBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.action_plan (borough_id, fund_id, year, action_plan_id, scheme_id, cause, actions, owner,
           due_on, recovers_pence, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        fund.0,
        year.start(),
        plan.id.0,
        scheme.map(|id| id.0),
        plan.cause,
        &plan.actions,
        plan.owner,
        plan.due_on,
        plan.recovers_pence.0,
        plan.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
