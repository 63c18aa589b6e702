//! How each login role reaches the database.

use std::{collections::BTreeMap, env, str::FromStr};

use sqlx::postgres::PgConnectOptions;

/// A way to the database that cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No address for a role.
    #[error("set {variable} to the address at which the role {role} reaches the database, or TENFOLD_DATABASE_URL")]
    Missing {
        /// The variable.
        variable: String,
        /// The role.
        role: String,
    },
    /// The address cannot be read.
    #[error("{variable} is not a Postgres address (postgres://role:password@host/database)")]
    Unreadable {
        /// The variable.
        variable: String,
    },
}

/// The addresses of the login roles.
#[derive(Clone, Debug, Default)]
pub struct Access {
    base: Option<PgConnectOptions>,
    passwords: BTreeMap<String, String>,
    own: BTreeMap<String, PgConnectOptions>,
    one_connection: bool,
}

impl Access {
    /// One database for every role, each with its own password.
    #[must_use]
    pub fn to_one_database(base: PgConnectOptions, passwords: BTreeMap<String, String>) -> Self {
        Self { base: Some(base), passwords, ..Self::default() }
    }

    /// Adds what the environment says: `TENFOLD_<ROLE>_DATABASE_URL`.
    ///
    /// # Errors
    /// When an address there cannot be read.
    pub fn and_environment(mut self, roles: impl IntoIterator<Item = String>) -> Result<Self, AccessError> {
        for role in roles {
            let variable = variable_of(&role);
            if let Ok(address) = env::var(&variable) {
                let options = PgConnectOptions::from_str(&address).map_err(|_| AccessError::Unreadable { variable })?;
                self.own.insert(role, options);
            }
        }
        Ok(self)
    }

    /// One connection a role: for tests of what is left on it.
    #[must_use]
    pub fn with_one_connection(mut self) -> Self {
        self.one_connection = true;
        self
    }

    pub(crate) fn at_most(&self, width: u32) -> u32 {
        if self.one_connection { 1 } else { width }
    }

    /// How `role` connects.
    ///
    /// # Errors
    /// When nothing says how.
    pub fn of(&self, role: &str) -> Result<PgConnectOptions, AccessError> {
        if let Some(own) = self.own.get(role) {
            return Ok(own.clone());
        }
        let missing = || AccessError::Missing { variable: variable_of(role), role: role.to_owned() };
        let base = self.base.clone().ok_or_else(missing)?;
        let options = base.username(role);
        Ok(match self.passwords.get(role) {
            Some(password) => options.password(password),
            None => options,
        })
    }
}

pub(crate) fn variable_of(role: &str) -> String {
    format!("TENFOLD_{}_DATABASE_URL", role.to_ascii_uppercase())
}
