//! Every route of the service, on one page.

use axum::{Router, extract::State, middleware, routing::get};
use tenancy::Db;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{Problem, problems};

use crate::{
    App, accounts, awards, budget, contributions, decisions, funds, instalments, journals, partner, periods, positions,
    receipts, reconciliation, region, schemes, split_warnings, years,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tenfold budgets",
        version = "1",
        description = "Pooled funds, their ledger, receipts and positions."
    ),
    components(schemas(web::ProblemBody))
)]
struct Document;

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(funds::http::list_funds, funds::http::create_fund))
        .routes(routes!(funds::http::get_fund))
        .routes(routes!(years::http::list_fund_years, years::http::open_fund_year))
        .routes(routes!(years::http::get_fund_year))
        .routes(routes!(periods::http::list_periods))
        .routes(routes!(periods::http::get_period))
        .routes(routes!(periods::http::get_period_transitions, periods::http::move_period))
        .routes(routes!(schemes::http::list_schemes, schemes::http::create_scheme))
        .routes(routes!(schemes::http::get_scheme))
        .routes(routes!(accounts::http::list_accounts, accounts::http::create_account))
        .routes(routes!(accounts::http::get_account))
        .routes(routes!(journals::http::list_journals, journals::http::post_journal))
        .routes(routes!(journals::http::get_journal))
        .routes(routes!(journals::reversals::reverse_journal))
        .routes(routes!(decisions::http::list_fund_decisions))
        .routes(routes!(split_warnings::http::list_split_warnings))
        .routes(routes!(awards::http::list_awards, awards::http::record_award))
        .routes(routes!(awards::http::get_funding_cliff))
        .routes(routes!(budget::http::get_year_budget, budget::http::set_year_budget))
        .routes(routes!(contributions::http::list_contributions, contributions::http::record_contribution))
        .routes(routes!(contributions::http::get_contribution))
        .routes(routes!(contributions::http::list_contribution_versions, contributions::http::vary_contribution))
        .routes(routes!(instalments::http::list_instalments))
        .routes(routes!(instalments::http::record_invoice))
        .routes(routes!(receipts::http::list_receipts, receipts::http::record_receipt))
        .routes(routes!(receipts::imports::import_receipts))
        .routes(routes!(reconciliation::http::get_reconciliation))
        .routes(routes!(reconciliation::http::list_matches, reconciliation::http::record_match))
        .routes(routes!(reconciliation::http::withdraw_match))
        .routes(routes!(positions::http::get_position))
        .routes(routes!(partner::http::list_partner_contributions))
        .routes(routes!(partner::http::list_partner_instalments))
        .routes(routes!(region::http::get_region_positions))
        .routes(routes!(region::contributions::get_region_contributions))
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
