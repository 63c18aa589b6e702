//! When a contribution falls due, and how a variation makes good what was paid before it. No SQL, no HTTP, no clock.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use domain::{FinancialYear, InstalmentId, Pence, split};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, problems};

use crate::rules;

/// The most instalments of a contribution.
pub(super) const INSTALMENTS_MAX: usize = 60;

/// The most instalments in force of a fund-year: as many as are set beside its payments in a moment.
const YEAR_INSTALMENTS_MAX: usize = 1_200;

/// A fund-year has room for so many more.
pub(super) fn room(in_force: usize, more: usize) -> Result<(), Problem> {
    if in_force.saturating_add(more) <= YEAR_INSTALMENTS_MAX {
        return Ok(());
    }
    let detail = format!(
        "A fund-year has at most {YEAR_INSTALMENTS_MAX} instalments; this one has {in_force}. Let it fall due less often."
    );
    Err(Problem::of_fault(&problems::CONFLICT, "/profile", detail))
}

/// On which days a contribution in cash falls due.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ContributionProfile {
    /// Twelve instalments, on this day of each month; on the last day of a month that has none such.
    Monthly {
        #[schema(minimum = 1, maximum = 31)]
        day: u32,
    },
    /// Four, on this day of April, July, October and January.
    Quarterly {
        #[schema(minimum = 1, maximum = 31)]
        day: u32,
    },
    /// One, on this day of April.
    Annual {
        #[schema(minimum = 1, maximum = 31)]
        day: u32,
    },
    /// On days of the year that are named.
    Dates {
        #[schema(min_items = 1, max_items = 60)]
        dates: Vec<NaiveDate>,
    },
}

impl ContributionProfile {
    pub(super) fn check(&self, faults: &mut Faults) {
        match self {
            Self::Monthly { day } | Self::Quarterly { day } | Self::Annual { day } => {
                faults.unless((1..=31).contains(day), "/profile/day", "A day of the month, 1 to 31.");
            }
            Self::Dates { dates } => {
                let fits = (1..=INSTALMENTS_MAX).contains(&dates.len());
                faults.unless(fits, "/profile/dates", format_args!("Name 1 to {INSTALMENTS_MAX} days."));
                let twice = dates.iter().enumerate().find(|(at, day)| dates[..*at].contains(day));
                if let Some((at, _)) = twice.filter(|_| fits) {
                    faults.unless(false, format!("/profile/dates/{at}"), "It is named twice.");
                }
            }
        }
    }

    /// The days in that year, in order.
    pub(super) fn days(&self, year: FinancialYear) -> Result<Vec<NaiveDate>, Problem> {
        let every = |months: u32, day: u32| {
            let firsts = (0..12).step_by(months.max(1) as usize).map(|ahead| year.first_day() + Months::new(ahead));
            firsts.map(|first| clipped(first, day)).collect()
        };
        match self {
            Self::Monthly { day } => Ok(every(1, *day)),
            Self::Quarterly { day } => Ok(every(3, *day)),
            Self::Annual { day } => Ok(every(12, *day)),
            Self::Dates { dates } => {
                if let Some((at, day)) = dates.iter().enumerate().find(|(_, day)| !year.contains(**day)) {
                    let detail = format!("{day} is not in {year}.");
                    return Err(Problem::of_fault(&problems::WRONG_YEAR, format!("/profile/dates/{at}"), detail));
                }
                let mut days = dates.clone();
                days.sort_unstable();
                Ok(days)
            }
        }
    }
}

/// That day of the month of `first`, or its last.
fn clipped(first: NaiveDate, day: u32) -> NaiveDate {
    first.with_day(day).unwrap_or_else(|| first + Months::new(1) - Days::new(1))
}

/// An instalment, as one version of its contribution has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct PlannedInstalment {
    pub(crate) id: InstalmentId,
    #[schema(example = 4)]
    pub(crate) number: i16,
    pub(crate) due_on: NaiveDate,
    /// Below zero: a credit to the payer.
    #[schema(example = 3_380_523_268_i64)]
    pub(crate) amount_pence: Pence,
    /// The part of it that makes good earlier instalments, which were paid at another rate.
    #[schema(example = 2_028_510_501)]
    pub(crate) true_up_pence: Pence,
}

