//! The tenants: boroughs and the regions that expect their figures, the bodies they work with, API clients
//! and the tokens they get, and the reading of the audit trail.

mod app;
mod audit;
mod boroughs;
mod changes;
mod clients;
mod organisations;
mod regions;
mod routes;
mod tokens;
mod webhooks;

pub use app::{App, ROLES, Settings, migrations, serve};
pub use audit::{AuditReport, verify_audit};
pub use clients::bootstrap;
pub use routes::openapi;
