//! What is outstanding of an order or contract, and the lines that release it. No SQL, no HTTP, no clock.

use std::collections::BTreeMap;

use domain::{AccountId, CommitmentId, FinancialYear, Pence, SchemeId};

use crate::journals::{Layer, Line, Nature};

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
    fn another_years_order_is_not_drawn() {
        let next = FinancialYear::starting_in(2001).expect("a year");
        assert_eq!(order(100).draw(next, Pence(50)), Pence::ZERO);
    }
}
