//! What is outstanding of an order or contract, and the lines that release it. No SQL, no HTTP, no clock.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{AccountId, CommitmentId, DecisionId, FinancialYear, Pence, Period, SchemeId};
use web::{Problem, problems};

use crate::{
    journals::{JournalDraft, Layer, Line, Nature, PostingDraft},
    positions::http::too_large,
};

/// What is outstanding of an order or contract, by year, as journals draw it down one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Outstanding {
    pub(crate) id: CommitmentId,
    pub(crate) account: (AccountId, String),
    pub(crate) contra: (AccountId, String),
    pub(crate) scheme: SchemeId,
    pub(crate) scheme_code: String,
    pub(crate) category: String,
    pub(crate) source: String,
    pub(crate) nature: Nature,
    /// Whether the region counts its scheme.
    pub(crate) counted: bool,
    pub(crate) by_year: BTreeMap<FinancialYear, Pence>,
}

impl Outstanding {
    /// Draws up to an amount of what is outstanding in the year, and says how much that was.
    pub(crate) fn draw(&mut self, year: FinancialYear, amount: Pence) -> Pence {
        let left = self.by_year.entry(year).or_default();
        let drawn = amount.min(*left).max(Pence::ZERO);
        *left = Pence(left.0.saturating_sub(drawn.0));
        drawn
    }

    /// Puts back what was drawn.
    pub(crate) fn put_back(&mut self, year: FinancialYear, drawn: Pence) {
        let left = self.by_year.entry(year).or_default();
        *left = Pence(left.0.saturating_add(drawn.0));
    }

    /// The two lines that release an amount, which is above nothing.
    pub(crate) fn released(&self, amount: Pence) -> [Line; 2] {
        let line = |(account, code): &(AccountId, String), amount: i64, expenditure: bool| Line {
            account: *account,
            account_code: code.clone(),
            scheme: Some(self.scheme),
            scheme_code: Some(self.scheme_code.clone()),
            layer: Layer::Committed,
            amount: Pence(amount),
            party: None,
            category: Some(self.category.clone()),
            source: Some(self.source.clone()),
            nature: Some(self.nature),
            expenditure,
            counted: expenditure && self.counted,
        };
        [line(&self.account, amount.0.saturating_neg(), true), line(&self.contra, amount.0, false)]
    }

    /// The journal that releases an amount on a day, in a period.
    pub(super) fn release(
        &self,
        amount: Pence,
        (effective_on, period): (NaiveDate, Period),
        narrative: &str,
        decision: Option<DecisionId>,
    ) -> Result<JournalDraft, Problem> {
        let less = amount.checked_neg().ok_or_else(too_large)?;
        let scheme = Some(self.scheme_code.as_str());
        // What releases money is taken also where the scheme has ended meanwhile.
        let line = |account: &str, amount| PostingDraft {
            run_off: true,
            ..PostingDraft::of(account, scheme, Layer::Committed, amount)
        };
        let lines = vec![line(&self.account.1, less), line(&self.contra.1, amount)];
        let narrative = narrative.chars().take(500).collect();
        Ok(JournalDraft::of(effective_on, period, narrative, decision, lines))
    }

    /// The journal that commits an amount again, on a day and in a period of another year.
    pub(super) fn commit(
        &self,
        amount: Pence,
        (effective_on, period): (NaiveDate, Period),
        narrative: String,
        decision: Option<DecisionId>,
    ) -> Result<JournalDraft, Problem> {
        let less = amount.checked_neg().ok_or_else(too_large)?;
        let line = |account: &str, amount| PostingDraft::of(account, Some(&self.scheme_code), Layer::Committed, amount);
        let lines = vec![line(&self.account.1, amount), line(&self.contra.1, less)];
        Ok(JournalDraft::of(effective_on, period, narrative, decision, lines))
    }
}

/// How much of what is left is meant: so much, or all of it.
pub(super) fn within(left: Pence, asked: Option<Pence>) -> Result<Pence, Problem> {
    let amount = asked.unwrap_or(left);
    if Pence::ZERO < amount && amount <= left {
        return Ok(amount);
    }
    let detail = format!("{left} of it is outstanding in that year.");
    Err(Problem::of_fault(&problems::CONFLICT, "/amount_pence", detail))
}

