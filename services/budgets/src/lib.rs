//! Section 75: agreements and pooled funds, what partners contribute, the ledger, how a variance is shared, what is
//! reported, and what partners and the region see of it.

mod accounts;
mod action_plans;
mod agreements;
mod app;
mod awards;
mod better_care_fund;
mod budget;
mod code_lists;
mod compactor;
mod contributions;
mod decisions;
mod estimates;
mod facts;
mod forecasts;
mod funds;
mod hosts;
mod instalments;
mod journals;
mod memorandum;
mod partner;
mod payments;
mod periods;
mod pool_managers;
mod positions;
mod rag;
mod receipts;
mod reconciliation;
mod region;
mod region_returns;
mod returns;
mod risk_share;
mod routes;
mod rules;
mod savings;
mod schedules;
mod scheme_plans;
mod schemes;
mod split_warnings;
mod virements;
mod years;

pub use app::{App, ROLES, Settings, migrations, serve};
pub use compactor::compact_once;
pub use routes::openapi;
