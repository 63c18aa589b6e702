//! Governance: joint committees, their people and meetings, and the scheme of delegation that says what may be done without them.

mod actions;
mod agenda;
mod app;
mod attendances;
mod authority;
mod changes;
mod committees;
mod constitutions;
mod consultations;
mod decisions;
mod declarations;
mod delegations;
mod due_diligence;
mod facts;
mod forward_plan;
mod going_live;
mod interchange;
mod interests;
mod locality_plans;
mod meetings;
mod minutes;
mod motions;
mod offices;
mod papers;
mod people;
pub mod progress;
pub mod published;
mod publishing;
mod routes;
mod scrutiny;
mod seats;
mod votes;

pub use app::{App, ROLES, Settings, migrations, serve};
pub use routes::openapi;

use web::{drafts, words};
