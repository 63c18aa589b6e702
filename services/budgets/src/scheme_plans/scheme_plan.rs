//! The rules of a scheme's plan of a year. No SQL, no HTTP, no clock.

use chrono::{DateTime, Utc};
use domain::FinancialYear;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem};

use crate::{
    code_lists::code_list::{self, CodeListKind},
    rules,
};

/// The most outcomes a plan has.
const OUTCOMES_MAX: usize = 50;
/// The size of a measure: whatever is counted, it is not more than this.
const MEASURE_MAX: i64 = 1_000_000_000_000;
/// A hundred per cent in basis points.
const WHOLE: i32 = 10_000;

/// Who commissions a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Commissioner {
    /// The local authority.
    La,
    /// The NHS.
    Nhs,
    /// Both, each by its share.
    Joint,
}

/// What a scheme is to achieve, and what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemeOutcome)]
pub(crate) struct Outcome {
    #[schema(min_length = 1, max_length = 200, example = "People at home 91 days after discharge")]
    pub(crate) measure: String,
    #[schema(min_length = 1, max_length = 50, example = "people")]
    pub(crate) unit: String,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 420)]
    pub(crate) plan: i64,
    /// Left out until it is known.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub(crate) actual: Option<i64>,
}

/// What a scheme plans in a year.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SchemePlanDraft, example = json!({"activity": "assistive-technologies-and-equipment",
    "bcf_source": "nhs-minimum-contribution", "area_of_spend": "community-health",
    "description": "Equipment that keeps people at home", "commissioner": "joint", "nhs_share_bp": 6000, "la_share_bp": 4000,
    "provider_type": "local-authority", "outcomes": [{"measure": "Deliveries within seven days", "unit": "deliveries",
    "plan": 12000}]}))]
pub(crate) struct SchemePlan {
    /// A code of the year's list of activities, for a Better Care Fund scheme.
    #[schema(max_length = 100)]
    pub(crate) activity: Option<String>,
    /// A code of the year's list of sources, for a Better Care Fund scheme.
    #[schema(max_length = 100)]
    pub(crate) bcf_source: Option<String>,
    /// A code of the year's list of areas of spend.
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) area_of_spend: String,
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) description: String,
    pub(crate) commissioner: Commissioner,
    /// The NHS's share where both commission, in basis points.
    #[schema(minimum = 0, maximum = 10_000)]
    pub(crate) nhs_share_bp: Option<i32>,
    /// The local authority's share where both commission, in basis points.
    #[schema(minimum = 0, maximum = 10_000)]
    pub(crate) la_share_bp: Option<i32>,
    /// A code of the year's list of types of provider.
    #[schema(min_length = 1, max_length = 100)]
    pub(crate) provider_type: String,
    #[schema(max_items = 50)]
    pub(crate) outcomes: Vec<Outcome>,
}

impl SchemePlan {
    /// Checks it against the year's lists (rule 39) and the shares of joint commissioners (rule 40).
    pub(super) fn check(&self, year: FinancialYear) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/description", &self.description, 2000);
        faults.unless(self.outcomes.len() <= OUTCOMES_MAX, "/outcomes", format_args!("At most {OUTCOMES_MAX}."));
        for (at, outcome) in self.outcomes.iter().take(OUTCOMES_MAX).enumerate() {
            faults.text(format!("/outcomes/{at}/measure"), &outcome.measure, 200);
            faults.text(format!("/outcomes/{at}/unit"), &outcome.unit, 50);
            let fits = |amount: i64| (0..=MEASURE_MAX).contains(&amount);
            faults.unless(fits(outcome.plan), format!("/outcomes/{at}/plan"), "From 0 to 1,000,000,000,000.");
            let actual = outcome.actual.is_none_or(fits);
            faults.unless(actual, format!("/outcomes/{at}/actual"), "From 0 to 1,000,000,000,000.");
        }
        let joint = self.commissioner == Commissioner::Joint;
        for (pointer, share) in [("/nhs_share_bp", self.nhs_share_bp), ("/la_share_bp", self.la_share_bp)] {
            faults.unless(joint || share.is_none(), pointer, "Shares are of joint commissioners only.");
            let fits = share.is_none_or(|share| (0..=WHOLE).contains(&share));
            faults.unless(fits, pointer, "A share is 0 to 10,000 basis points.");
        }
        faults.none()?;
        for (pointer, kind, code) in [
            ("/activity", CodeListKind::Activity, self.activity.as_deref()),
            ("/bcf_source", CodeListKind::Source, self.bcf_source.as_deref()),
            ("/area_of_spend", CodeListKind::AreaOfSpend, Some(self.area_of_spend.as_str())),
            ("/provider_type", CodeListKind::ProviderType, Some(self.provider_type.as_str())),
        ] {
            if let Some(code) = code {
                code_list::check(pointer, kind, code, year)?;
            }
        }
        shares_fault(self).map_or(Ok(()), |fault| Err(rules::JOINT_SHARES.broken("/nhs_share_bp", fault)))
    }

    /// Without the blanks around its texts.
    pub(super) fn tidy(mut self) -> Self {
        self.description = self.description.trim().to_owned();
        for outcome in &mut self.outcomes {
            outcome.measure = outcome.measure.trim().to_owned();
            outcome.unit = outcome.unit.trim().to_owned();
        }
        self
    }
}

