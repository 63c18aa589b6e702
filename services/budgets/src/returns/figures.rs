//! What a return says, in figures. No SQL, no HTTP, no clock.
//!
//! It is frozen as JSON when a return is submitted, and read again from there for as long as the return exists: a field
//! that is added later has a default.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{FinancialYear, FundId, OrganisationId, Pence, Period, basis_points};
use serde::{Deserialize, Serialize};
use web::Row;

use super::statutory_return::ReturnKind;
use crate::{
    better_care_fund::{BcfCheck, BcfPlan, SignOffBody, SourceTotal},
    funds::{FundKind, LegalBasis},
    memorandum::MemorandumAccount,
    scheme_plans::SchemePlan,
    years::Completeness,
};

/// Whose return it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ReturnBorough {
    #[schema(example = "salford")]
    pub(crate) slug: String,
    #[schema(example = "E08000006")]
    pub(crate) gss: String,
    #[schema(example = "Salford")]
    pub(crate) name: String,
}

/// What a partner contributes from one source.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ReturnContribution {
    pub(crate) payer: OrganisationId,
    #[schema(example = "Salford City Council")]
    pub(crate) payer_name: String,
    #[schema(example = "council")]
    pub(crate) funding_source: String,
    pub(crate) bcf_source: Option<String>,
    pub(crate) in_kind: bool,
    /// Whether it counts in the total of cash.
    pub(crate) in_total: bool,
    /// In force for the year.
    pub(crate) planned_pence: Pence,
    /// Of that, due up to the end of the last period reported.
    pub(crate) due_pence: Pence,
}

/// What was spent on a scheme. A positive variance is adverse.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ReturnScheme {
    #[schema(example = "ICES")]
    pub(crate) scheme: String,
    #[schema(example = "Community equipment")]
    pub(crate) name: String,
    pub(crate) kind: FundKind,
    /// Whether it counts in the totals: money in view, and aligned money without a section 75 basis, does not.
    pub(crate) in_total: bool,
    /// Of the year.
    pub(crate) budget_pence: Pence,
    /// Up to the end of the last period reported.
    pub(crate) actual_pence: Pence,
    /// Of the year, by the latest forecast; null where there is none.
    pub(crate) forecast_pence: Option<Pence>,
    /// Forecast less budget.
    pub(crate) variance_pence: Option<Pence>,
    pub(crate) variance_bp: Option<i64>,
    /// Its codes, shares, provider and outcomes, where it has a plan of the year.
    pub(crate) plan: Option<SchemePlan>,
}

/// The totals of a return.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ReturnTotals {
    /// Cash in force for the year.
    pub(crate) contributions_pence: Pence,
    /// Of that, due up to the end of the last period reported.
    pub(crate) due_pence: Pence,
    pub(crate) budget_pence: Pence,
    pub(crate) actual_pence: Pence,
    /// Null where there is no forecast; a scheme nobody forecast counts at its budget, or at what it has spent where that is
    /// more.
    pub(crate) forecast_pence: Option<Pence>,
    /// Forecast less budget: adverse above zero.
    pub(crate) variance_pence: Option<Pence>,
    pub(crate) variance_bp: Option<i64>,
}

/// A saving, as it was last reported.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ReturnSaving {
    pub(crate) title: String,
    pub(crate) recurrent: bool,
    pub(crate) target_pence: Pence,
    pub(crate) achieved_pence: Option<Pence>,
    pub(crate) forecast_pence: Option<Pence>,
}

/// How an overspend is to be brought back.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ReturnActionPlan {
    pub(crate) scheme: Option<String>,
    pub(crate) cause: String,
    pub(crate) owner: String,
    pub(crate) due_on: NaiveDate,
    pub(crate) recovers_pence: Pence,
}

/// The Better Care Fund in a return.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ReturnBcf {
    pub(crate) sources: Vec<SourceTotal>,
    pub(crate) plan: Option<BcfPlan>,
    pub(crate) sign_offs: Vec<SignOffBody>,
    pub(crate) checks: Vec<BcfCheck>,
}

