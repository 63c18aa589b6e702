//! The rules of a payment: VAT by the body that delivers, and what the Transparency Code asks. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{DecisionId, FinancialYear, JournalId, PaymentId, Pence, Period};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

use crate::{
    journals::{JournalDraft, Layer, MOVES_MAX, PostingDraft},
    rules,
    schemes::{Side, side_of},
};

/// A payment above this says all the Transparency Code asks: £500 (Local Government Transparency Code 2015).
const PUBLISHED_ABOVE: Pence = Pence(50_000);

/// A payment to record and post.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"scheme": "ICES", "account": "5100", "balance_account": "9000", "paid_on": "2026-09-21", "period": 6,
    "gross_pence": 12_000_000, "vat_pence": 2_000_000, "department": "Integrated commissioning",
    "beneficiary": "A community equipment provider", "purpose": "Community equipment, August",
    "merchant_category": "Medical supplies", "document_number": "2205337625"}))]
pub(crate) struct PaymentDraft {
    /// The scheme's code; its schedule says who delivers it.
    #[schema(max_length = 40)]
    pub(super) scheme: String,
    /// The expenditure account it is charged to.
    #[schema(max_length = 40)]
    pub(super) account: String,
    /// The account it is paid from.
    #[schema(max_length = 40)]
    pub(super) balance_account: String,
    pub(super) paid_on: NaiveDate,
    /// An open period of the year.
    pub(super) period: Period,
    /// What was paid, with VAT.
    pub(super) gross_pence: Pence,
    /// The VAT in it.
    pub(super) vat_pence: Pence,
    /// Whether an NHS body that delivers may recover the VAT of this service as a contracted-out one (VAT Act 1994 s41).
    #[serde(default)]
    pub(super) contracted_out: bool,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) department: Option<String>,
    /// Whom it went to. Left out where that is an individual: people are not named.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) beneficiary: Option<String>,
    /// Whether it went to a private individual, such as a direct payment.
    #[serde(default)]
    pub(super) individual: bool,
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(super) purpose: Option<String>,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) merchant_category: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    pub(super) document_number: String,
    /// The decision of a committee, where the role's limit asks for one.
    #[serde(default)]
    pub(super) decision_id: Option<DecisionId>,
}

/// What a payment's VAT does to the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Charged {
    /// What the pool bears.
    pub(super) charged: Pence,
    /// VAT nobody recovers.
    pub(super) irrecoverable: Pence,
    /// Why.
    pub(super) basis: String,
}

impl PaymentDraft {
    pub(super) fn check(&self, year: FinancialYear) -> Result<(), Problem> {
        if !year.contains(self.paid_on) {
            let detail = format!("{} is not in {year}.", self.paid_on);
            return Err(Problem::of_fault(&problems::WRONG_YEAR, "/paid_on", detail));
        }
        let mut faults = Faults::default();
        faults.optional_text("/department", self.department.as_deref(), 200);
        faults.optional_text("/beneficiary", self.beneficiary.as_deref(), 200);
        faults.optional_text("/purpose", self.purpose.as_deref(), 500);
        faults.optional_text("/merchant_category", self.merchant_category.as_deref(), 200);
        faults.text("/document_number", &self.document_number, 100);
        let sized = (1..=MOVES_MAX.0).contains(&self.gross_pence.0);
        faults.unless(
            sized,
            "/gross_pence",
            format_args!("Above nil, up to {MOVES_MAX}; reverse its journal to take it back."),
        );
        let within = (0..self.gross_pence.0.max(1)).contains(&self.vat_pence.0);
        faults.unless(within, "/vat_pence", "From nil, and less than what was paid.");
        faults.none()?;
        self.published()
    }

    /// Rule 58: what is above £500 says all that is published of it, and no individual is named.
    fn published(&self) -> Result<(), Problem> {
        if self.individual && self.beneficiary.is_some() {
            let detail = "It went to an individual, who is not named. Leave the beneficiary out.";
            return Err(rules::SPEND_FIELDS.broken("/beneficiary", detail));
        }
        if self.gross_pence <= PUBLISHED_ABOVE {
            return Ok(());
        }
        let named = self.individual || self.beneficiary.is_some();
        let missing = [
            ("/department", self.department.is_some()),
            ("/beneficiary", named),
            ("/purpose", self.purpose.is_some()),
            ("/merchant_category", self.merchant_category.is_some()),
        ];
        match missing.into_iter().find(|(_, there)| !there) {
            None => Ok(()),
            Some((pointer, _)) => Err(rules::SPEND_FIELDS.broken(pointer, "A payment above £500 says it.")),
        }
    }

    /// What the pool is charged (rule 32), by the kind of body that delivers.
    pub(super) fn charged(&self, delivering: &str) -> Option<Charged> {
        let (recovered, basis) = match side_of(delivering) {
            Some(Side::LocalAuthority) => (true, "A council delivers, and recovers the VAT (VAT Act 1994 s33)."),
            Some(Side::Nhs) if self.contracted_out => {
                (true, "An NHS body delivers a contracted-out service, and recovers the VAT (VAT Act 1994 s41).")
            }
            Some(Side::Nhs) => (false, "An NHS body delivers, and this is no contracted-out service: the VAT stays."),
            None => (false, "A provider delivers that is neither council nor NHS body: the VAT stays."),
        };
        let irrecoverable = if recovered { Pence::ZERO } else { self.vat_pence };
        let net = self.gross_pence.checked_sub(self.vat_pence)?;
        Some(Charged { charged: net.checked_add(irrecoverable)?, irrecoverable, basis: basis.to_owned() })
    }

