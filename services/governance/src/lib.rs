//! Governance: joint committees, and the scheme of delegation that says what may be done without them.

mod actions;
mod app;
mod committees;
mod consultations;
mod days;
mod delegations;
mod due_diligence;
mod facts;
mod interchange;
mod locality_plans;
pub mod progress;
pub mod published;
mod routes;
mod scrutiny;
mod words;

pub use app::{App, ROLES, Settings, migrations, serve};
pub use routes::openapi;
