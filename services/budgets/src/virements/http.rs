//! Virements over HTTP.

use auth::can;
use domain::VirementId;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, SentOnce, drafts::unknown, problems};

use super::{
    store,
    virement::{VirementBody, VirementDraft},
};
use crate::{
    journals::{Posted, Poster, post},
    positions::http::too_large,
    years::{find_year, http::YearPath},
};

/// List the virements of a year
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/virements", operation_id = "listVirements", tag = "monitoring",
    params(YearPath, Paging),
    responses((status = 200, body = Page<VirementBody>)),
    security(("bearer" = ["monitoring:read"])),
)]
pub(crate) async fn list_virements(
    scope: InBorough<can::ReadMonitoring>,
    At(path): At<YearPath>,
    page: PageRequest,
) -> Result<Page<VirementBody>, Problem> {
    let mut tx = scope.read().await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    let rows = store::list(&mut tx, path.fund, path.year, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |virement| virement.id))
}

/// Move budget from one scheme to another
///
/// By a journal of the budget layer, held to the same limits as any other. It crosses neither capital and revenue nor a
/// ring-fence, and moves no more than the scheme that gives has.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/years/{year}/virements", operation_id = "makeVirement", tag = "monitoring",
    params(YearPath, web::Keyed),
    request_body = VirementDraft,
    responses((status = 201, body = VirementBody)),
    security(("bearer" = ["monitoring:keep"])),
)]
pub(crate) async fn make_virement(
    scope: InBorough<can::KeepMonitoring>,
    At(path): At<YearPath>,
    SentOnce(draft, request): SentOnce<VirementDraft>,
) -> Handled {
    draft.check()?;
    if !path.year.contains(draft.effective_on) {
        let detail = format!("{} is not in {}.", draft.effective_on, path.year);
        return Err(Problem::of_fault(&problems::WRONG_YEAR, "/effective_on", detail).into());
    }
    let mut tx = scope.write(&request).await?;
    find_year(&mut tx, path.fund, path.year).await?.ok_or_else(|| Problem::not_found("year"))?;
    store::hold(&mut tx, path.fund, path.year).await?;
    let mut sides = Vec::new();
    for (pointer, code) in [("/from_scheme", &draft.from_scheme), ("/to_scheme", &draft.to_scheme)] {
        let side = store::side(&mut tx, path.fund, path.year, code, &draft.account).await?;
        sides.push(side.ok_or_else(|| unknown(pointer, "scheme"))?.ok_or_else(too_large)?);
    }
    let [from, to] = &sides[..] else { return Err(Problem::internal("a virement has two sides").into()) };
    draft.may_move(from, to)?;
    let journal = draft.journal().ok_or_else(too_large)?;
    let poster = Poster::of(&scope);
    let Posted { mut tx, journal, .. } = post(tx, &poster, path.fund, &journal).await?;
    let body = VirementBody {
        id: VirementId::at(scope.now()),
        from_scheme: draft.from_scheme,
        to_scheme: draft.to_scheme,
        amount_pence: draft.amount_pence,
        reason: draft.reason.trim().to_owned(),
        authority: draft.authority.trim().to_owned(),
        journal: journal.id,
        recorded_at: scope.now(),
    };
    store::insert(&mut tx, path.fund, path.year, (from.id, to.id), &body).await?;
    let subject = format!("funds/{}/years/{}/virements/{}", path.fund, path.year, body.id);
    tx.record(Act::new("virement.made", subject).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/funds/{}/years/{}/virements", scope.borough().slug, path.fund, path.year);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
