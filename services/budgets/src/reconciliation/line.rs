//! What a line of the reconciliation is, and what it says. No SQL, no HTTP, no clock.

use chrono::NaiveDate;
use domain::{ContributionId, InstalmentId, OrganisationId, Pence, ReceiptId};
use serde::Serialize;
use web::Row;

/// An instalment in force, as the reconciliation sees it.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) id: InstalmentId,
    pub(crate) contribution: ContributionId,
    pub(crate) payer: OrganisationId,
    pub(crate) payer_name: String,
    pub(crate) number: i16,
    pub(crate) due_on: NaiveDate,
    pub(crate) amount: Pence,
    pub(crate) true_up: Pence,
    /// What earlier versions of the contribution asked for it.
    pub(crate) before: Vec<Pence>,
}

/// A payment, as it was recorded.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) id: ReceiptId,
    pub(crate) payer: OrganisationId,
    pub(crate) payer_name: String,
    pub(crate) paid_on: NaiveDate,
    pub(crate) amount: Pence,
    pub(crate) document_number: Option<String>,
    pub(crate) directorate: Option<String>,
}

/// A person's word that a payment, or a part of it, was for an instalment.
#[derive(Debug, Clone)]
pub(crate) struct Confirmed {
    pub(crate) receipt: ReceiptId,
    pub(crate) instalment: InstalmentId,
    pub(crate) amount: Pence,
}

/// What was found of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Finding {
    /// The amount, in the month it was due, by the body that owed it.
    Agreed,
    /// The same, of an instalment that makes good earlier ones.
    TrueUp,
    /// A person matched it.
    Confirmed,
    /// In its month an earlier version's amount was paid.
    OldRate,
    /// In its month less was paid.
    Short,
    /// In its month more was paid.
    Over,
    /// In its month all but one digit of it was paid.
    DigitChanged,
    /// In its month it was paid with a digit dropped or doubled.
    DigitDropped,
    /// In its month it was paid with two neighbouring digits swapped.
    DigitsSwapped,
    /// The amount, dated in another month.
    Misdated,
    /// The same payment recorded again.
    Duplicate,
    /// A payment nobody expected.
    Unmatched,
    /// It was due, and nothing like it was paid.
    Missing,
    /// It was due after the last month any payment of this body was seen in.
    NotSeen,
    /// Its day is to come.
    NotDue,
}

/// Something a reader should know of a line beside its finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineFlag {
    /// A payment of it was published without a document number.
    NoDocumentNumber,
    /// It was paid in parts.
    SeveralPayments,
    /// It was paid before the day it was due.
    PaidEarly,
    /// It was paid after the day it was due.
    PaidLate,
}

/// An instalment of a line.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct LineInstalment {
    pub(crate) id: InstalmentId,
    contribution: ContributionId,
    #[schema(example = 4)]
    number: i16,
    due_on: NaiveDate,
    pub(crate) amount_pence: Pence,
    true_up_pence: Pence,
}

/// A payment of a line.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct LineReceipt {
    pub(crate) id: ReceiptId,
    pub(crate) paid_on: NaiveDate,
    pub(crate) amount_pence: Pence,
    #[schema(example = "2205337625")]
    document_number: Option<String>,
    directorate: Option<String>,
}

/// A line of the reconciliation. Every instalment and every payment is in exactly one.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ReconciliationLine {
    /// The month it is of: when it was due, or where nothing was due, paid.
    #[schema(example = "2019-07")]
    pub(crate) month: String,
    pub(crate) payer: OrganisationId,
    #[schema(example = "Salford City Council")]
    pub(crate) payer_name: String,
    pub(crate) finding: Finding,
    pub(crate) instalments: Vec<LineInstalment>,
    pub(crate) receipts: Vec<LineReceipt>,
    pub(crate) expected_pence: Pence,
    pub(crate) received_pence: Pence,
    /// Received less expected: above zero, more was paid.
    pub(crate) difference_pence: Pence,
    pub(crate) flags: Vec<LineFlag>,
    /// The arithmetic of a true-up.
    #[schema(example = "4 × £13,520,127.67 − 3 × £6,758,426.00 = £33,805,232.68")]
    pub(crate) arithmetic: Option<String>,
    /// What to do. Nothing is ever corrected on its own.
    pub(crate) suggestion: String,
}

impl Row for ReconciliationLine {
    const COLUMNS: &'static [&'static str] = &[
        "month",
        "payer",
        "payer_name",
        "finding",
        "expected_pence",
        "received_pence",
        "difference_pence",
        "flags",
        "arithmetic",
        "suggestion",
    ];
}

