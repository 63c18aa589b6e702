//! Funds over HTTP.

use auth::{Mode, can};
use domain::FundId;
use events::budgets::FundRecorded;
use serde::Deserialize;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Sent, problems};

use super::{
    fund::FundDraft,
    store::{self, FundBody},
};
use crate::facts;

/// A fund in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct FundPath {
    /// Slug or GSS code.
    #[param(example = "salford")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The fund.
    pub(crate) fund: FundId,
}

/// List funds
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds", operation_id = "listFunds", tag = "funds",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford"), Paging),
    responses((status = 200, body = Page<FundBody>)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn list_funds(scope: InBorough<can::ReadFunds>, page: PageRequest) -> Result<Page<FundBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |fund| fund.id))
}

/// Set up a fund
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds", operation_id = "createFund", tag = "funds",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "salford")),
    request_body = FundDraft,
    responses((status = 201, body = FundBody)),
    security(("bearer" = ["funds:manage"])),
)]
pub(crate) async fn create_fund(scope: InBorough<can::ManageFunds>, Sent(draft, request): Sent<FundDraft>) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let host = facts::find_party(&mut tx, draft.host).await?.ok_or_else(|| pending("/host", "organisation"))?;
    let placed = facts::region_of_borough(&mut tx).await?.ok_or_else(|| pending("/host", "borough"))?;
    // A sandbox and an illustration are in no region's figures.
    let counted = scope.borough().mode == Mode::Live && !draft.illustrative;
    let fund = FundBody {
        id: FundId::at(scope.now()),
        name: draft.name.trim().to_owned(),
        local_label: draft.local_label.as_ref().map(|label| label.trim().to_owned()),
        kind: draft.kind,
        legal_basis: draft.legal_basis,
        host: draft.host,
        host_name: host.name,
        indicative_pence: draft.indicative_pence,
        source: draft.source.trim().to_owned(),
        illustrative: draft.illustrative,
        created_at: scope.now(),
        region: placed.filter(|_| counted),
    };
    store::insert(&mut tx, &fund, &draft).await.on_constraint("fund_name", || {
        Problem::of_fault(&problems::CONFLICT, "/name", "The borough has a fund of this name already.")
    })?;
    tx.record(Act::new("fund.created", format!("funds/{}", fund.id)).after(serde_json::json!(fund)));
    let recorded = FundRecorded { fund_id: fund.id, name: fund.name.clone(), kind: fund.kind.as_str().to_owned() };
    events::tell(&mut tx, scope.borough().id, &recorded);
    let location = format!("/v1/boroughs/{}/funds/{}", scope.borough().slug, fund.id);
    Ok(tx.answer(Created { location, version: None, body: fund }).await?)
}

/// A fact of another service that has not arrived here.
pub(crate) fn pending(pointer: &str, what: &str) -> Problem {
    Problem::of_fault(
        &problems::REFERENCE_PENDING,
        pointer,
        format_args!("This {what} is not known here yet. If it was just recorded, try again in a second."),
    )
    .retry_after(1)
}

/// Get a fund
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}", operation_id = "getFund", tag = "funds",
    params(FundPath),
    responses((status = 200, body = FundBody)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn get_fund(
    scope: InBorough<can::ReadFunds>,
    At(path): At<FundPath>,
) -> Result<Found<FundBody>, Problem> {
    let mut tx = scope.read().await?;
    let fund = store::find_fund(&mut tx, path.fund).await?;
    Ok(Found::of(fund.ok_or_else(|| Problem::not_found("fund"))?))
}
