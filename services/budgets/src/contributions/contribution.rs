//! The rules of a contribution. No SQL, no HTTP, no clock.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AwardId, ContributionId, FinancialYear, OrganisationId, Pence};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, problems};

use super::schedule::{ContributionProfile, PlannedInstalment};
use crate::{awards::AwardBody, facts::Party, journals::MOVES_MAX, rules, schemes::FundingSource};

/// How it is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ContributionForm {
    Cash,
    /// Staff, goods, services or accommodation (SI 2000/617 reg 7(3)(e)), at a value.
    InKind,
}

/// A contribution to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"payer": "01890a5d-ac96-774b-bcce-b302099a8057", "amount_pence": 8_110_111_200_i64,
    "funding_source": "council", "form": "cash", "recurrent": true, "profile": {"kind": "monthly", "day": 5},
    "source": "Section 75 agreement, schedule 3"}))]
pub(crate) struct ContributionDraft {
    /// The body that contributes: an organisation this borough has recorded, which exists whenever an instalment is due.
    pub(super) payer: OrganisationId,
    /// For the whole year. In pence.
    #[schema(minimum = 1, maximum = 10_000_000_000_000i64)]
    pub(super) amount_pence: Pence,
    /// The code of the scheme it is for; the fund as a whole when left out.
    #[serde(default)]
    #[schema(example = "ICES", max_length = 40)]
    pub(super) scheme: Option<String>,
    pub(super) funding_source: FundingSource,
    /// The source of the year's Better Care Fund list it counts as.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub(super) bcf_source: Option<String>,
    pub(super) form: ContributionForm,
    /// How something in kind was valued; required for it, and for nothing else.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub(super) valuation_basis: Option<String>,
    /// Whether it comes again each year.
    pub(super) recurrent: bool,
    /// The award it is paid from, which has a phase in this year.
    #[serde(default)]
    pub(super) award: Option<AwardId>,
    /// Paid out of what a body that has ended left behind.
    #[serde(default)]
    pub(super) run_off: bool,
    /// When it falls due; required in cash, and for nothing else.
    #[serde(default)]
    pub(super) profile: Option<ContributionProfile>,
    /// Where this is known from.
    #[schema(min_length = 1, max_length = 500)]
    pub(super) source: String,
}

impl ContributionDraft {
    /// What is wrong with its own words. Rule 20: in kind has a basis of valuation, and no instalments.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        let fits = self.amount_pence > Pence::ZERO && self.amount_pence <= MOVES_MAX;
        faults.unless(fits, "/amount_pence", format_args!("Above nil, and at most {MOVES_MAX}."));
        faults.optional_text("/scheme", self.scheme.as_deref(), 40);
        faults.optional_text("/bcf_source", self.bcf_source.as_deref(), 100);
        faults.optional_text("/valuation_basis", self.valuation_basis.as_deref(), 500);
        faults.text("/source", &self.source, 500);
        if let Some(profile) = &self.profile {
            profile.check(&mut faults);
        }
        faults.none()?;
        if self.run_off && self.recurrent {
            let detail = "What a body that has ended left behind does not come again.";
            return Err(rules::BODY_EXISTS.broken("/recurrent", detail));
        }
        match (self.form, &self.valuation_basis, &self.profile) {
            (ContributionForm::InKind, None, _) => {
                Err(rules::IN_KIND.broken("/valuation_basis", "Say how it was valued: what is in kind has a basis."))
            }
            (ContributionForm::InKind, _, Some(_)) => {
                Err(rules::IN_KIND.broken("/profile", "What is in kind is not paid, so it has no instalments."))
            }
            (ContributionForm::Cash, Some(_), _) => {
                Err(rules::IN_KIND
                    .broken("/valuation_basis", "Cash is worth what it is; it has no basis of valuation."))
            }
            (ContributionForm::Cash, _, None) => Err(Problem::invalid(
                "/profile",
                "Say when it falls due: monthly, quarterly, annual or on named dates.",
            )),
            _ => Ok(()),
        }
    }
}

/// Rule 13: who contributes exists whenever an instalment is due; in kind, in the year. A run-off is of a body that
/// has ended.
pub(super) fn check_payer(
    payer: &Party,
    days: &[NaiveDate],
    year: FinancialYear,
    run_off: bool,
    today: NaiveDate,
) -> Result<(), Problem> {
    if run_off {
        if payer.valid_to.is_some_and(|last| last < today) {
            return Ok(());
        }
        let detail = format!("{} has not ended. Only what such a body left behind is paid as a run-off.", payer.name);
        return Err(rules::BODY_EXISTS.broken("/run_off", detail));
    }
    let ended =
        |detail: String| Err(rules::BODY_EXISTS.named_in(Problem::of_fault(&problems::PARTY_ENDED, "/payer", detail)));
    if let Some(day) = days.iter().find(|day| !payer.existed_on(**day)) {
        return ended(format!("{} did not exist on {day}, when an instalment is due.", payer.name));
    }
    let in_the_year = payer.valid_from <= year.last_day() && payer.valid_to.is_none_or(|last| last >= year.first_day());
    if in_the_year { Ok(()) } else { ended(format!("{} did not exist in {year}.", payer.name)) }
}