impl ReconciliationLine {
    /// The line of these; `None` where its sums leave the range of pence.
    pub(super) fn of(
        finding: Finding,
        due: &[&Expected],
        paid: &[&Received],
        arithmetic: Option<String>,
    ) -> Option<Self> {
        let expected = Pence::sum(due.iter().map(|one| one.amount))?;
        let received = Pence::sum(paid.iter().map(|one| one.amount))?;
        let difference = received.checked_sub(expected)?;
        let (payer, payer_name, day) = match (due.first(), paid.first()) {
            (Some(one), _) => (one.payer, one.payer_name.clone(), one.due_on),
            (None, Some(one)) => (one.payer, one.payer_name.clone(), one.paid_on),
            (None, None) => return None,
        };
        Some(Self {
            month: day.format("%Y-%m").to_string(),
            payer,
            payer_name,
            finding,
            instalments: due.iter().map(|one| LineInstalment::of(one)).collect(),
            receipts: paid.iter().map(|one| LineReceipt::of(one)).collect(),
            expected_pence: expected,
            received_pence: received,
            difference_pence: difference,
            flags: flags(due, paid),
            arithmetic,
            suggestion: suggestion(finding, difference, due, paid),
        })
    }

    /// The day it is put at in the order of lines.
    pub(super) fn day(&self) -> Option<NaiveDate> {
        let paid = self.receipts.first().map(|one| one.paid_on);
        self.instalments.first().map(|one| one.due_on).or(paid)
    }
}

impl LineInstalment {
    fn of(one: &Expected) -> Self {
        Self {
            id: one.id,
            contribution: one.contribution,
            number: one.number,
            due_on: one.due_on,
            amount_pence: one.amount,
            true_up_pence: one.true_up,
        }
    }
}

impl LineReceipt {
    fn of(one: &Received) -> Self {
        Self {
            id: one.id,
            paid_on: one.paid_on,
            amount_pence: one.amount,
            document_number: one.document_number.clone(),
            directorate: one.directorate.clone(),
        }
    }
}

fn flags(due: &[&Expected], paid: &[&Received]) -> Vec<LineFlag> {
    let mut flags = Vec::new();
    if paid.iter().any(|one| one.document_number.is_none()) {
        flags.push(LineFlag::NoDocumentNumber);
    }
    if paid.len() > 1 {
        flags.push(LineFlag::SeveralPayments);
    }
    if let Some(first_due) = due.iter().map(|one| one.due_on).min() {
        if paid.iter().any(|one| one.paid_on < first_due) {
            flags.push(LineFlag::PaidEarly);
        }
        if paid.iter().any(|one| one.paid_on > first_due) {
            flags.push(LineFlag::PaidLate);
        }
    }
    flags
}

/// What to do about a line, in a sentence.
fn suggestion(finding: Finding, difference: Pence, due: &[&Expected], paid: &[&Received]) -> String {
    let size = Pence(difference.0.saturating_abs());
    let number = |one: Option<&&Received>| {
        let number = one.and_then(|one| one.document_number.as_deref());
        number.map_or_else(|| "a payment without a document number".to_owned(), |n| format!("document {n}"))
    };
    let paid_on = paid.first().map(|one| one.paid_on.to_string()).unwrap_or_default();
    let due_on = due.first().map(|one| one.due_on.to_string()).unwrap_or_default();
    match finding {
        Finding::Agreed | Finding::TrueUp if paid.iter().any(|one| one.document_number.is_none()) => {
            "It agrees. Ask the payer for the document number its file leaves out.".to_owned()
        }
        Finding::Agreed | Finding::TrueUp => "Nothing to do.".to_owned(),
        Finding::Confirmed if difference == Pence::ZERO => "Nothing to do.".to_owned(),
        Finding::Confirmed => format!("A person matched these; {size} between them is still to be explained."),
        Finding::OldRate => format!(
            "An earlier rate was paid. Ask the payer for the {size} between, or match it by hand if a later payment makes it good."
        ),
        Finding::Short => format!("{size} less than was due. Ask the payer for it, or match it by hand with the reason."),
        Finding::Over => {
            format!("{size} more than was due. Ask what it is for: a variation to record, or money to pay back.")
        }
        Finding::DigitChanged => format!(
            "One digit of {} differs from what was due. Check it against the payer's ledger before asking for {size}.",
            number(paid.first())
        ),
        Finding::DigitDropped => format!(
            "{} has a digit too few or too many. Check it against the payer's ledger before asking for {size}.",
            capital(&number(paid.first()))
        ),
        Finding::DigitsSwapped => format!(
            "Two digits of {} are swapped. Check it against the payer's ledger before asking for {size}.",
            number(paid.first())
        ),
        Finding::Misdated => format!(
            "Dated {paid_on}, due {due_on}. Check the date, then match it by hand if it is this instalment."
        ),
        Finding::Duplicate => {
            format!("It was recorded before. Check whether it was paid twice or only recorded twice: {}.", number(paid.first()))
        }
        Finding::Unmatched => {
            let place = paid.first().and_then(|one| one.directorate.as_deref());
            let place = place.map(|name| format!(" by {name}")).unwrap_or_default();
            format!("Nobody expected this payment{place}. Match it by hand, record the contribution it is of, or leave it out of the fund.")
        }
        Finding::Missing => format!("Due {due_on} and not among the payments. Ask the payer."),
        Finding::NotSeen => {
            "Not seen in published data: no payment of this body is known from this month on. Record its payments first."
                .to_owned()
        }
        Finding::NotDue => format!("Due {due_on}."),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
