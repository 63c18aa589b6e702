//! Every route of the service, on one page.

use axum::{
    Json, Router,
    extract::State,
    middleware,
    routing::{get, post},
};
use tenancy::Db;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{Problem, problems};

use crate::{
    App, audit, boroughs, changes, clients, data_sharing, exports, invitations, issuers, members, onboarding,
    organisations, purges, regions, security_contacts, settings_copies, signing_keys, tokens, usage, webhooks,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tenfold tenants",
        version = "1",
        description = "Boroughs, regions, organisations, API clients and tokens."
    ),
    components(schemas(web::ProblemBody))
)]
struct Document;

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(boroughs::http::list_boroughs, boroughs::http::create_borough))
        .routes(routes!(boroughs::http::get_borough, boroughs::http::change_borough))
        .routes(routes!(boroughs::http::get_borough_transitions, boroughs::http::move_borough))
        .routes(routes!(onboarding::http::get_onboarding))
        .routes(routes!(onboarding::http::waive_task))
        .routes(routes!(
            security_contacts::http::list_security_contacts,
            security_contacts::http::record_security_contact
        ))
        .routes(routes!(
            data_sharing::http::list_data_sharing_agreements,
            data_sharing::http::record_data_sharing_agreement
        ))
        .routes(routes!(organisations::http::list_organisations, organisations::http::record_organisation))
        .routes(routes!(settings_copies::http::copy_settings))
        .routes(routes!(organisations::http::get_organisation))
        .routes(routes!(organisations::http::end_organisation))
        .routes(routes!(organisations::http::name_organisation))
        .routes(routes!(organisations::http::list_partner_organisations))
        .routes(routes!(clients::revocations::revoke_all))
        .routes(routes!(clients::http::boroughs::list, clients::http::boroughs::create))
        .routes(routes!(clients::http::boroughs::get, clients::http::boroughs::change))
        .routes(routes!(clients::http::boroughs::transitions, clients::http::boroughs::shift))
        .routes(routes!(clients::http::boroughs::list_keys, clients::http::boroughs::rotate))
        .routes(routes!(clients::http::boroughs::get_key))
        .routes(routes!(clients::http::boroughs::key_transitions, clients::http::boroughs::shift_key))
        .routes(routes!(clients::http::regions::list, clients::http::regions::create))
        .routes(routes!(clients::http::regions::get, clients::http::regions::change))
        .routes(routes!(clients::http::regions::transitions, clients::http::regions::shift))
        .routes(routes!(clients::http::regions::list_keys, clients::http::regions::rotate))
        .routes(routes!(clients::http::regions::get_key))
        .routes(routes!(clients::http::regions::key_transitions, clients::http::regions::shift_key))
        .routes(routes!(clients::http::partners::list, clients::http::partners::create))
        .routes(routes!(clients::http::partners::get, clients::http::partners::change))
        .routes(routes!(clients::http::partners::transitions, clients::http::partners::shift))
        .routes(routes!(clients::http::partners::list_keys, clients::http::partners::rotate))
        .routes(routes!(clients::http::partners::get_key))
        .routes(routes!(clients::http::partners::key_transitions, clients::http::partners::shift_key))
        .routes(routes!(clients::http::platform::list, clients::http::platform::create))
        .routes(routes!(clients::http::platform::get, clients::http::platform::change))
        .routes(routes!(clients::http::platform::transitions, clients::http::platform::shift))
        .routes(routes!(clients::http::platform::list_keys, clients::http::platform::rotate))
        .routes(routes!(clients::http::platform::get_key))
        .routes(routes!(clients::http::platform::key_transitions, clients::http::platform::shift_key))
        .routes(routes!(purges::http::list_purge_certificates))
        .routes(routes!(issuers::http::boroughs::list, issuers::http::boroughs::register))
        .routes(routes!(issuers::http::boroughs::get, issuers::http::boroughs::change))
        .routes(routes!(issuers::http::boroughs::transitions, issuers::http::boroughs::shift))
        .routes(routes!(members::http::boroughs::list))
        .routes(routes!(members::http::boroughs::get, members::http::boroughs::change))
        .routes(routes!(members::http::boroughs::transitions, members::http::boroughs::shift))
        .routes(routes!(members::http::boroughs::hand_over))
        .routes(routes!(invitations::http::boroughs::list, invitations::http::boroughs::invite))
        .routes(routes!(invitations::http::boroughs::get))
        .routes(routes!(invitations::http::boroughs::transitions, invitations::http::boroughs::shift))
        .routes(routes!(issuers::http::regions::list, issuers::http::regions::register))
        .routes(routes!(issuers::http::regions::get, issuers::http::regions::change))
        .routes(routes!(issuers::http::regions::transitions, issuers::http::regions::shift))
        .routes(routes!(members::http::regions::list))
        .routes(routes!(members::http::regions::get, members::http::regions::change))
        .routes(routes!(members::http::regions::transitions, members::http::regions::shift))
        .routes(routes!(members::http::regions::hand_over))
        .routes(routes!(invitations::http::regions::list, invitations::http::regions::invite))
        .routes(routes!(invitations::http::regions::get))
        .routes(routes!(invitations::http::regions::transitions, invitations::http::regions::shift))
        .routes(routes!(issuers::http::partners::list, issuers::http::partners::register))
        .routes(routes!(issuers::http::partners::get, issuers::http::partners::change))
        .routes(routes!(issuers::http::partners::transitions, issuers::http::partners::shift))
        .routes(routes!(members::http::partners::list))
        .routes(routes!(members::http::partners::get, members::http::partners::change))
        .routes(routes!(members::http::partners::transitions, members::http::partners::shift))
        .routes(routes!(members::http::partners::hand_over))
        .routes(routes!(invitations::http::partners::list, invitations::http::partners::invite))
        .routes(routes!(invitations::http::partners::get))
        .routes(routes!(invitations::http::partners::transitions, invitations::http::partners::shift))
        .routes(routes!(issuers::http::platform::list, issuers::http::platform::register))
        .routes(routes!(issuers::http::platform::get, issuers::http::platform::change))
        .routes(routes!(issuers::http::platform::transitions, issuers::http::platform::shift))
        .routes(routes!(members::http::platform::list))
        .routes(routes!(members::http::platform::get, members::http::platform::change))
        .routes(routes!(members::http::platform::transitions, members::http::platform::shift))
        .routes(routes!(members::http::platform::hand_over))
        .routes(routes!(invitations::http::platform::list, invitations::http::platform::invite))
        .routes(routes!(invitations::http::platform::get))
        .routes(routes!(invitations::http::platform::transitions, invitations::http::platform::shift))
        .routes(routes!(issuers::open::list_public_issuers))
        .routes(routes!(regions::http::list_regions, regions::http::create_region))
        .routes(routes!(regions::http::list_region_boroughs))
        .routes(routes!(audit::http::list_audit))
        .routes(routes!(audit::http::get_audit_entry))
        .routes(routes!(audit::export::export_audit))
        .routes(routes!(audit::export::export_audit_csv))
        .routes(routes!(audit::heads::list_audit_heads))
        .routes(routes!(audit::heads::list_public_audit_keys))
        .routes(routes!(audit::proof::prove_audit))
        .routes(routes!(audit::proof::prove_audit_entry))
        .routes(routes!(audit::office::list_office_audit))
        .routes(routes!(audit::office::list_office_audit_heads))
        .routes(routes!(audit::office::prove_office_audit))
        .routes(routes!(changes::http::list_tenants_changes))
        .routes(routes!(exports::http::list_exports, exports::http::ask_for_export))
        .routes(routes!(exports::http::get_export))
        .routes(routes!(exports::http::get_export_manifest))
        .routes(routes!(exports::http::fetch_export))
        .routes(routes!(usage::http::list_usage))
        .routes(routes!(usage::http::get_usage_quota))
        .routes(routes!(signing_keys::http::list_signing_keys))
        .routes(routes!(signing_keys::http::rotate_signing_keys))
        .routes(routes!(webhooks::http::list_webhooks, webhooks::http::create_webhook))
        .routes(routes!(webhooks::http::get_webhook, webhooks::http::change_webhook))
        .routes(routes!(webhooks::http::get_webhook_transitions, webhooks::http::move_webhook))
        .routes(routes!(webhooks::http::rotate_webhook_secret))
        .routes(routes!(webhooks::http::test_webhook))
        .routes(routes!(webhooks::deliveries::http::list_webhook_deliveries))
        .routes(routes!(webhooks::deliveries::http::get_webhook_delivery))
        .routes(routes!(webhooks::deliveries::http::replay_webhook_delivery))
        .routes(routes!(tokens::http::issue_token))
        .routes(routes!(tokens::revocation::revoke_token))
        .routes(routes!(tokens::http::key_set))
        .routes(routes!(tokens::http::metadata))
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
        // For the gateway; nothing outside reaches it.
        .route("/internal/epochs", get(epochs))
        .route("/internal/usage", post(usage::inside::note_usage))
        .route("/internal/refusals", post(audit::refused::note_refused))
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

async fn epochs(State(db): State<Db>) -> Result<Json<auth::EpochFeed>, Problem> {
    Ok(Json(tenancy::load_epochs(&db).await?))
}
