//! Consultations, approvals, notices and the funds of an agreement over HTTP.

use auth::can;
use domain::{ApprovalId, ConsultationId, NoticeId, OrganisationId, day_in_england};
use serde_json::json;
use tenancy::{Act, Handled, InBorough, OnConstraint};
use uuid::Uuid;
use web::{At, Created, Page, PageRequest, Paging, Problem, Sent, SentOnce, drafts::unknown, problems};

use super::{
    step::{
        AgreementApprovalBody, AgreementApprovalDraft, AgreementConsultationBody, AgreementConsultationDraft,
        GovernedFundBody, GovernedFundDraft, NoticeBody, NoticeDraft,
    },
    store as steps_store,
};
use crate::{
    agreements::{
        agreement::{AgreementBody, Notice},
        http::{AgreementPath, find},
        store,
        version::in_force,
    },
    funds::{find_fund, http::pending},
};

/// List the consultations on an agreement
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/agreements/{agreement}/consultations", operation_id = "listAgreementConsultations",
    tag = "agreements",
    params(AgreementPath, Paging),
    responses((status = 200, body = Page<AgreementConsultationBody>)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn list_agreement_consultations(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<AgreementPath>,
    page: PageRequest,
) -> Result<Page<AgreementConsultationBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, path.agreement).await?;
    let rows = steps_store::consultations(&mut tx, path.agreement, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |consultation| consultation.id))
}

/// Record a consultation on an agreement
///
/// Once it has closed, with what was heard. A joint one comes before any partner approves (SI 2000/617 reg 4(2)).
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/agreements/{agreement}/consultations",
    operation_id = "recordAgreementConsultation", tag = "agreements",
    params(AgreementPath),
    request_body = AgreementConsultationDraft,
    responses((status = 201, body = AgreementConsultationBody)),
    security(("bearer" = ["agreements:manage"])),
)]
pub(crate) async fn record_agreement_consultation(
    scope: InBorough<can::ManageAgreements>,
    At(path): At<AgreementPath>,
    Sent(draft, request): Sent<AgreementConsultationDraft>,
) -> Handled {
    draft.check(day_in_england(scope.now()))?;
    let mut tx = scope.write(&request).await?;
    find(&mut tx, path.agreement).await?;
    let body = AgreementConsultationBody {
        id: ConsultationId::at(scope.now()),
        consulted: draft.consulted.trim().to_owned(),
        joint: draft.joint,
        opens_on: draft.opens_on,
        closes_on: draft.closes_on,
        outcome: draft.outcome.trim().to_owned(),
        recorded_at: scope.now(),
    };
    steps_store::insert_consultation(&mut tx, path.agreement, &body).await?;
    let subject = format!("agreements/{}/consultations/{}", path.agreement, body.id);
    tx.record(Act::new("agreement.consulted", subject).after(json!({"closes_on": body.closes_on})));
    let location = format!("/v1/boroughs/{}/agreements/{}/consultations", scope.borough().slug, path.agreement);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// List the partners' approvals of an agreement
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/agreements/{agreement}/approvals", operation_id = "listAgreementApprovals",
    tag = "agreements",
    params(AgreementPath, Paging),
    responses((status = 200, body = Page<AgreementApprovalBody>)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn list_agreement_approvals(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<AgreementPath>,
    page: PageRequest,
) -> Result<Page<AgreementApprovalBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, path.agreement).await?;
    let rows = steps_store::approvals(&mut tx, path.agreement, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |approval| approval.id))
}

fn is_partner(agreement: &AgreementBody, organisation: OrganisationId) -> Result<(), Problem> {
    if agreement.parties.iter().any(|party| party.organisation == organisation) {
        return Ok(());
    }
    Err(Problem::of_fault(&problems::UNKNOWN_REFERENCE, "/organisation", "It is not a partner of this agreement."))
}

