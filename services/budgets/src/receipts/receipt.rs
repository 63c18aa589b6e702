//! The rules of a receipt. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{FinancialYear, OrganisationId, Pence, ReceiptId};
use serde::{Deserialize, Serialize};
use web::{Fault, Problem, Row, problems};

use crate::journals::MOVES_MAX;

/// The most payments of a fund-year: as many as are set beside its instalments in a moment.
const YEAR_RECEIPTS_MAX: usize = 20_000;

/// A fund-year has room for so many more.
pub(super) fn room(there: usize, more: usize) -> Result<(), Problem> {
    if there.saturating_add(more) <= YEAR_RECEIPTS_MAX {
        return Ok(());
    }
    let detail = format!("A fund-year has at most {YEAR_RECEIPTS_MAX} payments; this one has {there}.");
    Err(Problem::new(&problems::CONFLICT, detail))
}

/// A payment to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"paid_on": "2026-09-07", "amount_pence": 1_352_012_767, "payer": "01890a5d-ac96-774b-bcce-b302099a8057",
    "document_number": "2205337625", "payee_as_published": "NHS CCG", "source": "Council, published spending over £500"}))]
pub(crate) struct ReceiptDraft {
    /// The day it was paid; in the year of the path.
    pub(super) paid_on: NaiveDate,
    /// Paid in above zero, paid back below. In pence.
    pub(super) amount_pence: Pence,
    /// The body that paid: an organisation this borough has recorded, which existed on that day.
    pub(super) payer: OrganisationId,
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) document_number: Option<String>,
    /// Whom the payer's ledger names as paid: a body's old name, or a short one.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) payee_as_published: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) directorate: Option<String>,
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(super) description: Option<String>,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

impl ReceiptDraft {
    pub(super) fn check(&self, year: FinancialYear) -> Result<(), Problem> {
        if !year.contains(self.paid_on) {
            let detail = format!("{} is not in {year}.", self.paid_on);
            return Err(Problem::of_fault(&problems::WRONG_YEAR, "/paid_on", detail));
        }
        let mut faults = Vec::new();
        let mut length = |pointer: &str, text: Option<&str>, most: usize| {
            if text.is_some_and(|text| !(1..=most).contains(&text.trim().chars().count())) {
                faults.push(Fault { pointer: pointer.into(), detail: format!("It has 1 to {most} characters.") });
            }
        };
        length("/document_number", self.document_number.as_deref(), 100);
        length("/payee_as_published", Some(&self.payee_as_published), 200);
        length("/directorate", self.directorate.as_deref(), 200);
        length("/description", self.description.as_deref(), 500);
        length("/source", Some(&self.source), 500);
        if self.amount_pence.0.unsigned_abs() > MOVES_MAX.0.unsigned_abs() {
            faults
                .push(Fault { pointer: "/amount_pence".into(), detail: format!("A payment is at most {MOVES_MAX}.") });
        }
        if self.amount_pence == Pence::ZERO {
            faults.push(Fault { pointer: "/amount_pence".into(), detail: "A payment of nil is none.".into() });
        }
        Problem::unless_none(faults)
    }
}

/// A payment into the fund.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ReceiptBody {
    pub(super) id: ReceiptId,
    pub(super) paid_on: NaiveDate,
    pub(super) amount_pence: Pence,
    pub(super) payer: OrganisationId,
    #[schema(example = "Salford City Council")]
    pub(super) payer_name: String,
    #[schema(example = "2205337625")]
    pub(super) document_number: Option<String>,
    #[schema(example = "NHS CCG")]
    pub(super) payee_as_published: String,
    pub(super) directorate: Option<String>,
    pub(super) description: Option<String>,
    pub(super) source: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for ReceiptBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "paid_on",
        "amount_pence",
        "payer",
        "payer_name",
        "document_number",
        "payee_as_published",
        "directorate",
        "description",
        "source",
        "recorded_at",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fund_year_takes_no_more_payments_than_can_be_reconciled() {
        assert!(room(19_999, 1).is_ok() && room(20_000, 0).is_ok());
        assert_eq!(room(19_999, 2).expect_err("one too many").kind().slug, "conflict");
    }
}
