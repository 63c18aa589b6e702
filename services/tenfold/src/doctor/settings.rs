//! What is looked at: the same settings as the services', or the data folder of `tenfold up`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::Context;
use clap::Args;
use sqlx::postgres::PgConnectOptions;
use tenancy::Access;

use crate::settings::{DataFolder, Running};

/// Where the deployment is. What is left out and not in the data folder is not looked at.
#[derive(Args, Clone, Debug)]
pub struct DoctorSettings {
    #[command(flatten)]
    /// Where `tenfold up` keeps its things, where it is used.
    pub folder: DataFolder,
    /// The owner's connection: with it the lists of migrations are compared one by one. Login roles come from TENFOLD_<ROLE>_DATABASE_URL.
    #[arg(long, env = "TENFOLD_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Whether the database cluster is ours: then a callable `set_config` is wrong, and not only told.
    #[arg(long, env = "TENFOLD_OWN_CLUSTER", action = clap::ArgAction::Set)]
    pub own_cluster: Option<bool>,
    /// The Redis of the gateways.
    #[arg(long, env = "TENFOLD_REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,
    /// Where the gateway answers inside, where that is not its public address.
    #[arg(long, env = "TENFOLD_GATEWAY_URL")]
    pub gateway_url: Option<String>,
    /// Where the tenants service answers.
    #[arg(long, env = "TENFOLD_TENANTS_URL")]
    pub tenants_url: Option<String>,
    /// Where the budgets service answers.
    #[arg(long, env = "TENFOLD_BUDGETS_URL")]
    pub budgets_url: Option<String>,
    /// Where the governance service answers.
    #[arg(long, env = "TENFOLD_GOVERNANCE_URL")]
    pub governance_url: Option<String>,
    /// The base of the public address.
    #[arg(long, env = "TENFOLD_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Where the content of papers lies.
    #[arg(long, env = "TENFOLD_PAPERS_URL")]
    pub papers_url: Option<String>,
    /// Where archives of boroughs lie.
    #[arg(long, env = "TENFOLD_EXPORTS_URL")]
    pub exports_url: Option<String>,
    /// Where files of ledgers lie while they are read.
    #[arg(long, env = "TENFOLD_IMPORTS_DIR")]
    pub imports_dir: Option<PathBuf>,
    /// The file of the key that secrets in the database are kept encrypted under.
    #[arg(long, env = "TENFOLD_KEY_ENCRYPTION_KEY_FILE")]
    pub key_encryption_key_file: Option<PathBuf>,
    /// The file of the key that heads of audit trails are signed with.
    #[arg(long, env = "TENFOLD_AUDIT_KEY_FILE")]
    pub audit_key_file: Option<PathBuf>,
    /// The file of the key that closed periods are sealed with.
    #[arg(long, env = "TENFOLD_SEAL_KEY_FILE")]
    pub seal_key_file: Option<PathBuf>,
    /// Tell as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What there is to look at.
pub(super) struct Deployment {
    pub(super) owner: Option<PgConnectOptions>,
    pub(super) access: Access,
    /// Whether any login role's way is known.
    pub(super) own_cluster: bool,
    pub(super) redis: Option<String>,
    pub(super) gateway: Option<String>,
    /// Tenants, budgets, governance.
    pub(super) services: [(&'static str, Option<String>); 3],
    pub(super) public: Option<String>,
    pub(super) papers: Option<String>,
    pub(super) exports: Option<String>,
    pub(super) imports: Option<PathBuf>,
    /// The data folder, where there is one.
    pub(super) folder: Option<PathBuf>,
    /// The setting, what it is for, and its file.
    pub(super) keys: [KeyFile; 3],
}

pub(super) struct KeyFile {
    pub(super) check: &'static str,
    pub(super) setting: &'static str,
    pub(super) path: Option<PathBuf>,
}

impl DoctorSettings {
    pub(super) fn deployment(&self) -> anyhow::Result<Deployment> {
        let folder = Some(self.folder.path()).filter(|folder| folder.join("roles.toml").is_file());
        let in_folder = |name: &str| folder.as_deref().map(|folder| folder.join(name));
        let running = folder.as_deref().and_then(Running::read);
        let of_running = |index: usize| running.as_ref().and_then(|running| running.services.get(index).cloned());
        let own_redis = || in_folder("redis.sock").filter(|socket| socket.exists());
        let given = |url: &Option<String>| url.clone().filter(|url| !url.is_empty());
        let owner = match (given(&self.database_url), &folder) {
            (Some(url), _) => Some(PgConnectOptions::from_str(&url).map_err(|_| unreadable("TENFOLD_DATABASE_URL"))?),
            (None, Some(folder)) => Some(tenancy::cluster::owned(folder, crate::DATABASE)?),
            (None, None) => None,
        };
        let base = match (&folder, &owner) {
            (Some(_), Some(owner)) => Some(owner.clone()),
            _ => None,
        };
        let access = match base {
            Some(base) => Access::to_one_database(base, passwords(folder.as_deref())?),
            None => Access::default(),
        };
        let access = access.and_environment(crate::login_roles())?;
        let place = |given: &Option<String>, name: &str| {
            given.clone().or_else(|| in_folder(name).map(|folder| format!("file://{}", folder.display())))
        };
        let key = |check, setting, given: &Option<PathBuf>, name: &str| KeyFile {
            check,
            setting,
            path: given.clone().or_else(|| in_folder(name)),
        };
        Ok(Deployment {
            own_cluster: self.own_cluster.unwrap_or(self.database_url.is_none() && folder.is_some()),
            owner,
            access,
            redis: given(&self.redis_url)
                .filter(|url| url != "off")
                .or_else(|| own_redis().map(|socket| format!("unix://{}", socket.display()))),
            gateway: self.gateway_url.clone().or_else(|| running.as_ref().map(|running| running.url.clone())),
            services: [
                ("tenants", given(&self.tenants_url).or_else(|| of_running(0))),
                ("budgets", given(&self.budgets_url).or_else(|| of_running(1))),
                ("governance", given(&self.governance_url).or_else(|| of_running(2))),
            ],
            public: given(&self.public_url).or_else(|| running.as_ref().map(|running| running.url.clone())),
            papers: place(&self.papers_url, "papers"),
            exports: place(&self.exports_url, "exports"),
            imports: self.imports_dir.clone().or_else(|| in_folder("imports")),
            keys: [
                key(
                    "key encryption",
                    "TENFOLD_KEY_ENCRYPTION_KEY_FILE",
                    &self.key_encryption_key_file,
                    "key-encryption.key",
                ),
                key("key audit", "TENFOLD_AUDIT_KEY_FILE", &self.audit_key_file, "audit-signing.pem"),
                key("key seal", "TENFOLD_SEAL_KEY_FILE", &self.seal_key_file, "seal-signing.pem"),
            ],
            folder,
        })
    }
}

fn unreadable(setting: &str) -> anyhow::Error {
    // Not its value, which may hold a password.
    anyhow::anyhow!("{setting} is not a Postgres address (postgres://role:password@host/database)")
}

fn passwords(folder: Option<&Path>) -> anyhow::Result<BTreeMap<String, String>> {
    let Some(folder) = folder else { return Ok(BTreeMap::new()) };
    let text = fs::read_to_string(folder.join("roles.toml")).context("roles.toml of the data folder cannot be read")?;
    // Not what is wrong with it, which would quote a password.
    toml::from_str(&text).map_err(|_| anyhow::anyhow!("roles.toml of the data folder cannot be read"))
}