/// The first instalments: the amount in equal parts, odd pennies first. Rule 18: they add up to it.
pub(super) fn plan(amount: Pence, days: &[NaiveDate], now: DateTime<Utc>) -> Result<Vec<PlannedInstalment>, Problem> {
    let parts = equal_parts(amount, days.len())?;
    let planned = (1..).zip(days).zip(parts).map(|((number, due_on), part)| PlannedInstalment {
        id: InstalmentId::at(now),
        number,
        due_on: *due_on,
        amount_pence: part,
        true_up_pence: Pence::ZERO,
    });
    Ok(planned.collect())
}

fn equal_parts(amount: Pence, count: usize) -> Result<Vec<Pence>, Problem> {
    split(amount, &vec![Pence(1); count]).ok_or_else(|| Problem::internal("equal parts do not add up"))
}

/// The instalments a variation writes anew (rule 19): those due on or after its day.
///
/// The new amount is of the whole year. What is due before the day stays as it is; the first that is due then takes
/// its own part of the new amount and what the earlier ones fell short of theirs, or had too much; the rest take
/// their part. So all of them add up to the new amount. The first may be below zero, a credit.
pub(super) fn vary(
    in_force: &[PlannedInstalment],
    amount: Pence,
    effective_on: NaiveDate,
) -> Result<Vec<PlannedInstalment>, Problem> {
    let regular = equal_parts(amount, in_force.len())?;
    let passed = in_force.iter().take_while(|one| one.due_on < effective_on).count();
    if passed == in_force.len() {
        let detail = format!(
            "No instalment falls due on or after {effective_on}, so none can make good the earlier ones. Name an earlier day."
        );
        return Err(rules::TRUE_UP.broken("/effective_on", detail));
    }
    let sum = |amounts: &mut dyn Iterator<Item = Pence>| Pence::sum(amounts);
    let true_up = sum(&mut regular[..passed].iter().copied())
        .zip(sum(&mut in_force[..passed].iter().map(|one| one.amount_pence)))
        .and_then(|(wanted, there)| wanted.checked_sub(there));
    let mut varied = Vec::new();
    for (at, (before, part)) in in_force.iter().zip(regular).enumerate().skip(passed) {
        let true_up = if at == passed { true_up } else { Some(Pence::ZERO) };
        let amounts = true_up.and_then(|more| Some((part.checked_add(more)?, more)));
        let (amount_pence, true_up_pence) =
            amounts.ok_or_else(|| Problem::invalid("/amount_pence", "The instalments leave the range of pence."))?;
        varied.push(PlannedInstalment { amount_pence, true_up_pence, ..before.clone() });
    }
    Ok(varied)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn year() -> FinancialYear {
        "2019-20".parse().expect("a year")
    }

    fn monthly(amount: i64) -> Vec<PlannedInstalment> {
        let days = ContributionProfile::Monthly { day: 5 }.days(year()).expect("days");
        plan(Pence(amount), &days, DateTime::UNIX_EPOCH).expect("planned")
    }

    fn total(all: &[PlannedInstalment]) -> Option<Pence> {
        Pence::sum(all.iter().map(|one| one.amount_pence))
    }

    /// What is in force once a variation's instalments are laid over the earlier ones.
    fn after(before: &[PlannedInstalment], varied: &[PlannedInstalment]) -> Vec<PlannedInstalment> {
        let kept = before.len() - varied.len();
        before[..kept].iter().chain(varied).cloned().collect()
    }

    #[test]
    fn days_fall_where_the_profile_says() {
        let days = ContributionProfile::Monthly { day: 31 }.days(year()).expect("days");
        assert_eq!(
            (days.len(), days[0], days[10], days[11]),
            (12, day("2019-04-30"), day("2020-02-29"), day("2020-03-31"))
        );
        let quarters = ContributionProfile::Quarterly { day: 1 }.days(year()).expect("days");
        assert_eq!(quarters, ["2019-04-01", "2019-07-01", "2019-10-01", "2020-01-01"].map(day));
        assert_eq!(ContributionProfile::Annual { day: 7 }.days(year()).expect("a day"), [day("2019-04-07")]);
        let named = |dates: &[&str]| ContributionProfile::Dates { dates: dates.iter().map(|d| day(d)).collect() };
        assert_eq!(named(&["2020-01-01", "2019-05-01"]).days(year()).expect("days")[0], day("2019-05-01"));
        assert_eq!(named(&["2020-04-01"]).days(year()).expect_err("next year").kind().slug, "wrong-year");
        let faults = |profile: &ContributionProfile| {
            let mut faults = Faults::default();
            profile.check(&mut faults);
            faults.none()
        };
        assert!(faults(&named(&["2019-05-01", "2019-05-01"])).is_err() && faults(&named(&[])).is_err());
        assert!(faults(&ContributionProfile::Monthly { day: 0 }).is_err());
    }

    #[test]
    fn a_fund_year_takes_no_more_instalments_than_can_be_reconciled() {
        assert!(room(1_188, 12).is_ok() && room(1_200, 0).is_ok());
        assert_eq!(room(1_189, 12).expect_err("one too many").kind().slug, "conflict");
    }

    #[test]
    fn rule_18_instalments_add_up_to_the_penny() {
        let odd = monthly(100);
        assert_eq!(total(&odd), Some(Pence(100)));
        assert_eq!((odd[0].amount_pence, odd[11].amount_pence), (Pence(9), Pence(8)), "odd pennies come first");
        assert!(monthly(12 * 675_842_600).iter().all(|one| one.amount_pence == Pence(675_842_600)));
    }

    #[test]
    fn rule_19_salfords_true_up_of_july_2019_is_exact() {
        // Salford City Council, published spending over £500, 2019: three at £6,758,426.00, then £33,805,232.68.
        let (old, new) = (675_842_600, 1_352_012_767);
        let varied = vary(&monthly(12 * old), Pence(12 * new), day("2019-07-01")).expect("varied");
        assert_eq!(varied.len(), 9);
        assert_eq!((varied[0].number, varied[0].amount_pence), (4, Pence(3_380_523_268)));
        assert_eq!(varied[0].amount_pence, Pence(4 * new - 3 * old));
        assert_eq!(varied[0].true_up_pence, Pence(2_028_510_501));
        assert!(varied[1..].iter().all(|one| one.amount_pence == Pence(new) && one.true_up_pence == Pence::ZERO));
        assert_eq!(total(&after(&monthly(12 * old), &varied)), Some(Pence(16_224_153_204)));
    }

    #[test]
    fn rule_19_a_cut_brings_a_credit_and_too_late_a_variation_is_refused() {
        let before = monthly(1_200);
        let varied = vary(&before, Pence(12), day("2020-02-01")).expect("varied");
        assert_eq!(varied[0].amount_pence, Pence(1 - 10 * 99), "ten were paid at 100, and 1 was right");
        assert_eq!(total(&after(&before, &varied)), Some(Pence(12)));
        let late = vary(&before, Pence(12), day("2020-03-06")).expect_err("nothing is due any more");
        assert_eq!(late.kind().slug, "rule-broken");
    }

    proptest! {
        #[test]
        fn rule_18_whatever_the_variations_nothing_is_lost(
            first in 0i64..10_000_000_000_000, amounts in prop::collection::vec((0i64..10_000_000_000_000, 0u64..365), 0..6),
            days in prop::collection::btree_set(0u64..366, 1..40)
        ) {
            let days: Vec<_> = days.into_iter().map(|ahead| year().first_day() + Days::new(ahead)).collect();
            let mut in_force = plan(Pence(first), &days, DateTime::UNIX_EPOCH).expect("planned");
            prop_assert_eq!(total(&in_force), Some(Pence(first)));
            for (amount, ahead) in amounts {
                let effective_on = year().first_day() + Days::new(ahead);
                let Ok(varied) = vary(&in_force, Pence(amount), effective_on) else {
                    prop_assert!(days.iter().all(|day| *day < effective_on));
                    continue;
                };
                let now = after(&in_force, &varied);
                prop_assert_eq!(total(&now), Some(Pence(amount)));
                for (was, is) in in_force.iter().zip(&now) {
                    prop_assert!(was.due_on >= effective_on || was == is, "what was due before stays");
                    prop_assert_eq!(was.id, is.id);
                }
                in_force = now;
            }
        }
    }
}
