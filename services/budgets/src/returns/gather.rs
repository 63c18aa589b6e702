//! What a return says, read from the ledger and beside it. Nothing is decided here.

use chrono::{Datelike, NaiveDate};
use domain::{FinancialYear, Period, basis_points};
use tenancy::{Borough, Tx};
use web::Problem;

use super::{
    figures::{ReturnActionPlan, ReturnBcf, ReturnContribution, ReturnFigures, ReturnSaving, ReturnScheme, totals},
    statutory_return::{ReturnKind, ReturnSummary, forecast_unmet, last_period, needs, periods_unmet},
    store,
};
use crate::{
    action_plans,
    agreements::agreement_of_year,
    better_care_fund::{self, Checked},
    budget::{YearBudgetBody, find_year_budget},
    forecasts,
    funds::{FundBody, FundKind, find_fund},
    memorandum::{self, Giving},
    positions::{SchemeSums, by_scheme, http::too_large},
    rules::{self, Unmet},
    savings, scheme_plans,
    years::{Completeness, find_year},
};

/// The most action plans a return lists.
const ACTION_PLANS_MAX: i64 = 500;

/// A return's figures, and what keeps it from being submitted.
pub(super) struct Gathered {
    pub(super) figures: ReturnFigures,
    pub(super) unmet: Vec<Unmet>,
}

/// The last day a return looks at.
fn last_day(year: FinancialYear, quarter: Option<i16>) -> NaiveDate {
    let month = match quarter {
        Some(1) => 7,
        Some(2) => 10,
        Some(3) => 1,
        _ => return year.last_day(),
    };
    let of = if month == 1 { year.last_day().year() } else { year.first_day().year() };
    NaiveDate::from_ymd_opt(of, month, 1).and_then(|day| day.pred_opt()).unwrap_or_else(|| year.last_day())
}

fn contributions(fund: &FundBody, givings: &[Giving]) -> Vec<ReturnContribution> {
    let line = |giving: &Giving| ReturnContribution {
        payer: giving.payer,
        payer_name: giving.payer_name.clone(),
        funding_source: giving.funding_source.clone(),
        bcf_source: giving.bcf_source.clone(),
        in_kind: giving.in_kind,
        in_total: counts(fund, giving.kind) && !giving.in_kind,
        planned_pence: giving.amount,
        due_pence: giving.due,
    };
    givings.iter().map(line).collect()
}

/// Whether money of a kind counts in the fund's totals (rule 22). A fund that is no section 75 fund is in no section 75
/// total, and adds up what it has.
fn counts(fund: &FundBody, kind: FundKind) -> bool {
    !fund.legal_basis.counts_as_section_75(fund.kind) || fund.legal_basis.counts_as_section_75(kind)
}

async fn schemes(
    tx: &mut Tx<Borough>,
    fund: &FundBody,
    (year, period): (FinancialYear, Period),
    sums: &[SchemeSums],
) -> Result<Vec<ReturnScheme>, Problem> {
    let forecast = forecasts::latest(tx, fund.id, year, Some(period)).await?;
    let mut plans = scheme_plans::all(tx, fund.id, year).await?;
    let mut lines = Vec::new();
    for scheme in sums {
        let forecast = forecast.iter().find(|(code, _)| *code == scheme.code).map(|(_, pence)| *pence);
        let variance = match forecast {
            Some(forecast) => Some(forecast.checked_sub(scheme.budget).ok_or_else(too_large)?),
            None => None,
        };
        let plan = plans.iter_mut().find(|planned| planned.code == scheme.code).and_then(|planned| planned.plan.take());
        lines.push(ReturnScheme {
            scheme: scheme.code.clone(),
            name: scheme.name.clone(),
            kind: scheme.kind,
            in_total: counts(fund, scheme.kind),
            budget_pence: scheme.budget,
            actual_pence: scheme.actual,
            forecast_pence: forecast,
            variance_pence: variance,
            variance_bp: variance.and_then(|variance| basis_points(variance, scheme.budget)),
            plan,
        });
    }
    Ok(lines)
}

/// What a reader must know of a fund-year beside its figures.
async fn warnings(
    tx: &mut Tx<Borough>,
    fund: &FundBody,
    year_is: Completeness,
    of: (&YearBudgetBody, &ReturnFigures),
) -> Result<Vec<String>, Problem> {
    let (money, figures) = of;
    let mut told = Vec::new();
    if figures.section_75 {
        match agreement_of_year(tx, fund.id, figures.year).await? {
            None => told.push("No agreement is recorded for this fund and year.".to_owned()),
            Some(agreement) if agreement.signed_on.is_none() => {
                told.push(format!("The agreement is not signed; it is {}.", agreement.state));
            }
            Some(_) => {}
        }
    }
    if !money.balanced {
        let (funded, planned, apart) = (money.funded_pence, money.planned_pence, money.difference_pence);
        told.push(format!("The budget does not balance: {funded} comes in for {planned} planned, {apart} apart."));
    }
    if let Some(day) = money.agreed_on.filter(|_| !money.stands) {
        told.push(format!("The budget that was agreed on {day} stands no more: it has changed since. Agree it anew."));
    }
    if year_is == Completeness::Partial {
        told.push("Only a part of the year's figures is known.".to_owned());
    }
    let unforecast = figures.schemes.iter().any(|scheme| scheme.in_total && scheme.forecast_pence.is_none());
    if unforecast && !figures.kind.is_better_care_fund() {
        told.push("Not every scheme has a forecast.".to_owned());
    }
    for check in figures.better_care_fund.iter().flat_map(|bcf| &bcf.checks) {
        if check.warns_only && check.holds != Some(true) {
            told.push(check.missing.join(" "));
        }
    }
    Ok(told)
}

