//! The rules of a virement. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{DecisionId, JournalId, Pence, Period, SchemeId, VirementId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::{
    journals::{JournalDraft, Layer, MOVES_MAX, PostingDraft},
    rules,
    schedules::Held,
};

/// A virement to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from_scheme": "ICES", "to_scheme": "REABLEMENT", "amount_pence": 2_500_000, "account": "5100",
    "effective_on": "2026-09-30", "period": 6, "reason": "Fewer beds, more care at home",
    "authority": "Pool manager, scheme of delegation 4.2"}))]
pub(crate) struct VirementDraft {
    /// The code of the scheme that gives.
    #[schema(max_length = 40)]
    pub(super) from_scheme: String,
    /// The code of the scheme that takes.
    #[schema(max_length = 40)]
    pub(super) to_scheme: String,
    #[schema(minimum = 1)]
    pub(super) amount_pence: Pence,
    /// The expenditure account whose budget moves.
    #[schema(max_length = 40)]
    pub(super) account: String,
    pub(super) effective_on: NaiveDate,
    /// An open period of the year.
    pub(super) period: Period,
    #[schema(min_length = 1, max_length = 500)]
    pub(super) reason: String,
    /// Who may move it, and where that is written.
    #[schema(min_length = 1, max_length = 300)]
    pub(super) authority: String,
    /// The decision of a committee, where the role's limit asks for one.
    #[serde(default)]
    pub(super) decision_id: Option<DecisionId>,
}

impl VirementDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reason", &self.reason, 500);
        faults.text("/authority", &self.authority, 300);
        let fits = (1..=MOVES_MAX.0).contains(&self.amount_pence.0);
        faults.unless(fits, "/amount_pence", format_args!("Above nil, up to {MOVES_MAX}."));
        faults.unless(self.from_scheme != self.to_scheme, "/to_scheme", "Another scheme than the one that gives.");
        faults.none()
    }

    /// Holds it to what it may not cross, and to what there is (rules 28 and 29).
    pub(super) fn may_move(&self, from: &Side, to: &Side) -> Result<(), Problem> {
        from.held.may_give(&to.held, "/to_scheme")?;
        if from.budget < self.amount_pence {
            let detail =
                format!("Scheme {} has a budget of {}; no more than that can be moved.", self.from_scheme, from.budget);
            return Err(rules::VIREMENT.broken("/amount_pence", detail));
        }
        Ok(())
    }

    /// The journal that moves it: two lines of the budget layer, which net to nothing.
    pub(super) fn journal(&self) -> Option<JournalDraft> {
        let line = |scheme: &str, amount| PostingDraft::of(&self.account, Some(scheme), Layer::Budget, amount);
        let given = line(&self.from_scheme, self.amount_pence.checked_neg()?);
        let narrative = format!("Virement from {} to {}: {}", self.from_scheme, self.to_scheme, self.reason.trim());
        let narrative = narrative.chars().take(500).collect();
        let lines = vec![given, line(&self.to_scheme, self.amount_pence)];
        Some(JournalDraft::of(self.effective_on, self.period, narrative, self.decision_id, lines))
    }
}

/// A virement.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct VirementBody {
    pub(super) id: VirementId,
    #[schema(example = "ICES")]
    pub(super) from_scheme: String,
    #[schema(example = "REABLEMENT")]
    pub(super) to_scheme: String,
    pub(super) amount_pence: Pence,
    pub(super) reason: String,
    pub(super) authority: String,
    /// The journal that moved it.
    pub(super) journal: JournalId,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for VirementBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "from_scheme", "to_scheme", "amount_pence", "reason", "authority", "journal", "recorded_at"];
}

/// A scheme of a virement.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) id: SchemeId,
    pub(super) held: Held,
    /// Its budget in the year, of the account that is moved.
    pub(super) budget: Pence,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(amount: i64) -> VirementDraft {
        VirementDraft {
            from_scheme: "A".into(),
            to_scheme: "B".into(),
            amount_pence: Pence(amount),
            account: "5100".into(),
            effective_on: "2026-09-30".parse().expect("a day"),
            period: Period::new(6).expect("a period"),
            reason: "A test".into(),
            authority: "A test".into(),
            decision_id: None,
        }
    }

    fn held(budget: i64) -> Side {
        Side { id: SchemeId(uuid::Uuid::nil()), held: Held::default(), budget: Pence(budget) }
    }

    #[test]
    fn rule_28_a_virement_nets_to_nothing_and_moves_no_more_than_there_is() {
        let journal = draft(100).journal().expect("a journal");
        assert_eq!(journal.postings.iter().map(|line| line.amount_pence.0).collect::<Vec<_>>(), [-100, 100]);
        assert!(draft(100).may_move(&held(100), &held(0)).is_ok());
        assert_eq!(draft(101).may_move(&held(100), &held(0)).expect_err("too much").kind().slug, "rule-broken");
        assert!(draft(0).check().is_err() && draft(-5).check().is_err() && draft(5).check().is_ok());
        assert!(VirementDraft { to_scheme: "A".into(), ..draft(5) }.check().is_err());
    }

    #[test]
    fn rule_29_a_virement_crosses_neither_capital_nor_a_ring_fence() {
        let capital = Side { held: Held { capital: true, ring_fence: None }, ..held(100) };
        let fenced = |name: &str| Side { held: Held { capital: false, ring_fence: Some(name.into()) }, ..held(100) };
        for (from, to, may) in [
            (held(100), held(0), true),
            (capital.clone(), held(0), false),
            (held(100), capital.clone(), false),
            (capital.clone(), capital, true),
            (fenced("Disabled Facilities Grant"), held(0), false),
            (held(100), fenced("Disabled Facilities Grant"), false),
            (fenced("One"), fenced("Another"), false),
            (fenced("One"), fenced("One"), true),
        ] {
            assert_eq!(draft(50).may_move(&from, &to).is_ok(), may, "{from:?} to {to:?}");
        }
    }
}
