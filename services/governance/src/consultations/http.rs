//! Consultations over HTTP.

use auth::can;
use domain::{ConsultationId, ReportId, day_in_england};
use serde::Deserialize;
use tenancy::{Act, Borough, Handled, InBorough, OnConstraint, Tx};
use uuid::Uuid;
use web::{At, Created, Found, Page, PageRequest, Paging, Problem, Sent, problems};

use super::{
    consultation::{ConsultationBody, ConsultationDraft, ConsultationReportBody, ConsultationReportDraft},
    store,
};

/// A consultation in a path.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ConsultationPath {
    /// Slug or GSS code.
    #[param(example = "wigan")]
    #[expect(dead_code, reason = "read by the scope")]
    borough: String,
    /// The consultation.
    consultation: ConsultationId,
}

/// List consultations
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/consultations", operation_id = "listConsultations", tag = "consultations",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan"), Paging),
    responses((status = 200, body = Page<ConsultationBody>)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn list_consultations(
    scope: InBorough<can::ReadRegisters>,
    page: PageRequest,
) -> Result<Page<ConsultationBody>, Problem> {
    let mut tx = scope.read().await?;
    let rows = store::list(&mut tx, None, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |consultation| consultation.id))
}

/// Record a consultation
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/consultations", operation_id = "recordConsultation", tag = "consultations",
    params(("borough" = String, Path, description = "Slug or GSS code", example = "wigan")),
    request_body = ConsultationDraft,
    responses((status = 201, body = ConsultationBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn record_consultation(
    scope: InBorough<can::ManageRegisters>,
    Sent(draft, request): Sent<ConsultationDraft>,
) -> Handled {
    draft.check()?;
    let mut tx = scope.write(&request).await?;
    let body = ConsultationBody {
        id: ConsultationId::at(scope.now()),
        committee: draft.committee,
        subject: draft.subject.trim().to_owned(),
        audience: draft.audience.trim().to_owned(),
        opens_on: draft.opens_on,
        closes_on: draft.closes_on,
        source: draft.source.trim().to_owned(),
        created_at: scope.now(),
    };
    store::insert(&mut tx, &body).await.on_constraint("consultation_borough_id_committee_id_fkey", || {
        Problem::of_fault(&problems::UNKNOWN_REFERENCE, "/committee", "The borough has no such committee.")
    })?;
    let act = Act::new("consultation.recorded", format!("consultations/{}", body.id));
    tx.record(act.after(serde_json::json!({"opens_on": body.opens_on, "closes_on": body.closes_on})));
    let location = format!("/v1/boroughs/{}/consultations/{}", scope.borough().slug, body.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}

async fn find(tx: &mut Tx<Borough>, id: ConsultationId) -> Result<ConsultationBody, Problem> {
    store::list(tx, Some(id), None, 1).await?.pop().ok_or_else(|| Problem::not_found("consultation"))
}

/// Get a consultation
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/consultations/{consultation}", operation_id = "getConsultation",
    tag = "consultations",
    params(ConsultationPath),
    responses((status = 200, body = ConsultationBody)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn get_consultation(
    scope: InBorough<can::ReadRegisters>,
    At(path): At<ConsultationPath>,
) -> Result<Found<ConsultationBody>, Problem> {
    Ok(Found::of(find(&mut scope.read().await?, path.consultation).await?))
}

/// List the reports of a consultation, in the order they were recorded
#[utoipa::path(
    get, path = "/v1/boroughs/{borough}/consultations/{consultation}/reports", operation_id = "listConsultationReports",
    tag = "consultations",
    params(ConsultationPath, Paging),
    responses((status = 200, body = Page<ConsultationReportBody>)),
    security(("bearer" = ["registers:read"])),
)]
pub(crate) async fn list_consultation_reports(
    scope: InBorough<can::ReadRegisters>,
    At(path): At<ConsultationPath>,
    page: PageRequest,
) -> Result<Page<ConsultationReportBody>, Problem> {
    let mut tx = scope.read().await?;
    find(&mut tx, path.consultation).await?;
    let rows = store::reports(&mut tx, path.consultation, page.after::<Uuid>()?, page.rows_wanted()).await?;
    Ok(page.page(rows, |report| report.id))
}

/// Record what was reported of a consultation, and to whom
///
/// An interim report and a final one are two reports. A final one comes once the consultation has closed.
#[utoipa::path(
    post, path = "/v1/boroughs/{borough}/consultations/{consultation}/reports",
    operation_id = "recordConsultationReport", tag = "consultations",
    params(ConsultationPath),
    request_body = ConsultationReportDraft,
    responses((status = 201, body = ConsultationReportBody)),
    security(("bearer" = ["registers:manage"])),
)]
pub(crate) async fn record_consultation_report(
    scope: InBorough<can::ManageRegisters>,
    At(path): At<ConsultationPath>,
    Sent(draft, request): Sent<ConsultationReportDraft>,
) -> Handled {
    let mut tx = scope.write(&request).await?;
    let consultation = find(&mut tx, path.consultation).await?;
    draft.check(&consultation, day_in_england(scope.now()))?;
    let body = ConsultationReportBody {
        id: ReportId::at(scope.now()),
        kind: draft.kind,
        reported_to: draft.reported_to.trim().to_owned(),
        reported_on: draft.reported_on,
        response_count: draft.response_count,
        summary: draft.summary.trim().to_owned(),
        outcome: draft.outcome,
        recorded_at: scope.now(),
    };
    store::insert_report(&mut tx, consultation.id, &body).await?;
    let subject = format!("consultations/{}/reports/{}", consultation.id, body.id);
    tx.record(
        Act::new("consultation.reported", subject)
            .after(serde_json::json!({"kind": body.kind, "reported_on": body.reported_on, "outcome": body.outcome})),
    );
    let location = format!("/v1/boroughs/{}/consultations/{}/reports", scope.borough().slug, consultation.id);
    Ok(tx.answer(Created { location, version: None, body }).await?)
}