    /// The journal that charges the pool.
    pub(super) fn journal(&self, charged: Pence) -> Option<JournalDraft> {
        let spent = PostingDraft::of(&self.account, Some(&self.scheme), Layer::Actual, charged);
        let paid = PostingDraft::of(&self.balance_account, None, Layer::Actual, charged.checked_neg()?);
        let narrative = format!("Payment {}", self.document_number.trim());
        Some(JournalDraft::of(self.paid_on, self.period, narrative, self.decision_id, vec![spent, paid]))
    }
}

/// A payment, with the fields of the Transparency Code.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PaymentBody {
    pub(super) id: PaymentId,
    pub(super) paid_on: NaiveDate,
    #[schema(example = "ICES")]
    pub(super) scheme: String,
    pub(super) department: Option<String>,
    /// Whom it went to; `Redacted: an individual` where that is one.
    pub(super) beneficiary: Option<String>,
    pub(super) purpose: Option<String>,
    pub(super) gross_pence: Pence,
    pub(super) vat_pence: Pence,
    pub(super) irrecoverable_vat_pence: Pence,
    /// What the pool bears.
    pub(super) charged_pence: Pence,
    /// Why the VAT is recovered, or not.
    pub(super) vat_basis: String,
    pub(super) merchant_category: Option<String>,
    #[schema(example = "2205337625")]
    pub(super) document_number: String,
    /// The journal that charged it.
    pub(super) journal: JournalId,
    /// The journal that took it back, where one did.
    pub(super) reversed_by: Option<JournalId>,
    pub(super) recorded_at: DateTime<Utc>,
}

/// What stands for a name that is not kept.
pub(super) const REDACTED: &str = "Redacted: an individual";

impl Row for PaymentBody {
    const COLUMNS: &'static [&'static str] = &[
        "paid_on",
        "department",
        "beneficiary",
        "purpose",
        "gross_pence",
        "irrecoverable_vat_pence",
        "merchant_category",
        "scheme",
        "vat_pence",
        "charged_pence",
        "vat_basis",
        "document_number",
        "journal",
        "reversed_by",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(gross: i64, vat: i64) -> PaymentDraft {
        PaymentDraft {
            scheme: "ICES".into(),
            account: "5100".into(),
            balance_account: "9000".into(),
            paid_on: "2026-09-21".parse().expect("a day"),
            period: Period::new(6).expect("a period"),
            gross_pence: Pence(gross),
            vat_pence: Pence(vat),
            contracted_out: false,
            department: Some("Integrated commissioning".into()),
            beneficiary: Some("A provider".into()),
            individual: false,
            purpose: Some("Community equipment".into()),
            merchant_category: Some("Medical supplies".into()),
            document_number: "1".into(),
            decision_id: None,
        }
    }

    fn year() -> FinancialYear {
        "2026-27".parse().expect("a year")
    }

    #[test]
    fn rule_32_recoverable_vat_is_never_charged_to_the_pool() {
        let payment = draft(12_000_000, 2_000_000);
        let charged = |payment: &PaymentDraft, kind| payment.charged(kind).expect("in range").charged.0;
        assert_eq!(charged(&payment, "council"), 10_000_000);
        assert_eq!(charged(&payment, "icb"), 12_000_000);
        let contracted_out = PaymentDraft { contracted_out: true, ..payment.clone() };
        assert_eq!(charged(&contracted_out, "icb"), 10_000_000);
        assert_eq!(charged(&contracted_out, "provider"), 12_000_000, "only an NHS body recovers by s41");
        let journal = payment.journal(Pence(10_000_000)).expect("a journal");
        assert_eq!(journal.postings.iter().map(|line| line.amount_pence.0).sum::<i64>(), 0);
    }

    #[test]
    fn rule_58_a_payment_above_500_pounds_says_all_fields_and_names_no_individual() {
        let refused = |payment: PaymentDraft| payment.check(year()).err().map(|problem| problem.kind().slug);
        assert_eq!(refused(draft(50_001, 0)), None);
        for bare in [
            PaymentDraft { department: None, ..draft(50_001, 0) },
            PaymentDraft { beneficiary: None, ..draft(50_001, 0) },
            PaymentDraft { purpose: None, ..draft(50_001, 0) },
            PaymentDraft { merchant_category: None, ..draft(50_001, 0) },
        ] {
            assert_eq!(refused(PaymentDraft { gross_pence: Pence(50_000), ..bare.clone() }), None);
            assert_eq!(refused(bare), Some("rule-broken"));
        }
        assert_eq!(refused(PaymentDraft { individual: true, ..draft(100, 0) }), Some("rule-broken"), "a name");
        assert_eq!(refused(PaymentDraft { individual: true, beneficiary: None, ..draft(60_000, 0) }), None);
        assert_eq!(refused(draft(100, 101)), Some("content-invalid"));
        assert_eq!(refused(draft(-100, 0)), Some("content-invalid"));
    }
}
