//! The clock is a value: production hands out the system's, a test owns its own.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};

/// Where a service takes the time from. Instants are UTC, whole microseconds (as Postgres keeps them).
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that moves only when told to: microseconds since 1970.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock standing at `now` until it is moved.
    #[must_use]
    pub fn set_to(now: DateTime<Utc>) -> Self {
        Self::Set(Arc::new(AtomicI64::new(now.timestamp_micros())))
    }

    /// Moves a set clock; the system's clock stays as it is.
    pub fn move_to(&self, now: DateTime<Utc>) {
        if let Self::Set(micros) = self {
            micros.store(now.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
            Self::System => Utc::now().timestamp_micros(),
            Self::Set(micros) => micros.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }
}
