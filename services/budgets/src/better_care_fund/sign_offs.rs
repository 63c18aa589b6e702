//! Who signs a Better Care Fund plan off: the rules of it. No SQL, no HTTP, no clock.

use chrono::{DateTime, Months, NaiveDate, Utc};
use domain::FinancialYear;
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row, drafts};

use crate::rules;

/// Who signs a plan off themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SignOffRole {
    HealthAndWellbeingBoard,
    CouncilChiefExecutive,
    /// The integrated care board's.
    BoardChiefExecutive,
    /// The officer under section 151 of the Local Government Act 1972.
    ChiefFinanceOfficer,
}

impl SignOffRole {
    pub(super) const ALL: [Self; 4] = [
        Self::HealthAndWellbeingBoard,
        Self::CouncilChiefExecutive,
        Self::BoardChiefExecutive,
        Self::ChiefFinanceOfficer,
    ];

    /// As a sentence names it.
    pub(crate) fn office(self) -> &'static str {
        match self {
            Self::HealthAndWellbeingBoard => "The health and wellbeing board",
            Self::CouncilChiefExecutive => "The council's chief executive",
            Self::BoardChiefExecutive => "The integrated care board's chief executive",
            Self::ChiefFinanceOfficer => "The chief finance officer (section 151)",
        }
    }
}

/// A sign-off to record.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "health_and_wellbeing_board", "signed_on": "2026-03-24", "reference": "Minute 41",
    "delegated": false}))]
pub(crate) struct SignOffDraft {
    pub(super) role: SignOffRole,
    pub(super) signed_on: NaiveDate,
    /// The minute or letter that shows it.
    #[schema(min_length = 1, max_length = 300)]
    pub(super) reference: String,
    /// Whether somebody else signed in its place, which is refused (rule 37).
    pub(super) delegated: bool,
}

impl SignOffDraft {
    pub(super) fn check(&self, year: FinancialYear, today: NaiveDate) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.text("/reference", &self.reference, 300);
        drafts::past_day(&mut faults, "/signed_on", self.signed_on, today);
        let first = year.first_day() - Months::new(3);
        faults.unless(
            self.signed_on >= first,
            "/signed_on",
            format_args!("A plan of {year} is signed from {first} on."),
        );
        faults.none()?;
        if self.delegated {
            let detail = format!("{} signs a plan off itself; nobody does in its place.", self.role.office());
            return Err(rules::BCF_SIGN_OFF.broken("/delegated", detail));
        }
        Ok(())
    }
}

/// A sign-off of a Better Care Fund plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct SignOffBody {
    pub(crate) role: SignOffRole,
    /// The version of the plan it is of.
    #[serde(default)]
    #[schema(example = 2)]
    pub(crate) plan_version: i64,
    /// Whether the plan still is at that version. A plan that changed is signed off anew.
    #[serde(default)]
    pub(crate) counts: bool,
    pub(crate) signed_on: NaiveDate,
    #[schema(example = "Minute 41")]
    pub(crate) reference: String,
    pub(crate) recorded_at: DateTime<Utc>,
}

impl Row for SignOffBody {
    const COLUMNS: &'static [&'static str] =
        &["role", "plan_version", "counts", "signed_on", "reference", "recorded_at"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_37_nobody_signs_in_anothers_place() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let draft = SignOffDraft {
            role: SignOffRole::BoardChiefExecutive,
            signed_on: day("2026-03-24"),
            reference: "A letter".into(),
            delegated: false,
        };
        let year = FinancialYear::starting_in(2026).expect("a year");
        assert!(draft.check(year, day("2026-03-24")).is_ok());
        let early = SignOffDraft { signed_on: day("2025-12-31"), ..draft.clone() };
        assert!(early.check(year, day("2026-03-24")).is_err(), "long before the year");
        assert!(draft.check(year, day("2026-03-23")).is_err(), "in the future");
        let delegated = SignOffDraft { delegated: true, ..draft };
        assert_eq!(delegated.check(year, day("2026-03-24")).expect_err("not delegable").kind().slug, "rule-broken");
    }
}
