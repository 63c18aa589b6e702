//! Every route of the service, on one page.

use axum::{Router, extract::State, middleware, routing::get};
use tenancy::Db;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{Problem, problems};

use crate::{
    App, actions, agenda, attendances, authority, changes, committees, constitutions, consultations, decisions,
    declarations, delegations, due_diligence, facts, forward_plan, going_live, interchange, interests, locality_plans,
    meetings, minutes, motions, offices, papers, people, progress, published, scrutiny, seats, votes,
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
        .routes(routes!(changes::http::list_governance_changes))
        .routes(routes!(committees::http::list_committees, committees::http::create_committee))
        .routes(routes!(committees::http::get_committee))
        .routes(routes!(committees::http::get_committee_transitions, committees::http::move_committee))
        .routes(routes!(constitutions::http::list_constitutions, constitutions::http::record_constitution))
        .routes(routes!(constitutions::http::get_constitution))
        .routes(routes!(seats::http::list_seats, seats::http::create_seat))
        .routes(routes!(seats::http::get_seat))
        .routes(routes!(seats::http::end_seat))
        .routes(routes!(seats::memberships::list_memberships, seats::memberships::create_membership))
        .routes(routes!(seats::memberships::end_membership))
        .routes(routes!(going_live::http::list_planned_dates, going_live::http::record_planned_date))
        .routes(routes!(going_live::http::list_approvals, going_live::http::record_approval))
        .routes(routes!(going_live::http::list_signed_agreements, going_live::http::record_signed_agreement))
        .routes(routes!(going_live::http::get_committee_readiness))
        .routes(routes!(votes::http::get_quorum))
        .routes(routes!(motions::http::list_motions, motions::http::record_motion))
        .routes(routes!(motions::http::get_motion))
        .routes(routes!(motions::http::withdraw_motion))
        .routes(routes!(votes::http::list_vote_events, votes::http::open_vote))
        .routes(routes!(votes::http::get_vote_event))
        .routes(routes!(votes::http::list_votes, votes::http::cast_votes))
        .routes(routes!(votes::http::close_vote))
        .routes(routes!(votes::http::get_vote_result))
        .routes(routes!(facts::http::list_proposals))
        .routes(routes!(decisions::http::list_decisions, decisions::http::record_decision))
        .routes(routes!(decisions::http::get_decision))
        .routes(routes!(decisions::moves::get_decision_transitions, decisions::moves::move_decision))
        .routes(routes!(decisions::call_ins::list_call_ins, decisions::call_ins::call_in))
        .routes(routes!(
            decisions::recommendations::list_recommendations,
            decisions::recommendations::record_recommendation
        ))
        .routes(routes!(decisions::recommendations::get_recommendation))
        .routes(routes!(authority::http::check_authority))
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
        .layer(middleware::from_fn_with_state(crate::ROLES.service, web::manners))
        .with_state(app)
}

async fn ready(State(db): State<Db>) -> Result<&'static str, Problem> {
    if db.ready().await {
        Ok("ready")
    } else {
        Err(Problem::new(&problems::UNAVAILABLE, "The database does not answer."))
    }
}