/// What the schedule of a scheme commits a fund to.
#[derive(Debug, Clone)]
pub(super) struct Commitment {
    /// The scheme's code.
    pub(super) scheme: String,
    pub(super) recurrent: bool,
    pub(super) runs_to: Option<NaiveDate>,
}

/// What a contribution from an award is held to: rule 34 (the phases add up, so what names one stays within it) and
/// rule 33 (money that ends backs nothing that goes on, unless somebody has planned the exit).
pub(super) struct Backing<'a> {
    pub(super) award: Option<&'a AwardBody>,
    /// What other contributions of the year take from the award already.
    pub(super) taken: Pence,
    pub(super) scheme: Option<&'a Commitment>,
    pub(super) recurrent: bool,
}

impl Backing<'_> {
    pub(super) fn check(&self, year: FinancialYear, payer: OrganisationId, amount: Pence) -> Result<(), Problem> {
        if let Some(award) = self.award {
            self.check_award(award, year, payer, amount)?;
        }
        let last_year = match self.award {
            Some(award) => award.last_year(),
            None if !self.recurrent => year,
            None => return Ok(()),
        };
        let planned = self.award.is_some_and(|award| award.exit_plan.is_some());
        match self.scheme {
            Some(scheme)
                if scheme.recurrent && scheme.runs_to.is_none_or(|to| to > last_year.last_day()) && !planned =>
            {
                let detail = format!(
                    "{} goes on after {last_year}, when this money ends. Name an award that has an exit plan, or money that comes again.",
                    scheme.scheme
                );
                Err(rules::ONE_OFF_ENDS.broken("/scheme", detail))
            }
            _ => Ok(()),
        }
    }

    fn check_award(
        &self,
        award: &AwardBody,
        year: FinancialYear,
        payer: OrganisationId,
        amount: Pence,
    ) -> Result<(), Problem> {
        if award.payer != payer {
            return Err(Problem::invalid("/award", "Another body was given this award."));
        }
        if self.recurrent {
            return Err(
                rules::ONE_OFF_ENDS.broken("/recurrent", "An award ends, so what is paid from it does not come again.")
            );
        }
        let Some(phase) = award.phase(year) else {
            return Err(rules::AWARD_ADDS_UP.broken("/award", format!("The award has nothing for {year}.")));
        };
        let wanted = self.taken.checked_add(amount);
        if wanted.is_none_or(|wanted| wanted > phase) {
            let detail = format!("The award has {phase} for {year}, of which {} is taken already.", self.taken);
            return Err(rules::AWARD_ADDS_UP.broken("/amount_pence", detail));
        }
        Ok(())
    }
}

/// A variation of a contribution.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount_pence": 16_224_153_204_i64, "effective_on": "2026-07-01",
    "reason": "The council's share of the pooled budget was agreed", "reference": "Decision of the committee, June 2026"}))]
pub(crate) struct ContributionVersionDraft {
    /// The new amount for the whole year. In pence.
    #[schema(minimum = 0, maximum = 10_000_000_000_000i64)]
    pub(super) amount_pence: Pence,
    /// From which day; in the year, and not before the variation before.
    pub(super) effective_on: NaiveDate,
    #[schema(min_length = 1, max_length = 500)]
    pub(super) reason: String,
    /// By whose decision.
    #[serde(default)]
    #[schema(max_length = 300)]
    pub(super) reference: Option<String>,
}

impl ContributionVersionDraft {
    /// What is wrong with it beside the contribution as it stands.
    pub(super) fn check(&self, year: FinancialYear, now: &ContributionBody) -> Result<(), Problem> {
        let mut faults = Faults::default();
        let fits = self.amount_pence >= Pence::ZERO && self.amount_pence <= MOVES_MAX;
        faults.unless(fits, "/amount_pence", format_args!("From nil to {MOVES_MAX}."));
        faults.unless(self.amount_pence != now.amount_pence, "/amount_pence", "It is that already.");
        faults.text("/reason", &self.reason, 500);
        faults.optional_text("/reference", self.reference.as_deref(), 300);
        faults.none()?;
        if !year.contains(self.effective_on) {
            let detail = format!("{} is not in {year}; a year's contribution is varied within it.", self.effective_on);
            return Err(Problem::of_fault(&problems::WRONG_YEAR, "/effective_on", detail));
        }
        if self.effective_on < now.effective_on {
            let detail =
                format!("Version {} takes effect on {}; a later one not before it.", now.version, now.effective_on);
            return Err(Problem::of_fault(&problems::CONFLICT, "/effective_on", detail));
        }
        if now.version >= 999 {
            return Err(Problem::of_fault(&problems::CONFLICT, "", "It has been varied too often."));
        }
        Ok(())
    }
}

