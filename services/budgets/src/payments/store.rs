//! The SQL of payments.

use chrono::NaiveDate;
use domain::{FinancialYear, FundId, JournalId, PaymentId, Pence, SchemeId};
use tenancy::{Borough, DbError, Tx};
use uuid::Uuid;

use super::payment::{PaymentBody, PaymentDraft, REDACTED};

/// A scheme, and the kind of body that delivers it, where its schedule says.
pub(super) struct Delivered {
    pub(super) scheme: SchemeId,
    pub(super) by: Option<String>,
}

pub(super) async fn delivered(tx: &mut Tx<Borough>, fund: FundId, code: &str) -> Result<Option<Delivered>, DbError> {
    let row = sqlx::query_as!(
        Delivered,
        r#"select s.scheme_id as "scheme: SchemeId",
             (select p.kind from budgets.scheme_schedule c join budgets.party p on p.organisation_id = c.delivering_id
              where c.fund_id = s.fund_id and c.scheme_id = s.scheme_id) as by
           from budgets.scheme s where s.fund_id = $1 and s.code = $2"#,
        fund.0,
        code
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row)
}

pub(super) async fn insert(
    tx: &mut Tx<Borough>,
    path: (FundId, FinancialYear),
    scheme: SchemeId,
    draft: &PaymentDraft,
    body: &PaymentBody,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into budgets.payment (borough_id, fund_id, year, payment_id, scheme_id, journal_id, paid_on, department,
           beneficiary, individual, purpose, merchant_category, gross_pence, vat_pence, irrecoverable_vat_pence,
           charged_pence, vat_basis, document_number, recorded_at)
         values (platform.borough(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        path.0.0,
        path.1.start(),
        body.id.0,
        scheme.0,
        body.journal.0,
        body.paid_on,
        body.department,
        body.beneficiary.as_ref().filter(|_| !draft.individual),
        draft.individual,
        body.purpose,
        body.merchant_category,
        body.gross_pence.0,
        body.vat_pence.0,
        body.irrecoverable_vat_pence.0,
        body.charged_pence.0,
        body.vat_basis,
        body.document_number,
        body.recorded_at
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

struct PaymentRow {
    payment_id: Uuid,
    paid_on: NaiveDate,
    scheme: String,
    department: Option<String>,
    beneficiary: Option<String>,
    individual: bool,
    purpose: Option<String>,
    gross_pence: i64,
    vat_pence: i64,
    irrecoverable_vat_pence: i64,
    charged_pence: i64,
    vat_basis: String,
    merchant_category: Option<String>,
    document_number: String,
    journal_id: Uuid,
    reversed_by: Option<Uuid>,
    recorded_at: chrono::DateTime<chrono::Utc>,
}

/// The payments of a year in the order they were recorded, or those above an amount.
pub(super) async fn list(
    tx: &mut Tx<Borough>,
    path: (FundId, FinancialYear),
    above: Option<Pence>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PaymentBody>, DbError> {
    let rows = sqlx::query_as!(
        PaymentRow,
        "select p.payment_id, p.paid_on, s.code as scheme, p.department, p.beneficiary, p.individual, p.purpose, p.gross_pence,
           p.vat_pence, p.irrecoverable_vat_pence, p.charged_pence, p.vat_basis, p.merchant_category, p.document_number,
           p.journal_id, p.recorded_at,
           (select r.journal_id from budgets.journal r where r.fund_id = p.fund_id and r.reverses_id = p.journal_id) as reversed_by
         from budgets.payment p join budgets.scheme s on s.fund_id = p.fund_id and s.scheme_id = p.scheme_id
         where p.fund_id = $1 and p.year = $2 and ($3::bigint is null or p.gross_pence > $3)
           and ($4::uuid is null or p.payment_id > $4)
         order by p.payment_id limit $5",
        path.0.0,
        path.1.start(),
        above.map(|sum| sum.0),
        after,
        limit
    )
    .fetch_all(tx.connection())
    .await?;
    let payments = rows.into_iter().map(|row| PaymentBody {
        id: PaymentId(row.payment_id),
        paid_on: row.paid_on,
        scheme: row.scheme,
        department: row.department,
        beneficiary: if row.individual { Some(REDACTED.to_owned()) } else { row.beneficiary },
        purpose: row.purpose,
        gross_pence: Pence(row.gross_pence),
        vat_pence: Pence(row.vat_pence),
        irrecoverable_vat_pence: Pence(row.irrecoverable_vat_pence),
        charged_pence: Pence(row.charged_pence),
        vat_basis: row.vat_basis,
        merchant_category: row.merchant_category,
        document_number: row.document_number,
        journal: JournalId(row.journal_id),
        reversed_by: row.reversed_by.map(JournalId),
        recorded_at: row.recorded_at,
    });
    Ok(payments.collect())
}
