//! A partner's own contributions and instalments over HTTP.

use std::collections::BTreeMap;

use auth::can;
use chrono::{DateTime, NaiveDate, Utc};
use domain::{ContributionId, FinancialYear, FundId, InstalmentId, Pence, day_in_england};
use serde::{Deserialize, Serialize};
use tenancy::AsPartner;
use uuid::Uuid;
use web::{Page, PageRequest, Paging, Problem, Row, WithCsv};

use super::{figures::ContributionFigures, store};
use crate::{
    contributions::ContributionForm, positions::http::too_large, region::NamedBorough, schemes::FundingSource,
};

/// Which of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartnerYearQuery {
    /// The financial year; all years when left out.
    #[param(value_type = Option<String>, example = "2026-27")]
    year: Option<FinancialYear>,
}

/// A contribution of one's own.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PartnerContribution {
    pub(super) borough: NamedBorough,
    pub(super) id: ContributionId,
    pub(super) fund: FundId,
    pub(super) year: FinancialYear,
    pub(super) funding_source: FundingSource,
    pub(super) form: ContributionForm,
    pub(super) recurrent: bool,
    pub(super) run_off: bool,
    /// For the whole year, by the version in force.
    pub(super) amount_pence: Pence,
    #[schema(example = 2)]
    pub(super) version: i16,
    pub(super) effective_on: NaiveDate,
    /// What of it was due by today; nil in kind.
    pub(super) due_pence: Pence,
}

impl Row for PartnerContribution {
    const COLUMNS: &'static [&'static str] = &[
        "borough.slug",
        "borough.gss",
        "borough.name",
        "id",
        "fund",
        "year",
        "funding_source",
        "form",
        "recurrent",
        "run_off",
        "amount_pence",
        "version",
        "effective_on",
        "due_pence",
    ];
}

/// A fund-year one contributes to, and what was paid into it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PartnerFundYear {
    borough: NamedBorough,
    fund: FundId,
    year: FinancialYear,
    #[serde(flatten)]
    figures: ContributionFigures,
    /// In kind, at its value: in no other figure.
    in_kind_pence: Pence,
}

/// All boroughs together.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PartnerTotal {
    #[serde(flatten)]
    figures: ContributionFigures,
    in_kind_pence: Pence,
}

/// One's own contributions in every borough.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PartnerContributionsBody {
    data: Vec<PartnerContribution>,
    /// By borough, fund and year: a payment is of a fund-year, so what is overdue is told of that.
    funds: Vec<PartnerFundYear>,
    total: PartnerTotal,
    as_of: DateTime<Utc>,
    next_cursor: Option<String>,
}

/// Sums of a fund-year while they are added up.
#[derive(Default)]
struct Sums {
    planned: Vec<Pence>,
    in_kind: Vec<Pence>,
    due: Vec<Pence>,
    paid: Vec<Pence>,
}

fn by_fund(data: &[PartnerContribution], paid: Vec<store::Paid>) -> Option<Vec<PartnerFundYear>> {
    let mut all: BTreeMap<(String, FinancialYear, FundId), (NamedBorough, Sums)> = BTreeMap::new();
    let mut of = |borough: &NamedBorough, year, fund, add: &mut dyn FnMut(&mut Sums)| {
        let key = (borough.slug.clone(), year, fund);
        add(&mut all.entry(key).or_insert_with(|| (borough.clone(), Sums::default())).1);
    };
    for one in data {
        of(&one.borough, one.year, one.fund, &mut |sums| {
            match one.form {
                ContributionForm::Cash => sums.planned.push(one.amount_pence),
                ContributionForm::InKind => sums.in_kind.push(one.amount_pence),
            }
            sums.due.push(one.due_pence);
        });
    }
    for one in paid {
        of(&one.borough, one.year, one.fund, &mut |sums| sums.paid.push(one.paid));
    }
    let rows = all.into_iter().map(|((_, year, fund), (borough, sums))| {
        let (planned, due, paid) = (Pence::sum(sums.planned)?, Pence::sum(sums.due)?, Pence::sum(sums.paid)?);
        let figures = ContributionFigures::of(planned, due, paid)?;
        Some(PartnerFundYear { borough, fund, year, figures, in_kind_pence: Pence::sum(sums.in_kind)? })
    });
    rows.collect()
}

