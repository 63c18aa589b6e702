//! Every service in one process, and what a person at a terminal needs around them.

pub mod audits;
pub mod borough;
pub mod calling;
pub mod client;
pub mod clients;
pub mod demo;
pub mod doctor;
#[cfg(feature = "serve")]
pub mod document;
pub mod import;
pub mod jobs;
pub mod keys;
pub mod ledger;
pub mod people;
pub mod personas;
#[cfg(feature = "serve")]
pub mod redis;
pub mod seals;
pub mod settings;
pub mod sign_in;
#[cfg(feature = "serve")]
pub mod split;
#[cfg(feature = "serve")]
pub mod stack;
pub mod tell;
#[cfg(feature = "serve")]
pub mod up;

use std::str::FromStr;

use anyhow::Context;
use sqlx::postgres::PgConnectOptions;

/// The database of a stack of ours.
pub(crate) const DATABASE: &str = "tenfold";

/// The owner's connection, as `TENFOLD_DATABASE_URL` gives it.
///
/// # Errors
/// When it is no address of Postgres.
pub fn owner(url: &str) -> anyhow::Result<PgConnectOptions> {
    PgConnectOptions::from_str(url)
        .ok()
        .context("TENFOLD_DATABASE_URL is not a Postgres address (postgres://owner@host/database)")
}

/// The migrations of every service, in order.
#[must_use]
pub fn migrations() -> Vec<tenancy::Migrations> {
    vec![tenants::migrations(), budgets::migrations(), governance::migrations()]
}

/// The login roles of every service.
pub fn login_roles() -> impl Iterator<Item = String> {
    [tenants::ROLES, budgets::ROLES, governance::ROLES].into_iter().flat_map(tenancy::ServiceRoles::names)
}
