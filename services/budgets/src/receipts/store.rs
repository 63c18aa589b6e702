//! The SQL of receipts.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::{FinancialYear, FundId, OrganisationId, Pence, ReceiptId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::receipt::ReceiptBody;
use crate::{
    facts::Party,
    funds::{FundBody, FundKind},
    years::FundYearBody,
};

pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ReceiptBody>, DbError> {
    let rows = sqlx::query_as!(
        ReceiptBody,
        r#"select r.receipt_id as "id: ReceiptId", r.paid_on, r.amount_pence as "amount_pence: Pence",
             r.payer_id as "payer: OrganisationId", p.name as payer_name, r.document_number, r.payee_as_published,
             r.directorate, r.description, r.source, r.recorded_at
           from budgets.receipt r join budgets.party p on p.organisation_id = r.payer_id
           where r.fund_id = $1 and r.year = $2 and ($3::uuid is null or r.receipt_id > $3)
           order by r.receipt_id limit $4"#,
        fund.0,
        year.start(),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// Writes payments of one body, under the code it sees them by; and tells the region, where the fund is in its figures.
///
/// The region is told the funding source where all of the body's contributions in cash have the same, and likewise their
/// kind; a payment is of the fund's kind otherwise.
pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: &FundBody,
    year: &FundYearBody,
    (payer, code): (&Party, Option<&str>),
    receipts: &[ReceiptBody],
) -> Result<(), DbError> {
    let Some(first) = receipts.first() else { return Ok(()) };
    let texts =
        |of: fn(&ReceiptBody) -> Option<&String>| receipts.iter().map(|one| of(one).cloned()).collect::<Vec<_>>();
    let ids: Vec<Uuid> = receipts.iter().map(|one| one.id.0).collect();
    let days: Vec<NaiveDate> = receipts.iter().map(|one| one.paid_on).collect();
    let amounts: Vec<i64> = receipts.iter().map(|one| one.amount_pence.0).collect();
    sqlx::query!(
        "insert into budgets.receipt (borough_id, fund_id, year, receipt_id, payer_id, paid_on, amount_pence,
           document_number, payee_as_published, directorate, description, source, recorded_at, party_code)
         select platform.borough(), $1, $2, id, $3, paid_on, amount, document, payee, directorate, description, $4, $5, $6
         from unnest($7::uuid[], $8::date[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[])
           as paid (id, paid_on, amount, document, payee, directorate, description)",
        fund.id.0,
        year.year.start(),
        first.payer.0,
        first.source,
        first.recorded_at,
        code,
        &ids,
        &days,
        &amounts,
        &texts(|one| one.document_number.as_ref()) as &[Option<String>],
        &texts(|one| Some(&one.payee_as_published)) as &[Option<String>],
        &texts(|one| one.directorate.as_ref()) as &[Option<String>],
        &texts(|one| one.description.as_ref()) as &[Option<String>]
    )
    .execute(tx.connection())
    .await?;
    let Some(region) = &fund.region else { return Ok(()) };
    let kinds = sqlx::query_scalar!(
        r#"select distinct coalesce(d.kind, $4) as "kind!" from budgets.contribution c
             left join budgets.scheme_schedule d on d.fund_id = c.fund_id and d.scheme_id = c.scheme_id
           where c.fund_id = $1 and c.year = $2 and c.payer_id = $3 and c.form = 'cash'"#,
        fund.id.0,
        year.year.start(),
        first.payer.0,
        fund.kind.as_str()
    )
    .fetch_all(tx.connection())
    .await?;
    let kind = match &kinds[..] {
        [one] => FundKind::parse(one),
        _ => fund.kind,
    };
    sqlx::query!(
        "insert into budgets.region_contribution (borough_id, region, year, entry_id, fund_id, kind, section_75,
           funding_source, payer_code, payer_kind, on_day, planned_pence, paid_pence, completeness)
         select platform.borough(), $1, $2, id, $3, $4, $5,
           coalesce((select case when count(distinct c.funding_source) = 1 then min(c.funding_source) end
                     from budgets.contribution c
                     where c.fund_id = $3 and c.year = $2 and c.payer_id = $6 and c.form = 'cash'), 'not_analysed'),
           $7, $8, paid_on, 0, amount, $12
         from unnest($9::uuid[], $10::date[], $11::bigint[]) as paid (id, paid_on, amount)",
        region,
        year.year.start(),
        fund.id.0,
        kind.as_str(),
        fund.legal_basis.counts_as_section_75(kind),
        first.payer.0,
        payer.ods,
        payer.kind,
        &ids,
        &days,
        &amounts,
        year.completeness.as_str()
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Whether a body that has ended has a run-off to pay into the fund in a year (rule 13).
pub(super) async fn runs_off(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    payer: OrganisationId,
) -> Result<bool, DbError> {
    let there = sqlx::query_scalar!(
        r#"select exists (select from budgets.contribution
             where fund_id = $1 and year = $2 and payer_id = $3 and run_off) as "there!""#,
        fund.0,
        year.start(),
        payer.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(there)
}

/// What tells one payment of a body from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub(super) paid_on: NaiveDate,
    pub(super) amount: Pence,
    pub(super) document_number: Option<String>,
    pub(super) payee: String,
}

/// How many payments a fund-year has. Whoever records one meanwhile has to wait.
pub(super) async fn count(tx: &mut Tx<Borough>, fund: FundId, year: FinancialYear) -> Result<usize, DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'receipts', $1::text, $2::text), 0))",
        fund.0.to_string(),
        year.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from budgets.receipt where fund_id = $1 and year = $2"#,
        fund.0,
        year.start()
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// How often each payment of a body in a month is recorded. Whoever takes in a file of the year meanwhile has to wait.
pub(super) async fn known(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    payer: OrganisationId,
    first: NaiveDate,
) -> Result<HashMap<Known, i64>, DbError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'receipts', $1::text, $2::text), 0))",
        fund.0.to_string(),
        year.to_string()
    )
    .fetch_one(tx.connection())
    .await?;
    let rows = sqlx::query!(
        r#"select paid_on, amount_pence as "amount: Pence", document_number, payee_as_published as payee, count(*) as "times!"
           from budgets.receipt where fund_id = $1 and year = $2 and payer_id = $3
             and paid_on >= $4::date and paid_on < ($4::date + interval '1 month')::date
           group by 1, 2, 3, 4"#,
        fund.0,
        year.start(),
        payer.0,
        first
    )
    .fetch_all(tx.connection())
    .await?;
    let known = rows.into_iter().map(|row| {
        let one =
            Known { paid_on: row.paid_on, amount: row.amount, document_number: row.document_number, payee: row.payee };
        (one, row.times)
    });
    Ok(known.collect())
}
