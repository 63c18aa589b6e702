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

use crate::{App, audit, boroughs, changes, clients, organisations, regions, tokens, webhooks};

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
        .routes(routes!(boroughs::http::get_borough))
        .routes(routes!(boroughs::http::get_borough_transitions, boroughs::http::move_borough))
        .routes(routes!(organisations::http::list_organisations, organisations::http::record_organisation))
        .routes(routes!(organisations::http::get_organisation))
        .routes(routes!(organisations::http::list_partner_organisations))
        .routes(routes!(clients::http::list_clients, clients::http::create_client))
        .routes(routes!(clients::http::get_client))
        .routes(routes!(clients::http::get_client_transitions, clients::http::move_client))
        .routes(routes!(clients::office::list_region_clients, clients::office::create_region_client))
        .routes(routes!(clients::office::list_partner_clients, clients::office::create_partner_client))
        .routes(routes!(clients::office::list_platform_clients, clients::office::create_platform_client))
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
        .routes(routes!(webhooks::http::list_webhooks, webhooks::http::create_webhook))
        .routes(routes!(webhooks::http::get_webhook, webhooks::http::change_webhook))
        .routes(routes!(webhooks::http::get_webhook_transitions, webhooks::http::move_webhook))
        .routes(routes!(webhooks::http::rotate_webhook_secret))
        .routes(routes!(webhooks::http::test_webhook))
        .routes(routes!(webhooks::deliveries::http::list_webhook_deliveries))
        .routes(routes!(webhooks::deliveries::http::get_webhook_delivery))
        .routes(routes!(webhooks::deliveries::http::replay_webhook_delivery))
        .routes(routes!(tokens::http::issue_token))
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
        .route("/internal/refusals", post(audit::refused::note_refused))
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

async fn epochs(State(db): State<Db>) -> Result<Json<auth::EpochFeed>, Problem> {
    Ok(Json(tenancy::load_epochs(&db).await?))
}
