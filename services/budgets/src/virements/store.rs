//! The SQL of virements.

use domain::{FinancialYear, FundId, JournalId, Pence, SchemeId, VirementId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::virement::{Side, VirementBody};
use crate::schedules::Held;

/// Keeps other virements of the fund's year waiting until the transaction ends: what a scheme gives, it gives once.
pub(super) async fn hold(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<(), DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'virement', $1::text, $2::text), 0))",
        fund.0.to_string(),
        year.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(())
}

/// The scheme of a code, how its schedule holds it, and its budget of one account. `None` where there is none;
/// `Some(None)` where its budget leaves the range of pence.
pub(super) async fn side(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    code: &str,
    account: &str,
) -> Result<Option<Option<Side>>, DbError> {
    let row = sqlx::query!(
        r#"select s.scheme_id, coalesce(c.capital, false) as "capital!", c.ring_fence as "ring_fence?",
             (select coalesce(sum(f.amount_pence), 0)::text from budgets.standing f
                join budgets.account a on a.fund_id = $1 and a.account_id = f.account_id and a.kind = 'expenditure' and a.code = $4
              where f.fund_id = $1 and f.year = $2 and f.scheme_id = s.scheme_id and f.layer = 'budget') as "budget!"
           from budgets.scheme s left join budgets.scheme_schedule c on c.fund_id = s.fund_id and c.scheme_id = s.scheme_id
           where s.fund_id = $1 and s.code = $3"#,
        fund.0,
        year.start(),
        code,
        account
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| {
        let budget = row.budget.parse().ok().map(Pence)?;
        let held = Held { capital: row.capital, ring_fence: row.ring_fence };
        Some(Side { id: SchemeId(row.scheme_id), held, budget })
    }))
}

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    sides: (SchemeId, SchemeId),
    body: &VirementBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.virement (borough_id, fund_id, year, virement_id, from_scheme_id, to_scheme_id, amount_pence,
           reason, authority, journal_id, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        fund.0,
        year.start(),
        body.id.0,
        sides.0.0,
        sides.1.0,
        body.amount_pence.0,
        body.reason,
        body.authority,
        body.journal.0,
        body.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<VirementBody>, DbError> {
    let rows = sqlx::query_as!(
        VirementBody,
        r#"select v.virement_id as "id: VirementId", f.code as from_scheme, t.code as to_scheme,
             v.amount_pence as "amount_pence: Pence", v.reason, v.authority, v.journal_id as "journal: JournalId", v.recorded_at
           from budgets.virement v
             join budgets.scheme f on f.fund_id = v.fund_id and f.scheme_id = v.from_scheme_id
             join budgets.scheme t on t.fund_id = v.fund_id and t.scheme_id = v.to_scheme_id
           where v.fund_id = $1 and v.year = $2 and ($3::uuid is null or v.virement_id > $3)
           order by v.virement_id limit $4"#,
        fund.0,
        year.start(),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}
