//! Contributions over HTTP.

use auth::can;
use chrono::NaiveDate;
use domain::{AwardId, ContributionId, FinancialYear, FundId, OrganisationId, Pence, SchemeId, day_in_england};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{
    At, Created, Found, Page, PageRequest, Paging, Problem, SentOnce, changed_meanwhile,
    drafts::{trimmed, unknown},
    words::word,
};

use super::{
    contribution::{
        Backing, Commitment, ContributionBody, ContributionDraft, ContributionForm, ContributionVersionBody,
        ContributionVersionDraft, check_payer,
    },
    schedule::{self, PlannedInstalment},
    store,
};
use crate::{
    awards::{AwardBody, find_award},
    code_lists::code_list::{self, CodeListKind},
    facts,
    funds::{FundKind, find_fund, http::pending},
    schedules::{find_schedule, may_be_paid_from},
    years::{find_year, http::YearPath},
};

/// A contribution in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ContributionPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    fund: FundId,
    /// The financial year.
    year: FinancialYear,
    /// The contribution.
    contribution: ContributionId,
}

/// List the contributions to a fund in a year
///
/// Each at the amount in force. What is in kind stands beside the cash, never in it.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/contributions", operation_id = "listContributions",
    tag = "contributions",
    params(YearPath, Paging),
    responses((status = 200, body = Page<ContributionBody>)),
    security(("bearer" = ["contributions:read"])),
)]
pub(crate) async fn list_contributions(
    scope: InBorough<can::ReadContributions>,
    At(path): At<YearPath>,
    page: PageRequest,
) -> Result<Page<ContributionBody>, Problem> {
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let rows = store::list(&mut tx, path.fund, path.year, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |contribution| contribution.id))
}

/// What a contribution refers to, found.
struct References {
    scheme: Option<SchemeId>,
    /// The scheme's, where its schedule says one.
    kind: Option<FundKind>,
    commitment: Option<Commitment>,
    award: Option<AwardBody>,
}

async fn refer(
    tx: &mut Tx<Borough>,
    fund: FundId,
    scheme: Option<&str>,
    award: Option<AwardId>,
) -> Result<References, Problem> {
    let mut found = References { scheme: None, kind: None, commitment: None, award: None };
    if let Some(code) = scheme {
        let (id, said) = store::find_scheme(tx, fund, code).await?.ok_or_else(|| unknown("/scheme", "scheme"))?;
        found.scheme = Some(id);
        (found.kind, found.commitment) = said.unzip();
    }
    if let Some(id) = award {
        found.award = Some(find_award(tx, fund, id).await?.ok_or_else(|| unknown("/award", "award"))?);
    }
    Ok(found)
}

impl References {
    async fn back(
        &self,
        tx: &mut Tx<Borough>,
        (fund, year): (FundId, FinancialYear),
        except: Option<ContributionId>,
        recurrent: bool,
        (payer, amount): (OrganisationId, Pence),
    ) -> Result<(), Problem> {
        let taken = match &self.award {
            Some(award) => store::taken_from(tx, fund, year, award.id, except).await?,
            None => Pence::ZERO,
        };
        let backing = Backing { award: self.award.as_ref(), taken, scheme: self.commitment.as_ref(), recurrent };
        backing.check(year, payer, amount)
    }
}

