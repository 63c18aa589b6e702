//! The rules of a return: its kinds, its states, and which periods it needs. No SQL, no HTTP, no clock.

use auth::{Permission, Scopes, can};
use chrono::{DateTime, Utc};
use domain::{FinancialYear, FundId, Pence, Period, ReturnId};
use serde::{Deserialize, Serialize};
use web::{Faults, Problem, Row};

use crate::rules::{self, Unmet};

/// What kind of return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReturnKind {
    /// The quarterly report to the partners (SI 2000/617 reg 7(4), reg 8, reg 9).
    Quarterly,
    /// The annual return of income and expenditure (as quarterly).
    Annual,
    /// The plan of the Better Care Fund, before or during the year.
    BetterCareFundPlan,
    /// The report of the Better Care Fund: of a quarter, or of the year.
    BetterCareFund,
}

impl ReturnKind {
    /// Whether it is about the Better Care Fund.
    pub(crate) fn is_better_care_fund(self) -> bool {
        matches!(self, Self::BetterCareFundPlan | Self::BetterCareFund)
    }

    /// As a heading names it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Quarterly => "Quarterly report",
            Self::Annual => "Annual return",
            Self::BetterCareFundPlan => "Better Care Fund plan",
            Self::BetterCareFund => "Better Care Fund report",
        }
    }
}

/// Where a return stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReturnState {
    /// Its figures are those of the ledger at this moment.
    Draft,
    /// Its figures are frozen and wait for a second person.
    Submitted,
    /// The frozen figures were approved; the region sees their totals.
    Approved,
    /// It is cut, and never changes.
    Published,
    /// A later one took its place. It is still to be read.
    Restated,
}

impl ReturnState {
    /// The moves a caller with these scopes may ask for. Who submitted a return does not approve it. Nobody asks for
    /// `restated`: publishing the restatement does it.
    pub(crate) fn allowed(self, scopes: Scopes, submitted_it: bool) -> Vec<Self> {
        let (prepares, approves) = (scopes.allow(can::PrepareReturns::OF), scopes.allow(can::ApproveReturns::OF));
        let moves: &[(Self, bool)] = match self {
            Self::Draft => &[(Self::Submitted, prepares)],
            Self::Submitted => &[(Self::Draft, prepares), (Self::Approved, approves && !submitted_it)],
            Self::Approved => &[(Self::Published, approves)],
            Self::Published | Self::Restated => &[],
        };
        moves.iter().filter(|(_, may)| *may).map(|(to, _)| *to).collect()
    }
}

/// A return to prepare.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fund": "01890a5d-ac96-774b-bcce-b302099a8057", "year": "2026-27", "kind": "quarterly", "quarter": 1,
    "narrative": "Spending is in line with the plan."}))]
pub(crate) struct ReturnDraft {
    pub(super) fund: FundId,
    pub(super) year: FinancialYear,
    pub(super) kind: ReturnKind,
    /// 1 to 4 of a quarterly report; also of a Better Care Fund report, which is otherwise of the year.
    #[schema(minimum = 1, maximum = 4)]
    pub(super) quarter: Option<i16>,
    /// What a reader is told beside the figures. The region never sees it.
    #[schema(min_length = 1, max_length = 5000)]
    pub(super) narrative: Option<String>,
}

impl ReturnDraft {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut faults = Faults::default();
        faults.optional_text("/narrative", self.narrative.as_deref(), 5000);
        let quarter = self.quarter.is_none_or(|quarter| (1..=4).contains(&quarter));
        faults.unless(quarter, "/quarter", "A quarter is 1 to 4.");
        match self.kind {
            ReturnKind::Quarterly => faults.unless(self.quarter.is_some(), "/quarter", "Say which quarter."),
            ReturnKind::BetterCareFund => {}
            ReturnKind::Annual | ReturnKind::BetterCareFundPlan => {
                faults.unless(self.quarter.is_none(), "/quarter", "It is of the whole year.");
            }
        }
        faults.none()
    }
}

/// The last period a return looks at: the quarter's, or all of the year.
pub(super) fn last_period(quarter: Option<i16>) -> Period {
    let number = quarter.map_or(13, |quarter| quarter.clamp(1, 4) * 3);
    Period::new(number).expect("1 to 13")
}

/// Whether a return of a kind needs a period to be closed. Adjustments count where there are any.
pub(super) fn needs(kind: ReturnKind, quarter: Option<i16>, period: Period, touched: bool) -> bool {
    let wanted = kind != ReturnKind::BetterCareFundPlan && period <= last_period(quarter);
    wanted && (period.number() <= 12 || touched)
}

/// What holds a return up while periods it needs are open.
pub(super) fn periods_unmet(open: &[Period]) -> Option<Unmet> {
    if open.is_empty() {
        return None;
    }
    let listed: Vec<String> = open.iter().map(ToString::to_string).collect();
    let (noun, are) = if open.len() == 1 { ("Period", "is") } else { ("Periods", "are") };
    Some(rules::REPORTS.unmet(format!("{noun} {} {are} open. Soft-close them first.", listed.join(", "))))
}