/// A contribution, at the amount in force.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ContributionBody {
    pub(super) id: ContributionId,
    pub(super) payer: OrganisationId,
    #[schema(example = "Salford City Council")]
    pub(super) payer_name: String,
    #[schema(example = "ICES")]
    pub(super) scheme: Option<String>,
    pub(super) funding_source: FundingSource,
    pub(super) bcf_source: Option<String>,
    pub(super) form: ContributionForm,
    pub(super) valuation_basis: Option<String>,
    pub(super) recurrent: bool,
    pub(super) award: Option<AwardId>,
    pub(super) run_off: bool,
    /// For the whole year, by the version in force.
    pub(super) amount_pence: Pence,
    /// The version in force: 1, and one more for each variation.
    #[schema(example = 2)]
    pub(super) version: i16,
    /// The day that version takes effect.
    pub(super) effective_on: NaiveDate,
    pub(super) source: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl Row for ContributionBody {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "payer",
        "payer_name",
        "scheme",
        "funding_source",
        "bcf_source",
        "form",
        "valuation_basis",
        "recurrent",
        "award",
        "run_off",
        "amount_pence",
        "version",
        "effective_on",
        "source",
        "recorded_at",
    ];
}

/// A version of a contribution: the first, or a variation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ContributionVersionBody {
    #[schema(example = 2)]
    pub(super) number: i16,
    pub(super) amount_pence: Pence,
    pub(super) effective_on: NaiveDate,
    pub(super) reason: String,
    pub(super) reference: Option<String>,
    pub(super) recorded_at: DateTime<Utc>,
    /// The instalments it wrote: all of them, or those a variation wrote anew.
    pub(super) instalments: Vec<PlannedInstalment>,
}

impl Row for ContributionVersionBody {
    const COLUMNS: &'static [&'static str] =
        &["number", "amount_pence", "effective_on", "reason", "reference", "recorded_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn group(kind: &str, from: &str, to: Option<&str>) -> Party {
        Party { kind: kind.into(), name: "A body".into(), ods: None, valid_from: day(from), valid_to: to.map(day) }
    }

    #[test]
    fn rule_13_a_run_off_does_not_come_again() {
        let draft = |recurrent: bool| {
            let draft = serde_json::json!({"payer": uuid::Uuid::nil(), "amount_pence": 1, "funding_source": "nhs",
                "form": "cash", "recurrent": recurrent, "run_off": true, "source": "A test",
                "profile": {"kind": "annual", "day": 1}});
            serde_json::from_value::<ContributionDraft>(draft).expect("a draft").check()
        };
        assert!(draft(false).is_ok());
        assert_eq!(draft(true).expect_err("it ends").kind().slug, "rule-broken");
    }

    #[test]
    fn rule_13_who_contributes_exists_whenever_something_is_due() {
        let year: FinancialYear = "2022-23".parse().expect("a year");
        let (ccg, board) = (group("ccg", "2013-04-01", Some("2022-06-30")), group("icb", "2022-07-01", None));
        let today = day("2022-10-01");
        let check = |who: &Party, days: &[&str], run_off: bool| {
            let days: Vec<_> = days.iter().map(|text| day(text)).collect();
            check_payer(who, &days, year, run_off, today).map_err(|problem| problem.kind().slug)
        };
        assert_eq!(check(&ccg, &["2022-04-05", "2022-06-30"], false), Ok(()));
        assert_eq!(check(&ccg, &["2022-06-30", "2022-07-01"], false), Err("party-ended"));
        assert_eq!(check(&ccg, &["2022-07-01"], true), Ok(()), "what it left behind");
        assert_eq!(check(&board, &["2022-07-01"], false), Ok(()));
        assert_eq!(check(&board, &["2022-06-30"], false), Err("party-ended"), "not yet");
        assert_eq!(check(&board, &["2022-07-01"], true), Err("rule-broken"), "it has not ended");
        // In kind nothing is due, and it is enough to exist in the year.
        assert_eq!((check(&ccg, &[], false), check(&board, &[], false)), (Ok(()), Ok(())));
        let earlier = group("ccg", "2013-04-01", Some("2017-03-31"));
        assert_eq!(check(&earlier, &[], false), Err("party-ended"));
    }
}