/// Record a contribution
///
/// In cash it falls due in instalments, which add up to it to the penny. In kind it has a basis of valuation and is
/// never part of any cash. A body contributes while it exists; what a body that has ended left behind is a run-off.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/contributions", operation_id = "recordContribution",
    tag = "contributions",
    params(YearPath, web::Keyed),
    request_body = ContributionDraft,
    responses((status = 201, body = ContributionBody)),
    security(("bearer" = ["contributions:manage"])),
)]
pub(crate) async fn record_contribution(
    scope: InBorough<can::ManageContributions>,
    At(path): At<YearPath>,
    SentOnce(draft, request): SentOnce<ContributionDraft>,
) -> Handled {
    draft.check()?;
    if let Some(code) = &draft.bcf_source {
        code_list::check("/bcf_source", CodeListKind::Source, code, path.year)?;
    }
    let days = draft.profile.as_ref().map(|profile| profile.days(path.year)).transpose()?.unwrap_or_default();
    let mut tx = scope.write(&request).await?;
    let fund = find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let year = find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let payer = facts::find_party(&mut tx, draft.payer).await?.ok_or_else(|| pending("/payer", "organisation"))?;
    check_payer(&payer, &days, path.year, draft.run_off, day_in_england(scope.now()))?;
    schedule::room(store::instalments_of_year(&mut tx, path.fund, path.year).await?, days.len())?;
    let scheme = trimmed(draft.scheme);
    let found = refer(&mut tx, path.fund, scheme.as_deref(), draft.award).await?;
    if let Some(scheme) = found.scheme {
        let schedule = find_schedule(&mut tx, path.fund, scheme).await?;
        may_be_paid_from(schedule.as_ref(), draft.bcf_source.as_deref())?;
    }
    found.back(&mut tx, (path.fund, path.year), None, draft.recurrent, (draft.payer, draft.amount_pence)).await?;

    let body = ContributionBody {
        id: ContributionId::at(scope.now()),
        payer: draft.payer,
        payer_name: payer.name.clone(),
        scheme,
        funding_source: draft.funding_source,
        bcf_source: trimmed(draft.bcf_source),
        form: draft.form,
        valuation_basis: trimmed(draft.valuation_basis),
        recurrent: draft.recurrent,
        award: draft.award,
        run_off: draft.run_off,
        amount_pence: draft.amount_pence,
        version: 1,
        effective_on: path.year.first_day(),
        source: draft.source.trim().to_owned(),
        recorded_at: scope.now(),
    };
    let first = ContributionVersionBody {
        number: 1,
        amount_pence: body.amount_pence,
        effective_on: body.effective_on,
        reason: "The first amount".to_owned(),
        reference: None,
        recorded_at: scope.now(),
        instalments: match body.form {
            ContributionForm::Cash => schedule::plan(body.amount_pence, &days, scope.now())?,
            ContributionForm::InKind => Vec::new(),
        },
    };
    let (at, code) = ((path.fund, path.year), payer.code_for(scope.borough().mode, &fund));
    store::insert(&mut tx, at, &body, found.scheme, code).await?;
    store::insert_version(&mut tx, at, &body, &first, &scope.caller().client_id, code).await?;
    let planned: Vec<_> = first.instalments.iter().map(|one| (one.due_on, one.amount_pence)).collect();
    store::tell_region(
        &mut tx,
        (&fund, found.kind.unwrap_or(fund.kind)),
        &year,
        &payer,
        &word(body.funding_source),
        &planned,
    )
    .await?;
    let subject = format!("funds/{}/years/{}/contributions/{}", path.fund, path.year, body.id);
    tx.record(Act::new("contribution.recorded", subject).after(serde_json::json!(body)));
    let slug = &scope.borough().slug;
    let location = format!("/v1/boroughs/{slug}/funds/{}/years/{}/contributions/{}", path.fund, path.year, body.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

async fn find(tx: &mut Tx<Borough>, path: &ContributionPath) -> Result<ContributionBody, Problem> {
    let found = store::list(tx, path.fund, path.year, Some(path.contribution), None, 1).await?.pop();
    found.ok_or_else(|| Problem::not_found("contribution"))
}

/// Get a contribution
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/contributions/{contribution}",
    operation_id = "getContribution", tag = "contributions",
    params(ContributionPath),
    responses((status = 200, body = ContributionBody)),
    security(("bearer" = ["contributions:read"])),
)]
pub(crate) async fn get_contribution(
    scope: InBorough<can::ReadContributions>,
    At(path): At<ContributionPath>,
) -> Result<Found<ContributionBody>, Problem> {
    Ok(Found::of(find(&mut scope.read().await?, &path).await?))
}

/// List the versions of a contribution
///
/// The first, and a variation each, with the instalments it wrote. A version never changes.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/contributions/{contribution}/versions",
    operation_id = "listContributionVersions", tag = "contributions",
    params(ContributionPath, Paging),
    responses((status = 200, body = Page<ContributionVersionBody>)),
    security(("bearer" = ["contributions:read"])),
)]
pub(crate) async fn list_contribution_versions(
    scope: InBorough<can::ReadContributions>,
    At(path): At<ContributionPath>,
    page: PageRequest,
) -> Result<Page<ContributionVersionBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, &path).await?;
    let (after, limit) = (page.after()?, page.rows_wanted());
    let rows = store::versions(&mut tx, path.fund, path.year, path.contribution, after, limit).await?;
    Ok(page.page(rows, |version| version.number))
}