/// What a return says.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct ReturnFigures {
    pub(crate) borough: ReturnBorough,
    pub(crate) fund: FundId,
    pub(crate) fund_name: String,
    pub(crate) fund_kind: FundKind,
    pub(crate) legal_basis: LegalBasis,
    /// Whether it counts in the region's section 75 totals.
    pub(crate) section_75: bool,
    pub(crate) host_name: String,
    /// Made up; in no region's figures.
    pub(crate) illustrative: bool,
    pub(crate) year: FinancialYear,
    pub(crate) completeness: Completeness,
    pub(crate) kind: ReturnKind,
    pub(crate) quarter: Option<i16>,
    /// The last period reported.
    pub(crate) to_period: Period,
    pub(crate) as_of: DateTime<Utc>,
    /// Where the figures are from.
    pub(crate) source: String,
    pub(crate) totals: ReturnTotals,
    pub(crate) contributions: Vec<ReturnContribution>,
    pub(crate) schemes: Vec<ReturnScheme>,
    /// Of the year's money, with spending up to the end of the last period reported.
    pub(crate) memorandum_account: MemorandumAccount,
    pub(crate) savings: Vec<ReturnSaving>,
    pub(crate) action_plans: Vec<ReturnActionPlan>,
    /// Null where the return is not about the Better Care Fund.
    pub(crate) better_care_fund: Option<ReturnBcf>,
    /// What a reader must know.
    pub(crate) warnings: Vec<String>,
}

/// A line of a return.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ReturnLine {
    #[schema(example = "schemes")]
    section: &'static str,
    /// The code of what the line is of, where it has one.
    #[schema(example = "ICES")]
    code: Option<String>,
    #[schema(example = "Community equipment")]
    name: String,
    #[schema(example = "budget")]
    item: &'static str,
    /// Null where the line is a word, or not known.
    amount_pence: Option<Pence>,
    text: Option<String>,
}

impl Row for ReturnLine {
    const COLUMNS: &'static [&'static str] = &["section", "code", "name", "item", "amount_pence", "text"];
}

/// The totals of what counts. `None` where a sum leaves the range of pence.
pub(super) fn totals(contributions: &[ReturnContribution], schemes: &[ReturnScheme]) -> Option<ReturnTotals> {
    let cash = || contributions.iter().filter(|one| one.in_total && !one.in_kind);
    let counted = || schemes.iter().filter(|scheme| scheme.in_total);
    let budget = Pence::sum(counted().map(|scheme| scheme.budget_pence))?;
    // A scheme nobody forecast is taken to spend its budget, or what it has spent already where that is more.
    let likely =
        |scheme: &ReturnScheme| scheme.forecast_pence.unwrap_or_else(|| scheme.actual_pence.max(scheme.budget_pence));
    let forecast = match counted().any(|scheme| scheme.forecast_pence.is_some()) {
        true => Some(Pence::sum(counted().map(likely))?),
        false => None,
    };
    let variance = match forecast {
        Some(forecast) => Some(forecast.checked_sub(budget)?),
        None => None,
    };
    Some(ReturnTotals {
        contributions_pence: Pence::sum(cash().map(|one| one.planned_pence))?,
        due_pence: Pence::sum(cash().map(|one| one.due_pence))?,
        budget_pence: budget,
        actual_pence: Pence::sum(counted().map(|scheme| scheme.actual_pence))?,
        forecast_pence: forecast,
        variance_pence: variance,
        variance_bp: variance.and_then(|variance| basis_points(variance, budget)),
    })
}

impl ReturnFigures {
    /// Whether others say the same: of the totals, contributions, schemes and the memorandum account.
    pub(super) fn says_what(&self, others: &Self) -> Result<bool, serde_json::Error> {
        let money =
            |of: &Self| serde_json::to_value((&of.totals, &of.contributions, &of.schemes, &of.memorandum_account));
        Ok(money(self)? == money(others)?)
    }

