//! How funds are held to their budgets, over HTTP.

use auth::can;
use domain::FinancialYear;
use tenancy::{Act, Handled, InBorough};
use web::{At, Created, Faults, NoFilters, Page, PageRequest, Problem, Sent};

use super::{
    control::{ControlBody, ControlDraft},
    store,
};
use crate::{
    funds::{find_fund, http::FundPath},
    periods::hold_back_the_year,
    years::years_from,
};

/// List how a fund was held to its budget
///
/// The latest is in force; a fund without one warns.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/controls", operation_id = "listControls", tag = "funds",
    params(FundPath),
    responses((status = 200, body = Page<ControlBody>)),
    security(("bearer" = ["funds:read"])),
)]
pub(crate) async fn list_controls(
    scope: InBorough<can::ReadFunds>,
    At(path): At<FundPath>,
    _page: PageRequest<NoFilters>,
) -> Result<Page<ControlBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    Ok(Page::whole(store::list(&mut tx, path.fund).await?))
}

/// Hold a fund to its budget, or let it go
///
/// From then on. Whoever is posting finishes first. What a scheme is short of already stays as it is: it can be given
/// budget, and nothing more is taken of it until it has some.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/controls", operation_id = "setControl", tag = "funds",
    params(FundPath),
    request_body = ControlDraft,
    responses((status = 201, body = ControlBody)),
    security(("bearer" = ["funds:control"])),
)]
pub(crate) async fn set_control(
    scope: InBorough<can::ControlFunds>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<ControlDraft>,
) -> Handled {
    let mut faults = Faults::default();
    faults.text("/reason", &draft.reason, 500);
    faults.none()?;
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    for year in years_from(&mut tx, path.fund, FinancialYear::FIRST).await? {
        hold_back_the_year(&mut tx, path.fund, year).await?;
    }
    store::insert(&mut tx, path.fund, &scope.caller().client_id, &draft).await?;
    let mut controls = store::list(&mut tx, path.fund).await?;
    let body = controls.pop().ok_or_else(|| Problem::internal("a control that was written is not there"))?;
    let subject = format!("funds/{}/controls/{}", path.fund, body.number);
    let before = controls.pop().map_or(serde_json::Value::Null, |last| serde_json::json!(last.control));
    tx.record(Act::new("fund.control-set", subject).before(before).after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/funds/{}/controls", scope.borough().slug, path.fund);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
