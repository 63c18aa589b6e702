//! What the database says, and what the caller is told of it.

use web::{Problem, problems};

/// A database error. Turned into a problem it says nothing of tables, rows or SQL.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DbError(#[from] sqlx::Error);

impl DbError {
    /// The constraint that was broken, where one was.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match &self.0 {
            sqlx::Error::Database(error) => error.constraint(),
            _ => None,
        }
    }

    fn passes(&self) -> bool {
        match &self.0 {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => {
                true
            }
            // Lost connections, too many of them, shutdown, deadlock, lock and statement timeouts.
            sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                ["08", "53", "57"].iter().any(|class| code.starts_with(class))
                    || ["40001", "40P01", "55P03", "25P03"].contains(&code.as_ref())
            }),
            _ => false,
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        if error.passes() {
            tracing::warn!(%error, "the database did not take a request");
            return Self::new(&problems::UNAVAILABLE, "The database is busy or out of reach; nothing was written.")
                .retry_after(1);
        }
        if matches!(&error.0, sqlx::Error::Database(error) if error.code().as_deref() == Some("22003")) {
            let detail = "The amounts add up to more than £92,233,720,368,547,758.07. Reverse what made them so large.";
            return Self::new(&problems::SUM_TOO_LARGE, detail);
        }
        Self::internal(error)
    }
}

/// Turns a named constraint into an error of the domain, at the call.
pub trait OnConstraint<T> {
    /// The problem to answer with when `constraint` is broken.
    ///
    /// # Errors
    /// That problem, or whatever else went wrong.
    fn on_constraint(self, constraint: &str, problem: impl FnOnce() -> Problem) -> Result<T, Problem>;
}

impl<T> OnConstraint<T> for Result<T, DbError> {
    fn on_constraint(self, constraint: &str, problem: impl FnOnce() -> Problem) -> Result<T, Problem> {
        self.map_err(|error| if error.constraint() == Some(constraint) { problem() } else { error.into() })
    }
}
