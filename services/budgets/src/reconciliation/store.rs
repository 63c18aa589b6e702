//! The SQL of the reconciliation.

use domain::{FinancialYear, FundId, InstalmentId, MatchId, OrganisationId, Pence, ReceiptId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::{
    line::{Confirmed, Expected, Received},
    matches::{MatchBody, Owed},
};

/// The instalments in force of a fund-year, each with what earlier versions asked for it.
pub(super) async fn expected(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<Vec<Expected>, DbError> {
    let rows = sqlx::query_as!(
        Expected,
        r#"select distinct on (i.contribution_id, i.number) i.instalment_id as "id: InstalmentId",
             i.contribution_id as "contribution: domain::ContributionId", i.payer_id as "payer: OrganisationId",
             p.name as payer_name, i.number, i.due_on, i.amount_pence as "amount: Pence", i.true_up_pence as "true_up: Pence",
             coalesce((select array_agg(e.amount_pence) from budgets.instalment e
                       where e.fund_id = $1 and e.year = $2 and e.contribution_id = i.contribution_id
                         and e.number = i.number and e.version < i.version), '{}') as "before!: Vec<Pence>"
           from budgets.instalment i join budgets.party p on p.organisation_id = i.payer_id
           where i.fund_id = $1 and i.year = $2 order by i.contribution_id, i.number, i.version desc"#,
        fund.0,
        year.start()
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// The payments of a fund-year.
pub(super) async fn received(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<Vec<Received>, DbError> {
    let rows = sqlx::query_as!(
        Received,
        r#"select r.receipt_id as "id: ReceiptId", r.payer_id as "payer: OrganisationId", p.name as payer_name, r.paid_on,
             r.amount_pence as "amount: Pence", r.document_number, r.directorate
           from budgets.receipt r join budgets.party p on p.organisation_id = r.payer_id
           where r.fund_id = $1 and r.year = $2 order by r.receipt_id"#,
        fund.0,
        year.start()
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// What persons matched in a fund-year.
pub(super) async fn confirmed(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
) -> Result<Vec<Confirmed>, DbError> {
    let rows = sqlx::query_as!(
        Confirmed,
        r#"select m.receipt_id as "receipt: ReceiptId", i.instalment_id as "instalment: InstalmentId",
             m.amount_pence as "amount: Pence"
           from budgets.receipt_match m
             join (select distinct on (contribution_id, number) contribution_id, number, instalment_id from budgets.instalment
                   where fund_id = $1 and year = $2 order by contribution_id, number, version desc) i
               on i.contribution_id = m.contribution_id and i.number = m.instalment_number
           where m.fund_id = $1 and m.year = $2 and m.withdrawn_at is null order by m.match_id"#,
        fund.0,
        year.start()
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// The matches of a fund-year in the order they were recorded, or one.
pub(super) async fn matches(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    one: Option<MatchId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<MatchBody>, DbError> {
    let rows = sqlx::query_as!(
        MatchBody,
        r#"select m.match_id as "id: MatchId", m.receipt_id as "receipt: ReceiptId",
             i.instalment_id as "instalment: InstalmentId", m.amount_pence as "amount_pence: Pence", m.reason,
             m.client_id as matched_by, m.matched_at, m.withdrawn_at, m.withdrawn_reason
           from budgets.receipt_match m
             join (select distinct on (contribution_id, number) contribution_id, number, instalment_id from budgets.instalment
                   where fund_id = $1 and year = $2 order by contribution_id, number, version desc) i
               on i.contribution_id = m.contribution_id and i.number = m.instalment_number
           where m.fund_id = $1 and m.year = $2 and ($3::uuid is null or m.match_id = $3)
             and ($4::uuid is null or m.match_id > $4)
           order by m.match_id limit $5"#,
        fund.0,
        year.start(),
        one.map(|id| id.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// A payment's payer and amount, and how much of it is matched. Whoever matches one of the year meanwhile has to wait.
pub(super) async fn matched(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    receipt: ReceiptId,
) -> Result<Option<(OrganisationId, Pence, Pence)>, DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'matches', $1::text, $2::text), 0))",
        fund.0.to_string(),
        year.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    let row = sqlx::query!(
        r#"select r.payer_id, r.amount_pence as "paid: Pence",
             coalesce((select sum(m.amount_pence) from budgets.receipt_match m
                       where m.fund_id = $1 and m.year = $2 and m.receipt_id = $3
                         and m.withdrawn_at is null), 0)::bigint as "matched!: Pence"
           from budgets.receipt r where r.fund_id = $1 and r.year = $2 and r.receipt_id = $3"#,
        fund.0,
        year.start(),
        receipt.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| (OrganisationId(row.payer_id), row.paid, row.matched)))
}

/// An instalment as it is in force, whichever version of it is named, and how much of it is matched.
pub(super) async fn owed(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    instalment: InstalmentId,
) -> Result<Option<Owed>, DbError> {
    let row = sqlx::query_as!(
        Owed,
        r#"select i.payer_id as "payer: OrganisationId", i.amount_pence as "amount: Pence",
             coalesce((select sum(m.amount_pence) from budgets.receipt_match m
                       where m.fund_id = $1 and m.year = $2 and m.contribution_id = i.contribution_id
                         and m.instalment_number = i.number and m.withdrawn_at is null), 0)::bigint as "matched!: Pence"
           from budgets.instalment named
             join budgets.instalment i on i.fund_id = $1 and i.year = $2
               and i.contribution_id = named.contribution_id and i.number = named.number
           where named.fund_id = $1 and named.year = $2 and named.instalment_id = $3
           order by i.version desc limit 1"#,
        fund.0,
        year.start(),
        instalment.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row)
}

/// Writes a match; whether its instalment is one of the fund-year.
pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    one: &MatchBody,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "insert into budgets.receipt_match (borough_id, fund_id, year, match_id, receipt_id, contribution_id,
           instalment_number, amount_pence, reason, matched_at, client_id)
         select distinct platform.borough(), $1::uuid, $2::smallint, $3::uuid, $4::uuid, contribution_id, number, $6::bigint,
           $7::text, $8::timestamptz, $9::text
         from budgets.instalment where fund_id = $1 and year = $2 and instalment_id = $5",
        fund.0,
        year.start(),
        one.id.0,
        one.receipt.0,
        one.instalment.0,
        one.amount_pence.0,
        one.reason,
        one.matched_at,
        one.matched_by
    )
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a match back; whether it still stood.
pub(super) async fn withdraw(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    id: MatchId,
    by: &str,
    reason: &str,
) -> Result<bool, DbError> {
    let now = tx.now();
    let done = sqlx::query!(
        "update budgets.receipt_match set withdrawn_at = $4, withdrawn_by = $5, withdrawn_reason = $6
         where fund_id = $1 and year = $2 and match_id = $3 and withdrawn_at is null",
        fund.0,
        year.start(),
        id.0,
        now,
        by,
        reason
    )
    .execute(tx.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}
