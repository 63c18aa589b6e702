//! The SQL of schemes.

use domain::{FundId, SchemeId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::Problem;

use super::scheme::SchemeBody;

/// All schemes of a fund in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    one: Option<SchemeId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SchemeBody>, DbError> {
    let rows = sqlx::query_as!(
        SchemeBody,
        r#"select scheme_id as "id: SchemeId", code, name, category, source, created_at from budgets.scheme
           where fund_id = $1 and ($2::uuid is null or scheme_id = $2) and ($3::uuid is null or scheme_id > $3)
           order by scheme_id limit $4"#,
        fund.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// The scheme, where it is one of the fund's.
pub(crate) async fn find_scheme(
    tx: &mut Tx<Borough>,
    fund: FundId,
    id: SchemeId,
) -> Result<Option<SchemeBody>, DbError> {
    Ok(list(tx, fund, Some(id), None, 1).await?.pop())
}

/// The scheme of a code, where the fund has it.
async fn scheme_of_code(tx: &mut Tx<Borough>, fund: FundId, code: &str) -> Result<Option<SchemeId>, DbError> {
    let id = sqlx::query_scalar!(
        r#"select scheme_id as "id: SchemeId" from budgets.scheme where fund_id = $1 and code = $2"#,
        fund.0,
        code
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(id)
}

pub(super) async fn insert(tx: &mut Tx<Borough>, fund: FundId, scheme: &SchemeBody) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.scheme (borough_id, fund_id, scheme_id, code, name, category, source, created_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7)",
        fund.0,
        scheme.id.0,
        scheme.code,
        scheme.name,
        scheme.category,
        scheme.source,
        scheme.created_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The scheme of a code, where a body names one under `/scheme`.
pub(crate) async fn named(tx: &mut Tx<Borough>, fund: FundId, code: Option<&str>) -> Result<Option<SchemeId>, Problem> {
    let Some(code) = code else { return Ok(None) };
    let found = scheme_of_code(tx, fund, code).await?;
    found.map(Some).ok_or_else(|| web::drafts::unknown("/scheme", "scheme"))
}
