//! The SQL of a year's budget.

use domain::{FinancialYear, FundId, Pence};
use tenancy::{Borough, DbError, Tx};

use super::year_budget::{Sides, YearBudgetDraft};

/// What was set, with its version; `None` before it was set first.
pub(super) async fn find(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<Option<(i64, YearBudgetDraft)>, DbError> {
    let row = sqlx::query!(
        r#"select version, contingency_pence as "contingency: Pence", brought_forward_pence as "brought_forward: Pence",
             other_income_pence as "other_income: Pence", uncommitted_pence as "uncommitted: Pence",
             overspend_threshold_bp, agreed_on
           from budgets.year_budget where fund_id = $1 and year = $2"#,
        fund.0,
        year.start()
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| {
        let budget = YearBudgetDraft {
            contingency_pence: row.contingency,
            brought_forward_pence: row.brought_forward,
            other_income_pence: row.other_income,
            uncommitted_pence: row.uncommitted,
            overspend_threshold_bp: row.overspend_threshold_bp,
            agreed_on: row.agreed_on,
        };
        (row.version, budget)
    }))
}

/// Sets it from version `from` on; whether it was still at that. A first version that is there already breaks the key.
pub(super) async fn put(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    from: i64,
    budget: &YearBudgetDraft,
) -> Result<bool, DbError> {
    let now = tx.now();
    let done = sqlx::query!(
        "with changed as (
           update budgets.year_budget set version = version + 1, contingency_pence = $4, brought_forward_pence = $5,
             other_income_pence = $6, uncommitted_pence = $7, overspend_threshold_bp = $8, agreed_on = $9, set_at = $10
           where fund_id = $1 and year = $2 and version = $3 returning 1
         ), made as (
           insert into budgets.year_budget (borough_id, fund_id, year, version, contingency_pence, brought_forward_pence,
             other_income_pence, uncommitted_pence, overspend_threshold_bp, agreed_on, set_at)
           select platform.borough(), $1, $2, 1, $4, $5, $6, $7, $8, $9, $10 where $3::bigint = 0 returning 1
         )
         select from changed union all select from made",
        fund.0,
        year.start(),
        from,
        budget.contingency_pence.0,
        budget.brought_forward_pence.0,
        budget.other_income_pence.0,
        budget.uncommitted_pence.0,
        budget.overspend_threshold_bp,
        budget.agreed_on,
        now
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(!done.is_empty())
}

/// What the ledger and the contributions say, in one snapshot.
pub(super) async fn sides(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<Sides, DbError> {
    let row = sqlx::query_as!(
        Sides,
        r#"with in_force as (
             select c.form, v.amount_pence from budgets.contribution c
               join lateral (select amount_pence from budgets.contribution_version v
                             where v.fund_id = c.fund_id and v.year = c.year and v.contribution_id = c.contribution_id
                             order by number desc limit 1) v on true
             where c.fund_id = $1 and c.year = $2
           )
           select
             coalesce((select sum(f.amount_pence) from budgets.standing f
                         join budgets.account a on a.fund_id = $1 and a.account_id = f.account_id and a.kind = 'expenditure'
                       where f.fund_id = $1 and f.year = $2 and f.layer = 'budget'), 0)::bigint as "schemes!: Pence",
             coalesce((select sum(amount_pence) from in_force where form = 'cash'), 0)::bigint as "cash!: Pence",
             coalesce((select sum(amount_pence) from in_force where form = 'in_kind'), 0)::bigint as "in_kind!: Pence""#,
        fund.0,
        year.start()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(row)
}
