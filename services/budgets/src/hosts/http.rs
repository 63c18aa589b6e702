//! Hosts over HTTP.

use auth::can;
use serde::Serialize;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use web::{At, Created, Problem, Sent, WithCsv, changed_meanwhile};

use super::{
    host::{HostBody, HostDraft},
    store,
};
use crate::{
    facts,
    funds::{
        find_fund,
        http::{FundPath, pending},
    },
};

/// The hosts of a fund, the first one first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct HostsBody {
    data: Vec<HostBody>,
    next_cursor: Option<String>,
}

/// List who has hosted a fund, and from when
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/hosts", operation_id = "listHosts", tag = "funds",
    params(FundPath),
    responses((status = 200, body = HostsBody)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn list_hosts(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<FundPath>,
) -> Result<WithCsv<HostsBody, HostBody>, Problem> {
    let mut tx = scope.read().await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let data = store::list(&mut tx, path.fund).await?;
    Ok(WithCsv { body: HostsBody { data: data.clone(), next_cursor: None }, rows: data })
}

/// Record that another body becomes the host
///
/// The host before ends the day before: there is exactly one at any time. The pool manager is the host's officer, so
/// another is appointed from the same day.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/funds/{fund}/hosts", operation_id = "changeHost", tag = "funds",
    params(FundPath),
    request_body = HostDraft,
    responses((status = 201, body = HostBody)),
    security(("bearer" = ["agreements:manage"])),
)]
pub(crate) async fn change_host(
    scope: InBorough<can::ManageAgreements>,
    At(path): At<FundPath>,
    Sent(draft, request): Sent<HostDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    let body = facts::find_party(&mut tx, draft.organisation).await?;
    let body = body.ok_or_else(|| pending("/organisation", "organisation"))?;
    store::hold(&mut tx, path.fund).await?;
    let hosts = store::hosts_of(&mut tx, path.fund).await?;
    draft.check(&hosts, &body)?;
    store::insert(&mut tx, path.fund, &draft).await.on_constraint("fund_host_pkey", changed_meanwhile)?;
    let act = Act::new("fund.host-changed", format!("funds/{}", path.fund));
    tx.record(act.after(serde_json::json!({"host": draft.organisation, "from_on": draft.from_on})));
    let made = HostBody {
        organisation: draft.organisation,
        name: body.name,
        from_on: Some(draft.from_on),
        reference: draft.reference.trim().to_owned(),
        recorded_at: scope.now(),
        ended_on: body.valid_to,
    };
    let location = format!("/v1/boroughs/{}/funds/{}/hosts", scope.borough().slug, path.fund);
    Ok(tx.answer(Created { location, version: None, body: made }).await?)
}
