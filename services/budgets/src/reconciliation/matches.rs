//! A person's match of a payment with an instalment. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{InstalmentId, MatchId, OrganisationId, Pence, ReceiptId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::journals::MOVES_MAX;

/// A match to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"receipt": "01890a5d-ac96-774b-bcce-b302099a8057",
    "instalment": "01890a5d-ac96-774b-bcce-b302099a8058", "amount_pence": 1_352_012_767,
    "reason": "The payer confirmed by letter that it is December's"}))]
pub(crate) struct MatchDraft {
    /// The payment, which is one of the fund-year.
    pub(super) receipt: ReceiptId,
    /// The instalment it was for, which is one of the fund-year.
    pub(super) instalment: InstalmentId,
    /// What of the payment was for it. In pence, with the sign of the payment.
    #[schema(minimum = -10_000_000_000_000i64, maximum = 10_000_000_000_000i64)]
    pub(super) amount_pence: Pence,
    /// Why it is known.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) reason: String,
}

impl MatchDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, 500);
        let size = self.amount_pence.0.unsigned_abs();
        let fits = (1..=MOVES_MAX.0.unsigned_abs()).contains(&size);
        faults.unless(fits, "/amount_pence", format_args!("Not nil, and at most {MOVES_MAX} either way."));
        faults.none()
    }

    /// No more of a payment is matched than was paid.
    pub(super) fn within(&self, paid: Pence, matched: Pence) -> Result<(), Problem> {
        let left = paid.checked_sub(matched).unwrap_or(Pence::ZERO);
        if self.fits(paid, left) {
            return Ok(());
        }
        Err(Problem::invalid("/amount_pence", format_args!("Of this payment of {paid}, {left} is not matched yet.")))
    }

    /// A payment is for an instalment of the body that paid, and no more is matched with it than was due.
    pub(super) fn of_instalment(&self, payer: OrganisationId, owed: &Owed) -> Result<(), Problem> {
        if payer != owed.payer {
            return Err(Problem::invalid("/receipt", "Another body paid this than owes the instalment."));
        }
        let left = owed.amount.checked_sub(owed.matched).unwrap_or(Pence::ZERO);
        if self.fits(owed.amount, left) {
            return Ok(());
        }
        let detail = format!("Of this instalment of {}, {left} is not matched yet.", owed.amount);
        Err(Problem::invalid("/amount_pence", detail))
    }

    fn fits(&self, whole: Pence, left: Pence) -> bool {
        self.amount_pence.0.signum() == whole.0.signum()
            && self.amount_pence.0.unsigned_abs() <= left.0.unsigned_abs()
            && left.0.signum() == whole.0.signum()
    }
}

/// An instalment in force, and how much of it is matched.
#[derive(Debug, Clone)]
pub(super) struct Owed {
    pub(super) payer: OrganisationId,
    pub(super) amount: Pence,
    pub(super) matched: Pence,
}

/// A match to take back.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "It was for another instalment"}))]
pub(crate) struct MatchWithdrawalDraft {
    #[schema(min_length = 1, max_length = 500)]
    pub(super) reason: String,
}

impl MatchWithdrawalDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, 500);
        faults.none()
    }
}

/// A payment, or a part of it, that a person matched.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct MatchBody {
    pub(super) id: MatchId,
    pub(super) receipt: ReceiptId,
    pub(super) instalment: InstalmentId,
    pub(super) amount_pence: Pence,
    pub(super) reason: String,
    /// The client that recorded it.
    #[schema(example = "salford-finance")]
    pub(super) matched_by: String,
    pub(super) matched_at: DateTime<Utc>,
    /// When it was taken back; it counts for nothing since.
    pub(super) withdrawn_at: Option<DateTime<Utc>>,
    pub(super) withdrawn_reason: Option<String>,
}

impl Row for MatchBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "receipt",
        "instalment",
        "amount_pence",
        "reason",
        "matched_by",
        "matched_at",
        "withdrawn_at",
        "withdrawn_reason",
    ];
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn no_more_of_a_payment_is_matched_than_was_paid() {
        let of = |pence: i64| MatchDraft {
            receipt: ReceiptId(Uuid::nil()),
            instalment: InstalmentId(Uuid::nil()),
            amount_pence: Pence(pence),
            reason: "A test".into(),
        };
        assert!(of(60).within(Pence(100), Pence(40)).is_ok());
        assert!(of(61).within(Pence(100), Pence(40)).is_err());
        assert!(of(-1).within(Pence(100), Pence::ZERO).is_err());
        assert!(of(-100).within(Pence(-100), Pence::ZERO).is_ok(), "money paid back");
        assert!(of(1).within(Pence(100), Pence(100)).is_err());
        let (payer, other) = (OrganisationId(Uuid::nil()), OrganisationId(Uuid::from_u128(1)));
        let owed = |matched: i64| Owed { payer, amount: Pence(100), matched: Pence(matched) };
        assert!(of(60).of_instalment(payer, &owed(40)).is_ok());
        assert!(of(61).of_instalment(payer, &owed(40)).is_err(), "no more than was due");
        assert!(of(60).of_instalment(other, &owed(0)).is_err(), "another body's");
        assert!(of(0).check().is_err() && of(i64::MIN).check().is_err());
    }
}
