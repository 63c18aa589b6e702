//! The service: what it is started with, and what it runs.

use std::sync::Arc;

use auth::{Epochs, Gate, JwkSet, KeyEncryptionKey, KeySet, Signer, Trust, Verifier};
use axum::extract::FromRef;
use domain::Clock;
use tenancy::{Access, Db, Kind, Migrations, ServiceRoles};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The service's login roles.
pub const ROLES: ServiceRoles = ServiceRoles {
    service: "tenants",
    kinds: &[Kind::Borough, Kind::Partner, Kind::Region, Kind::Platform, Kind::Issuer, Kind::Work],
};

/// The service's migrations.
#[must_use]
pub fn migrations() -> Migrations {
    static LIST: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
    Migrations { schema: "tenants", list: &LIST }
}

/// What the service is started with.
pub struct Settings {
    /// How its login roles reach the database.
    pub access: Access,
    /// Whether the cluster is ours, so that a callable `set_config` is fatal.
    pub own_cluster: bool,
    /// The base of our public address: issuer and audience of tokens.
    pub public_url: String,
    /// The key tokens are signed with.
    pub signer: Signer,
    /// What secrets that must be used again are kept encrypted under.
    pub key_encryption_key: KeyEncryptionKey,
    /// The clock.
    pub clock: Clock,
}

/// What handlers are given.
#[derive(Clone, FromRef)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) gate: Gate,
    pub(crate) issuer: Arc<crate::tokens::Issuer>,
}

/// Serves until `stop`.
///
/// # Errors
/// When the wall does not stand, or the database is out of reach.
pub async fn serve(listener: TcpListener, settings: Settings, stop: CancellationToken) -> anyhow::Result<()> {
    let db = Db::open(ROLES, &settings.access, settings.clock.clone())?;
    tenancy::refuse_unless_walled(&db, settings.own_cluster).await?;
    let epochs = Arc::new(Epochs::default());
    epochs.hear(tenancy::load_epochs(&db).await?);
    let trust = Trust { issuer: settings.public_url.clone(), audience: settings.public_url };
    let keys = JwkSet { keys: vec![settings.signer.public().clone()] };
    let verifier = Verifier::new(trust.clone(), Arc::new(KeySet::of(&keys)), epochs.clone(), settings.clock);
    let issuer = crate::tokens::Issuer { signer: settings.signer, trust, keys };
    let app = App { db: db.clone(), gate: Arc::new(verifier), issuer: Arc::new(issuer) };

    let work = [
        tokio::spawn(tenancy::follow_epochs(db.clone(), epochs, stop.clone())),
        tokio::spawn(tenancy::keep_house(db.clone(), stop.clone())),
        tokio::spawn(events::relay(db.clone(), stop.clone())),
        tokio::spawn(tenancy::number_changes(db.clone(), stop.clone())),
    ];
    web::serve(listener, crate::routes::router(app), web::Limits::default(), stop).await?;
    for task in work {
        task.await.ok();
    }
    db.close().await;
    Ok(())
}
