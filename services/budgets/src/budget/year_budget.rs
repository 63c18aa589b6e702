//! The rules of a year's budget. No SQL, no HTTP, no clock.

use chrono::NaiveDate;
use domain::{FinancialYear, Pence};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, drafts};

use crate::{
    journals::MOVES_MAX,
    rules::{self, all_met},
};

/// What is agreed of a year's budget beside its schemes' budgets.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"contingency_pence": 50_000_000, "brought_forward_pence": 0, "other_income_pence": 0,
    "uncommitted_pence": 0, "overspend_threshold_bp": 100}))]
pub(crate) struct YearBudgetDraft {
    /// Kept back for an overspend, and no scheme's.
    #[schema(minimum = 0, maximum = 10_000_000_000_000i64)]
    pub(super) contingency_pence: Pence,
    /// From the year before; below zero for a deficit.
    #[schema(minimum = -10_000_000_000_000i64, maximum = 10_000_000_000_000i64)]
    pub(super) brought_forward_pence: Pence,
    /// Beside contributions: interest, charges.
    #[schema(minimum = 0, maximum = 10_000_000_000_000i64)]
    pub(super) other_income_pence: Pence,
    /// What of the schemes' budgets is committed to nothing yet: it meets an overspend before new money does.
    #[schema(minimum = 0, maximum = 10_000_000_000_000i64)]
    pub(super) uncommitted_pence: Pence,
    /// Above what forecast overspend an action plan is due, in hundredths of a per cent of the budget.
    #[schema(minimum = 0, maximum = 10_000)]
    pub(super) overspend_threshold_bp: i32,
    /// The day the partners agreed it; only where both sides balance.
    #[serde(default)]
    pub(super) agreed_on: Option<NaiveDate>,
}

impl YearBudgetDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        for (pointer, sum) in [
            ("/contingency_pence", self.contingency_pence),
            ("/other_income_pence", self.other_income_pence),
            ("/uncommitted_pence", self.uncommitted_pence),
        ] {
            let fits = sum >= Pence::ZERO && sum <= MOVES_MAX;
            faults.unless(fits, pointer, format_args!("From nil to {MOVES_MAX}."));
        }
        let fits = self.brought_forward_pence.0.unsigned_abs() <= MOVES_MAX.0.unsigned_abs();
        faults.unless(fits, "/brought_forward_pence", format_args!("At most {MOVES_MAX} either way."));
        let fits = (0..=10_000).contains(&self.overspend_threshold_bp);
        faults.unless(fits, "/overspend_threshold_bp", "From 0 to 10,000.");
        if let Some(day) = self.agreed_on {
            drafts::known_day(&mut faults, "/agreed_on", day);
        }
        faults.none()
    }
}

/// What the ledger and the contributions say of a year.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides {
    /// The schemes' budgets, by the ledger.
    pub(super) schemes: Pence,
    /// The contributions in cash in force.
    pub(super) cash: Pence,
    /// Those in kind, which are on neither side.
    pub(super) in_kind: Pence,
}

/// A year's budget, both sides of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct YearBudgetBody {
    pub(crate) year: FinancialYear,
    /// The schemes' budgets, by the ledger.
    pub(crate) schemes_pence: Pence,
    pub(crate) contingency_pence: Pence,
    /// Allocated to no scheme yet; after the contingency the next to meet an overspend.
    pub(crate) uncommitted_pence: Pence,
    /// Schemes, contingency and what is allocated to none yet.
    pub(crate) planned_pence: Pence,
    /// The contributions in cash in force.
    pub(crate) cash_contributions_pence: Pence,
    pub(crate) brought_forward_pence: Pence,
    pub(crate) other_income_pence: Pence,
    /// Cash contributions, what was brought forward and other income.
    pub(crate) funded_pence: Pence,
    /// What is planned less what is funded: above zero, more is planned than there is money for.
    pub(crate) difference_pence: Pence,
    pub(crate) balanced: bool,
    /// Contributions in kind, at their value: on neither side.
    pub(crate) in_kind_pence: Pence,
    #[schema(example = 100)]
    pub(crate) overspend_threshold_bp: i32,
    pub(crate) agreed_on: Option<NaiveDate>,
    /// Whether it was agreed and both sides balance still.
    pub(crate) stands: bool,
}