/// What a variation changes of each day's plan.
fn changes(before: &[PlannedInstalment], varied: &[PlannedInstalment]) -> Result<Vec<(NaiveDate, Pence)>, Problem> {
    let mut changes = Vec::new();
    for now in varied {
        let was = before.iter().find(|one| one.number == now.number).map_or(Pence::ZERO, |one| one.amount_pence);
        let change = now.amount_pence.checked_sub(was);
        changes.push((now.due_on, change.ok_or_else(|| Problem::internal("a change left the range of pence"))?));
    }
    changes.retain(|(_, change)| *change != Pence::ZERO);
    Ok(changes)
}

/// Vary a contribution
///
/// The new amount is of the whole year. Instalments due before it takes effect stay as they are; the first due then
/// makes good what they fell short, or had too much; so the instalments add up to the new amount to the penny.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/contributions/{contribution}/versions",
    operation_id = "varyContribution", tag = "contributions",
    params(ContributionPath, web::Keyed),
    request_body = ContributionVersionDraft,
    responses((status = 201, body = ContributionVersionBody)),
    security(("bearer" = ["contributions:manage"])),
)]
pub(crate) async fn vary_contribution(
    scope: InBorough<can::ManageContributions>,
    At(path): At<ContributionPath>,
    SentOnce(draft, request): SentOnce<ContributionVersionDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let fund = find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let year = find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let contribution = find(&mut tx, &path).await?;
    draft.check(path.year, &contribution)?;
    let before = store::in_force(&mut tx, path.fund, path.year, path.contribution).await?;
    let instalments = match contribution.form {
        ContributionForm::Cash => schedule::vary(&before, draft.amount_pence, draft.effective_on)?,
        ContributionForm::InKind => Vec::new(),
    };
    let payer = facts::find_party(&mut tx, contribution.payer).await?;
    let payer = payer.ok_or_else(|| pending("/payer", "organisation"))?;
    let found = refer(&mut tx, path.fund, contribution.scheme.as_deref(), contribution.award).await?;
    // A body that ended may be let off what it would owe after, never owe more of it.
    if !contribution.run_off && draft.amount_pence > Pence::ZERO {
        let owing = instalments.iter().filter(|one| one.amount_pence > Pence::ZERO);
        let days: Vec<_> = owing.map(|one| one.due_on).collect();
        check_payer(&payer, &days, path.year, false, day_in_england(scope.now()))?;
    }
    // Less of what was recorded before breaks nothing that it did not break then.
    if draft.amount_pence > contribution.amount_pence {
        let wanted = (contribution.payer, draft.amount_pence);
        found.back(&mut tx, (path.fund, path.year), Some(path.contribution), contribution.recurrent, wanted).await?;
    }

    let body = ContributionVersionBody {
        number: contribution.version + 1,
        amount_pence: draft.amount_pence,
        effective_on: draft.effective_on,
        reason: draft.reason.trim().to_owned(),
        reference: trimmed(draft.reference),
        recorded_at: scope.now(),
        instalments,
    };
    let (at, code) = ((path.fund, path.year), payer.code_for(scope.borough().mode, &fund));
    store::insert_version(&mut tx, at, &contribution, &body, &scope.caller().client_id, code)
        .await
        .on_constraint("contribution_version_pkey", changed_meanwhile)?;
    let changed = changes(&before, &body.instalments)?;
    store::tell_region(
        &mut tx,
        (&fund, found.kind.unwrap_or(fund.kind)),
        &year,
        &payer,
        &word(contribution.funding_source),
        &changed,
    )
    .await?;
    let subject = format!("funds/{}/years/{}/contributions/{}", path.fund, path.year, path.contribution);
    tx.record(
        Act::new("contribution.varied", subject)
            .before(serde_json::json!({"version": contribution.version, "amount_pence": contribution.amount_pence}))
            .after(serde_json::json!(body)),
    );
    let slug = &scope.borough().slug;
    let location = format!(
        "/v1/boroughs/{slug}/funds/{}/years/{}/contributions/{}/versions",
        path.fund, path.year, path.contribution
    );
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
