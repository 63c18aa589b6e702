//! Measuring what waits behind the requests, and the connections that are held.
//!
//! Every replica tells the same of the queues, which are in the database; whoever reads takes the greatest.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use web::telemetry::{self, measures};

use crate::{Db, DbError, Tx, Work};

const EVERY: Duration = Duration::from_secs(10);
/// More than this are not counted, so that counting costs little when there is most to do.
pub const COUNTED_MAX: i64 = 10_000;

/// Which of a queue has waited longest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oldest {
    /// Since when it has.
    Since(DateTime<Utc>),
    /// Its name, where nothing says since when: then since it was first seen to be the oldest.
    Named(String),
}

/// What waits in one queue.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The queue, in a few words.
    pub queue: &'static str,
    /// How many, up to [`COUNTED_MAX`].
    pub count: i64,
    /// Which has waited longest.
    pub oldest: Option<Oldest>,
}

/// The queues a service has beside those every service has.
pub trait Backlog: Send + Sync + 'static {
    /// Looks at them.
    fn look(&self, tx: &mut Tx<Work>) -> impl Future<Output = Result<Vec<Waiting>, DbError>> + Send;
}

/// A service without queues of its own.
pub struct NoBacklog;

impl Backlog for NoBacklog {
    async fn look(&self, _: &mut Tx<Work>) -> Result<Vec<Waiting>, DbError> {
        Ok(Vec::new())
    }
}

/// Measures until `stop`; nothing where nobody reads measurements.
pub async fn measure<B: Backlog>(db: Db, backlog: B, stop: CancellationToken) {
    let mut seen = Seen::default();
    loop {
        if telemetry::are_measured() {
            db.measure_connections();
            match look(&db, &backlog).await {
                Ok(found) => {
                    for one in found {
                        let age = seen.age(&one, db.now(), Instant::now());
                        measures::waiting(db.service(), one.queue, u32::try_from(one.count).unwrap_or(u32::MAX), age);
                    }
                }
                Err(error) => tracing::warn!(%error, "what waits could not be counted; trying again"),
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn look<B: Backlog>(db: &Db, backlog: &B) -> Result<Vec<Waiting>, DbError> {
    let mut tx = db.work().await?;
    let mut found = common(&mut tx, db.service()).await?;
    found.extend(backlog.look(&mut tx).await?);
    tx.commit().await?;
    Ok(found)
}

/// Events on their way out and in, and acts without a number.
async fn common(tx: &mut Tx<Work>, service: &str) -> Result<Vec<Waiting>, DbError> {
    let out = sqlx::query!(
        r#"select count(*) as "count!", min(at) as oldest from (
             select at from platform.outbox where relayed_at is null and service = $1 order by position limit $2) o"#,
        service,
        COUNTED_MAX
    )
    .fetch_one(tx.connection())
    .await?;
    let taken_in = sqlx::query!(
        r#"select count(*) as "count!", count(*) filter (where attempts > 0) as "failing!", min(arrived_at) as oldest,
             min(arrived_at) filter (where attempts > 0) as oldest_failing
           from (select attempts, arrived_at from platform.inbox where done_at is null and consumer = $1
             order by position limit $2) i"#,
        service,
        COUNTED_MAX
    )
    .fetch_one(tx.connection())
    .await?;
    let acts = sqlx::query!(
        r#"select count(*) as "count!", min(at) as oldest from (
             select at from platform.act_waiting where service = $1 order by position limit $2) a"#,
        service,
        COUNTED_MAX
    )
    .fetch_one(tx.connection())
    .await?;
    let since = |at: Option<DateTime<Utc>>| at.map(Oldest::Since);
    Ok(vec![
        Waiting { queue: "events out", count: out.count, oldest: since(out.oldest) },
        Waiting { queue: "events in", count: taken_in.count, oldest: since(taken_in.oldest) },
        Waiting { queue: "events that fail", count: taken_in.failing, oldest: since(taken_in.oldest_failing) },
        Waiting { queue: "changes without a number", count: acts.count, oldest: since(acts.oldest) },
    ])
}

/// The oldest of each queue whose age nothing tells, and when it was first seen.
#[derive(Default)]
struct Seen(HashMap<&'static str, (String, Instant)>);

impl Seen {
    fn age(&mut self, one: &Waiting, now: DateTime<Utc>, instant: Instant) -> Duration {
        let name = match &one.oldest {
            None => {
                self.0.remove(one.queue);
                return Duration::ZERO;
            }
            Some(Oldest::Since(at)) => return (now - at).to_std().unwrap_or_default(),
            Some(Oldest::Named(name)) => name,
        };
        match self.0.get(one.queue) {
            Some((known, first)) if known == name => instant.saturating_duration_since(*first),
            _ => {
                self.0.insert(one.queue, (name.clone(), instant));
                Duration::ZERO
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_tells_the_age_of_is_as_old_as_it_was_seen() {
        let (mut seen, start) = (Seen::default(), Instant::now());
        let later = |seconds| start + Duration::from_secs(seconds);
        let named = |name: Option<&str>| Waiting {
            queue: "seals",
            count: 1,
            oldest: name.map(|name| Oldest::Named(name.to_owned())),
        };
        let mut age = |name, seconds| seen.age(&named(name), DateTime::UNIX_EPOCH, later(seconds)).as_secs();
        assert_eq!(age(Some("a"), 0), 0);
        assert_eq!(age(Some("a"), 20), 20);
        assert_eq!(age(Some("b"), 30), 0, "another is the oldest now");
        assert_eq!(age(Some("b"), 40), 10);
        assert_eq!(age(None, 50), 0);
        assert_eq!(age(Some("b"), 60), 0, "it came back");
    }

    #[test]
    fn what_has_a_time_is_as_old_as_that_says() {
        let at = DateTime::UNIX_EPOCH;
        let one = Waiting { queue: "events out", count: 3, oldest: Some(Oldest::Since(at)) };
        let age = |now| Seen::default().age(&one, now, Instant::now());
        assert_eq!(age(at + chrono::Duration::seconds(90)), Duration::from_secs(90));
        assert_eq!(age(at - chrono::Duration::seconds(1)), Duration::ZERO, "clocks differ");
    }
}
