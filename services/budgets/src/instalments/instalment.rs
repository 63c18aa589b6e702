//! Where an instalment stands. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{ContributionId, InstalmentId, InvoiceId, OrganisationId, Pence};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts};

use crate::journals::MOVES_MAX;

/// Where an instalment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InstalmentState {
    /// Its day is to come, and nothing was invoiced.
    Planned,
    /// Its day is today.
    Due,
    /// Its day is to come, and it was invoiced.
    Invoiced,
    /// Its day has not passed, and a part was paid.
    PartPaid,
    /// All of it was paid.
    Paid,
    /// Its day has passed, and not all of it was paid.
    Overdue,
}

impl InstalmentState {
    /// Where it stands on a day. A credit, below zero, is paid when as much was paid back.
    pub(crate) fn on(today: NaiveDate, due_on: NaiveDate, amount: Pence, invoiced: Pence, paid: Pence) -> Self {
        let settled = if amount >= Pence::ZERO { paid >= amount } else { paid <= amount };
        match (settled, due_on.cmp(&today)) {
            (true, _) => Self::Paid,
            (false, std::cmp::Ordering::Less) => Self::Overdue,
            _ if paid != Pence::ZERO => Self::PartPaid,
            (false, std::cmp::Ordering::Equal) => Self::Due,
            _ if invoiced != Pence::ZERO => Self::Invoiced,
            _ => Self::Planned,
        }
    }
}

/// An instalment in force.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct InstalmentBody {
    pub(super) id: InstalmentId,
    pub(super) contribution: ContributionId,
    pub(super) payer: OrganisationId,
    #[schema(example = "Salford City Council")]
    pub(super) payer_name: String,
    /// Its place among the instalments of its contribution.
    #[schema(example = 4)]
    pub(super) number: i16,
    /// The version of the contribution that wrote it.
    #[schema(example = 2)]
    pub(super) version: i16,
    pub(super) due_on: NaiveDate,
    /// Below zero: a credit to the payer.
    pub(super) amount_pence: Pence,
    /// The part of it that makes good earlier instalments.
    pub(super) true_up_pence: Pence,
    pub(super) invoiced_pence: Pence,
    /// What the reconciliation finds was paid for it.
    pub(super) paid_pence: Pence,
    pub(super) state: InstalmentState,
}

impl Row for InstalmentBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "contribution",
        "payer",
        "payer_name",
        "number",
        "version",
        "due_on",
        "amount_pence",
        "true_up_pence",
        "invoiced_pence",
        "paid_pence",
        "state",
    ];
}

/// An invoice to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"invoice_number": "INV-2026-0412", "issued_on": "2026-04-01", "amount_pence": 675_842_600}))]
pub(crate) struct InvoiceDraft {
    #[schema(min_length = 1, max_length = 100)]
    pub(super) invoice_number: String,
    pub(super) issued_on: NaiveDate,
    /// Below zero: a credit note. In pence.
    #[schema(minimum = -10_000_000_000_000i64, maximum = 10_000_000_000_000i64)]
    pub(super) amount_pence: Pence,
}

impl InvoiceDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/invoice_number", &self.invoice_number, 100);
        drafts::known_day(&mut faults, "/issued_on", self.issued_on);
        let size = self.amount_pence.0.unsigned_abs();
        let fits = (1..=MOVES_MAX.0.unsigned_abs()).contains(&size);
        faults.unless(fits, "/amount_pence", format_args!("Not nil, and at most {MOVES_MAX} either way."));
        faults.none()
    }
}

impl InvoiceDraft {
    /// No more is invoiced of an instalment than it is; a credit note takes back no more than was invoiced.
    pub(super) fn within(&self, instalment: Pence, invoiced: Pence) -> Result<(), Problem> {
        let (least, most) = (instalment.min(Pence::ZERO), instalment.max(Pence::ZERO));
        if invoiced.checked_add(self.amount_pence).is_some_and(|sum| (least..=most).contains(&sum)) {
            return Ok(());
        }
        let detail = format!("The instalment is {instalment}, of which {invoiced} is invoiced already.");
        Err(Problem::invalid("/amount_pence", detail))
    }
}

/// An invoice for an instalment.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct InvoiceBody {
    pub(super) id: InvoiceId,
    pub(super) instalment: InstalmentId,
    #[schema(example = "INV-2026-0412")]
    pub(super) invoice_number: String,
    pub(super) issued_on: NaiveDate,
    pub(super) amount_pence: Pence,
    pub(super) recorded_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_invoiced_than_is_due() {
        let within = |amount: i64, due: i64, invoiced: i64| {
            let issued_on = "2026-04-01".parse().expect("a day");
            let draft = InvoiceDraft { invoice_number: "1".into(), issued_on, amount_pence: Pence(amount) };
            draft.within(Pence(due), Pence(invoiced)).is_ok()
        };
        assert!(within(100, 100, 0) && within(60, 100, 40) && within(-40, 100, 40));
        assert!(!within(101, 100, 0) && !within(61, 100, 40) && !within(-41, 100, 40));
        assert!(within(-100, -100, 0) && !within(1, -100, 0) && !within(i64::MAX, i64::MAX, 1));
    }

    #[test]
    fn an_instalment_is_overdue_from_the_day_after_until_all_is_paid() {
        use InstalmentState::{Due, Invoiced, Overdue, Paid, PartPaid, Planned};
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let due = day("2026-07-05");
        let on = |today: &str, amount: i64, invoiced: i64, paid: i64| {
            InstalmentState::on(day(today), due, Pence(amount), Pence(invoiced), Pence(paid))
        };
        assert_eq!(on("2026-07-04", 100, 0, 0), Planned);
        assert_eq!(on("2026-07-04", 100, 100, 0), Invoiced);
        assert_eq!(on("2026-07-05", 100, 100, 0), Due);
        assert_eq!(on("2026-07-05", 100, 0, 40), PartPaid);
        assert_eq!(on("2026-07-06", 100, 0, 40), Overdue);
        assert_eq!(on("2026-07-06", 100, 0, 100), Paid);
        assert_eq!(on("2026-07-06", -100, 0, 0), Overdue, "a credit is owed as well");
        assert_eq!(on("2026-07-06", -100, 0, -100), Paid);
        assert_eq!(on("2026-07-01", 0, 0, 0), Paid, "nothing is owed");
    }
}
