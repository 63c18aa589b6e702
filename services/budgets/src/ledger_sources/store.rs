//! The SQL of ledger sources.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{FundId, LedgerSourceId};
use serde_json::Value;
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;
use web::words::read;

use super::source::{LedgerMapping, LedgerSourceBody};
use crate::accounts::AccountKind;

fn mapping(value: Value) -> LedgerMapping {
    serde_json::from_value(value).expect("a mapping as it was written")
}

/// The sources of a fund in the order of their ids, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    one: Option<LedgerSourceId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<LedgerSourceBody>, DbError> {
    let rows = sqlx::query!(
        r#"select s.source_id, s.name, s.version, v.mapping, s.recorded_at
           from budgets.ledger_source s
             join budgets.ledger_source_version v on v.fund_id = s.fund_id and v.source_id = s.source_id and v.number = s.version
           where s.fund_id = $1 and ($2::uuid is null or s.source_id = $2) and ($3::uuid is null or s.source_id > $3)
           order by s.source_id limit $4"#,
        fund.0,
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let sources = rows.into_iter().map(|row| LedgerSourceBody {
        id: LedgerSourceId(row.source_id),
        name: row.name,
        version: row.version,
        mapping: mapping(row.mapping),
        recorded_at: row.recorded_at,
    });
    Ok(sources.collect())
}

pub(crate) async fn find_source(
    tx: &mut Tx<Borough>,
    fund: FundId,
    id: LedgerSourceId,
) -> Result<Option<LedgerSourceBody>, DbError> {
    Ok(list(tx, fund, Some(id), None, 1).await?.pop())
}

/// How a source was read at one of its versions, and what it is called.
pub(crate) async fn mapping_of(
    tx: &mut Tx<Borough>,
    fund: FundId,
    (id, version): (LedgerSourceId, i64),
) -> Result<(String, LedgerMapping), DbError> {
    let row = sqlx::query!(
        "select s.name, v.mapping from budgets.ledger_source s
           join budgets.ledger_source_version v on v.fund_id = s.fund_id and v.source_id = s.source_id
         where s.fund_id = $1 and s.source_id = $2 and v.number = $3",
        fund.0,
        id.0,
        version
    )
    .fetch_one(tx.connection())
    .await?;
    Ok((row.name, mapping(row.mapping)))
}

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    source: &LedgerSourceBody,
    client_id: &str,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.ledger_source (borough_id, fund_id, source_id, name, recorded_at)
         values (platform.borough(), $1, $2, $3, $4)",
        fund.0,
        source.id.0,
        source.name,
        source.recorded_at
    )
    .execute(tx.connection())
    .await?;
    insert_version(tx, fund, source, client_id, source.recorded_at).await
}

async fn insert_version(
    tx: &mut Tx<Borough>,
    fund: FundId,
    source: &LedgerSourceBody,
    client_id: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.ledger_source_version (borough_id, fund_id, source_id, number, mapping, client_id, set_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6)",
        fund.0,
        source.id.0,
        source.version,
        serde_json::json!(source.mapping),
        client_id,
        now
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Sets what `source` says as its next version. Whether it was still at the version before.
pub(super) async fn set(
    tx: &mut Tx<Borough>,
    fund: FundId,
    source: &LedgerSourceBody,
    client_id: &str,
) -> Result<bool, DbError> {
    let set = sqlx::query!(
        "update budgets.ledger_source set name = $3, version = $4 where fund_id = $1 and source_id = $2 and version = $5",
        fund.0,
        source.id.0,
        source.name,
        source.version,
        source.version - 1
    )
    .execute(tx.connection())
    .await?;
    if set.rows_affected() == 0 {
        return Ok(false);
    }
    let now = tx.now();
    insert_version(tx, fund, source, client_id, now).await?;
    Ok(true)
}

/// The kinds of a fund's accounts by their codes, and the codes of its schemes.
pub(super) async fn chart(
    tx: &mut Tx<Borough>,
    fund: FundId,
) -> Result<(HashMap<String, AccountKind>, Vec<String>), DbError> {
    let accounts = sqlx::query!("select code, kind from budgets.account where fund_id = $1", fund.0)
        .fetch_all(tx.connection())
        .await?;
    let schemes = sqlx::query_scalar!("select code from budgets.scheme where fund_id = $1", fund.0)
        .fetch_all(tx.connection())
        .await?;
    Ok((accounts.into_iter().map(|row| (row.code, read(&row.kind))).collect(), schemes))
}
