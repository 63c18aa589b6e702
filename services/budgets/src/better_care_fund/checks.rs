//! What a Better Care Fund plan is held to: rules 35 to 40. No SQL, no HTTP, no clock.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{FinancialYear, Pence};
use serde::{Deserialize, Serialize};
use web::Row;

use super::{plan::BcfPlan, sign_offs::SignOffRole};
use crate::{
    code_lists::code_list::{self, CodeListKind},
    rules::{self, Rule, Unmet},
    scheme_plans::{Planned, shares_fault},
};

/// A source of the Better Care Fund: what comes in, and what its schemes are budgeted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SourceTotal {
    #[schema(example = "nhs-minimum-contribution")]
    pub(crate) source: String,
    #[schema(example = "NHS Minimum Contribution")]
    pub(crate) name: String,
    pub(crate) contributions_pence: Pence,
    pub(crate) schemes_pence: Pence,
    /// Contributions less schemes: nothing where they agree.
    pub(crate) difference_pence: Pence,
}

/// How a rule stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct BcfCheck {
    /// Its number.
    #[schema(example = 36)]
    pub(crate) rule: u8,
    /// What it asks.
    pub(crate) says: String,
    /// Where it comes from.
    pub(crate) source: String,
    /// Null where it cannot be said.
    pub(crate) holds: Option<bool>,
    /// What is missing, and what to do.
    pub(crate) missing: Vec<String>,
    /// Whether it only warns: the return is not held up by it.
    pub(crate) warns_only: bool,
}

impl Row for BcfCheck {
    const COLUMNS: &'static [&'static str] = &["rule", "says", "source", "holds", "missing", "warns_only"];
}

/// The area of spend, in every year's list, that is adult social care.
const SOCIAL_CARE: &str = "social-care";

/// What the checks look at.
pub(super) struct Looked<'a> {
    pub(super) year: FinancialYear,
    /// Cash contributions in force, with their source where they have one.
    pub(super) contributions: &'a [(Option<String>, Pence)],
    /// Schemes' plans and budgets.
    pub(super) schemes: &'a [(&'a Planned, Pence)],
    pub(super) plan: Option<&'a BcfPlan>,
    pub(super) signed_off: &'a [SignOffRole],
    /// The day the fund's agreement was signed, where it was.
    pub(super) agreement_signed_on: Option<NaiveDate>,
}

/// The day a year's agreement was to be signed by; none where that is not known.
pub(super) fn deadline(year: FinancialYear) -> Option<NaiveDate> {
    match year.start() {
        2023 => NaiveDate::from_ymd_opt(2023, 10, 31),
        2024 => NaiveDate::from_ymd_opt(2024, 9, 30),
        _ => None,
    }
}

