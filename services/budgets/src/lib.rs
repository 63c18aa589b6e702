//! Pooled funds: what they are, their years and periods, the ledger, receipts, positions, and what the region
//! sees of them.

mod accounts;
mod agreements;
mod app;
mod awards;
mod budget;
mod compactor;
mod contributions;
mod decisions;
mod estimates;
mod facts;
mod funds;
mod hosts;
mod instalments;
mod journals;
mod payments;
mod periods;
mod pool_managers;
mod positions;
mod receipts;
mod reconciliation;
mod region;
mod risk_share;
mod routes;
mod rules;
mod schedules;
mod schemes;
mod split_warnings;
mod virements;
mod years;

pub use app::{App, ROLES, Settings, migrations, serve};
pub use compactor::compact_once;
pub use routes::openapi;
