//! Awards over HTTP.

use auth::can;
use domain::AwardId;
use tenancy::{Act, Handled, InBorough};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Sent, drafts::trimmed};

use super::{
    award::{AwardBody, AwardDraft},
    cliff::{self, FundingCliffBody},
    store,
};
use crate::{
    facts,
    funds::{
        find_fund,
        http::{FundPath, pending},
    },
    positions::http::too_large,
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
    draft.check_payer(&payer)?;
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

/// The most awards a cliff is made of.
const AWARDS_MAX: i64 = 10_000;

/// Get a fund's funding cliff
///
/// Year by year, to the year after the last: cash that comes again, cash that does not, and what awards have. For each
/// award, what ends with it and which recurrent schemes it pays for go on after it.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/funding-cliff", operation_id = "getFundingCliff", tag = "contributions",
    params(FundPath),
    responses((status = 200, body = FundingCliffBody)),
    security(("bearer" = ["contributions:read"])),
)]
pub(crate) async fn get_funding_cliff(
    scope: InBorough<can::ReadContributions>,
    At(path): At<FundPath>,
) -> Result<Found<FundingCliffBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let awards = store::list(&mut tx, path.fund, None, None, AWARDS_MAX).await?;
    let (money, backed) = (store::money(&mut tx, path.fund).await?, store::backed(&mut tx, path.fund).await?);
    Ok(Found::of(cliff::cliff(&money, &awards, &backed).ok_or_else(too_large)?))
}
