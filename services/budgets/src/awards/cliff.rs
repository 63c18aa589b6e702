//! What ends, and when: a fund's money that comes again beside money that does not. No SQL, no HTTP, no clock.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{AwardId, FinancialYear, Pence};
use serde::Serialize;

use super::award::AwardBody;

/// What a year has in cash of either sort, by the contributions in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Money {
    pub(super) recurrent: Pence,
    pub(super) one_off: Pence,
}

/// A scheme that contributions from an award name, as its schedule has it.
#[derive(Debug, Clone)]
pub(super) struct Backed {
    pub(super) award: AwardId,
    pub(super) scheme: String,
    pub(super) runs_to: Option<NaiveDate>,
}

/// A year on the way to the cliff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct CliffYear {
    pub(super) year: FinancialYear,
    /// Contributions in cash that come again.
    pub(super) recurrent_pence: Pence,
    /// Contributions in cash that do not.
    pub(super) one_off_pence: Pence,
    /// What awards have for the year, whether contributed yet or not.
    pub(super) awarded_pence: Pence,
}

/// An award, and what ends with it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct CliffAward {
    pub(super) award: AwardId,
    #[schema(example = "Transformation fund")]
    pub(super) title: String,
    /// The last year it has money for.
    pub(super) last_year: FinancialYear,
    /// What it has for that year, and nobody has for the next.
    pub(super) ends_pence: Pence,
    /// Whether it is written down what becomes of what it pays for.
    pub(super) exit_plan: bool,
    /// The codes of recurrent schemes it pays for that go on after it.
    pub(super) backs: Vec<String>,
}

/// A fund's funding cliff.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FundingCliffBody {
    /// From the first year there is money for to the year after the last.
    pub(super) years: Vec<CliffYear>,
    /// By the year they end in.
    pub(super) awards: Vec<CliffAward>,
}

/// The cliff; `None` where a sum leaves the range of pence.
pub(super) fn cliff(
    money: &BTreeMap<FinancialYear, Money>,
    awards: &[AwardBody],
    backed: &[Backed],
) -> Option<FundingCliffBody> {
    let phased = awards.iter().flat_map(|award| award.years.iter().map(|phase| phase.year));
    let all: Vec<FinancialYear> = money.keys().copied().chain(phased).collect();
    let mut years = Vec::new();
    if let Some((first, last)) = all.iter().min().zip(all.iter().max()) {
        for start in first.start()..=last.start() + 1 {
            // The year after the last one we know is none we know.
            let Ok(year) = FinancialYear::starting_in(start) else { break };
            let of_year = money.get(&year).copied().unwrap_or_default();
            let awarded = Pence::sum(awards.iter().filter_map(|award| award.phase(year)))?;
            years.push(CliffYear {
                year,
                recurrent_pence: of_year.recurrent,
                one_off_pence: of_year.one_off,
                awarded_pence: awarded,
            });
        }
    }
    let mut awards: Vec<CliffAward> = awards.iter().map(|award| ending(award, backed)).collect();
    awards.sort_by_key(|award| award.last_year);
    Some(FundingCliffBody { years, awards })
}

fn ending(award: &AwardBody, backed: &[Backed]) -> CliffAward {
    let last_year = award.last_year();
    let goes_on = |one: &&Backed| one.award == award.id && one.runs_to.is_none_or(|to| to > last_year.last_day());
    CliffAward {
        award: award.id,
        title: award.title.clone(),
        last_year,
        ends_pence: award.phase(last_year).unwrap_or(Pence::ZERO),
        exit_plan: award.exit_plan.is_some(),
        backs: backed.iter().filter(goes_on).map(|one| one.scheme.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::OrganisationId;

    use super::*;
    use crate::{awards::award::AwardYear, schemes::FundingSource};

    fn year(text: &str) -> FinancialYear {
        text.parse().expect("a year")
    }

    fn award(years: &[(&str, i64)]) -> AwardBody {
        let years: Vec<_> =
            years.iter().map(|(at, pence)| AwardYear { year: year(at), amount_pence: Pence(*pence) }).collect();
        AwardBody {
            id: AwardId::at(DateTime::UNIX_EPOCH),
            title: "One-off money over three years".into(),
            payer: OrganisationId::at(DateTime::UNIX_EPOCH),
            payer_name: "A council".into(),
            funding_source: FundingSource::Grant,
            amount_pence: Pence::sum(years.iter().map(|phase| phase.amount_pence)).expect("a sum"),
            years,
            exit_plan: None,
            source: "A test".into(),
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn rule_33_what_outlives_its_money_is_named() {
        let award = award(&[("2018-19", 500), ("2019-20", 300), ("2020-21", 200)]);
        let money = [(year("2018-19"), Money { recurrent: Pence(9_000), one_off: Pence(400) })].into();
        let day = |text: &str| Some(text.parse().expect("a day"));
        let scheme = |code: &str, runs_to| Backed { award: award.id, scheme: code.to_owned(), runs_to };
        let backed = [
            scheme("GOES-ON", None),
            scheme("ENDS-WITH-IT", day("2021-03-31")),
            scheme("ENDS-LATER", day("2022-03-31")),
        ];
        let told = cliff(&money, std::slice::from_ref(&award), &backed).expect("in range");
        let awarded: Vec<i64> = told.years.iter().map(|one| one.awarded_pence.0).collect();
        assert_eq!(awarded, [500, 300, 200, 0], "to the year after the last");
        assert_eq!((told.years[0].recurrent_pence, told.years[0].one_off_pence), (Pence(9_000), Pence(400)));
        assert_eq!((told.awards[0].last_year, told.awards[0].ends_pence), (year("2020-21"), Pence(200)));
        assert_eq!(told.awards[0].backs, ["GOES-ON", "ENDS-LATER"]);
        assert!(!told.awards[0].exit_plan);
    }

    #[test]
    fn a_fund_without_money_has_no_cliff_and_time_ends_in_2099() {
        assert!(cliff(&BTreeMap::new(), &[], &[]).expect("in range").years.is_empty());
        let told = cliff(&BTreeMap::new(), &[award(&[("2098-99", 5), ("2097-98", 0)])], &[]).expect("in range");
        assert_eq!(told.years.len(), 2);
        let nothing_last = award(&[("2019-20", 5), ("2020-21", 0)]);
        assert_eq!(nothing_last.last_year(), year("2019-20"), "a year it has nothing for is not its last");
    }
}
