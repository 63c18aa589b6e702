//! Planned dates, approvals, agreements and readiness over HTTP.

use auth::can;
use domain::{AgreementId, ApprovalId, PlanId, day_in_england};
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Sent, SentOnce, problems};

use super::{
    readiness::{
        AgreementDraft, ApprovalBody, ApprovalDraft, PlannedDateBody, PlannedDateDraft, Readiness, SignedAgreementBody,
    },
    store,
};
use crate::{
    committees::{find_committee, http::CommitteePath},
    progress,
};

/// List the dates a committee's phases were planned for, oldest plan first
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}/planned-dates", operation_id = "listPlannedDates",
    tag = "committees",
    params(CommitteePath, Paging),
    responses((status = 200, body = Page<PlannedDateBody>)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn list_planned_dates(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<CommitteePath>,
    page: PageRequest,
) -> Result<Page<PlannedDateBody>, Problem> {
    let mut tx = scope.read().await?;
    find_committee(&mut tx, path.committee).await?;
    let rows = store::plans(&mut tx, path.committee, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |plan| plan.id))
}

/// Record when a phase is planned to begin
///
/// The plans before it stay on record, and no phase changes by a plan.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/committees/{committee}/planned-dates", operation_id = "recordPlannedDate",
    tag = "committees",
    params(CommitteePath),
    request_body = PlannedDateDraft,
    responses((status = 201, body = PlannedDateBody)),
    security(("bearer" = ["committees:manage"])),
)]
pub(crate) async fn record_planned_date(
    scope: InBorough<can::ManageCommittees>,
    At(path): At<CommitteePath>,
    Sent(draft, request): Sent<PlannedDateDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    find_committee(&mut tx, path.committee).await?;
    let plan = PlannedDateBody {
        id: PlanId::at(scope.now()),
        phase: draft.phase,
        planned_on: draft.planned_on,
        slipped_by_days: None,
        source: draft.source.trim().to_owned(),
        recorded_at: scope.now(),
    };
    store::insert_plan(&mut tx, path.committee, &plan).await?;
    let body = store::plans(&mut tx, path.committee, Some(plan.id), None, 1).await?.pop().unwrap_or(plan);
    progress::note_committee(&mut tx, path.committee).await?;
    let act = Act::new("committee.planned", format!("committees/{}/planned-dates/{}", path.committee, body.id));
    tx.record(act.after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/committees/{}/planned-dates", scope.borough().slug, path.committee);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// List the parents' approvals of a committee
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}/approvals", operation_id = "listApprovals",
    tag = "committees",
    params(CommitteePath, Paging),
    responses((status = 200, body = Page<ApprovalBody>)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn list_approvals(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<CommitteePath>,
    page: PageRequest,
) -> Result<Page<ApprovalBody>, Problem> {
    let mut tx = scope.read().await?;
    find_committee(&mut tx, path.committee).await?;
    let rows = store::approvals(&mut tx, path.committee, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |approval| approval.id))
}

/// Record a parent's approval of a committee
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/committees/{committee}/approvals", operation_id = "recordApproval",
    tag = "committees",
    params(CommitteePath, web::Keyed),
    request_body = ApprovalDraft,
    responses((status = 201, body = ApprovalBody)),
    security(("bearer" = ["committees:manage"])),
)]
pub(crate) async fn record_approval(
    scope: InBorough<can::ManageCommittees>,
    At(path): At<CommitteePath>,
    SentOnce(draft, request): SentOnce<ApprovalDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let committee = find_committee(&mut tx, path.committee).await?;
    draft.check(&committee.parents, day_in_england(scope.now()))?;
    let body = ApprovalBody {
        id: ApprovalId::at(scope.now()),
        parent: draft.parent,
        approved_on: draft.approved_on,
        reference: draft.reference.trim().to_owned(),
        recorded_at: scope.now(),
    };
    store::insert_approval(&mut tx, path.committee, &body).await.on_constraint("approval_once", || {
        Problem::of_fault(&problems::CONFLICT, "/parent", "Its approval is recorded already.")
    })?;
    let act = Act::new("committee.approved", format!("committees/{}/approvals/{}", path.committee, body.id));
    tx.record(act.after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/committees/{}/approvals", scope.borough().slug, path.committee);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// List the signed agreements a committee works under
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}/agreements", operation_id = "listSignedAgreements",
    tag = "committees",
    params(CommitteePath, Paging),
    responses((status = 200, body = Page<SignedAgreementBody>)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn list_signed_agreements(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<CommitteePath>,
    page: PageRequest,
) -> Result<Page<SignedAgreementBody>, Problem> {
    let mut tx = scope.read().await?;
    find_committee(&mut tx, path.committee).await?;
    let rows = store::agreements(&mut tx, path.committee, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |agreement| agreement.id))
}

/// Record the signed agreement a committee works under
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/committees/{committee}/agreements", operation_id = "recordSignedAgreement",
    tag = "committees",
    params(CommitteePath),
    request_body = AgreementDraft,
    responses((status = 201, body = SignedAgreementBody)),
    security(("bearer" = ["committees:manage"])),
)]
pub(crate) async fn record_signed_agreement(
    scope: InBorough<can::ManageCommittees>,
    At(path): At<CommitteePath>,
    Sent(draft, request): Sent<AgreementDraft>,
) -> Handled {
    draft.check(day_in_england(scope.now()))?;
    let mut tx = scope.write(&request).await?;
    find_committee(&mut tx, path.committee).await?;
    let body = SignedAgreementBody {
        id: AgreementId::at(scope.now()),
        reference: draft.reference.trim().to_owned(),
        signed_on: draft.signed_on,
        source: draft.source.trim().to_owned(),
        recorded_at: scope.now(),
    };
    store::insert_agreement(&mut tx, path.committee, &body).await?;
    let act = Act::new("committee.agreement-signed", format!("committees/{}/agreements/{}", path.committee, body.id));
    tx.record(act.after(serde_json::json!(body)));
    let location = format!("/v1/boroughs/{}/committees/{}/agreements", scope.borough().slug, path.committee);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// Get what a committee still needs before it goes live
///
/// Computed: rules in force, a consultation reported, every parent's approval, an agreement signed after them.
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/committees/{committee}/readiness", operation_id = "getCommitteeReadiness",
    tag = "committees",
    params(CommitteePath),
    responses((status = 200, body = Readiness)),
    security(("bearer" = ["committees:read"])),
)]
pub(crate) async fn get_committee_readiness(
    scope: InBorough<can::ReadCommittees>,
    At(path): At<CommitteePath>,
) -> Result<Found<Readiness>, Problem> {
    let mut tx = scope.read().await?;
    let committee = find_committee(&mut tx, path.committee).await?;
    Ok(Found::of(store::readiness_of(&mut tx, &committee, day_in_england(scope.now())).await?))
}