/// A journal's spending on a scheme.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spending {
    /// What it spent, less what it drew of orders and contracts of the scheme itself.
    pub(super) spent: Pence,
    pub(super) year: FinancialYear,
    pub(super) effective_on: NaiveDate,
    /// Whether it was not reversed, nor is a reversal.
    pub(super) stands: bool,
}

impl Spending {
    /// How much of it is meant by a match that takes effect on a day, so much being matched before: what is asked for, or all
    /// that is left. A match is of money of the same year, and comes no earlier than what it matches.
    pub(super) fn to_match(
        self,
        (year, effective_on): (FinancialYear, NaiveDate),
        matched: Pence,
        asked: Option<Pence>,
    ) -> Result<Pence, Problem> {
        if !self.stands {
            let detail = "That journal was reversed, or is itself a reversal.";
            return Err(Problem::of_fault(&problems::CONFLICT, "/journal", detail));
        }
        if year != self.year || effective_on < self.effective_on {
            let detail = format!("That was spent on {}: match it in {}, not before.", self.effective_on, self.year);
            return Err(Problem::of_fault(&problems::WRONG_YEAR, "/effective_on", detail));
        }
        let unmatched = self.spent.checked_sub(matched).ok_or_else(too_large)?;
        let meant = asked.unwrap_or(unmatched);
        if Pence::ZERO < meant && meant <= unmatched {
            return Ok(meant);
        }
        let detail = format!("That journal spent {unmatched} on the scheme that is matched with nothing.");
        Err(Problem::of_fault(&problems::CONFLICT, "/amount_pence", detail))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn order(of: i64) -> Outstanding {
        let now = DateTime::UNIX_EPOCH;
        Outstanding {
            id: CommitmentId::at(now),
            account: (AccountId::at(now), "5100".into()),
            contra: (AccountId::at(now), "9000".into()),
            scheme: SchemeId::at(now),
            scheme_code: "ICES".into(),
            category: "other".into(),
            source: "nhs".into(),
            nature: Nature::Revenue,
            counted: true,
            by_year: BTreeMap::from([(FinancialYear::FIRST, Pence(of))]),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        /// An order and its invoices together never count for more than the larger of the two.
        #[test]
        fn an_order_and_its_invoices_are_not_counted_twice(of in 1i64..100_000, invoices in prop::collection::vec(1i64..50_000, 0..12)) {
            let mut order = order(of);
            let (mut spent, mut committed) = (0i64, of);
            for invoice in invoices {
                let drawn = order.draw(FinancialYear::FIRST, Pence(invoice));
                let released: i64 = order.released(drawn).iter().filter(|line| line.expenditure).map(|line| line.amount.0).sum();
                spent += invoice;
                committed += released;
                prop_assert!(committed >= 0);
                prop_assert_eq!(spent + committed, spent.max(of));
            }
        }
    }

    #[test]
    fn spending_is_matched_once_in_its_year_and_while_it_stands() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let next = FinancialYear::starting_in(2001).expect("a year");
        let year = FinancialYear::FIRST;
        let on = (year, day("2000-09-30"));
        let spent = Spending { spent: Pence(100), year, effective_on: on.1, stands: true };
        assert_eq!(spent.to_match(on, Pence(40), None).expect("the rest"), Pence(60));
        assert_eq!(spent.to_match(on, Pence(40), Some(Pence(60))).expect("all of it"), Pence(60));
        let refused = |spent: &Spending, on, matched, asked| {
            spent.to_match(on, Pence(matched), asked).expect_err("refused").kind().slug
        };
        assert_eq!(refused(&spent, on, 40, Some(Pence(61))), "conflict");
        assert_eq!(refused(&spent, on, 100, None), "conflict");
        assert_eq!(refused(&spent, (year, day("2000-09-29")), 0, None), "wrong-year");
        assert_eq!(refused(&spent, (next, day("2001-04-01")), 0, None), "wrong-year");
        assert_eq!(refused(&Spending { stands: false, ..spent }, on, 0, None), "conflict");
    }

    #[test]
    fn another_years_order_is_not_drawn() {
        let next = FinancialYear::starting_in(2001).expect("a year");
        assert_eq!(order(100).draw(next, Pence(50)), Pence::ZERO);
    }
}
