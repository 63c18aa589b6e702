//! The SQL of receipts.

use domain::{FinancialYear, FundId, OrganisationId, Pence, ReceiptId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::receipt::ReceiptBody;

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

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    fund: FundId,
    year: FinancialYear,
    receipt: &ReceiptBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.receipt (borough_id, fund_id, year, receipt_id, payer_id, paid_on, amount_pence,
           document_number, payee_as_published, directorate, description, source, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        fund.0,
        year.start(),
        receipt.id.0,
        receipt.payer.0,
        receipt.paid_on,
        receipt.amount_pence.0,
        receipt.document_number,
        receipt.payee_as_published,
        receipt.directorate,
        receipt.description,
        receipt.source,
        receipt.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
