//! Pooled funds: what they are, their years and periods, the ledger, receipts, positions, and what the region
//! sees of them.

mod accounts;
mod app;
mod awards;
mod budget;
mod compactor;
mod contributions;
mod decisions;
mod facts;
mod funds;
mod instalments;
mod journals;
mod partner;
mod periods;
mod positions;
mod receipts;
mod reconciliation;
mod region;
mod routes;
mod rules;
mod schemes;
mod split_warnings;
mod years;

pub use app::{App, ROLES, Settings, migrations, serve};
pub use compactor::compact_once;
pub use routes::openapi;
