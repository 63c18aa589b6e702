//! Every route of the service, on one page.

use axum::{Router, extract::State, middleware, routing::get};
use tenancy::Db;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{Problem, problems};

use crate::{
    App, agenda, attendances, committees, declarations, delegations, forward_plan, interests, meetings, minutes,
    offices, papers, people,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tenfold governance",
        version = "1",
        description = "Joint committees, their meetings and the scheme of delegation."
    ),
    components(schemas(web::ProblemBody))
)]
struct Document;

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(committees::http::list_committees, committees::http::create_committee))
        .routes(routes!(committees::http::get_committee))
        .routes(routes!(committees::http::get_committee_transitions, committees::http::move_committee))
        .routes(routes!(delegations::http::list_delegations, delegations::http::record_delegation))
        .routes(routes!(people::http::list_people, people::http::record_person))
        .routes(routes!(people::http::get_person))
        .routes(routes!(interests::http::list_interests, interests::http::register_interest))
        .routes(routes!(interests::http::end_interest))
        .routes(routes!(offices::http::list_offices, offices::http::record_office))
        .routes(routes!(offices::http::end_office))
        .routes(routes!(forward_plan::http::list_forward_plan, forward_plan::http::plan_decision))
        .routes(routes!(forward_plan::http::get_plan_entry))
        .routes(routes!(forward_plan::http::revise_plan_entry))
        .routes(routes!(forward_plan::http::publish_plan_entry))
        .routes(routes!(meetings::http::list_meetings, meetings::http::call_meeting))
        .routes(routes!(meetings::http::get_meeting))
        .routes(routes!(meetings::http::get_meeting_transitions, meetings::http::move_meeting))
        .routes(routes!(meetings::http::record_chair))
        .routes(routes!(meetings::http::reschedule_meeting))
        .routes(routes!(agenda::http::list_agenda_items, agenda::http::add_agenda_item))
        .routes(routes!(agenda::http::get_agenda_item))
        .routes(routes!(agenda::http::record_notice_exception))
        .routes(routes!(papers::http::list_papers, papers::http::announce_paper))
        .routes(routes!(papers::http::get_paper))
        .routes(routes!(papers::http::get_paper_content, papers::http::store_paper))
        .routes(routes!(attendances::http::list_attendances, attendances::http::record_arrival))
        .routes(routes!(attendances::http::record_departure))
        .routes(routes!(declarations::http::list_declarations, declarations::http::declare_interest))
        .routes(routes!(declarations::http::record_ruling))
        .routes(routes!(minutes::http::list_minutes, minutes::http::record_minutes))
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
