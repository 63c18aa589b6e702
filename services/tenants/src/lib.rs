//! The tenants: boroughs and the regions that expect their figures, the bodies they work with, their people, API clients
//! and the tokens they get, and the reading of the audit trail.

mod administrators;
mod app;
mod audit;
mod backlog;
mod boroughs;
mod changes;
mod clients;
mod data_sharing;
mod exports;
mod facts;
mod invitations;
mod issuers;
mod key_sets;
mod members;
mod onboarding;
mod organisations;
mod purges;
mod regions;
mod restorations;
mod routes;
mod security_contacts;
mod settings_copies;
mod signing_keys;
mod tokens;
mod usage;
mod webhooks;

pub use app::{App, CALLS_A_DAY, ROLES, Settings, migrations, serve};
pub use audit::{AuditReport, verify_audit};
pub use clients::{bootstrap, bootstrap_keeping};
pub use restorations::{Progress, Restored, restore};
pub use routes::openapi;
pub use signing_keys::SigningSettings;
