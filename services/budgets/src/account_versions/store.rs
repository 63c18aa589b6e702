//! The SQL of accounts' versions. Nothing here updates or deletes.

use domain::{AccountId, FinancialYear, FundId};
use tenancy::{Borough, DbError, Tx};
use web::words::{read, word};

use super::version::{AccountVersionBody, AccountVersionDraft};

/// The versions of an account, the earliest first.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    account: AccountId,
) -> Result<Vec<AccountVersionBody>, DbError> {
    let rows = sqlx::query!(
        r#"select from_year as "from_year: FinancialYear", name, requires, closed, recorded_at
           from budgets.account_version where fund_id = $1 and account_id = $2 order by from_year"#,
        fund.0,
        account.0
    )
    .fetch_all(tx.connection())
    .await?;
    let versions = rows.into_iter().map(|row| AccountVersionBody {
        from_year: row.from_year,
        name: row.name,
        requires: row.requires.iter().map(|text| read(text)).collect(),
        closed: row.closed,
        recorded_at: row.recorded_at,
    });
    Ok(versions.collect())
}

/// The first year not before `from` in which something was posted to the account.
pub(super) async fn used_in(
    tx: &mut Tx<Borough>,
    fund: FundId,
    account: AccountId,
    from: FinancialYear,
) -> Result<Option<FinancialYear>, DbError> {
    let year = sqlx::query_scalar!(
        r#"select year as "year: FinancialYear" from budgets.posting
           where fund_id = $1 and account_id = $2 and year >= $3 order by year limit 1"#,
        fund.0,
        account.0,
        from.start()
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(year)
}

pub(crate) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    account: AccountId,
    draft: &AccountVersionDraft,
) -> Result<(), DbError> {
    let now = tx.now();
    let requires: Vec<String> = draft.requires.iter().map(|one| word(*one)).collect();
    sqlx::query!(
        "insert into budgets.account_version (borough_id, fund_id, account_id, from_year, name, requires, closed, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        fund.0,
        account.0,
        draft.from_year.start(),
        draft.name.trim(),
        &requires,
        draft.closed,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