/// List one organisation's own contributions in every borough
///
/// What is recorded under its own code, never under a predecessor's, page by page, with what is due and paid by fund and
/// the total over all boroughs on every page. Sandboxes and illustrations are not among them.
#[utoipa::path(
    get, path = "/v1/partners/{ods}/contributions", operation_id = "listPartnerContributions", tag = "partners",
    params(("ods" = String, Path, description = "The organisation's own ODS code", example = "QOP"), PartnerYearQuery, Paging),
    responses((status = 200, body = PartnerContributionsBody)),
    security(("bearer" = ["partner-contributions:read"])),
)]
pub(crate) async fn list_partner_contributions(
    scope: AsPartner<can::ReadOwnContributions>,
    page: PageRequest<PartnerYearQuery>,
) -> Result<WithCsv<PartnerContributionsBody, PartnerContribution>, Problem> {
    let mut tx = scope.read().await?;
    let year = page.filters.year;
    let all = store::contributions(&mut tx, year, day_in_england(scope.now())).await?;
    let funds = by_fund(&all, store::paid(&mut tx, year).await?).ok_or_else(too_large)?;
    let total = PartnerTotal {
        figures: ContributionFigures::sum(funds.iter().map(|one| &one.figures)).ok_or_else(too_large)?,
        in_kind_pence: Pence::sum(funds.iter().map(|one| one.in_kind_pence)).ok_or_else(too_large)?,
    };
    let place = |one: &PartnerContribution| (one.borough.slug.clone(), one.year.start(), one.id.0);
    let after: Option<(String, i16, Uuid)> = page.after()?;
    let mut all = all;
    all.sort_by_key(place);
    let rows = all.into_iter().filter(|one| after.as_ref().is_none_or(|after| place(one) > *after));
    let wanted = usize::try_from(page.rows_wanted()).unwrap_or(usize::MAX);
    let Page { data, next_cursor } = page.page(rows.take(wanted).collect(), place);
    let body = PartnerContributionsBody { data: data.clone(), funds, total, as_of: scope.now(), next_cursor };
    Ok(WithCsv { body, rows: data })
}

/// An instalment of one's own, in force.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct PartnerInstalment {
    pub(super) borough: NamedBorough,
    pub(super) id: InstalmentId,
    pub(super) contribution: ContributionId,
    pub(super) fund: FundId,
    pub(super) year: FinancialYear,
    #[schema(example = 4)]
    pub(super) number: i16,
    #[schema(example = 2)]
    pub(super) version: i16,
    pub(super) due_on: NaiveDate,
    /// Below zero: a credit.
    pub(super) amount_pence: Pence,
    /// The part of it that makes good earlier instalments.
    pub(super) true_up_pence: Pence,
}

impl Row for PartnerInstalment {
    const COLUMNS: &'static [&'static str] = &[
        "borough.slug",
        "borough.gss",
        "borough.name",
        "id",
        "contribution",
        "fund",
        "year",
        "number",
        "version",
        "due_on",
        "amount_pence",
        "true_up_pence",
    ];
}

/// List one organisation's own instalments in every borough
///
/// Those in force, by borough and the day they are due.
#[utoipa::path(
    get, path = "/v1/partners/{ods}/instalments", operation_id = "listPartnerInstalments", tag = "partners",
    params(("ods" = String, Path, description = "The organisation's own ODS code", example = "QOP"), PartnerYearQuery, Paging),
    responses((status = 200, body = Page<PartnerInstalment>)),
    security(("bearer" = ["partner-contributions:read"])),
)]
pub(crate) async fn list_partner_instalments(
    scope: AsPartner<can::ReadOwnContributions>,
    page: PageRequest<PartnerYearQuery>,
) -> Result<Page<PartnerInstalment>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::instalments(&mut tx, page.filters.year, page.after()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |one| (one.borough.slug.clone(), one.due_on, one.id)))
}
