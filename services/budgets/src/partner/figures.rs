//! What a partner owes and has paid, added up over boroughs. No SQL, no HTTP, no clock.

use domain::Pence;
use serde::Serialize;

/// What was planned, what is due of it by today, and what was paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct ContributionFigures {
    /// Cash for the whole year, by the versions in force.
    pub(crate) planned_pence: Pence,
    /// What of it was due by today.
    pub(crate) due_pence: Pence,
    pub(crate) paid_pence: Pence,
    /// What was due less what was paid; nil where that is not above it.
    pub(crate) overdue_pence: Pence,
}

/// What of a body's dues to a fund-year is overdue: what was due less what was paid, nil where that is not above it. What
/// was overpaid to one fund is not what another is owed: this is of each, and sums are of these.
pub(crate) fn overdue(due: Pence, paid: Pence) -> Option<Pence> {
    Some(due.checked_sub(paid)?.max(Pence::ZERO))
}

impl ContributionFigures {
    /// The figures of a fund-year; `None` where they leave the range of pence.
    pub(crate) fn of(planned: Pence, due: Pence, paid: Pence) -> Option<Self> {
        let overdue = overdue(due, paid)?;
        Some(Self { planned_pence: planned, due_pence: due, paid_pence: paid, overdue_pence: overdue })
    }

    /// All together. What one borough was overpaid is not what another is owed: overdue sums stay as they are.
    pub(crate) fn sum<'a>(all: impl Iterator<Item = &'a Self> + Clone) -> Option<Self> {
        let sum = |of: fn(&Self) -> Pence| Pence::sum(all.clone().map(of));
        Some(Self {
            planned_pence: sum(|one| one.planned_pence)?,
            due_pence: sum(|one| one.due_pence)?,
            paid_pence: sum(|one| one.paid_pence)?,
            overdue_pence: sum(|one| one.overdue_pence)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_borough_was_overpaid_is_not_what_another_is_owed() {
        let of = |due: i64, paid: i64| ContributionFigures::of(Pence(100), Pence(due), Pence(paid)).expect("in range");
        let (owed, overpaid) = (of(50, 20), of(50, 90));
        assert_eq!((owed.overdue_pence, overpaid.overdue_pence), (Pence(30), Pence::ZERO));
        let both = ContributionFigures::sum([owed, overpaid].iter()).expect("in range");
        assert_eq!((both.planned_pence, both.paid_pence, both.overdue_pence), (Pence(200), Pence(110), Pence(30)));
        assert_eq!(ContributionFigures::of(Pence(0), Pence(i64::MAX), Pence(-1)), None);
    }
}
