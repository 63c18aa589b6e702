//! What schemes have available while journals are taken one after the other. No SQL, no HTTP, no clock.

use std::collections::BTreeMap;

use domain::{FinancialYear, Pence, SchemeId};
use serde::Serialize;
use web::{Problem, problems};

use super::Control;

/// A scheme that a journal leaves with less than nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct OverAvailable {
    #[schema(example = "ICES")]
    pub(crate) scheme: String,
    /// What it had available before: budget less commitments less spending of the whole year.
    pub(crate) available_pence: Pence,
    /// What the journal takes of it.
    pub(crate) asked_pence: Pence,
}

/// Budget less commitments less spending, by year and scheme, with the journals that were taken so far.
#[derive(Debug, Default)]
pub(crate) struct Availability(BTreeMap<(FinancialYear, SchemeId), i128>);

impl Availability {
    pub(super) fn of(sums: impl Iterator<Item = ((FinancialYear, SchemeId), i128)>) -> Self {
        Self(sums.collect())
    }

    /// Takes a journal that takes so much of each scheme, or says which it would leave with less than nothing: a fund that
    /// is held to its budget refuses it, and nothing is taken.
    pub(crate) fn take(
        &mut self,
        control: Control,
        year: FinancialYear,
        takes: &BTreeMap<SchemeId, i128>,
        code_of: impl Fn(SchemeId) -> String,
    ) -> Result<Vec<OverAvailable>, Problem> {
        let mut over = Vec::new();
        for (scheme, asked) in takes.iter().filter(|(_, asked)| **asked > 0) {
            let has = self.0.get(&(year, *scheme)).copied().unwrap_or_default();
            if has < *asked {
                over.push(OverAvailable {
                    scheme: code_of(*scheme),
                    available_pence: pence(has),
                    asked_pence: pence(*asked),
                });
            }
        }
        if let Some(first) = over.first().filter(|_| control == Control::Stop) {
            return Err(first.refused());
        }
        for (scheme, asked) in takes {
            *self.0.entry((year, *scheme)).or_default() -= asked;
        }
        Ok(over)
    }
}

impl OverAvailable {
    fn refused(&self) -> Problem {
        let Self { scheme, available_pence, asked_pence } = self;
        let detail = format!("Scheme {scheme} has {available_pence} available, and this takes {asked_pence} of it.");
        Problem::of_fault(&problems::OVER_AVAILABLE, "/postings", detail)
            .with("scheme", scheme.clone())
            .with("available_pence", available_pence.0)
            .with("asked_pence", asked_pence.0)
    }
}

/// Sums of sums may leave the range of pence; what is said of them then is its end.
fn pence(sum: i128) -> Pence {
    Pence(i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn scheme(number: u128) -> SchemeId {
        SchemeId(Uuid::from_u128(number))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn what_is_stopped_never_falls_below_nothing(
            has in prop::collection::vec(0i128..1000, 3),
            journals in prop::collection::vec(prop::collection::vec((0u128..3, -400i128..400), 1..4), 1..40),
        ) {
            let year = FinancialYear::FIRST;
            let start = has.iter().enumerate().map(|(at, sum)| ((year, scheme(at as u128)), *sum));
            let mut stopped = Availability::of(start);
            let mut kept: BTreeMap<SchemeId, i128> = has.iter().enumerate().map(|(at, s)| (scheme(at as u128), *s)).collect();
            for journal in journals {
                let mut takes: BTreeMap<SchemeId, i128> = BTreeMap::new();
                for (at, amount) in journal { *takes.entry(scheme(at)).or_default() += amount; }
                let fits = takes.iter().all(|(at, asked)| *asked <= 0 || kept[at] >= *asked);
                let taken = stopped.take(Control::Stop, year, &takes, |id| id.to_string());
                prop_assert_eq!(taken.is_ok(), fits);
                if fits {
                    for (at, asked) in &takes { *kept.get_mut(at).expect("a scheme") -= asked; }
                }
                prop_assert!(kept.values().all(|left| *left >= 0));
            }
        }
    }

    #[test]
    fn what_is_warned_about_is_taken_and_said() {
        let year = FinancialYear::FIRST;
        let mut warned = Availability::of([((year, scheme(1)), 100)].into_iter());
        let takes = BTreeMap::from([(scheme(1), 130)]);
        let over = warned.take(Control::Warn, year, &takes, |_| "A".into()).expect("taken");
        assert_eq!(over, [OverAvailable { scheme: "A".into(), available_pence: Pence(100), asked_pence: Pence(130) }]);
        let over = warned.take(Control::Warn, year, &takes, |_| "A".into()).expect("taken");
        assert_eq!(over[0].available_pence, Pence(-30));
        let back = BTreeMap::from([(scheme(1), -500)]);
        assert!(warned.take(Control::Stop, year, &back, |_| "A".into()).expect("gives").is_empty());
    }
}