    /// All of it as flat lines.
    pub(super) fn lines(&self) -> Vec<ReturnLine> {
        let mut lines = Vec::new();
        let mut line = |section, code: Option<&str>, name: &str, item, amount_pence, text: Option<String>| {
            let (code, name) = (code.map(str::to_owned), name.to_owned());
            lines.push(ReturnLine { section, code, name, item, amount_pence, text });
        };
        for one in &self.contributions {
            let (code, name) = (Some(one.funding_source.as_str()), one.payer_name.as_str());
            let section = if one.in_kind { "contributions in kind" } else { "contributions" };
            line(section, code, name, "planned", Some(one.planned_pence), None);
            line(section, code, name, "due", Some(one.due_pence), None);
        }
        for one in &self.schemes {
            let (code, name) = (Some(one.scheme.as_str()), one.name.as_str());
            line("schemes", code, name, "budget", Some(one.budget_pence), None);
            line("schemes", code, name, "actual", Some(one.actual_pence), None);
            line("schemes", code, name, "forecast", one.forecast_pence, None);
            line("schemes", code, name, "variance", one.variance_pence, None);
            for outcome in one.plan.iter().flat_map(|plan| &plan.outcomes) {
                let actual = outcome.actual.map_or_else(|| "not known".to_owned(), |actual| actual.to_string());
                let text = format!("{}: {} {} planned, {actual}", outcome.measure, outcome.plan, outcome.unit);
                line("outcomes", code, name, "outcome", None, Some(text));
            }
        }
        for one in self.memorandum_account.lines() {
            let name = one.partner.as_deref().unwrap_or_default();
            line("memorandum account", None, name, "", Some(one.amount_pence), Some(one.line));
        }
        for one in &self.savings {
            line("savings", None, &one.title, "target", Some(one.target_pence), None);
            line("savings", None, &one.title, "achieved", one.achieved_pence, None);
        }
        for one in &self.action_plans {
            line("action plans", one.scheme.as_deref(), &one.owner, "recovers", Some(one.recovers_pence), None);
        }
        if let Some(bcf) = &self.better_care_fund {
            for one in &bcf.sources {
                let code = Some(one.source.as_str());
                line("better care fund", code, &one.name, "contributions", Some(one.contributions_pence), None);
                line("better care fund", code, &one.name, "schemes", Some(one.schemes_pence), None);
            }
            if let Some(plan) = &bcf.plan {
                line("better care fund", None, "NHS", "minimum", Some(plan.nhs_minimum_pence), None);
                line("better care fund", None, "Adult social care", "minimum", Some(plan.asc_minimum_pence), None);
                line("better care fund", None, "Adult social care", "planned", Some(plan.asc_planned_pence), None);
            }
        }
        for warning in &self.warnings {
            line("warnings", None, "", "warning", None, Some(warning.clone()));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheme(in_total: bool, budget: i64, forecast: Option<i64>) -> ReturnScheme {
        ReturnScheme {
            scheme: "ICES".into(),
            name: "Equipment".into(),
            kind: FundKind::Pooled,
            in_total,
            budget_pence: Pence(budget),
            actual_pence: Pence(1),
            forecast_pence: forecast.map(Pence),
            variance_pence: None,
            variance_bp: None,
            plan: None,
        }
    }

    #[test]
    fn totals_count_what_counts_and_a_scheme_nobody_forecast_spends_its_budget() {
        let all = [scheme(true, 100_000, Some(103_000)), scheme(false, 9, None)];
        let told = totals(&[], &all).expect("in range");
        assert_eq!((told.budget_pence, told.forecast_pence), (Pence(100_000), Some(Pence(103_000))));
        assert_eq!((told.variance_pence, told.variance_bp), (Some(Pence(3_000)), Some(300)));
        let most = totals(&[], &[scheme(true, 10, Some(12)), scheme(true, 7, None)]).expect("in range");
        assert_eq!((most.forecast_pence, most.variance_pence), (Some(Pence(19)), Some(Pence(2))));
        let unknown = totals(&[], &[scheme(true, 1, None), scheme(true, 1, None)]).expect("in range");
        assert_eq!((unknown.forecast_pence, unknown.variance_pence), (None, None));
        assert!(totals(&[], &[scheme(true, i64::MAX, None), scheme(true, 1, None)]).is_none(), "out of range");
    }
}
