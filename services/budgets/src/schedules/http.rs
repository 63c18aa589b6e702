//! Schedules over HTTP.

use auth::can;
use serde_json::json;
use tenancy::{Act, Handled, InBorough};
use web::{At, Found, IfMatch, Problem, Sent, Versioned, changed_meanwhile, drafts::trimmed};

use super::{
    schedule::{ScheduleBody, ScheduleDraft},
    store,
};
use crate::{
    facts,
    funds::find_fund,
    schemes::{find_scheme, http::SchemePath},
};

/// Get a scheme's schedule
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/funds/{fund}/schemes/{scheme}/schedule", operation_id = "getSchedule",
    tag = "schemes",
    params(SchemePath),
    responses((status = 200, body = ScheduleBody)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn get_schedule(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<SchemePath>,
) -> Result<Found<ScheduleBody>, Problem> {
    let schedule = store::find_schedule(&mut scope.read().await?, path.fund, path.scheme).await?;
    let body = schedule.ok_or_else(|| Problem::not_found("schedule"))?;
    Ok(Found::at(body.version, body))
}

/// Set a scheme's schedule
///
/// What the agreement says of it: whose functions, for whom, who leads and who delivers, and how its money is held. The
/// first is set at version 0. An excluded NHS function is not pooled (SI 2000/617 reg 5); it may be aligned or in view.
#[utoipa::path(
    put, path = "/v1/boroughs/{borough}/funds/{fund}/schemes/{scheme}/schedule", operation_id = "setSchedule",
    tag = "schemes",
    params(SchemePath, Versioned),
    request_body = ScheduleDraft,
    responses((status = 200, body = ScheduleBody)),
    security(("bearer" = ["agreements:manage"])),
)]
pub(crate) async fn set_schedule(
    scope: InBorough<can::ManageAgreements>,
    At(path): At<SchemePath>,
    version: IfMatch,
    Sent(draft, request): Sent<ScheduleDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let fund = find_fund(&mut tx, path.fund).await?.ok_or_else(|| Problem::not_found("fund"))?;
    find_scheme(&mut tx, path.fund, path.scheme).await?.ok_or_else(|| Problem::not_found("scheme"))?;
    let there = store::find_schedule(&mut tx, path.fund, path.scheme).await?;
    let before = there.as_ref().map_or(0, |schedule| schedule.version);
    version.holds(before)?;
    let sides = facts::sides(&mut tx, draft.bodies()).await?;
    draft.check(fund.kind, &sides)?;
    if store::has_moved(&mut tx, path.fund, path.scheme).await? {
        draft.keeps(there.as_ref(), fund.kind)?;
    }
    let body = ScheduleBody {
        kind: draft.kind,
        functions: draft.functions,
        client_group: draft.client_group.trim().to_owned(),
        services: draft.services.trim().to_owned(),
        lead: draft.lead,
        delivering: draft.delivering,
        delivered_under: trimmed(draft.delivered_under),
        staff_transfer: trimmed(draft.staff_transfer),
        accounting_treatment: draft.accounting_treatment,
        capital: draft.capital,
        ring_fence: trimmed(draft.ring_fence),
        recurrent: draft.recurrent,
        runs_to: draft.runs_to,
        place: trimmed(draft.place),
        set_at: scope.now(),
        version: before + 1,
    };
    if !store::put(&mut tx, path.fund, path.scheme, &body).await? {
        return Err(changed_meanwhile().into());
    }
    let subject = format!("funds/{}/schemes/{}/schedule", path.fund, path.scheme);
    tx.record(Act::new("schedule.set", subject).after(json!(body)));
    Ok(tx.answer(Found::at(body.version, body)).await?)
}
