//! The SQL of accounts.

use domain::{AccountId, FundId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::account::{AccountBody, AccountKind};

/// All accounts of a fund in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    one: Option<AccountId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<AccountBody>, DbError> {
    let rows = sqlx::query_as!(
        AccountBody,
        r#"select account_id as "id: AccountId", code, name, kind, created_at from budgets.account
           where fund_id = $1 and ($2::uuid is null or account_id = $2) and ($3::uuid is null or account_id > $3)
           order by account_id limit $4"#,
        fund.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// The account, where the fund has it.
pub(crate) async fn find_account(
    tx: &mut Tx<Borough>,
    fund: FundId,
    account: AccountId,
) -> Result<Option<AccountBody>, DbError> {
    Ok(list(tx, fund, Some(account), None, 1).await?.pop())
}

/// The kind of an account, by its code, where the fund has it.
pub(super) async fn kind_of(tx: &mut Tx<Borough>, fund: FundId, code: &str) -> Result<Option<AccountKind>, DbError> {
    let kind = sqlx::query_scalar!("select kind from budgets.account where fund_id = $1 and code = $2", fund.0, code)
        .fetch_optional(tx.connection())
        .await?;
    Ok(kind.map(|kind| AccountKind::parse(&kind)))
}

pub(super) async fn insert(tx: &mut Tx<Borough>, fund: FundId, account: &AccountBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.account (borough_id, fund_id, account_id, code, name, kind, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        fund.0,
        account.id.0,
        account.code,
        account.name,
        account.kind,
        account.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
