//! Every route of the service, on one page.

use axum::{Router, extract::State, middleware, routing::get};
use tenancy::Db;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{Problem, problems};

use crate::{
    App, actions, committees, consultations, delegations, due_diligence, interchange, locality_plans, progress,
    published, scrutiny,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tenfold governance", version = "1", description = "Joint committees and the scheme of delegation."),
    components(schemas(web::ProblemBody))
)]
struct Document;

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(committees::http::list_committees, committees::http::create_committee))
        .routes(routes!(committees::http::get_committee))
        .routes(routes!(committees::http::get_committee_transitions, committees::http::move_committee))
        .routes(routes!(delegations::http::list_delegations, delegations::http::record_delegation))
        .routes(routes!(consultations::http::list_consultations, consultations::http::record_consultation))
        .routes(routes!(consultations::http::get_consultation))
        .routes(routes!(
            consultations::http::list_consultation_reports,
            consultations::http::record_consultation_report
        ))
        .routes(routes!(scrutiny::http::list_scrutiny_items, scrutiny::http::record_scrutiny_item))
        .routes(routes!(due_diligence::http::list_due_diligence, due_diligence::http::record_due_diligence))
        .routes(routes!(due_diligence::http::get_due_diligence))
        .routes(routes!(due_diligence::http::get_due_diligence_transitions, due_diligence::http::move_due_diligence))
        .routes(routes!(actions::http::list_actions, actions::http::record_action))
        .routes(routes!(actions::http::get_action))
        .routes(routes!(actions::http::get_action_transitions, actions::http::move_action))
        .routes(routes!(locality_plans::http::list_locality_plans, locality_plans::http::record_locality_plan))
        .routes(routes!(locality_plans::http::list_milestones, locality_plans::http::record_milestone))
        .routes(routes!(locality_plans::http::replan_milestone))
        .routes(routes!(locality_plans::http::complete_milestone))
        .routes(routes!(published::http::list_public_meetings))
        .routes(routes!(published::http::get_public_calendar))
        .routes(routes!(published::http::get_public_meeting))
        .routes(routes!(published::http::list_public_decisions))
        .routes(routes!(published::http::get_public_decision_feed))
        .routes(routes!(published::http::get_public_decision))
        .routes(routes!(published::http::list_public_minutes))
        .routes(routes!(published::http::list_public_forward_plan))
        .routes(routes!(progress::http::get_region_governance))
        .routes(routes!(interchange::http::get_oparl))
        .routes(routes!(interchange::http::get_popolo))
        .routes(routes!(interchange::moderngov::http::import_moderngov))
}

/// The service's part of the API description.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

pub(crate) fn router(app: App) -> Router {
    let (router, _) = described().split_for_parts();
    router
        .route("/health/live", get(async || "alive"))
        .route("/health/ready", get(ready))
        .fallback(async || Problem::not_found("resource"))
        .method_not_allowed_fallback(async || Problem::new(&problems::METHOD_NOT_ALLOWED, "Not with this method."))
        .layer(middleware::from_fn(web::manners))
        .with_state(app)
}

async fn ready(State(db): State<Db>) -> Result<&'static str, Problem> {
    if db.ready().await {
        Ok("ready")
    } else {
        Err(Problem::new(&problems::UNAVAILABLE, "The database does not answer."))
    }
}