impl YearBudgetBody {
    /// Both sides, added up; `None` where they leave the range of pence.
    pub(super) fn of(year: FinancialYear, draft: &YearBudgetDraft, sides: Sides) -> Option<Self> {
        let planned = Pence::sum([sides.schemes, draft.contingency_pence, draft.uncommitted_pence])?;
        let funded = Pence::sum([sides.cash, draft.brought_forward_pence, draft.other_income_pence])?;
        let difference = planned.checked_sub(funded)?;
        Some(Self {
            year,
            schemes_pence: sides.schemes,
            contingency_pence: draft.contingency_pence,
            uncommitted_pence: draft.uncommitted_pence,
            planned_pence: planned,
            cash_contributions_pence: sides.cash,
            brought_forward_pence: draft.brought_forward_pence,
            other_income_pence: draft.other_income_pence,
            funded_pence: funded,
            difference_pence: difference,
            balanced: difference == Pence::ZERO,
            in_kind_pence: sides.in_kind,
            overspend_threshold_bp: draft.overspend_threshold_bp,
            agreed_on: draft.agreed_on,
            stands: draft.agreed_on.is_some() && difference == Pence::ZERO,
        })
    }

    /// Rule 17: it is agreed only where both sides balance.
    pub(super) fn may_stand(&self) -> Result<(), Problem> {
        if self.agreed_on.is_none() || self.balanced {
            return Ok(());
        }
        let missing = format!(
            "Schemes, contingency and uncommitted money are {}, cash contributions with what was brought forward and other income {}. Mend the one or the other by {} before it is agreed.",
            self.planned_pence, self.funded_pence, self.difference_pence
        );
        all_met(vec![rules::BUDGET_BALANCES.unmet(missing)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(contingency: i64, agreed: bool, schemes: i64, cash: i64) -> YearBudgetBody {
        let draft = YearBudgetDraft {
            contingency_pence: Pence(contingency),
            brought_forward_pence: Pence(-50),
            other_income_pence: Pence(20),
            uncommitted_pence: Pence::ZERO,
            overspend_threshold_bp: 100,
            agreed_on: agreed.then(|| "2026-02-28".parse().expect("a day")),
        };
        let sides = Sides { schemes: Pence(schemes), cash: Pence(cash), in_kind: Pence(7_777) };
        YearBudgetBody::of("2026-27".parse().expect("a year"), &draft, sides).expect("in range")
    }

    #[test]
    fn rule_17_what_was_agreed_stands_only_while_it_balances() {
        assert!(of(10, true, 960, 1_000).stands, "970 come in for 970");
        assert!(!of(10, true, 961, 1_000).stands && !of(10, false, 960, 1_000).stands);
    }

    #[test]
    fn rule_17_a_budget_is_agreed_only_where_both_sides_balance() {
        let short = of(100, true, 1_000, 1_100);
        assert_eq!(
            (short.planned_pence, short.funded_pence, short.difference_pence),
            (Pence(1_100), Pence(1_070), Pence(30))
        );
        let refused = short.may_stand().expect_err("unbalanced");
        assert_eq!(refused.kind().slug, "rule-unmet");
        assert!(of(100, false, 1_000, 1_100).may_stand().is_ok(), "until it is agreed it need not");
        let balanced = of(100, true, 1_000, 1_130);
        assert!(balanced.balanced && balanced.may_stand().is_ok());
        assert_eq!(balanced.in_kind_pence, Pence(7_777), "in kind is on neither side");
    }
}
