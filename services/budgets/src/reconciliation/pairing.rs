//! Which payment is nearest to which instalment, of those that fit. Pure: no SQL, no HTTP, no clock.
//!
//! The result is that of laying every instalment beside every payment and taking the pairs nearest by day first; payments
//! are looked up by body, month and amount, so that a year of many of both is explained in a moment.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap},
};

use chrono::{Datelike, NaiveDate};
use domain::{OrganisationId, Pence};

use super::line::{Expected, Received};

pub(super) type Month = (i32, u32);

pub(super) fn month(day: NaiveDate) -> Month {
    (day.year(), day.month())
}

/// Where payments are looked up: of a body, in a month or any, of an amount or any.
type Key = (OrganisationId, Option<Month>, Option<Pence>);
/// The payments of a key that are still free, by the day they were paid.
type Free = BTreeMap<NaiveDate, BTreeSet<usize>>;

/// What is not explained yet, by its place among all.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    pub(super) all_due: &'a [Expected],
    pub(super) all_paid: &'a [Received],
    pub(super) due: &'a BTreeSet<usize>,
    pub(super) paid: &'a BTreeSet<usize>,
}

impl Left<'_> {
    /// Pairs of an instalment and a payment of one of the amounts it may have, in its month or any.
    pub(super) fn of_amounts(self, in_month: bool, amounts: impl Fn(&Expected) -> Vec<Pence>) -> Vec<(usize, usize)> {
        let month_of = |day| in_month.then(|| month(day));
        let place = |paid: &Received| (paid.payer, month_of(paid.paid_on), Some(paid.amount));
        let keys = |due: &Expected| {
            let key = |amount| (due.payer, month_of(due.due_on), Some(amount));
            amounts(due).into_iter().map(key).collect()
        };
        self.pairs(place, keys, |_, _| true)
    }

    /// Pairs of an instalment and a payment of its month that fit.
    pub(super) fn in_month(self, fits: impl Fn(&Expected, &Received) -> bool) -> Vec<(usize, usize)> {
        let place = |paid: &Received| (paid.payer, Some(month(paid.paid_on)), None);
        let keys = |due: &Expected| vec![(due.payer, Some(month(due.due_on)), None)];
        self.pairs(place, keys, |due, paid| fits(&self.all_due[due], &self.all_paid[paid]))
    }

    /// Nearest by day first, then by their places, each of both once.
    fn pairs(
        self,
        place: impl Fn(&Received) -> Key,
        keys: impl Fn(&Expected) -> Vec<Key>,
        fits: impl Fn(usize, usize) -> bool,
    ) -> Vec<(usize, usize)> {
        let mut index: HashMap<Key, Free> = HashMap::new();
        for at in self.paid {
            let one = &self.all_paid[*at];
            index.entry(place(one)).or_default().entry(one.paid_on).or_default().insert(*at);
        }
        let keys: HashMap<usize, Vec<Key>> = self
            .due
            .iter()
            .map(|at| (*at, keys(&self.all_due[*at]).into_iter().filter(|key| index.contains_key(key)).collect()))
            .collect();
        let best = |index: &HashMap<Key, Free>, due: usize| {
            let nearest_of = |key| nearest(index.get(key)?, self.all_due[due].due_on, |paid| fits(due, paid));
            keys[&due].iter().filter_map(nearest_of).min()
        };
        let mut waiting: BinaryHeap<Reverse<(i64, usize, usize)>> = self
            .due
            .iter()
            .filter_map(|due| best(&index, *due).map(|(apart, paid)| Reverse((apart, *due, paid))))
            .collect();
        let (mut used, mut found) = (BTreeSet::new(), Vec::new());
        while let Some(Reverse((_, due, paid))) = waiting.pop() {
            if used.insert(paid) {
                found.push((due, paid));
                let one = &self.all_paid[paid];
                if let Some(there) = index.get_mut(&place(one)).and_then(|free| free.get_mut(&one.paid_on)) {
                    there.remove(&paid);
                }
            } else {
                // Another was nearer to it: what is nearest of the rest.
                waiting.extend(best(&index, due).map(|(apart, paid)| Reverse((apart, due, paid))));
            }
        }
        found
    }
}

/// The payment nearest to a day that fits: how many days apart, and its place.
fn nearest(free: &Free, day: NaiveDate, fits: impl Fn(usize) -> bool) -> Option<(i64, usize)> {
    let first = |(on, there): (&NaiveDate, &BTreeSet<usize>)| {
        let found = there.iter().copied().find(|at| fits(*at))?;
        Some(((*on - day).num_days().abs(), found))
    };
    let before = free.range(..day).rev().find_map(first);
    let after = free.range(day..).find_map(first);
    before.into_iter().chain(after).min()
}
