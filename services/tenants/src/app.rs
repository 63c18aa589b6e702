//! The service: what it is started with, and what it runs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use auth::{Epochs, Gate, KeyEncryptionKey, PublicSealKey, Role, SealKey, Trust, Verifier};
use axum::extract::FromRef;
use domain::Clock;
use storage::Storage;
use tenancy::{Access, Db, Kind, Migrations, Seed, ServiceRoles};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use web::Outbound;

use crate::{
    audit::{self, AuditKeys},
    clients,
    exports::{self, Places},
    key_sets::KeySets,
    purges,
    signing_keys::{SigningKeys, SigningSettings},
    tokens::Issuer,
    usage::Quota,
    webhooks,
};

/// How long a webhook's receiver may take to answer.
const WEBHOOK_WITHIN: Duration = Duration::from_secs(15);

/// How many calls a day a borough has that was given no number of its own, where nothing else is set.
pub const CALLS_A_DAY: u32 = 10_000_000;

/// The service's login roles.
pub const ROLES: ServiceRoles = ServiceRoles {
    service: "tenants",
    kinds: &[
        Kind::Borough,
        Kind::Partner,
        Kind::Region,
        Kind::Platform,
        Kind::Issuer,
        Kind::Work,
        Kind::Archive,
        Kind::Purge,
    ],
};

/// What a new sandbox has of this service.
const SEED: Seed =
    Seed { steps: include_str!("../data/sandbox.json"), role: Role::Admin, next: &["budgets", "governance"] };

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
    /// The keys tokens are signed with, and the key that secrets in the database are kept encrypted under.
    pub signing: SigningSettings,
    /// Where the content of papers lies: it goes into a borough's archive.
    pub papers_url: String,
    /// Where archives of boroughs lie: `file:///folder` or `s3://bucket/folder`.
    pub exports_url: String,
    /// How many calls a day a borough has that was given no number of its own.
    pub calls_a_day: u32,
    /// Whether addresses that callers give may be private ones, and plain HTTP: for a demonstration or a test.
    pub allow_private_addresses: bool,
    /// The file of the key that heads of audit trails are signed with; without one entries wait for their places.
    pub audit_key: Option<PathBuf>,
    /// The public keys they were signed with before, in base64url.
    pub audit_keys_before: Vec<String>,
    /// The clock.
    pub clock: Clock,
}

/// What handlers are given.
#[derive(Clone, FromRef)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) gate: Gate,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) key_sets: Arc<KeySets>,
    pub(crate) audit_keys: AuditKeys,
    pub(crate) webhooks: WebhookSettings,
    pub(crate) places: Places,
    pub(crate) quota: Quota,
}

/// What webhooks are told with.
#[derive(Clone)]
pub(crate) struct WebhookSettings {
    pub(crate) outbound: Outbound,
    pub(crate) key: KeyEncryptionKey,
}

/// Serves until `stop`.
///
/// # Errors
/// When the wall does not stand, the database is out of reach, or the keys to sign with cannot be opened.
pub async fn serve(listener: TcpListener, settings: Settings, stop: CancellationToken) -> anyhow::Result<()> {
    web::check_base("TENFOLD_PUBLIC_URL", &settings.public_url)?;
    let audit_keys = audit_keys(settings.audit_key.as_deref(), &settings.audit_keys_before)?;
    let db = Db::open(ROLES, &settings.access, settings.clock.clone())?;
    tenancy::refuse_unless_migrated(&db, migrations()).await?;
    tenancy::refuse_unless_walled(&db, settings.own_cluster).await?;
    let epochs = Arc::new(Epochs::default());
    epochs.hear(tenancy::load_epochs(&db).await?);
    let places = Places {
        archives: Storage::open("exports", &settings.exports_url).context("TENFOLD_EXPORTS_URL")?,
        papers: Storage::open("papers", &settings.papers_url).context("TENFOLD_PAPERS_URL")?,
        instance: settings.public_url.clone(),
    };
    let trust = Trust { issuer: settings.public_url.clone(), audience: settings.public_url };
    let keys = Arc::new(SigningKeys::open(&db, settings.signing).await?);
    let verifier = Arc::new(Verifier::new(trust.clone(), keys.checking(), epochs.clone(), settings.clock));
    let outbound = Outbound::new(!settings.allow_private_addresses);
    let key_sets = Arc::new(KeySets::new(outbound.clone()));
    let issuer = Issuer { keys: keys.clone(), key_sets: key_sets.clone(), verifier: verifier.clone(), trust };
    let told = WebhookSettings { outbound: outbound.answering_within(WEBHOOK_WITHIN), key: keys.sealing().clone() };
    let app = App {
        db: db.clone(),
        gate: verifier as Gate,
        issuer: Arc::new(issuer),
        keys: keys.clone(),
        key_sets,
        audit_keys: audit_keys.clone(),
        webhooks: told.clone(),
        places: places.clone(),
        quota: Quota(settings.calls_a_day),
    };

    let own = app.clone();
    let sandboxes = move |gate| crate::routes::router(App { gate, ..own.clone() });
    let work = [
        tokio::spawn(tenancy::follow_epochs(db.clone(), epochs, stop.clone())),
        tokio::spawn(tenancy::keep_house(db.clone(), stop.clone())),
        tokio::spawn(tenancy::measure(db.clone(), crate::backlog::Queues, stop.clone())),
        tokio::spawn(events::relay(db.clone(), stop.clone())),
        tokio::spawn(tenancy::number_changes(db.clone(), stop.clone())),
        tokio::spawn(tenancy::sow_sandboxes(db.clone(), sandboxes, SEED, stop.clone())),
        tokio::spawn(events::consume(db.clone(), crate::facts::Facts, stop.clone())),
        tokio::spawn(clients::warn_of_ends(db.clone(), stop.clone())),
        tokio::spawn(keys.keep(db.clone(), stop.clone())),
        tokio::spawn(tenancy::keep_refusals(db.clone(), stop.clone())),
        tokio::spawn(webhooks::feed(db.clone(), stop.clone())),
        tokio::spawn(webhooks::deliver(db.clone(), told, stop.clone())),
        tokio::spawn(exports::make_exports(db.clone(), places.clone(), stop.clone())),
        tokio::spawn(purges::carry_out_purges(db.clone(), places, audit_keys.own.clone(), stop.clone())),
        tokio::spawn(audit::keep_chaining(db.clone(), audit_keys.own, stop.clone())),
    ];
    web::serve(listener, crate::routes::router(app), web::Limits::default(), stop).await?;
    web::wind_up(work).await;
    db.close().await;
    Ok(())
}

fn audit_keys(own: Option<&Path>, before: &[String]) -> anyhow::Result<AuditKeys> {
    let own = own.map(SealKey::load).transpose().context("TENFOLD_AUDIT_KEY_FILE")?.map(Arc::new);
    let read = |text: &String| {
        PublicSealKey::of_text(text)
            .with_context(|| format!("TENFOLD_AUDIT_KEYS_BEFORE: `{text}` is no Ed25519 public key in base64url"))
    };
    let before: Vec<PublicSealKey> =
        before.iter().filter(|text| !text.is_empty()).map(read).collect::<Result<_, _>>()?;
    Ok(AuditKeys { own, before: before.into() })
}
