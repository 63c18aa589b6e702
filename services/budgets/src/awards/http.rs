//! Awards over HTTP.

use auth::can;
use domain::AwardId;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, drafts::trimmed};

use super::{
    award::{AwardBody, AwardDraft},
    store,
};
use crate::{
    facts,
    funds::{
        find_fund,
        http::{FundPath, pending},
    },
};

/// List a fund's awards
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/awards", operation_id = "listAwards", tag = "contributions",
    params(FundPath, Paging),
    responses((status = 200, body = Page<AwardBody>)),
    security(("bearer" = ["contributions:read"])),
)]
pub(crate) async fn list_awards(
    scope: InBorough<can::ReadContributions>,
    At(path): At<FundPath>,
    page: PageRequest,
) -> Result<Page<AwardBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let rows = store::list(&mut tx, path.fund, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |award| award.id))
}

/// Record an award
///
/// Money given over named years, which add up to it. A contribution that names it stays within the year's part, and
/// backs nothing that goes on after its last year unless there is an exit plan.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/awards", operation_id = "recordAward", tag = "contributions",
    params(FundPath),
    request_body = AwardDraft,
    responses((status = 201, body = AwardBody)),
    security(("bearer" = ["contributions:manage"])),
)]
pub(crate) async fn record_award(
    scope: InBorough<can::ManageContributions>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<AwardDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let payer = facts::find_party(&mut tx, draft.payer).await?.ok_or_else(|| pending("/payer", "organisation"))?;
    let mut years = draft.years;
    years.sort_by_key(|phase| phase.year);
    let body = AwardBody {
        id: AwardId::at(scope.now()),
        title: draft.title.trim().to_owned(),
        payer: draft.payer,
        payer_name: payer.name,
        funding_source: draft.funding_source,
        amount_pence: draft.amount_pence,
        years,
        exit_plan: trimmed(draft.exit_plan),
        source: draft.source.trim().to_owned(),
        recorded_at: scope.now(),
    };
    store::insert(&mut tx, path.fund, &body).await?;
    tx.record(
        Act::new("award.recorded", format!("funds/{}/awards/{}", path.fund, body.id)).after(serde_json::json!(body)),
    );
    let location = format!("/v1/boroughs/{}/funds/{}/awards", scope.borough().slug, path.fund);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
