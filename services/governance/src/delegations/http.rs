//! Delegations over HTTP.

use auth::{OwnerKind, Permission, can};
use domain::{DelegationId, FinancialYear, Pence};
use events::governance::DelegationRecorded;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{Created, Page, PageRequest, Paging, Problem, SentOnce, problems};

use super::delegation::{ActKind, DelegationBody, DelegationDraft};
use super::store;
use crate::words::word;

/// List the limits of the scheme of delegation, in the order they were recorded
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/delegations", operation_id = "listDelegations", tag = "delegations",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<DelegationBody>)),
    security(("bearer" = ["delegations:read"])),
)]
pub(crate) async fn list_delegations(
    scope: InBorough<can::ReadDelegations>,
    page: PageRequest,
) -> Result<Page<DelegationBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |limit| limit.id))
}

/// Record a limit of the scheme of delegation
///
/// Once one is in force, a role that has none may post nothing without a decision.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/delegations", operation_id = "recordDelegation", tag = "delegations",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), web::Keyed),
    request_body = DelegationDraft,
    responses((status = 201, body = DelegationBody)),
    security(("bearer" = ["delegations:manage"])),
)]
pub(crate) async fn record_delegation(
    scope: InBorough<can::ManageDelegations>,
    SentOnce(draft, request): SentOnce<DelegationDraft>,
) -> Handled {
    if draft.role.owner_kind() != OwnerKind::Borough {
        return Err(Problem::invalid("/role", "A delegation is to a role of the borough.").into());
    }
    if !draft.role.scopes().allow(can::PostJournals::OF) {
        return Err(Problem::invalid("/role", "A limit is of a role that posts journals.").into());
    }
    if FinancialYear::of(draft.in_force_from).is_err() {
        return Err(Problem::invalid("/in_force_from", "A day between April 2000 and March 2099.").into());
    }
    if !(1..=2).contains(&draft.officers) {
        return Err(Problem::invalid("/officers", "It is one officer, or two together.").into());
    }
    if draft.limit_pence < Pence::ZERO {
        return Err(Problem::invalid("/limit_pence", "A limit is not negative.").into());
    }
    if !(1..=500).contains(&draft.source.trim().chars().count()) {
        return Err(Problem::invalid("/source", "Say in 1 to 500 characters where this is known from.").into());
    }
    let mut tx = scope.write(&request).await?;
    let body = DelegationBody {
        id: DelegationId::at(scope.now()),
        role: draft.role.as_str().to_owned(),
        fund: draft.fund,
        kind: draft.kind,
        officers: draft.officers,
        limit_pence: draft.limit_pence,
        in_force_from: draft.in_force_from,
        source: draft.source.trim().to_owned(),
        recorded_at: scope.now(),
    };
    store::insert(&mut tx, &body).await.on_constraint("delegation_one_a_day", || {
        Problem::of_fault(&problems::CONFLICT, "/in_force_from", "The role has a limit from that day already.")
    })?;
    tx.record(Act::new("delegation.recorded", format!("delegations/{}", body.id)).after(serde_json::json!(body)));
    // The ledger posts spending, and by one caller.
    if body.officers == 1 && matches!(body.kind, None | Some(ActKind::Spend)) {
        let recorded = DelegationRecorded {
            delegation_id: body.id,
            role: body.role.clone(),
            fund_id: body.fund,
            kind: body.kind.map(word),
            limit_pence: body.limit_pence,
            in_force_from: body.in_force_from,
        };
        events::tell(&mut tx, scope.borough().id, &recorded);
    }
    let location = format!("/v1/boroughs/{}/delegations", scope.borough().slug);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
