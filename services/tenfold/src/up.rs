//! `tenfold up`: from nothing to a region that answers.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    str::FromStr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use auth::{ClientSecret, KeyEncryptionKey};
use domain::Clock;
use sqlx::postgres::PgConnectOptions;
use tenancy::{Access, cluster::Cluster};
use tokio_util::sync::CancellationToken;

use crate::{
    DATABASE, demo,
    jobs::demonstration::show_region,
    personas::{Credentials, Personas},
    redis::Redis,
    settings::{Demonstration, Running, UpSettings},
    split::{Split, SplitSettings},
    stack::{Stack, StackSettings},
    tell::{Step, answer, say},
};

enum Services {
    Together(Stack),
    Split(Split),
}

impl Services {
    fn url(&self) -> &str {
        match self {
            Self::Together(stack) => &stack.url,
            Self::Split(split) => &split.url,
        }
    }

    fn inside(&self) -> &[String; 3] {
        match self {
            Self::Together(stack) => &stack.services,
            Self::Split(split) => &split.services,
        }
    }

    async fn run_until(self, stop: CancellationToken) -> anyhow::Result<()> {
        match self {
            Self::Together(stack) => stack.run_until(stop).await,
            Self::Split(split) => split.run_until(stop).await,
        }
    }
}

/// Starts everything, loads the demonstration where that is asked for, and serves until `stop`.
///
/// # Errors
/// With a sentence a person can act on.
pub async fn up(settings: UpSettings, stop: CancellationToken) -> anyhow::Result<()> {
    let began = Instant::now();
    let folder = settings.folder.path();
    let _lock = lock(&folder)?;
    if settings.fresh {
        empty(&folder)?;
    }

    let own = settings.database_url.is_none();
    let mut cluster = None;
    let owner = match &settings.database_url {
        Some(url) => PgConnectOptions::from_str(url).context("TENFOLD_DATABASE_URL is not a Postgres address")?,
        None => {
            let step = Step::begin("Starting the database", 0);
            let started = Cluster::start(&folder, None, &[]).await?;
            if Personas::load(&folder)?.is_some_and(|personas| !personas.complete) {
                say("The demonstration was interrupted while it was loading; loading it again.");
                started.drop_database(DATABASE).await?;
                fs::remove_file(crate::personas::file(&folder)).ok();
            }
            started.create_database(DATABASE).await?;
            step.end("running");
            let owner = started.owner(DATABASE);
            cluster = Some(started);
            owner
        }
    };
    let step = Step::begin("Migrating", 0);
    tenancy::migrate(&owner, &crate::migrations()).await?;
    let passwords = passwords(&folder)?;
    tenancy::set_passwords(&owner, &passwords).await?;
    step.end("up to date");

    let mut redis = None;
    let redis_url = match settings.redis_url.as_deref() {
        Some("off") => None,
        Some(url) => Some(url.to_owned()),
        None => {
            redis = Redis::start(&folder);
            redis.as_ref().map(Redis::url)
        }
    };
    if redis_url.is_none() {
        say("No Redis: limits are kept in this process, which is enough for one.");
    }

    let step = Step::begin("Starting the services", 0);
    let mut signing = tenants::SigningSettings {
        propagation: Duration::from_secs(settings.key_propagation_seconds.into()),
        rotate_after_days: settings.key_rotation_days,
        ..tenants::SigningSettings::in_folder(&folder)
    };
    // A key that is given is used as it is; our own is made.
    match settings.key_encryption_key_file {
        Some(given) => signing.key_encryption_key = given,
        None => KeyEncryptionKey::make_where_missing(&signing.key_encryption_key)?,
    }
    // A key that is given is used as it is; our own is made.
    let seal_key = match settings.seal_key_file {
        Some(given) => given,
        None => {
            let own = folder.join("seal-signing.pem");
            budgets::SealKey::make_where_missing(&own)?;
            own
        }
    };
    let audit_key = settings.audit_key_file.unwrap_or_else(|| folder.join("audit-signing.pem"));
    budgets::SealKey::make_where_missing(&audit_key)?;
    let own_papers = || format!("file://{}", folder.join("papers").display());
    let papers_url = settings.papers_url.unwrap_or_else(own_papers);
    let own_exports = || format!("file://{}", folder.join("exports").display());
    let exports_url = settings.exports_url.unwrap_or_else(own_exports);
    let services = if settings.split {
        let base = match &cluster {
            Some(cluster) => cluster.anyone().database(DATABASE),
            None => owner.clone(),
        };
        let roles = passwords.iter().map(|(role, password)| (role.clone(), address(&base, role, password))).collect();
        let split = SplitSettings {
            gateway_addr: settings.gateway_addr,
            public_url: settings.public_url,
            roles,
            own_cluster: own,
            redis_url,
            signing,
            allow_private_addresses: settings.allow_private_addresses,
            audit_key,
            audit_keys_before: settings.audit_keys_before,
            seal_key,
            papers_url,
            exports_url,
            imports_folder: folder.join("imports"),
            metrics_addr: settings.metrics_addr,
        };
        Services::Split(Split::start(split).await?)
    } else {
        if let Some(address) = &settings.metrics_addr {
            let told = web::telemetry::serve_measures(address, stop.clone()).await?;
            say(&format!("Measurements: http://{told}/metrics"));
        }
        let access = Access::to_one_database(owner.clone(), passwords).and_environment(crate::login_roles())?;
        let stack = StackSettings {
            gateway_addr: settings.gateway_addr,
            public_url: settings.public_url,
            access,
            own_cluster: own,
            redis_url,
            signing,
            allow_private_addresses: settings.allow_private_addresses,
            audit_key,
            audit_keys_before: settings.audit_keys_before,
            seal_key: Some(seal_key),
            papers_url,
            exports_url,
            imports_folder: folder.join("imports"),
            clock: Clock::System,
            budgets_gate: None,
        };
        Services::Together(Stack::start(stack).await?)
    };
    step.end("ready");

    Running { url: services.url().to_owned(), services: services.inside().to_vec() }.note(&folder)?;
    let url = services.url().to_owned();
    let told = async {
        if settings.demo != Demonstration::Off {
            demonstrate(&url, &folder, &owner, settings.demo).await?;
        }
        answer(&format!("ready: {url}"));
        say(&format!(
            "(after {}.{} s; Ctrl-C stops it)",
            began.elapsed().as_secs(),
            began.elapsed().subsec_millis() / 100
        ));
        anyhow::Ok(())
    };
    let shown = tokio::select! {
        shown = told => shown,
        () = stop.cancelled() => Ok(()),
    };
    if shown.is_err() {
        stop.cancel();
    }
    let served = services.run_until(stop).await;
    say("Stopping.");
    fs::remove_file(folder.join("running.toml")).ok();
    drop(redis);
    drop(cluster);
    shown.and(served)
}

