//! The pools: one per login role of a service. Nothing outside this crate sees one.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use domain::{BoroughId, Clock};
use sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::sync::Notify;
use web::telemetry::measures;

use crate::{
    Access, AccessError, Borough, Issuer, Kind, KindOf, Platform, Tx, Work,
    context::{Context, Opening},
    error::DbError,
    refusals::Refusals,
};

/// The login roles of a service: `budgets_borough`, `budgets_region`, …
#[derive(Clone, Copy, Debug)]
pub struct ServiceRoles {
    /// The service, which is also its schema.
    pub service: &'static str,
    /// The kinds of caller it serves.
    pub kinds: &'static [Kind],
}

impl ServiceRoles {
    /// The names of the roles.
    pub fn names(self) -> impl Iterator<Item = String> {
        self.kinds.iter().map(move |kind| format!("{}_{}", self.service, kind.as_str()))
    }

    /// How many connections one process of the service opens at most.
    #[must_use]
    pub fn connections(self) -> u32 {
        self.kinds.iter().map(|kind| width(*kind)).sum()
    }
}

/// A service's way to its rows. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    service: &'static str,
    pools: Vec<(Kind, PgPool)>,
    clock: Clock,
    events_waiting: Notify,
    refusals: Refusals,
}

/// How many connections a kind may hold: the caller's pool is the wide one.
fn width(kind: Kind) -> u32 {
    match kind {
        Kind::Borough => 24,
        Kind::Work => 4,
        Kind::Archive | Kind::Purge => 2,
        Kind::Partner | Kind::Region | Kind::Platform | Kind::Issuer | Kind::Public => 6,
    }
}

impl Db {
    /// Opens the pools. Connections are made when first needed.
    ///
    /// # Errors
    /// When a role has no address.
    pub fn open(roles: ServiceRoles, access: &Access, clock: Clock) -> Result<Self, AccessError> {
        let pool = |kind: Kind| {
            let options = access.of(&format!("{}_{}", roles.service, kind.as_str()))?;
            Ok((kind, pool_of(access.at_most(width(kind)), options.application_name(roles.service))))
        };
        let pools = roles.kinds.iter().map(|kind| pool(*kind)).collect::<Result<_, _>>()?;
        let inner = Inner {
            service: roles.service,
            pools,
            clock,
            events_waiting: Notify::new(),
            refusals: Refusals::default(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.0.service
    }

    /// The present instant, by the service's clock.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// Told whenever a transaction with events has been committed here.
    pub async fn events_waiting(&self) {
        self.0.events_waiting.notified().await;
    }

    pub(crate) fn tell_events_waiting(&self) {
        self.0.events_waiting.notify_one();
    }

    pub(crate) fn refusals(&self) -> &Refusals {
        &self.0.refusals
    }

    pub(crate) fn pools(&self) -> impl Iterator<Item = &(Kind, PgPool)> {
        self.0.pools.iter()
    }

    fn pool(&self, kind: Kind) -> &PgPool {
        let found = self.0.pools.iter().find(|(one, _)| *one == kind);
        // A route that needs a kind its service has no role for is a mistake of ours, found by the first test.
        &found.unwrap_or_else(|| panic!("{} has no role for {}", self.0.service, kind.as_str())).1
    }

    pub(crate) async fn begin<K: KindOf>(
        &self,
        context: &Context,
        read_only: bool,
    ) -> Result<(sqlx::Transaction<'static, sqlx::Postgres>, Instant), DbError> {
        let started = Instant::now();
        // The text holds nothing but a parsed id, code or slug.
        let opening = AssertSqlSafe(Opening { context, read_only }.to_string());
        let tx = self.pool(K::KIND).begin_with(opening).await;
        match tx {
            Ok(tx) => {
                measures::opened(self.0.service, K::KIND.as_str(), started.elapsed());
                Ok((tx, started))
            }
            Err(error) => {
                measures::not_opened(self.0.service, K::KIND.as_str());
                Err(error.into())
            }
        }
    }

    /// A transaction of the service's own work: queues, ids and boroughs.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn work(&self) -> Result<Tx<Work>, DbError> {
        Tx::plain(self, &Context::None, false).await
    }

    /// A transaction that issues tokens: clients, before any borough is known.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn issuer(&self) -> Result<Tx<Issuer>, DbError> {
        Tx::plain(self, &Context::None, false).await
    }

