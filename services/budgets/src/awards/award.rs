//! The rules of an award. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::{AwardId, FinancialYear, OrganisationId, Pence};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

use crate::{facts::Party, journals::MOVES_MAX, rules, schemes::FundingSource};

/// The most years of an award.
const YEARS_MAX: usize = 20;

/// What of an award is for a year.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AwardYear {
    pub(super) year: FinancialYear,
    #[schema(minimum = 0, maximum = 10_000_000_000_000i64)]
    pub(super) amount_pence: Pence,
}

/// An award to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Transformation fund", "payer": "01890a5d-ac96-774b-bcce-b302099a8057",
    "funding_source": "grant", "amount_pence": 300_000_000,
    "years": [{"year": "2026-27", "amount_pence": 150_000_000}, {"year": "2027-28", "amount_pence": 100_000_000},
              {"year": "2028-29", "amount_pence": 50_000_000}],
    "exit_plan": "The service is part of the core contract from April 2029.", "source": "Award letter"}))]
pub(crate) struct AwardDraft {
    #[schema(min_length = 1, max_length = 200)]
    pub(super) title: String,
    /// The body that was given it and pays it in: an organisation this borough has recorded.
    pub(super) payer: OrganisationId,
    pub(super) funding_source: FundingSource,
    /// Over all its years. In pence.
    #[schema(minimum = 1, maximum = 10_000_000_000_000i64)]
    pub(super) amount_pence: Pence,
    /// What of it is for which year: together, all of it.
    #[schema(min_items = 1, max_items = 20)]
    pub(super) years: Vec<AwardYear>,
    /// What becomes of what it pays for when it ends.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(super) exit_plan: Option<String>,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

impl AwardDraft {
    /// Rule 34: its years add up to it.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/title", &self.title, 200);
        faults.optional_text("/exit_plan", self.exit_plan.as_deref(), 2000);
        faults.text("/source", &self.source, 500);
        let within = |sum: Pence, least: i64| (least..=MOVES_MAX.0).contains(&sum.0);
        faults.unless(
            within(self.amount_pence, 1),
            "/amount_pence",
            format_args!("Above nil, and at most {MOVES_MAX}."),
        );
        faults.unless((1..=YEARS_MAX).contains(&self.years.len()), "/years", format_args!("1 to {YEARS_MAX} years."));
        for (at, phase) in self.years.iter().take(YEARS_MAX).enumerate() {
            let pointer = format!("/years/{at}/amount_pence");
            faults.unless(within(phase.amount_pence, 0), pointer, format_args!("From nil to {MOVES_MAX}."));
            let again = self.years[..at].iter().any(|before| before.year == phase.year);
            faults.unless(!again, format!("/years/{at}/year"), "It is named twice.");
        }
        faults.none()?;
        let sum = Pence::sum(self.years.iter().map(|phase| phase.amount_pence));
        match sum.and_then(|sum| sum.checked_sub(self.amount_pence)) {
            Some(Pence::ZERO) => Ok(()),
            over => {
                let over = over.unwrap_or(Pence::ZERO);
                let detail = format!("The award is {}; its years add up to {over} more than that.", self.amount_pence);
                Err(rules::AWARD_ADDS_UP.broken("/years", detail))
            }
        }
    }
}

impl AwardDraft {
    /// Rule 13: who was given it exists in one of its years at least.
    pub(super) fn check_payer(&self, payer: &Party) -> Result<(), Problem> {
        let exists = |year: FinancialYear| {
            payer.valid_from <= year.last_day() && payer.valid_to.is_none_or(|last| last >= year.first_day())
        };
        if self.years.iter().any(|phase| exists(phase.year)) {
            return Ok(());
        }
        let detail = format!("{} exists in none of the award's years.", payer.name);
        Err(rules::BODY_EXISTS.named_in(Problem::of_fault(&problems::PARTY_ENDED, "/payer", detail)))
    }
}

/// Money awarded over named years.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct AwardBody {
    pub(crate) id: AwardId,
    #[schema(example = "Transformation fund")]
    pub(crate) title: String,
    pub(crate) payer: OrganisationId,
    pub(crate) payer_name: String,
    pub(crate) funding_source: FundingSource,
    pub(crate) amount_pence: Pence,
    /// In order.
    pub(crate) years: Vec<AwardYear>,
    pub(crate) exit_plan: Option<String>,
    pub(crate) source: String,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl AwardBody {
    /// What of it is for a year; `None` where the year is none of its own.
    pub(crate) fn phase(&self, year: FinancialYear) -> Option<Pence> {
        self.years.iter().find(|phase| phase.year == year).map(|phase| phase.amount_pence)
    }

    /// The last year it has money for.
    pub(crate) fn last_year(&self) -> FinancialYear {
        let paid = self.years.iter().filter(|phase| phase.amount_pence > Pence::ZERO).map(|phase| phase.year).max();
        paid.expect("an award is above nil, and its years add up to it")
    }
}

impl Row for AwardBody {
    const COLUMNS: &'static [&'static str] =
        &["id", "title", "payer", "payer_name", "funding_source", "amount_pence", "exit_plan", "source", "recorded_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_13_an_award_is_of_a_body_that_exists_in_one_of_its_years() {
        let award = |year: &str| {
            let draft = serde_json::json!({"title": "An award", "payer": uuid::Uuid::nil(), "funding_source": "nhs",
                "amount_pence": 1, "years": [{"year": year, "amount_pence": 1}], "source": "A test"});
            serde_json::from_value::<AwardDraft>(draft).expect("a draft")
        };
        let day = |text: &str| text.parse().expect("a day");
        let group = Party {
            kind: "ccg".into(),
            name: "A group".into(),
            ods: None,
            valid_from: day("2013-04-01"),
            valid_to: Some(day("2022-06-30")),
        };
        assert!(award("2022-23").check_payer(&group).is_ok());
        assert_eq!(award("2023-24").check_payer(&group).expect_err("ended").kind().slug, "party-ended");
    }
}
