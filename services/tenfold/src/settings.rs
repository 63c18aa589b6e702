//! Settings: by flag or environment, the same name everywhere.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

/// How much of the demonstration is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Demonstration {
    /// The ten boroughs, and the neighbour whose committee tells a story of its own.
    On,
    /// The ten boroughs alone: the neighbour can be brought on board by hand.
    Ten,
    /// Nothing.
    Off,
}

/// Where things are kept.
#[derive(Args, Clone, Debug)]
pub struct DataFolder {
    /// The folder for the database, keys and personas. Default: /var/lib/tenfold for root, .tenfold otherwise.
    #[arg(long, env = "TENFOLD_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

impl DataFolder {
    /// A folder given outright.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { data_dir: Some(folder) }
    }

    /// The folder, as an absolute path.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
        let default = if root { "/var/lib/tenfold" } else { ".tenfold" };
        let chosen = self.data_dir.clone().unwrap_or_else(|| default.into());
        std::path::absolute(&chosen).unwrap_or(chosen)
    }
}

/// How the stack is run.
#[derive(Args, Clone, Debug)]
pub struct UpSettings {
    #[command(flatten)]
    /// Where things are kept.
    pub folder: DataFolder,
    /// Where the gateway listens; port 0 picks a free one.
    #[arg(long, env = "TENFOLD_GATEWAY_ADDR", default_value = "127.0.0.1:8080")]
    pub gateway_addr: String,
    /// The base of the public address: issuer and audience of tokens. Default: http:// and where the gateway listens.
    #[arg(long, env = "TENFOLD_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// The migrator's connection to a database to use; without it a private one is started.
    #[arg(long, env = "TENFOLD_DATABASE_URL")]
    pub database_url: Option<String>,
    /// A Redis to use; without it a private one is started where a server is installed. `off` uses none.
    #[arg(long, env = "TENFOLD_REDIS_URL")]
    pub redis_url: Option<String>,
    /// Where the content of papers lies: file:///folder or s3://bucket/folder. Default: papers in the data folder.
    #[arg(long, env = "TENFOLD_PAPERS_URL")]
    pub papers_url: Option<String>,
    /// Where archives of boroughs lie: file:///folder or s3://bucket/folder. Default: exports in the data folder.
    #[arg(long, env = "TENFOLD_EXPORTS_URL")]
    pub exports_url: Option<String>,
    /// The file of the key that closed periods are sealed with. Default: one of its own in the data folder.
    #[arg(long, env = "TENFOLD_SEAL_KEY_FILE")]
    pub seal_key_file: Option<PathBuf>,
    /// The file of the key that seals the keys tokens are signed with. Default: one of its own in the data folder.
    #[arg(long, env = "TENFOLD_KEY_ENCRYPTION_KEY_FILE")]
    pub key_encryption_key_file: Option<PathBuf>,
    /// How long a new key is published before it signs tokens, in seconds.
    #[arg(long, env = "TENFOLD_KEY_PROPAGATION_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=86_400))]
    pub key_propagation_seconds: u32,
    /// After how many days the keys tokens are signed with rotate by themselves.
    #[arg(long, env = "TENFOLD_KEY_ROTATION_DAYS", default_value_t = tenants::SigningSettings::ROTATE_AFTER_DAYS, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub key_rotation_days: u32,
    /// The file of the key that heads of audit trails are signed with. Default: one of its own in the data folder.
    #[arg(long, env = "TENFOLD_AUDIT_KEY_FILE")]
    pub audit_key_file: Option<PathBuf>,
    /// The public keys they were signed with before, in base64url, with commas between.
    #[arg(long, env = "TENFOLD_AUDIT_KEYS_BEFORE", value_delimiter = ',')]
    pub audit_keys_before: Vec<String>,
    /// Whether addresses that callers give may be private ones, and plain HTTP: for trying things out on one machine.
    #[arg(long, env = "TENFOLD_ALLOW_PRIVATE_ADDRESSES", default_value_t = false, num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub allow_private_addresses: bool,
    /// Where measurements are read, as `GET /metrics`; with --split each process has the next port, the gateway this one.
    #[arg(long, env = "TENFOLD_METRICS_ADDR")]
    pub metrics_addr: Option<String>,
    /// Whether to load the demonstration region, through the API.
    #[arg(long, env = "TENFOLD_DEMO", value_enum, default_value = "off")]
    pub demo: Demonstration,
    /// Throw away what is in the data folder first.
    #[arg(long)]
    pub fresh: bool,
    /// One process a service.
    #[arg(long)]
    pub split: bool,
}

/// What other commands need to know of a stack that runs.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Running {
    /// The gateway's address.
    pub url: String,
    /// Where tenants, budgets and governance answer.
    #[serde(default)]
    pub services: Vec<String>,
}

impl Running {
    /// Notes it in the data folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn note(&self, folder: &Path) -> std::io::Result<()> {
        fs::write(folder.join("running.toml"), toml::to_string(self).unwrap_or_default())
    }

    /// Reads it from the data folder.
    #[must_use]
    pub fn read(folder: &Path) -> Option<Self> {
        toml::from_str(&fs::read_to_string(folder.join("running.toml")).ok()?).ok()
    }
}
