//! Every route of the service, on one page.

use axum::{Router, extract::State, middleware, routing::get};
use tenancy::Db;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::{Problem, problems};

use crate::{
    App, account_versions, accounts, action_plans, agreements, awards, better_care_fund, budget, changes, code_lists,
    commitments, contributions, controls, decisions, estimates, forecasts, funds, hosts, imports, instalments,
    journals, ledger_sources, memorandum, operations, partner, payments, periods, pool_managers, positions, postings,
    rag, receipts, reconciliation, region, region_returns, returns, risk_share, savings, schedules, scheme_plans,
    schemes, seals, split_warnings, statements, trial_balance, virements, years,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tenfold budgets",
        version = "1",
        description = "Section 75 agreements and pooled funds: contributions, the ledger, risk share, returns."
    ),
    components(schemas(web::ProblemBody))
)]
struct Document;

fn described() -> OpenApiRouter<App> {
    let described = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(agreements::http::list_agreements, agreements::http::create_agreement))
        .routes(routes!(agreements::http::get_agreement))
        .routes(routes!(agreements::http::check_agreement))
        .routes(routes!(agreements::http::list_agreement_versions, agreements::http::vary_agreement))
        .routes(routes!(agreements::http::get_agreement_transitions, agreements::http::move_agreement))
        .routes(routes!(
            agreements::steps::http::list_agreement_consultations,
            agreements::steps::http::record_agreement_consultation
        ))
        .routes(routes!(agreements::steps::http::list_agreement_approvals, agreements::steps::http::approve_agreement))
        .routes(routes!(
            agreements::steps::http::list_agreement_notices,
            agreements::steps::http::give_agreement_notice
        ))
        .routes(routes!(agreements::steps::http::list_governed_funds, agreements::steps::http::govern_fund))
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
        .routes(routes!(postings::http::list_period_postings))
        .routes(routes!(postings::http::export_period_postings))
        .routes(routes!(seals::http::list_seals))
        .routes(routes!(seals::http::get_seal))
        .routes(routes!(seals::http::prove_account))
        .routes(routes!(seals::public::list_public_seals))
        .routes(routes!(seals::public::list_public_seal_keys))
        .routes(routes!(schemes::http::list_schemes, schemes::http::create_scheme))
        .routes(routes!(schemes::http::get_scheme))
        .routes(routes!(schedules::http::get_schedule, schedules::http::set_schedule))
        .routes(routes!(scheme_plans::http::get_scheme_plan, scheme_plans::http::set_scheme_plan))
        .routes(routes!(code_lists::http::list_codes))
        .routes(routes!(accounts::http::list_accounts, accounts::http::create_account))
        .routes(routes!(accounts::http::get_account))
        .routes(routes!(account_versions::http::list_account_versions, account_versions::http::create_account_version))
        .routes(routes!(statements::http::get_statement))
        .routes(routes!(trial_balance::http::get_trial_balance))
        .routes(routes!(controls::http::list_controls, controls::http::set_control))
        .routes(routes!(commitments::http::list_commitments, commitments::http::create_commitment))
        .routes(routes!(commitments::http::get_commitment))
        .routes(routes!(commitments::http::list_commitment_entries))
        .routes(routes!(commitments::matches::match_commitment))
        .routes(routes!(commitments::releases::release_commitment))
        .routes(routes!(commitments::carry_forwards::carry_commitment_forward))
        .routes(routes!(journals::http::list_journals, journals::http::post_journal))
        .routes(routes!(journals::http::get_journal))
        .routes(routes!(journals::bulk::post_journals))
        .routes(routes!(journals::reversals::reverse_journal))
        .routes(routes!(journals::corrections::correct_journal))
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
        .routes(routes!(ledger_sources::http::list_ledger_sources, ledger_sources::http::record_ledger_source))
        .routes(routes!(ledger_sources::http::guess_ledger_source))
        .routes(routes!(ledger_sources::http::get_ledger_source, ledger_sources::http::set_ledger_source))
        .routes(routes!(imports::http::list_imports, imports::http::announce_import))
        .routes(routes!(imports::http::get_import))
        .routes(routes!(imports::http::send_import_file))
        .routes(routes!(imports::http::list_import_rows))
        .routes(routes!(imports::http::get_import_transitions, imports::http::move_import))
        .routes(routes!(changes::http::list_budgets_changes))
        .routes(routes!(operations::http::list_operations))
        .routes(routes!(operations::http::get_operation))
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
        .routes(routes!(reconciliation::http::withdraw_match))
        .routes(routes!(forecasts::http::list_forecasts, forecasts::http::make_forecast))
        .routes(routes!(action_plans::http::list_action_plans, action_plans::http::record_action_plan))
        .routes(routes!(positions::http::get_position))
        .routes(routes!(memorandum::http::get_memorandum_account))
        .routes(routes!(better_care_fund::http::get_better_care_fund, better_care_fund::http::set_better_care_fund))
        .routes(routes!(better_care_fund::http::check_better_care_fund))
        .routes(routes!(better_care_fund::http::sign_off_better_care_fund))
        .routes(routes!(savings::http::list_savings, savings::http::plan_saving))
        .routes(routes!(savings::http::report_saving))
        .routes(routes!(returns::http::list_returns, returns::http::prepare_return))
        .routes(routes!(returns::http::get_return))
        .routes(routes!(returns::http::get_return_lines))
        .routes(routes!(returns::http::get_return_workbook))
        .routes(routes!(returns::moves::get_return_transitions, returns::moves::move_return))
        .routes(routes!(returns::moves::restate_return))
        .routes(routes!(returns::narrative::set_return_narrative))
        .routes(routes!(returns::reporting::get_reporting))
        .routes(routes!(region_returns::http::get_region_returns))
        .routes(routes!(rag::http::get_rag, rag::http::set_rag))
        .routes(routes!(partner::http::list_partner_contributions))
        .routes(routes!(partner::http::list_partner_instalments))
        .routes(routes!(region::http::get_region_positions))
        .routes(routes!(region::contributions::get_region_contributions));
    #[cfg(feature = "parquet")]
    let described = described.routes(routes!(postings::http::export_period_postings_as_parquet));
    described
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
