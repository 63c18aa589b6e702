//! The memorandum account over HTTP.

use auth::can;
use chrono::{DateTime, Utc};
use domain::{FinancialYear, OrganisationId, Pence, Period};
use serde::Serialize;
use tenancy::{Borough, InBorough, Tx};
use web::{At, NoFilters, PageRequest, Problem, WithCsv};

use super::{
    account::{Giver, MemorandumAccount, MemorandumLine, Spent},
    store::{self, Giving, Settled},
};
use crate::{
    budget::{YearBudgetBody, find_year_budget},
    funds::{FundBody, FundKind, find_fund},
    positions::{SchemeSums, by_scheme, http::too_large},
    rules::{self, Rule},
    years::{find_year, http::YearPath},
};

/// The memorandum account of a fund-year.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MemorandumBody {
    /// The account line by line.
    data: Vec<MemorandumLine>,
    account: MemorandumAccount,
    /// What it is held to.
    rule: Rule,
    year: FinancialYear,
    as_of: DateTime<Utc>,
    next_cursor: Option<String>,
}

fn add(to: &mut Pence, amount: Pence) -> Result<(), Problem> {
    *to = to.checked_add(amount).ok_or_else(too_large)?;
    Ok(())
}

fn of<'a>(givers: &'a mut Vec<Giver>, id: OrganisationId, name: &str) -> &'a mut Giver {
    let at = givers.iter().position(|giver| giver.id == id).unwrap_or_else(|| {
        givers.push(Giver::of(id, name));
        givers.len() - 1
    });
    &mut givers[at]
}

/// The partners of a pool, each once, in the order of its contributions.
fn givers(givings: &[Giving], settled: &[Settled]) -> Result<Vec<Giver>, Problem> {
    let mut givers: Vec<Giver> = Vec::new();
    for giving in givings {
        let giver = of(&mut givers, giving.payer, &giving.payer_name);
        let to = match (giving.in_kind, giving.kind) {
            (true, _) => &mut giver.in_kind,
            (false, FundKind::Pooled) => &mut giver.cash,
            (false, FundKind::Aligned | FundKind::InView) => &mut giver.apart,
        };
        add(to, giving.amount)?;
    }
    for one in settled {
        add(&mut of(&mut givers, one.party, &one.name).settled, one.amount)?;
    }
    Ok(givers)
}

fn spent(schemes: &[SchemeSums]) -> Result<Spent, Problem> {
    let mut spent = Spent::default();
    for scheme in schemes {
        let to = match (scheme.kind, scheme.accounting_treatment.as_deref()) {
            (FundKind::Pooled, Some("sole_control" | "agency")) => &mut spent.sole,
            (FundKind::Pooled, _) => &mut spent.joint,
            (FundKind::Aligned | FundKind::InView, _) => &mut spent.apart,
        };
        add(to, scheme.actual)?;
    }
    Ok(spent)
}

/// What came into a quarter's account: of cash, what had fallen due. A year's has all of it.
pub(crate) fn come_due(givings: Vec<Giving>, quarter: Option<i16>) -> Vec<Giving> {
    let due = |giving: Giving| match giving.in_kind {
        false if quarter.is_some() => Giving { amount: giving.due, ..giving },
        _ => giving,
    };
    givings.into_iter().map(due).collect()
}

/// Draws the account up of what was read.
pub(crate) fn account(
    fund: &FundBody,
    money: &YearBudgetBody,
    schemes: &[SchemeSums],
    (givings, settled): (&[Giving], &[Settled]),
) -> Result<MemorandumAccount, Problem> {
    let host: (OrganisationId, &str) = (fund.host, &fund.host_name);
    let (spent, givers) = (spent(schemes)?, givers(givings, settled)?);
    MemorandumAccount::of(money.brought_forward_pence, money.other_income_pence, spent, &givers, host)
        .ok_or_else(too_large)
}

async fn read(tx: &mut Tx<Borough>, path: &YearPath) -> Result<MemorandumAccount, Problem> {
    let fund = find_fund(tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    find_year(tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let (_, money) = find_year_budget(tx, path.fund, path.year).await?;
    let last = Period::ADJUSTMENTS;
    let schemes = by_scheme(tx, &fund, path.year, last).await?;
    let givings = store::givings(tx, &fund, path.year, path.year.last_day()).await?;
    let settled = store::settled(tx, path.fund, path.year).await?;
    account(&fund, &money, &schemes, (&givings, &settled))
}

/// Get the memorandum account of a fund-year
///
/// Opening balance, cash contributions in force, other income and the settled risk share less expenditure is the closing
/// balance, which is the sum of the partners' shares (rule 31). Contributions in kind, and schemes that are aligned or in view, stand apart.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/memorandum-account", operation_id = "getMemorandumAccount",
    tag = "returns",
    params(YearPath),
    responses((status = 200, body = MemorandumBody)),
    security(("bearer" = ["returns:read"])),
)]
pub(crate) async fn get_memorandum_account(
    scope: InBorough<can::ReadReturns>,
    At(path): At<YearPath>,
    _page: PageRequest<NoFilters>,
) -> Result<WithCsv<MemorandumBody, MemorandumLine>, Problem> {
    let account = read(&mut scope.read().await?, &path).await?;
    let rows = account.lines();
    let body = MemorandumBody {
        data: rows.clone(),
        account,
        rule: rules::MEMORANDUM,
        year: path.year,
        as_of: scope.now(),
        next_cursor: None,
    };
    Ok(WithCsv { body, rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarters_account_has_the_cash_that_fell_due_and_a_years_all_of_it() {
        let giving = |in_kind| Giving {
            payer: OrganisationId(uuid::Uuid::nil()),
            payer_name: "A council".into(),
            funding_source: "council".into(),
            bcf_source: None,
            in_kind,
            kind: FundKind::Pooled,
            amount: Pence(12_000),
            due: if in_kind { Pence::ZERO } else { Pence(3_000) },
        };
        let sums = |quarter| -> Vec<i64> {
            come_due(vec![giving(false), giving(true)], quarter).iter().map(|one| one.amount.0).collect()
        };
        assert_eq!((sums(Some(1)), sums(None)), (vec![3_000, 12_000], vec![12_000, 12_000]));
    }
}