/// Reads all of a return as it stands now.
pub(super) async fn gather(tx: &mut Tx<Borough>, of: &ReturnSummary) -> Result<Gathered, Problem> {
    let fund = find_fund(tx, of.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let year = find_year(tx, of.fund, of.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let period = last_period(of.quarter);
    let sums = by_scheme(tx, &fund, of.year, period).await?;
    let givings = memorandum::givings(tx, &fund, of.year, last_day(of.year, of.quarter)).await?;
    // A risk share is settled of a whole year.
    let settled = match of.quarter {
        None => memorandum::settled(tx, of.fund, of.year).await?,
        Some(_) => Vec::new(),
    };
    let (_, money) = find_year_budget(tx, of.fund, of.year).await?;
    let planned = action_plans::list(tx, of.fund, of.year, None, ACTION_PLANS_MAX).await?;
    let contributions = contributions(&fund, &givings);
    let schemes = schemes(tx, &fund, (of.year, period), &sums).await?;
    let totals = totals(&contributions, &schemes).ok_or_else(too_large)?;
    let bcf = match of.kind.is_better_care_fund() {
        true => Some(better_care_fund::checked(tx, &fund, of.year).await?),
        false => None,
    };
    let mut unmet = Vec::new();
    unmet.extend(periods_unmet(&open_periods(tx, of).await?));
    let over = totals
        .forecast_pence
        .is_some_and(|forecast| forecasts::over_threshold(totals.budget_pence, forecast, money.overspend_threshold_bp));
    if matches!(of.kind, ReturnKind::Quarterly | ReturnKind::Annual) && over && planned.is_empty() {
        unmet.push(rules::ACTION_PLAN.unmet(
            "The forecast is over budget by more than the year's threshold, and there is no action plan. Record one.",
        ));
    }
    let known = Period::new(period.number().min(12)).map_err(Problem::internal)?;
    let forecast = store::forecast_since(tx, of.fund, of.year, known).await?;
    unmet.extend(forecast_unmet(of.kind, forecast, totals.budget_pence, totals.actual_pence));
    if let (ReturnKind::BetterCareFundPlan, Some(bcf)) = (of.kind, &bcf) {
        unmet.extend(better_care_fund::unmet(&bcf.checks));
    }
    let bcf = bcf.map(|Checked { sources, checks, plan, sign_offs }| ReturnBcf { sources, plan, sign_offs, checks });
    let mut figures = ReturnFigures {
        borough: store::borough(tx).await?.ok_or_else(|| Problem::not_found("borough"))?,
        fund: fund.id,
        fund_name: fund.name.clone(),
        fund_kind: fund.kind,
        legal_basis: fund.legal_basis,
        section_75: fund.legal_basis.counts_as_section_75(fund.kind),
        host_name: fund.host_name.clone(),
        illustrative: fund.illustrative,
        year: of.year,
        completeness: year.completeness,
        kind: of.kind,
        quarter: of.quarter,
        to_period: period,
        as_of: tx.now(),
        source: fund.source.clone(),
        totals,
        memorandum_account: memorandum::draw_up(
            &fund,
            &money,
            &sums,
            (&memorandum::come_due(givings, of.quarter), &settled),
        )?,
        contributions,
        schemes,
        savings: savings::reported(tx, of.fund, of.year, period).await?.into_iter().map(ReturnSaving::from).collect(),
        action_plans: planned.into_iter().map(ReturnActionPlan::from).collect(),
        better_care_fund: bcf,
        warnings: Vec::new(),
    };
    figures.warnings = warnings(tx, &fund, year.completeness, (&money, &figures)).await?;
    Ok(Gathered { figures, unmet })
}

impl From<action_plans::ActionPlanBody> for ReturnActionPlan {
    fn from(plan: action_plans::ActionPlanBody) -> Self {
        Self {
            scheme: plan.scheme,
            cause: plan.cause,
            owner: plan.owner,
            due_on: plan.due_on,
            recovers_pence: plan.recovers_pence,
        }
    }
}

impl From<savings::SavingBody> for ReturnSaving {
    fn from(saving: savings::SavingBody) -> Self {
        Self {
            title: saving.title,
            recurrent: saving.recurrent,
            target_pence: saving.target_pence,
            achieved_pence: saving.achieved_pence,
            forecast_pence: saving.forecast_pence,
        }
    }
}

async fn open_periods(tx: &mut Tx<Borough>, of: &ReturnSummary) -> Result<Vec<Period>, Problem> {
    let periods = store::periods(tx, of.fund, of.year).await?;
    let open =
        periods.into_iter().filter(|(period, open, touched)| *open && needs(of.kind, of.quarter, *period, *touched));
    Ok(open.map(|(period, ..)| period).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_ends_with_its_third_month() {
        let year = FinancialYear::starting_in(2026).expect("a year");
        let ends: Vec<String> =
            [Some(1), Some(2), Some(3), Some(4), None].into_iter().map(|q| last_day(year, q).to_string()).collect();
        assert_eq!(ends, ["2026-06-30", "2026-09-30", "2026-12-31", "2027-03-31", "2027-03-31"]);
    }
}