async fn demonstrate(
    url: &str,
    folder: &Path,
    owner: &PgConnectOptions,
    how_much: Demonstration,
) -> anyhow::Result<()> {
    if Personas::load(folder)?.is_none() {
        let made = tenants::bootstrap(owner, &Clock::System).await?;
        let Some((client_id, client_secret)) = made else {
            bail!(
                "the database has boroughs already, and this data folder does not know their clients. Use another database, or TENFOLD_DEMO=off"
            );
        };
        demo::load(url, folder, Credentials { client_id, client_secret }, how_much).await?;
    }
    show_region(url, folder).await
}

fn address(base: &PgConnectOptions, role: &str, password: &str) -> String {
    let database = base.get_database().unwrap_or(DATABASE);
    match base.get_socket() {
        Some(socket) => format!("postgres://{role}:{password}@localhost/{database}?host={}", socket.display()),
        None => format!("postgres://{role}:{password}@{}:{}/{database}", base.get_host(), base.get_port()),
    }
}

/// One stack a folder.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let cannot = || format!("the data folder {} cannot be written; choose another with --data-dir", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    let file = File::create(folder.join("lock")).with_context(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            bail!("another Tenfold runs on {}; stop it, or choose another folder with --data-dir", folder.display())
        }
        Err(fs::TryLockError::Error(error)) => Err(error).with_context(cannot),
    }
}

/// Throws away what a stack kept in the folder, and nothing else that lies there.
fn empty(folder: &Path) -> anyhow::Result<()> {
    // A server left behind would go on writing: only its cluster's folder knows it.
    tenancy::cluster::remove(&folder.join("postgres"))?;
    for kept in ["papers", "exports", "imports"] {
        match fs::remove_dir_all(folder.join(kept)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{kept} cannot be removed"));
            }
            _ => {}
        }
    }
    for file in [
        "personas.toml",
        "roles.toml",
        "running.toml",
        "token-signing.pem",
        "key-encryption.key",
        "audit-signing.pem",
        "seal-signing.pem",
        "postgres.log",
        "redis.sock",
    ] {
        match fs::remove_file(folder.join(file)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{file} cannot be removed"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The passwords of the login roles: random, kept in the folder, readable by its owner only.
fn passwords(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let path = folder.join("roles.toml");
    let mut kept: BTreeMap<String, String> = match fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).context("roles.toml cannot be read; start afresh with --fresh")?,
        Err(_) => BTreeMap::new(),
    };
    let before = kept.len();
    for role in crate::login_roles() {
        kept.entry(role)
            .or_insert_with(|| ClientSecret::id_suffix() + &ClientSecret::id_suffix() + &ClientSecret::id_suffix());
    }
    if kept.len() > before {
        fs::remove_file(&path).ok();
        let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        out.write_all(toml::to_string(&kept)?.as_bytes())?;
    }
    Ok(kept)
}
