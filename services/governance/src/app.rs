//! The service: what it is started with, and what it runs.

use std::sync::Arc;

use anyhow::Context;
use auth::{Epochs, Gate, KeySet, Role, Trust, Verifier};
use axum::extract::FromRef;
use domain::Clock;
use storage::Storage;
use tenancy::{Access, Db, Kind, Migrations, Seed, ServiceRoles};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The service's login roles.
pub const ROLES: ServiceRoles =
    ServiceRoles { service: "governance", kinds: &[Kind::Borough, Kind::Region, Kind::Public, Kind::Work] };

/// What a new sandbox has of this service.
const SEED: Seed = Seed { steps: include_str!("../data/sandbox.json"), role: Role::Clerk, next: &[] };

/// The service's migrations.
#[must_use]
pub fn migrations() -> Migrations {
    static LIST: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
    Migrations { schema: "governance", list: &LIST }
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
    /// Where the content of papers lies: `file:///folder` or `s3://bucket/folder`.
    pub papers_url: String,
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
    pub(crate) papers: Storage,
    /// The base of our public address, for links.
    pub(crate) public_url: Arc<str>,
}

/// Serves until `stop`.
///
/// # Errors
/// When the wall does not stand, or the database or the store of papers is out of reach.
pub async fn serve(listener: TcpListener, settings: Settings, stop: CancellationToken) -> anyhow::Result<()> {
    web::check_base("TENFOLD_PUBLIC_URL", &settings.public_url)?;
    web::check_base("TENFOLD_TENANTS_URL", &settings.tenants_url)?;
    let papers = Storage::open("papers", &settings.papers_url).context("TENFOLD_PAPERS_URL")?;
    let db = Db::open(ROLES, &settings.access, settings.clock.clone())?;
    tenancy::refuse_unless_migrated(&db, migrations()).await?;
    tenancy::refuse_unless_walled(&db, settings.own_cluster).await?;
    let epochs = Arc::new(Epochs::default());
    // Before the first request: a service that has heard no epochs trusts no token.
    epochs.hear(tenancy::load_epochs(&db).await?);
    let keys = Arc::new(KeySet::published_at(format!("{}/.well-known/jwks.json", settings.tenants_url)));
    let public_url = Arc::from(settings.public_url.as_str());
    let trust = Trust { issuer: settings.public_url.clone(), audience: settings.public_url };
    let verifier = || Arc::new(Verifier::new(trust, keys.clone(), epochs.clone(), settings.clock)) as Gate;
    let app = App { db: db.clone(), gate: settings.gate.unwrap_or_else(verifier), papers, public_url };

    let freshness = {
        let (keys, stop) = (keys.clone(), stop.clone());
        async move { keys.keep_fresh(stop).await }
    };
    let own = app.clone();
    let sandboxes = move |gate| crate::routes::router(App { gate, ..own.clone() });
    let work = [
        tokio::spawn(tenancy::follow_epochs(db.clone(), epochs, stop.clone())),
        tokio::spawn(freshness),
        tokio::spawn(tenancy::measure(db.clone(), tenancy::NoBacklog, stop.clone())),
        tokio::spawn(events::relay(db.clone(), stop.clone())),
        tokio::spawn(tenancy::number_changes(db.clone(), stop.clone())),
        tokio::spawn(tenancy::sow_sandboxes(db.clone(), sandboxes, SEED, stop.clone())),
        tokio::spawn(tenancy::keep_refusals(db.clone(), stop.clone())),
        tokio::spawn(tenancy::keep_house(db.clone(), stop.clone())),
        tokio::spawn(crate::decisions::timekeeper::keep_time(db.clone(), stop.clone())),
        tokio::spawn(events::consume(db.clone(), crate::facts::Facts, stop.clone())),
    ];
    web::serve(listener, crate::routes::router(app), web::Limits::default(), stop).await?;
    web::wind_up(work).await;
    db.close().await;
    Ok(())
}