impl Looked<'_> {
    /// By source, what comes in and what its schemes are budgeted. `None` where a sum leaves the range of pence.
    pub(super) fn sources(&self) -> Option<Vec<SourceTotal>> {
        let mut sums: BTreeMap<&str, (Pence, Pence)> = BTreeMap::new();
        for (source, amount) in self.contributions {
            if let Some(source) = source {
                let sum = sums.entry(source).or_default();
                sum.0 = sum.0.checked_add(*amount)?;
            }
        }
        for (scheme, budget) in self.schemes {
            if let Some(source) = scheme.plan.as_ref().and_then(|plan| plan.bcf_source.as_deref()) {
                let sum = sums.entry(source).or_default();
                sum.1 = sum.1.checked_add(*budget)?;
            }
        }
        let total = |(source, (contributions, schemes)): (&str, (Pence, Pence))| {
            Some(SourceTotal {
                source: source.to_owned(),
                name: code_list::name_of(CodeListKind::Source, source, self.year),
                contributions_pence: contributions,
                schemes_pence: schemes,
                difference_pence: contributions.checked_sub(schemes)?,
            })
        };
        sums.into_iter().map(total).collect()
    }

    /// Every rule, how it stands. `None` where a sum leaves the range of pence.
    pub(super) fn checks(&self) -> Option<Vec<BcfCheck>> {
        let sources = self.sources()?;
        let (deadline_holds, deadline_missing) = self.deadline_kept();
        Some(vec![
            check(rules::BCF_SOURCES, sources_fault(&sources)),
            check(rules::BCF_MINIMUM, self.minimum_fault(&sources)),
            check(rules::BCF_SIGN_OFF, self.sign_off_fault()),
            BcfCheck {
                holds: deadline_holds,
                warns_only: true,
                ..check(rules::BCF_DEADLINE, deadline_missing.into_iter().collect())
            },
            check(rules::CODES_OF_THE_YEAR, self.codes_fault()),
            check(rules::JOINT_SHARES, self.joint_fault()),
        ])
    }

    fn minimum_fault(&self, sources: &[SourceTotal]) -> Vec<String> {
        let Some(plan) = self.plan else {
            return vec!["The published minimums are not recorded. Set the plan.".to_owned()];
        };
        let mut missing = Vec::new();
        if plan.nhs_minimum_pence == Pence::ZERO || plan.conditions.is_empty() {
            missing.push("The plan says no published minimum or no national condition. Set them.".to_owned());
        }
        let source = code_list::nhs_minimum(self.year);
        let given = sources.iter().find(|total| total.source == source).map_or(Pence::ZERO, |t| t.contributions_pence);
        if given < plan.nhs_minimum_pence {
            missing.push(format!(
                "The NHS contributes {given} under `{source}`; the published minimum is {}.",
                plan.nhs_minimum_pence
            ));
        }
        if plan.asc_planned_pence < plan.asc_minimum_pence {
            missing.push(format!(
                "{} is planned for adult social care; the published minimum is {}.",
                plan.asc_planned_pence, plan.asc_minimum_pence
            ));
        }
        let in_social_care = |(scheme, _): &&(&Planned, Pence)| {
            scheme.plan.as_ref().is_some_and(|plan| plan.area_of_spend == SOCIAL_CARE)
        };
        let budgeted = Pence::sum(self.schemes.iter().filter(in_social_care).map(|(_, budget)| *budget));
        // A sum beyond the range of pence is enough for any plan.
        if budgeted.is_some_and(|budgeted| plan.asc_planned_pence > budgeted) {
            missing.push(format!(
                "{} is planned for adult social care; its schemes are budgeted {}.",
                plan.asc_planned_pence,
                budgeted.unwrap_or_default()
            ));
        }
        missing
    }

    fn sign_off_fault(&self) -> Vec<String> {
        let lacking = SignOffRole::ALL.iter().filter(|role| !self.signed_off.contains(role));
        lacking.map(|role| format!("{} has not signed the plan off.", role.office())).collect()
    }

    fn deadline_kept(&self) -> (Option<bool>, Option<String>) {
        let Some(deadline) = deadline(self.year) else {
            return (None, Some(format!("The deadline for signing the agreement of {} is not known.", self.year)));
        };
        match self.agreement_signed_on {
            Some(signed) if signed <= deadline => (Some(true), None),
            Some(signed) => (Some(false), Some(format!("The agreement was signed on {signed}, after {deadline}."))),
            None => (Some(false), Some(format!("No signed agreement is recorded; the deadline was {deadline}."))),
        }
    }

    fn codes_fault(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let mut look = |what: String, kind, code: Option<&str>| {
            if let Some(fault) = code.and_then(|code| code_list::fault(kind, code, self.year)) {
                missing.push(format!("{what}: {fault}"));
            }
        };
        for (scheme, _) in self.schemes {
            let Some(plan) = &scheme.plan else { continue };
            let of = || format!("Scheme {}", scheme.code);
            look(of(), CodeListKind::Activity, plan.activity.as_deref());
            look(of(), CodeListKind::Source, plan.bcf_source.as_deref());
            look(of(), CodeListKind::AreaOfSpend, Some(&plan.area_of_spend));
            look(of(), CodeListKind::ProviderType, Some(&plan.provider_type));
        }
        for (source, _) in self.contributions {
            look("A contribution".to_owned(), CodeListKind::Source, source.as_deref());
        }
        for metric in self.plan.iter().flat_map(|plan| &plan.metrics) {
            look("A metric".to_owned(), CodeListKind::Metric, Some(&metric.metric));
        }
        missing
    }

    fn joint_fault(&self) -> Vec<String> {
        let fault = |(scheme, _): &(&Planned, Pence)| {
            let fault = shares_fault(scheme.plan.as_ref()?)?;
            Some(format!("Scheme {}: {fault}", scheme.code))
        };
        self.schemes.iter().filter_map(fault).collect()
    }
}

