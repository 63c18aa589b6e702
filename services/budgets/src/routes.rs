//! Every route of the service, on one page.

use axum::{Router, extract::State, middleware, routing::get};
use tenancy::Db;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{Problem, problems};

use crate::{
    App, accounts, agreements, awards, budget, contributions, decisions, estimates, funds, hosts, instalments,
    journals, payments, periods, pool_managers, positions, receipts, reconciliation, region, risk_share, schedules,
    schemes, split_warnings, virements, years,
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
        .routes(routes!(agreements::http::list_agreements, agreements::http::create_agreement))
        .routes(routes!(agreements::http::get_agreement))
        .routes(routes!(agreements::http::check_agreement))
        .routes(routes!(agreements::http::list_agreement_versions, agreements::http::vary_agreement))
        .routes(routes!(agreements::http::get_agreement_transitions, agreements::http::move_agreement))
        .routes(routes!(
            agreements::steps_http::list_agreement_consultations,
            agreements::steps_http::record_agreement_consultation
        ))
        .routes(routes!(agreements::steps_http::list_agreement_approvals, agreements::steps_http::approve_agreement))
        .routes(routes!(agreements::steps_http::list_agreement_notices, agreements::steps_http::give_agreement_notice))
        .routes(routes!(agreements::steps_http::list_governed_funds, agreements::steps_http::govern_fund))
        .routes(routes!(funds::http::list_funds, funds::http::create_fund))
        .routes(routes!(funds::http::get_fund))
        .routes(routes!(agreements::http::check_fund))
        .routes(routes!(estimates::http::list_estimates, estimates::http::record_estimate))
        .routes(routes!(hosts::http::list_hosts, hosts::http::change_host))
        .routes(routes!(pool_managers::http::list_pool_managers, pool_managers::http::appoint_pool_manager))
        .routes(routes!(years::http::list_fund_years, years::http::open_fund_year))
        .routes(routes!(years::http::get_fund_year))
        .routes(routes!(periods::http::list_periods))
        .routes(routes!(periods::http::get_period))
        .routes(routes!(periods::http::get_period_transitions, periods::http::move_period))
        .routes(routes!(schemes::http::list_schemes, schemes::http::create_scheme))
        .routes(routes!(schemes::http::get_scheme))
        .routes(routes!(schedules::http::get_schedule, schedules::http::set_schedule))
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
        .routes(routes!(virements::http::list_virements, virements::http::make_virement))
        .routes(routes!(payments::http::list_payments, payments::http::record_payment))
        .routes(routes!(risk_share::rules_http::list_risk_rules, risk_share::rules_http::record_risk_rule))
        .routes(routes!(risk_share::http::get_risk_share))
        .routes(routes!(risk_share::http::list_calculations, risk_share::http::keep_calculation))
        .routes(routes!(risk_share::http::get_calculation))
        .routes(routes!(risk_share::http::agree_calculation))
        .routes(routes!(risk_share::settlements::settle_calculation))
        .routes(routes!(receipts::imports::import_receipts))
        .routes(routes!(reconciliation::http::get_reconciliation))
        .routes(routes!(reconciliation::http::list_matches, reconciliation::http::record_match))
        .routes(routes!(positions::http::get_position))
        .routes(routes!(region::http::get_region_positions))
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
