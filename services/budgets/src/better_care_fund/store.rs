//! The SQL of the Better Care Fund.

use domain::{FinancialYear, FundId, Pence};
use tenancy::{Borough, DbError, Tx};
use web::words::{read, word};

use super::{
    plan::{BcfPlan, BcfPlanBody},
    sign_offs::SignOffBody,
};

pub(super) async fn find(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<BcfPlanBody, DbError> {
    let row = sqlx::query!(
        r#"select version, nhs_minimum_pence as "nhs_minimum: Pence", asc_minimum_pence as "asc_minimum: Pence", source,
             asc_planned_pence as "asc_planned: Pence", conditions, metrics, set_at
           from budgets.better_care_fund where fund_id = $1 and year = $2"#,
        fund.0,
        year.start()
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(BcfPlanBody { year, plan: None, set_at: None, version: 0 }) };
    let plan = BcfPlan {
        nhs_minimum_pence: row.nhs_minimum,
        asc_minimum_pence: row.asc_minimum,
        source: row.source,
        asc_planned_pence: row.asc_planned,
        conditions: serde_json::from_value(row.conditions).expect("conditions as they were written"),
        metrics: serde_json::from_value(row.metrics).expect("metrics as they were written"),
    };
    Ok(BcfPlanBody { year, plan: Some(plan), set_at: Some(row.set_at), version: row.version })
}

/// Puts a plan in the place of the version given; `false` where somebody else's came first.
pub(super) async fn put(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    at: i64,
    plan: &BcfPlan,
) -> Result<bool, DbError> {
    let now = tx.now();
    let (conditions, metrics) = (serde_json::json!(plan.conditions), serde_json::json!(plan.metrics));
    let done = if at == 0 {
        sqlx::query!(
            "insert into budgets.better_care_fund (borough_id, fund_id, year, version, nhs_minimum_pence,
               asc_minimum_pence, source, asc_planned_pence, conditions, metrics, set_at)
             values (platform.borough(), $1, $2, 1, $3, $4, $5, $6, $7, $8, $9)",
            fund.0,
            year.start(),
            plan.nhs_minimum_pence.0,
            plan.asc_minimum_pence.0,
            plan.source.trim(),
            plan.asc_planned_pence.0,
            conditions,
            metrics,
            now
        )
        .execute(tx.connection())
        .await?
    } else {
        sqlx::query!(
            "update budgets.better_care_fund set version = version + 1, nhs_minimum_pence = $4, asc_minimum_pence = $5,
               source = $6, asc_planned_pence = $7, conditions = $8, metrics = $9, set_at = $10
             where fund_id = $1 and year = $2 and version = $3",
            fund.0,
            year.start(),
            at,
            plan.nhs_minimum_pence.0,
            plan.asc_minimum_pence.0,
            plan.source.trim(),
            plan.asc_planned_pence.0,
            conditions,
            metrics,
            now
        )
        .execute(tx.connection())
        .await?
    };
    Ok(done.rows_affected() == 1)
}

pub(super) async fn sign_offs(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<Vec<SignOffBody>, DbError> {
    let rows = sqlx::query!(
        r#"select s.role, s.plan_version, p.version = s.plan_version as "counts!", s.signed_on, s.reference, s.recorded_at
           from budgets.sign_off s join budgets.better_care_fund p on p.fund_id = s.fund_id and p.year = s.year
           where s.fund_id = $1 and s.year = $2 order by s.plan_version, s.signed_on, s.role"#,
        fund.0,
        year.start()
    )
    .fetch_all(tx.connection())
    .await?;
    let signed = rows.into_iter().map(|row| SignOffBody {
        role: read(&row.role),
        plan_version: row.plan_version,
        counts: row.counts,
        signed_on: row.signed_on,
        reference: row.reference,
        recorded_at: row.recorded_at,
    });
    Ok(signed.collect())
}

pub(super) async fn insert_sign_off(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    sign_off: &SignOffBody,
    client: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.sign_off (borough_id, fund_id, year, role, signed_on, reference, recorded_at, client_id,
           plan_version)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8)",
        fund.0,
        year.start(),
        word(sign_off.role),
        sign_off.signed_on,
        sign_off.reference,
        sign_off.recorded_at,
        client,
        sign_off.plan_version
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
