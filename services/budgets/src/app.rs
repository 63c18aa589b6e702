//! The service: what it is started with, and what it runs.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use auth::{Epochs, Gate, KeySet, Role, Trust, Verifier};
use axum::extract::FromRef;
use domain::Clock;
use tenancy::{Access, Db, Kind, Migrations, Seed, ServiceRoles};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    imports::Spool,
    seals::{self, SealKey},
};

/// The most a ledger's file may hold where nothing else is set: 1 GiB.
pub const IMPORT_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// The service's login roles.
pub const ROLES: ServiceRoles =
    ServiceRoles { service: "budgets", kinds: &[Kind::Borough, Kind::Partner, Kind::Region, Kind::Public, Kind::Work] };

/// What a new sandbox has of this service.
const SEED: Seed = Seed { steps: include_str!("../data/sandbox.json"), role: Role::PoolManager, next: &[] };

/// The service's migrations.
#[must_use]
pub fn migrations() -> Migrations {
    static LIST: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
    Migrations { schema: "budgets", list: &LIST }
}

/// What the service is started with.
pub struct Settings {
    /// How its login roles reach the database.
    pub access: Access,
    /// Whether the cluster is ours, so that a callable `set_config` is fatal.
    pub own_cluster: bool,
    /// The base of our public address: issuer and audience of tokens.
    pub public_url: String,
    /// Where the tenants service answers, for its keys.
    pub tenants_url: String,
    /// Where files of ledgers lie while they are read. Kept over a restart, their reading goes on.
    pub imports_folder: PathBuf,
    /// The most such a file may hold, in bytes.
    pub import_bytes_max: u64,
    /// The file of the key that closed periods are sealed with; without one they wait for their seals.
    pub seal_key: Option<PathBuf>,
    /// The clock.
    pub clock: Clock,
    /// What tells callers by their headers; the verifier of our tokens when left out.
    pub gate: Option<Gate>,
}

/// What handlers are given.
#[derive(Clone, FromRef)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) gate: Gate,
    pub(crate) spool: Spool,
    pub(crate) seal_key: Option<Arc<SealKey>>,
}

/// Serves until `stop`.
///
/// # Errors
/// When the wall does not stand, the database is out of reach, or the key to seal with cannot be used.
pub async fn serve(listener: TcpListener, settings: Settings, stop: CancellationToken) -> anyhow::Result<()> {
    web::check_base("TENFOLD_PUBLIC_URL", &settings.public_url)?;
    web::check_base("TENFOLD_TENANTS_URL", &settings.tenants_url)?;
    let spool = Spool::open(&settings.imports_folder, settings.import_bytes_max, &settings.clock)
        .context("TENFOLD_IMPORTS_DIR")?;
    let seal_key = settings.seal_key.as_deref().map(SealKey::load).transpose().context("TENFOLD_SEAL_KEY_FILE")?;
    let seal_key = seal_key.map(Arc::new);
    let db = Db::open(ROLES, &settings.access, settings.clock.clone())?;
    tenancy::refuse_unless_migrated(&db, migrations()).await?;
    tenancy::refuse_unless_walled(&db, settings.own_cluster).await?;
    let epochs = Arc::new(Epochs::default());
    // Before the first request: a service that has heard no epochs trusts no token.
    epochs.hear(tenancy::load_epochs(&db).await?);
    let keys = Arc::new(KeySet::published_at(format!("{}/.well-known/jwks.json", settings.tenants_url)));
    let trust = Trust { issuer: settings.public_url.clone(), audience: settings.public_url };
    let verifier = || Arc::new(Verifier::new(trust, keys.clone(), epochs.clone(), settings.clock)) as Gate;
    let gate = settings.gate.unwrap_or_else(verifier);
    let app = App { db: db.clone(), gate, spool: spool.clone(), seal_key: seal_key.clone() };

    let freshness = {
        let (keys, stop) = (keys.clone(), stop.clone());
        async move { keys.keep_fresh(stop).await }
    };
    let own = app.clone();
    let sandboxes = move |gate| crate::routes::router(App { gate, ..own.clone() });
    let work = [
        tokio::spawn(tenancy::follow_epochs(db.clone(), epochs, stop.clone())),
        tokio::spawn(freshness),
        tokio::spawn(tenancy::keep_house(db.clone(), stop.clone())),
        tokio::spawn(tenancy::measure(db.clone(), crate::backlog::Queues, stop.clone())),
        tokio::spawn(events::relay(db.clone(), stop.clone())),
        tokio::spawn(tenancy::number_changes(db.clone(), stop.clone())),
        tokio::spawn(tenancy::sow_sandboxes(db.clone(), sandboxes, SEED, stop.clone())),
        tokio::spawn(tenancy::keep_refusals(db.clone(), stop.clone())),
        tokio::spawn(events::consume(db.clone(), crate::facts::Facts, stop.clone())),
        tokio::spawn(crate::compactor::compact(db.clone(), stop.clone())),
        tokio::spawn(crate::imports::worker::read_files(db.clone(), spool, stop.clone())),
        tokio::spawn(seals::keep_sealing(db.clone(), seal_key, stop.clone())),
    ];
    web::serve(listener, crate::routes::router(app), web::Limits::default(), stop).await?;
    web::wind_up(work).await;
    db.close().await;
    Ok(())
}
