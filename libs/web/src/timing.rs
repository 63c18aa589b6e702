//! Where the time of a request went, told in `Server-Timing`.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

tokio::task_local! {
    static IN_DATABASE: Cell<Duration>;
}

/// Runs a request and returns how long it was in the database.
pub(crate) async fn watched<T>(work: impl Future<Output = T>) -> (T, Duration) {
    IN_DATABASE
        .scope(Cell::new(Duration::ZERO), async {
            let answer = work.await;
            (answer, IN_DATABASE.with(Cell::get))
        })
        .await
}

/// Counts the time since `start` as spent in the database.
pub fn in_database_since(start: Instant) {
    let spent = start.elapsed();
    // Outside a request there is nobody to tell.
    IN_DATABASE.try_with(|total| total.set(total.get() + spent)).ok();
}
