//! Every service in one process, and what a person at a terminal needs around them.

pub mod audits;
pub mod borough;
pub mod calling;
pub mod client;
pub mod clients;
pub mod demo;
pub mod doctor;
pub mod document;
pub mod import;
pub mod keys;
pub mod ledger;
pub mod people;
pub mod personas;
pub mod redis;
pub mod seals;
pub mod settings;
pub mod sign_in;
pub mod split;
pub mod stack;
pub mod tell;
pub mod up;

/// The migrations of every service, in order.
#[must_use]
pub fn migrations() -> Vec<tenancy::Migrations> {
    vec![tenants::migrations(), budgets::migrations(), governance::migrations()]
}

/// The login roles of every service.
pub fn login_roles() -> impl Iterator<Item = String> {
    [tenants::ROLES, budgets::ROLES, governance::ROLES].into_iter().flat_map(tenancy::ServiceRoles::names)
}
