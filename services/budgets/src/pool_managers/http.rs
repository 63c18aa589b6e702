//! Pool managers over HTTP.

use auth::can;
use serde::Serialize;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use web::{At, Created, Problem, Sent, WithCsv, changed_meanwhile};

use super::{
    pool_manager::{PoolManagerBody, PoolManagerDraft},
    store,
};
use crate::{
    agreements::FromDay,
    facts,
    funds::{
        find_fund,
        http::{FundPath, pending},
    },
    hosts::hosts_of,
};

/// The pool managers of a fund, the first one first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PoolManagersBody {
    data: Vec<PoolManagerBody>,
    next_cursor: Option<String>,
}

/// List a fund's pool managers
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/pool-managers", operation_id = "listPoolManagers", tag = "funds",
    params(FundPath),
    responses((status = 200, body = PoolManagersBody)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn list_pool_managers(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<FundPath>,
) -> Result<WithCsv<PoolManagersBody, PoolManagerBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let data = store::list(&mut tx, path.fund).await?;
    Ok(WithCsv { body: PoolManagersBody { data: data.clone(), next_cursor: None }, rows: data })
}

/// Appoint a fund's pool manager
///
/// An office of the body that hosts the fund on that day. It stands until the next, so that there is no gap.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/pool-managers", operation_id = "appointPoolManager", tag = "funds",
    params(FundPath),
    request_body = PoolManagerDraft,
    responses((status = 201, body = PoolManagerBody)),
    security(("bearer" = ["agreements:manage"])),
)]
pub(crate) async fn appoint_pool_manager(
    scope: InBorough<can::ManageAgreements>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<PoolManagerDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let employer = facts::find_party(&mut tx, draft.employer).await?;
    let employer = employer.ok_or_else(|| pending("/employer", "organisation"))?;
    let managers = store::list(&mut tx, path.fund).await?;
    let managers: Vec<FromDay> =
        managers.iter().map(|one| FromDay { from_on: one.from_on, body: one.employer, ended_on: None }).collect();
    draft.check(&hosts_of(&mut tx, path.fund).await?, &managers)?;
    store::insert(&mut tx, path.fund, &draft).await.on_constraint("pool_manager_pkey", changed_meanwhile)?;
    let body = PoolManagerBody {
        office: draft.office.trim().to_owned(),
        employer: draft.employer,
        employer_name: employer.name,
        from_on: draft.from_on,
        to_on: None,
        reference: draft.reference.trim().to_owned(),
        recorded_at: scope.now(),
    };
    let act = Act::new("fund.manager-appointed", format!("funds/{}", path.fund));
    tx.record(act.after(serde_json::json!({"office": body.office, "from_on": body.from_on})));
    let location = format!("/v1/boroughs/{}/funds/{}/pool-managers", scope.borough().slug, path.fund);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