    /// An ordinary transaction in the borough of a row that work has picked up. Not for requests.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn for_work_in(&self, borough: BoroughId) -> Result<Tx<Borough>, DbError> {
        Tx::plain(self, &Context::Borough(borough), false).await
    }

    /// An ordinary transaction of the platform's own, for what work has to do there. Not for requests.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn for_work_on_platform(&self) -> Result<Tx<Platform>, DbError> {
        Tx::plain(self, &Context::None, false).await
    }

    /// A READ ONLY transaction of one moment in a borough that work knows of. Not for requests.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn reading_in(&self, borough: BoroughId) -> Result<Tx<Borough>, DbError> {
        Tx::plain(self, &Context::Borough(borough), true).await
    }

    /// Waits to be woken on a channel. Where that cannot be had, it never wakes: whoever waits also polls.
    pub async fn listen(&self, channel: &'static str) -> Wakener {
        let listener = PgListener::connect_with(self.pool(Kind::Work)).await;
        let mut listener = listener.ok();
        if let Some(open) = &mut listener
            && open.listen(channel).await.is_err()
        {
            listener = None;
        }
        Wakener(listener)
    }

    /// A borough's transaction to which no borough was given, in which every row is an error. For tests of just that.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn without_context(&self) -> Result<Tx<Borough>, DbError> {
        Tx::plain(self, &Context::None, false).await
    }

    /// Tells the measurements how many connections are held.
    pub(crate) fn measure_connections(&self) {
        for (kind, pool) in self.pools() {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            let most = pool.options().get_max_connections();
            measures::connections(self.0.service, kind.as_str(), pool.size(), idle, most);
        }
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> bool {
        let asked = sqlx::query("select 1").execute(self.pool(Kind::Work));
        tokio::time::timeout(Duration::from_secs(2), asked).await.is_ok_and(|answer| answer.is_ok())
    }

    /// Closes every connection.
    pub async fn close(&self) {
        for (_, pool) in self.pools() {
            pool.close().await;
        }
    }
}

pub(crate) fn pool_of(width: u32, options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(width)
        .acquire_timeout(Duration::from_secs(3))
        .idle_timeout(Duration::from_secs(300))
        // The transaction's opening says soon enough whether the connection is alive.
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

/// Wakes whoever waits for something to arrive.
pub struct Wakener(Option<PgListener>);

impl Wakener {
    /// Returns when woken.
    pub async fn wait(&mut self) {
        if let Some(listener) = &mut self.0
            && listener.recv().await.is_ok()
        {
            return;
        }
        // The listener reconnects by itself; until then the poll serves.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Switches that `./dev bench` uses to measure what the wall costs.
#[cfg(feature = "unwalled")]
pub mod unwalled {
    use std::sync::atomic::{AtomicBool, Ordering};

    static NO_CONTEXT: AtomicBool = AtomicBool::new(false);
    static NO_SELF_CHECK: AtomicBool = AtomicBool::new(false);

    /// Opens transactions without context from now on.
    pub fn drop_context() {
        NO_CONTEXT.store(true, Ordering::Relaxed);
    }

    /// Serves from now on where the self-check would refuse to.
    pub fn skip_self_check() {
        NO_SELF_CHECK.store(true, Ordering::Relaxed);
    }

    pub(crate) fn no_context() -> bool {
        NO_CONTEXT.load(Ordering::Relaxed)
    }

    pub(crate) fn no_self_check() -> bool {
        NO_SELF_CHECK.load(Ordering::Relaxed)
    }
}