/// What is wrong with the shares of joint commissioners (rule 40); none where they are the whole, or nobody commissions
/// jointly.
pub(crate) fn shares_fault(plan: &SchemePlan) -> Option<String> {
    if plan.commissioner != Commissioner::Joint {
        return None;
    }
    let (Some(nhs), Some(la)) = (plan.nhs_share_bp, plan.la_share_bp) else {
        return Some("Say the share of each of the joint commissioners.".to_owned());
    };
    let sum = nhs + la;
    let percent = || format!("{}.{:02} %", sum / 100, sum % 100);
    (sum != WHOLE).then(|| format!("The shares add up to {}, not to 100 %.", percent()))
}

/// A scheme's plan of a year.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct SchemePlanBody {
    /// The scheme's code.
    #[schema(example = "ICES")]
    pub(super) scheme: String,
    pub(super) scheme_name: String,
    pub(super) year: FinancialYear,
    /// Null, at version 0, until a plan is made.
    pub(super) plan: Option<SchemePlan>,
    pub(super) set_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(super) version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(start: i16) -> FinancialYear {
        FinancialYear::starting_in(start).expect("a year")
    }

    fn plan() -> SchemePlan {
        SchemePlan {
            activity: Some("end-of-life-care".into()),
            bcf_source: Some("dfg".into()),
            area_of_spend: "social-care".into(),
            description: "A test".into(),
            commissioner: Commissioner::Joint,
            nhs_share_bp: Some(6_000),
            la_share_bp: Some(4_000),
            provider_type: "private-sector".into(),
            outcomes: vec![Outcome { measure: "Visits".into(), unit: "visits".into(), plan: 10, actual: None }],
        }
    }

    #[test]
    fn rule_40_shares_of_joint_commissioners_add_up_to_the_whole() {
        assert!(plan().check(year(2025)).is_ok());
        let short = SchemePlan { la_share_bp: Some(3_999), ..plan() };
        assert_eq!(shares_fault(&short).expect("99.99"), "The shares add up to 99.99 %, not to 100 %.");
        assert_eq!(short.check(year(2025)).expect_err("99.99").kind().slug, "rule-broken");
        assert!(SchemePlan { la_share_bp: None, ..plan() }.check(year(2025)).is_err(), "one share is unsaid");
        let one = SchemePlan { commissioner: Commissioner::La, nhs_share_bp: None, la_share_bp: None, ..plan() };
        assert!(one.check(year(2025)).is_ok());
        assert!(
            SchemePlan { commissioner: Commissioner::Nhs, ..plan() }.check(year(2025)).is_err(),
            "nothing to share"
        );
    }

    #[test]
    fn codes_of_another_year_and_amounts_out_of_bounds_are_refused() {
        assert_eq!(plan().check(year(2024)).expect_err("another list").kind().slug, "rule-broken");
        let beyond = Outcome { plan: i64::MAX, ..plan().outcomes[0].clone() };
        assert!(SchemePlan { outcomes: vec![beyond], ..plan() }.check(year(2025)).is_err());
        assert!(SchemePlan { nhs_share_bp: Some(i32::MAX), ..plan() }.check(year(2025)).is_err());
        let many = vec![plan().outcomes[0].clone(); 51];
        assert!(SchemePlan { outcomes: many, ..plan() }.check(year(2025)).is_err());
    }
}