fn check(rule: Rule, missing: Vec<String>) -> BcfCheck {
    BcfCheck {
        rule: rule.number,
        says: rule.says.to_owned(),
        source: rule.source.to_owned(),
        holds: Some(missing.is_empty()),
        missing,
        warns_only: false,
    }
}

fn sources_fault(sources: &[SourceTotal]) -> Vec<String> {
    let apart = sources.iter().filter(|total| total.difference_pence != Pence::ZERO);
    let say = |total: &SourceTotal| {
        format!(
            "`{}`: contributions of {} against schemes of {}, {} apart.",
            total.source, total.contributions_pence, total.schemes_pence, total.difference_pence
        )
    };
    apart.map(say).collect()
}

/// What holds a plan up: the rules that do not hold and are no mere warning.
pub(crate) fn unmet(checks: &[BcfCheck]) -> Vec<Unmet> {
    let ours =
        [rules::BCF_SOURCES, rules::BCF_MINIMUM, rules::BCF_SIGN_OFF, rules::CODES_OF_THE_YEAR, rules::JOINT_SHARES];
    let holding = checks.iter().filter(|check| check.holds == Some(false) && !check.warns_only);
    holding
        .filter_map(|check| {
            let rule = ours.into_iter().find(|rule| rule.number == check.rule)?;
            Some(rule.unmet(check.missing.join(" ")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        better_care_fund::plan::BcfCondition,
        scheme_plans::{Commissioner, SchemePlan},
    };

    fn year(start: i16) -> FinancialYear {
        FinancialYear::starting_in(start).expect("a year")
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn planned(source: &str, shares: Option<(i32, i32)>) -> Planned {
        Planned::of(
            "ICES",
            SchemePlan {
                activity: None,
                bcf_source: Some(source.into()),
                area_of_spend: "social-care".into(),
                description: "A test".into(),
                commissioner: if shares.is_some() { Commissioner::Joint } else { Commissioner::La },
                nhs_share_bp: shares.map(|(nhs, _)| nhs),
                la_share_bp: shares.map(|(_, la)| la),
                provider_type: "nhs".into(),
                outcomes: Vec::new(),
            },
        )
    }

    fn plan(nhs_minimum: i64, asc_minimum: i64, asc_planned: i64) -> BcfPlan {
        BcfPlan {
            nhs_minimum_pence: Pence(nhs_minimum),
            asc_minimum_pence: Pence(asc_minimum),
            source: "Published".into(),
            asc_planned_pence: Pence(asc_planned),
            conditions: vec![BcfCondition { number: 1, met: true, note: None }],
            metrics: Vec::new(),
        }
    }

    fn told(looked: &Looked<'_>, rule: u8) -> BcfCheck {
        looked.checks().expect("in range").into_iter().find(|check| check.rule == rule).expect("it is looked at")
    }

    fn given(source: &str, pence: i64) -> (Option<String>, Pence) {
        (Some(source.to_owned()), Pence(pence))
    }

    fn nothing() -> Looked<'static> {
        Looked {
            year: year(2025),
            contributions: &[],
            schemes: &[],
            plan: None,
            signed_off: &[],
            agreement_signed_on: None,
        }
    }

    #[test]
    fn rule_35_contributions_of_a_source_equal_the_schemes_it_pays_for() {
        let scheme = planned("dfg", None);
        let contributions = [given("dfg", 1_000), (None, Pence(99))];
        let schemes = [(&scheme, Pence(1_000))];
        let looked = Looked { contributions: &contributions, schemes: &schemes, ..nothing() };
        assert_eq!(told(&looked, 35).holds, Some(true));
        let schemes = [(&scheme, Pence(1_001))];
        let short = told(&Looked { contributions: &contributions, schemes: &schemes, ..nothing() }, 35);
        assert_eq!(short.holds, Some(false));
        assert!(short.missing[0].contains("-£0.01"), "{:?}", short.missing);
    }

    #[test]
    fn rule_36_the_nhs_and_adult_social_care_reach_their_published_minimum() {
        let contributions = [given("nhs-minimum-contribution", 1_000), given("additional-nhs-contribution", 500)];
        let plan_of = |nhs, asc_minimum, asc| plan(nhs, asc_minimum, asc);
        let scheme = planned("nhs-minimum-contribution", None);
        let schemes = [(&scheme, Pence(10))];
        let empty = BcfPlan { conditions: Vec::new(), ..plan_of(1_000, 10, 10) };
        for (plan, holds) in [
            (plan_of(1_000, 10, 10), true),
            (plan_of(1_001, 10, 10), false),
            (plan_of(1_000, 10, 9), false),
            (plan_of(1_000, 10, 11), false),
            (plan_of(0, 0, 0), false),
            (empty, false),
        ] {
            let looked = Looked { contributions: &contributions, schemes: &schemes, plan: Some(&plan), ..nothing() };
            assert_eq!(told(&looked, 36).holds, Some(holds), "what is added on top is no minimum");
        }
        assert_eq!(told(&nothing(), 36).holds, Some(false), "without the published figures nothing is reached");
    }

    #[test]
    fn rule_37_the_board_both_chief_executives_and_the_finance_officer_sign() {
        assert_eq!(told(&nothing(), 37).missing.len(), 4);
        let three = &SignOffRole::ALL[..3];
        let check = told(&Looked { signed_off: three, ..nothing() }, 37);
        assert_eq!((check.holds, check.missing.len()), (Some(false), 1));
        assert_eq!(told(&Looked { signed_off: &SignOffRole::ALL, ..nothing() }, 37).holds, Some(true));
    }

    #[test]
    fn rule_38_the_agreement_is_signed_by_the_years_deadline_or_a_warning_says_so() {
        let looked = |start, signed: Option<&str>| Looked {
            year: year(start),
            agreement_signed_on: signed.map(day),
            ..nothing()
        };
        for (start, signed, holds) in [
            (2023, Some("2023-10-31"), Some(true)),
            (2023, Some("2023-11-01"), Some(false)),
            (2024, Some("2024-09-30"), Some(true)),
            (2024, Some("2024-10-01"), Some(false)),
            (2024, None, Some(false)),
            (2025, Some("2025-01-01"), None),
        ] {
            let check = told(&looked(start, signed), 38);
            assert_eq!((check.holds, check.warns_only), (holds, true), "{start} {signed:?}");
        }
        let checks = looked(2024, None).checks().expect("in range");
        assert!(unmet(&checks).iter().all(|unmet| unmet.rule.number != 38), "it warns and holds nothing up");
    }

    #[test]
    fn codes_of_another_year_and_shares_of_less_than_the_whole_are_named() {
        let scheme = planned("ibcf", Some((5_000, 4_999)));
        let schemes = [(&scheme, Pence(1))];
        let looked = Looked { schemes: &schemes, ..nothing() };
        assert!(told(&looked, 39).missing[0].contains("ICES"));
        assert!(told(&looked, 40).missing[0].contains("99.99"));
        let contributions = [given("ibcf", 1)];
        assert_eq!(told(&Looked { contributions: &contributions, ..nothing() }, 39).holds, Some(false));
    }
}