/// Record a partner's approval of an agreement
///
/// Of a version, citing the partner's own decision. Until the agreement is signed it comes after the joint consultation
/// has closed.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/agreements/{agreement}/approvals", operation_id = "approveAgreement",
    tag = "agreements",
    params(AgreementPath, web::Keyed),
    request_body = AgreementApprovalDraft,
    responses((status = 201, body = AgreementApprovalBody)),
    security(("bearer" = ["agreements:manage"])),
)]
pub(crate) async fn approve_agreement(
    scope: InBorough<can::ManageAgreements>,
    At(path): At<AgreementPath>,
    SentOnce(draft, request): SentOnce<AgreementApprovalDraft>,
) -> Handled {
    draft.check(day_in_england(scope.now()))?;
    let mut tx = scope.write(&request).await?;
    store::hold(&mut tx, path.agreement).await?;
    let agreement = find(&mut tx, path.agreement).await?;
    is_partner(&agreement, draft.organisation)?;
    let versions = store::versions(&mut tx, path.agreement, None, i64::from(i16::MAX)).await?;
    if versions.iter().all(|version| version.number != draft.version) {
        return Err(unknown("/version", "version").into());
    }
    if let Some(decision) = draft.decision_id
        && !steps_store::knows_decision(&mut tx, decision).await?
    {
        return Err(pending("/decision_id", "decision").into());
    }
    let consulted = steps_store::consulted(&mut tx, path.agreement).await?;
    draft.may_follow(agreement.state, &consulted, &steps_store::approved(&mut tx, path.agreement).await?)?;
    let body = AgreementApprovalBody {
        id: ApprovalId::at(scope.now()),
        organisation: draft.organisation,
        version: draft.version,
        approved_on: draft.approved_on,
        reference: draft.reference.trim().to_owned(),
        decision_id: draft.decision_id,
        recorded_at: scope.now(),
    };
    steps_store::insert_approval(&mut tx, path.agreement, &body)
        .await
        .on_constraint("agreement_approved_once", || {
            Problem::of_fault(&problems::CONFLICT, "/organisation", "It has approved this version already.")
        })?;
    let subject = format!("agreements/{}/approvals/{}", path.agreement, body.id);
    tx.record(Act::new("agreement.approved", subject).after(json!(body)));
    let location = format!("/v1/boroughs/{}/agreements/{}/approvals", scope.borough().slug, path.agreement);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// List the notices given of an agreement
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/agreements/{agreement}/notices", operation_id = "listAgreementNotices",
    tag = "agreements",
    params(AgreementPath, Paging),
    responses((status = 200, body = Page<NoticeBody>)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn list_agreement_notices(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<AgreementPath>,
    page: PageRequest,
) -> Result<Page<NoticeBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, path.agreement).await?;
    let rows = steps_store::notices(&mut tx, path.agreement, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |notice| notice.id))
}

/// Record notice given of an agreement
///
/// As long as the version in force on its day asks.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/agreements/{agreement}/notices", operation_id = "giveAgreementNotice",
    tag = "agreements",
    params(AgreementPath, web::Keyed),
    request_body = NoticeDraft,
    responses((status = 201, body = NoticeBody)),
    security(("bearer" = ["agreements:manage"])),
)]
pub(crate) async fn give_agreement_notice(
    scope: InBorough<can::ManageAgreements>,
    At(path): At<AgreementPath>,
    SentOnce(draft, request): SentOnce<NoticeDraft>,
) -> Handled {
    draft.check(day_in_england(scope.now()))?;
    let mut tx = scope.write(&request).await?;
    let agreement = find(&mut tx, path.agreement).await?;
    is_partner(&agreement, draft.organisation)?;
    let versions = store::versions(&mut tx, path.agreement, None, i64::from(i16::MAX)).await?;
    if let Some(version) = in_force(&versions, draft.given_on).or(versions.first()) {
        Notice { given_on: draft.given_on, ends_on: draft.ends_on }.check(&version.terms)?;
    }
    let body = NoticeBody {
        id: NoticeId::at(scope.now()),
        organisation: draft.organisation,
        given_on: draft.given_on,
        ends_on: draft.ends_on,
        reference: draft.reference.trim().to_owned(),
        recorded_at: scope.now(),
    };
    steps_store::insert_notice(&mut tx, path.agreement, &body).await?;
    let subject = format!("agreements/{}/notices/{}", path.agreement, body.id);
    tx.record(Act::new("agreement.notice-given", subject).after(json!(body)));
    let location = format!("/v1/boroughs/{}/agreements/{}/notices", scope.borough().slug, path.agreement);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

/// List the funds an agreement governs
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/agreements/{agreement}/funds", operation_id = "listGovernedFunds",
    tag = "agreements",
    params(AgreementPath, Paging),
    responses((status = 200, body = Page<GovernedFundBody>)),
    security(("bearer" = ["agreements:read"])),
)]
pub(crate) async fn list_governed_funds(
    scope: InBorough<can::ReadAgreements>,
    At(path): At<AgreementPath>,
    page: PageRequest,
) -> Result<Page<GovernedFundBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, path.agreement).await?;
    let rows = steps_store::funds(&mut tx, path.agreement, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |fund| fund.fund))
}

/// Put a fund under an agreement
///
/// It is under one at a time: their terms may not overlap.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/agreements/{agreement}/funds", operation_id = "governFund", tag = "agreements",
    params(AgreementPath),
    request_body = GovernedFundDraft,
    responses((status = 201, body = GovernedFundBody)),
    security(("bearer" = ["agreements:manage"])),
)]
pub(crate) async fn govern_fund(
    scope: InBorough<can::ManageAgreements>,
    At(path): At<AgreementPath>,
    Sent(draft, request): Sent<GovernedFundDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let agreement = find(&mut tx, path.agreement).await?;
    let fund = find_fund(&mut tx, draft.fund).await?.ok_or_else(|| unknown("/fund", "fund"))?;
    if let Some(other) = steps_store::agreement_beside(&mut tx, fund.id, &agreement).await? {
        let detail = format!("The fund is under \u{201c}{other}\u{201d} in that term already.");
        return Err(Problem::of_fault(&problems::CONFLICT, "/fund", detail).into());
    }
    steps_store::insert_fund(&mut tx, path.agreement, fund.id).await?;
    let body = GovernedFundBody { fund: fund.id, name: fund.name, linked_at: scope.now() };
    tx.record(Act::new("agreement.governs", format!("agreements/{}/funds/{}", path.agreement, body.fund)));
    let location = format!("/v1/boroughs/{}/agreements/{}/funds", scope.borough().slug, path.agreement);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
