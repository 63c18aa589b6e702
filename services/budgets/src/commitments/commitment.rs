//! What an order or contract is. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CommitmentId, DecisionId, FinancialYear, JournalId, Pence, Period};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::journals::{JournalDraft, Layer, MOVES_MAX, PostingDraft, is_a_reference};

/// What money is spoken for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CommitmentKind {
    /// A purchase order.
    Order,
    /// A contract.
    Contract,
}

/// An order or contract to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reference": "PO-2026-0117", "kind": "order", "supplier": "Equipment supplier", "narrative": "Beds and hoists",
    "scheme": "ICES", "account": "5100", "contra": "9000", "amount_pence": 2_400_000, "effective_on": "2026-09-01", "period": 6}))]
pub(crate) struct CommitmentDraft {
    /// The number on it, which one order or contract of the fund has. Spending names it.
    #[schema(min_length = 1, max_length = 100, pattern = "^[!-~]([ -~]{0,98}[!-~])?$")]
    pub(super) reference: String,
    pub(super) kind: CommitmentKind,
    /// The organisation it is with, as it is known. Nobody's name.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) supplier: String,
    #[schema(min_length = 1, max_length = 500)]
    pub(super) narrative: String,
    /// The scheme's code.
    #[schema(max_length = 40)]
    pub(super) scheme: String,
    /// The code of the expenditure account it will be spent on.
    #[schema(max_length = 40)]
    pub(super) account: String,
    /// The code of the balance account that stands against it.
    #[schema(max_length = 40)]
    pub(super) contra: String,
    #[schema(minimum = 1, maximum = 10_000_000_000_000i64)]
    pub(super) amount_pence: Pence,
    /// The day it is made; decides the year whose budget it speaks for.
    pub(super) effective_on: NaiveDate,
    pub(super) period: Period,
    /// The day it runs out.
    #[serde(default)]
    pub(super) ends_on: Option<NaiveDate>,
    /// The decision that lets it be made, where your role may not by itself.
    #[serde(default)]
    pub(super) decision_id: Option<DecisionId>,
}

impl CommitmentDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        let detail = "A reference has 1 to 100 printable ASCII characters, and no space at its ends.";
        faults.unless(is_a_reference(&self.reference), "/reference", detail);
        faults.text("/supplier", &self.supplier, 200);
        faults.text("/narrative", &self.narrative, 500);
        check_amount(&mut faults, self.amount_pence);
        let after = self.ends_on.is_none_or(|end| end >= self.effective_on);
        faults.unless(after, "/ends_on", "The day it is made, or a later one.");
        faults.none()
    }

    /// The journal that speaks for the money.
    pub(super) fn journal(&self) -> Result<JournalDraft, Problem> {
        let narrative = format!("Commitment {}: {}", self.reference, self.narrative.trim());
        let scheme = Some(self.scheme.as_str());
        let line = |account: &str, amount| PostingDraft::of(account, scheme, Layer::Committed, amount);
        let contra = self.amount_pence.checked_neg().ok_or_else(crate::positions::http::too_large)?;
        let postings = vec![line(&self.account, self.amount_pence), line(&self.contra, contra)];
        let narrative = narrative.chars().take(500).collect();
        Ok(JournalDraft::of(self.effective_on, self.period, narrative, self.decision_id, postings))
    }
}

pub(super) fn check_amount(faults: &mut Faults, amount: Pence) {
    let fits = amount > Pence::ZERO && amount <= MOVES_MAX;
    faults.unless(fits, "/amount_pence", format_args!("Above nothing, and up to {MOVES_MAX}."));
}

/// What happened to an order or contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryKind {
    /// It was made.
    Committed,
    /// Spending drew it down.
    Drawn,
    /// A part is not needed any more.
    Released,
    /// What was outstanding left the year.
    CarriedOut,
    /// What was outstanding came into the year.
    CarriedIn,
    /// One of the others was taken back.
    Reversed,
}

/// What happened to an order or contract: a line of a journal of the committed layer.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CommitmentEntryBody {
    pub(super) number: i64,
    pub(super) year: FinancialYear,
    pub(super) kind: EntryKind,
    /// What it adds to what is outstanding in its year; below zero for what it takes.
    pub(super) amount_pence: Pence,
    /// The journal that says so.
    pub(super) journal: JournalId,
    /// For what was drawn: the journal of the spending.
    pub(super) spending: Option<JournalId>,
    pub(super) reason: Option<String>,
    pub(super) entered_at: DateTime<Utc>,
}

impl Row for CommitmentEntryBody {
    const COLUMNS: &'static [&'static str] =
        &["number", "year", "kind", "amount_pence", "journal", "spending", "reason", "entered_at"];
}

/// What is outstanding in a year.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OutstandingInYear {
    pub(super) year: FinancialYear,
    pub(super) outstanding_pence: Pence,
}

/// An order or a contract.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CommitmentBody {
    pub(super) id: CommitmentId,
    #[schema(example = "PO-2026-0117")]
    pub(super) reference: String,
    pub(super) kind: CommitmentKind,
    pub(super) supplier: String,
    pub(super) narrative: String,
    #[schema(example = "ICES")]
    pub(super) scheme: String,
    #[schema(example = "5100")]
    pub(super) account: String,
    #[schema(example = "9000")]
    pub(super) contra: String,
    pub(super) ends_on: Option<NaiveDate>,
    /// What was committed, in all years.
    pub(super) committed_pence: Pence,
    /// What was spent of it.
    pub(super) drawn_pence: Pence,
    /// What was released unspent.
    pub(super) released_pence: Pence,
    /// What is left.
    pub(super) outstanding_pence: Pence,
    /// What is left, by the year whose budget it speaks for; years with nothing left are left out.
    pub(super) years: Vec<OutstandingInYear>,
    pub(super) recorded_at: DateTime<Utc>,
    #[serde(skip)]
    pub(super) version: i64,
}

impl Row for CommitmentBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "reference",
        "kind",
        "supplier",
        "narrative",
        "scheme",
        "account",
        "contra",
        "ends_on",
        "committed_pence",
        "drawn_pence",
        "released_pence",
        "outstanding_pence",
        "recorded_at",
    ];
}

pub(super) fn years(by_year: std::collections::BTreeMap<FinancialYear, Pence>) -> Vec<OutstandingInYear> {
    by_year.into_iter().map(|(year, outstanding_pence)| OutstandingInYear { year, outstanding_pence }).collect()
}