/// What holds a report up that nobody made a forecast for (rule 27), unless all is spent within the budget.
pub(super) fn forecast_unmet(kind: ReturnKind, forecast: bool, budget: Pence, actual: Pence) -> Option<Unmet> {
    let asked = matches!(kind, ReturnKind::Quarterly | ReturnKind::Annual);
    let missing = "More is spent than was budgeted, and nobody has forecast where that leads. Make a forecast first.";
    (asked && !forecast && actual > budget).then(|| rules::ACTION_PLAN.unmet(missing))
}

/// A return, without its figures.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ReturnSummary {
    pub(crate) id: ReturnId,
    pub(crate) fund: FundId,
    pub(crate) fund_name: String,
    pub(crate) year: FinancialYear,
    pub(crate) kind: ReturnKind,
    /// Null for the whole year.
    pub(crate) quarter: Option<i16>,
    /// The first is 1; each restatement is one more.
    pub(crate) number: i16,
    pub(crate) state: ReturnState,
    /// The return this one restates.
    pub(crate) restates: Option<ReturnId>,
    pub(crate) restatement_reason: Option<String>,
    /// The return that restates this one, prepared or published.
    pub(crate) restated_by: Option<ReturnId>,
    pub(crate) narrative: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) published_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub(crate) version: i64,
}

impl Row for ReturnSummary {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "fund",
        "fund_name",
        "year",
        "kind",
        "quarter",
        "number",
        "state",
        "restates",
        "restatement_reason",
        "restated_by",
        "created_at",
        "published_at",
    ];
}

#[cfg(test)]
mod tests {
    use auth::Role;

    use super::*;

    #[test]
    fn a_second_person_approves_and_nobody_asks_for_a_restated_one() {
        use ReturnState::{Approved, Draft, Published, Restated, Submitted};
        let (finance, manager) = (Role::Finance.scopes(), Role::PoolManager.scopes());
        assert_eq!(Draft.allowed(finance, false), [Submitted]);
        assert_eq!(Submitted.allowed(finance, false), [Draft], "approving is the pool manager's");
        assert_eq!(Submitted.allowed(manager, false), [Draft, Approved]);
        assert_eq!(Submitted.allowed(manager, true), [Draft], "who submitted it does not approve it");
        assert_eq!(Approved.allowed(manager, true), [Published]);
        assert!(Approved.allowed(finance, false).is_empty());
        for state in [Published, Restated] {
            assert!(state.allowed(manager, false).is_empty());
        }
        assert!(Draft.allowed(Role::Auditor.scopes(), false).is_empty());
    }

    #[test]
    fn a_quarter_needs_its_months_and_a_year_its_adjustments_where_there_are_any() {
        let period = |number| Period::new(number).expect("a period");
        let needed = |kind, quarter, touched| -> Vec<i16> {
            Period::all().filter(|p| needs(kind, quarter, *p, touched)).map(Period::number).collect()
        };
        assert_eq!(needed(ReturnKind::Quarterly, Some(2), true), [1, 2, 3, 4, 5, 6]);
        assert_eq!(needed(ReturnKind::Annual, None, false), (1..=12).collect::<Vec<_>>());
        assert_eq!(needed(ReturnKind::Annual, None, true), (1..=13).collect::<Vec<_>>());
        assert!(needed(ReturnKind::BetterCareFundPlan, None, true).is_empty());
        assert_eq!(periods_unmet(&[]), None);
        let unmet = periods_unmet(&[period(4), period(6)]).expect("two are open");
        assert_eq!((unmet.rule.number, unmet.missing.as_str()), (15, "Periods 4, 6 are open. Soft-close them first."));
    }

    #[test]
    fn rule_27_an_overspend_nobody_forecast_holds_a_report_up() {
        let unmet = |kind, forecast, actual| forecast_unmet(kind, forecast, Pence(100), Pence(actual)).is_some();
        assert!(unmet(ReturnKind::Quarterly, false, 101) && unmet(ReturnKind::Annual, false, 101));
        assert!(!unmet(ReturnKind::Quarterly, true, 101) && !unmet(ReturnKind::Quarterly, false, 100));
        assert!(!unmet(ReturnKind::BetterCareFund, false, 101));
    }

    #[test]
    fn a_quarter_is_said_where_there_is_one() {
        let draft = |kind, quarter| ReturnDraft {
            fund: FundId(uuid::Uuid::nil()),
            year: FinancialYear::starting_in(2026).expect("a year"),
            kind,
            quarter,
            narrative: None,
        };
        for (kind, quarter, fine) in [
            (ReturnKind::Quarterly, Some(4), true),
            (ReturnKind::Quarterly, None, false),
            (ReturnKind::Quarterly, Some(5), false),
            (ReturnKind::Quarterly, Some(i16::MAX), false),
            (ReturnKind::Annual, None, true),
            (ReturnKind::Annual, Some(1), false),
            (ReturnKind::BetterCareFund, Some(1), true),
            (ReturnKind::BetterCareFund, None, true),
        ] {
            assert_eq!(draft(kind, quarter).check().is_ok(), fine, "{kind:?} {quarter:?}");
        }
    }
}
