//! The SQL of instalments.

use chrono::NaiveDate;
use domain::{ContributionId, FinancialYear, FundId, InstalmentId, OrganisationId, Pence};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::instalment::InvoiceBody;

/// An instalment as it stands in the tables.
pub(super) struct Standing {
    pub(super) id: InstalmentId,
    pub(super) contribution: ContributionId,
    pub(super) payer: OrganisationId,
    pub(super) payer_name: String,
    pub(super) number: i16,
    pub(super) version: i16,
    pub(super) due_on: NaiveDate,
    pub(super) amount: Pence,
    pub(super) true_up: Pence,
    pub(super) invoiced: Pence,
}

/// The instalments in force of a fund-year by the day they are due, or one.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    one: Option<InstalmentId>,
    after: Option<(NaiveDate, Uuid)>,
    limit: i64,
) -> Result<Vec<Standing>, DbError> {
    let (after_day, after_id) = after.unzip();
    let rows = sqlx::query_as!(
        Standing,
        r#"select i.instalment_id as "id: InstalmentId", i.contribution_id as "contribution: ContributionId",
             i.payer_id as "payer: OrganisationId", p.name as payer_name, i.number, i.version, i.due_on,
             i.amount_pence as "amount: Pence", i.true_up_pence as "true_up: Pence",
             coalesce((select sum(v.amount_pence) from budgets.invoice v
                       where v.fund_id = $1 and v.year = $2 and v.contribution_id = i.contribution_id
                         and v.instalment_number = i.number), 0)::bigint as "invoiced!: Pence"
           from (select distinct on (contribution_id, number) * from budgets.instalment
                 where fund_id = $1 and year = $2 order by contribution_id, number, version desc) i
             join budgets.party p on p.organisation_id = i.payer_id
           where ($3::uuid is null or i.instalment_id = $3)
             and ($4::date is null or (i.due_on, i.instalment_id) > ($4, $5))
           order by i.due_on, i.instalment_id limit $6"#,
        fund.0,
        year.start(),
        one.map(|id| id.0),
        after_day,
        after_id,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows)
}

/// Whoever invoices the same instalment meanwhile has to wait.
pub(super) async fn wait_to_invoice(tx: &mut Tx<Borough>, of: InstalmentId) -> Result<(), DbError> {
    let lock = of.to_string();
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'invoices', $1::text), 0))", lock)
        .fetch_one(tx.connection())
        .await?;
    Ok(())
}

pub(super) async fn insert_invoice(
    tx: &mut Tx<Borough>,
    at: (FundId, FinancialYear),
    of: &Standing,
    invoice: &InvoiceBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.invoice (borough_id, fund_id, year, invoice_id, contribution_id, instalment_number,
           invoice_number, issued_on, amount_pence, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9)",
        at.0.0,
        at.1.start(),
        invoice.id.0,
        of.contribution.0,
        of.number,
        invoice.invoice_number,
        invoice.issued_on,
        invoice.amount_pence.0,
        invoice.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
