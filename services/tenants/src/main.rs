//! The tenants service as a process of its own.

use std::{path::PathBuf, time::Duration};

use clap::Parser;
use tenancy::Access;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Serves boroughs, organisations, API clients and tokens.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, env = "TENFOLD_TENANTS_ADDR", default_value = "127.0.0.1:4001")]
    addr: String,
    /// The base of our public address: issuer and audience of tokens.
    #[arg(long, env = "TENFOLD_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    public_url: String,
    /// The private key tokens are signed with at first; made where it is not there. Those after it are in the database.
    #[arg(long, env = "TENFOLD_TOKEN_KEY", default_value = "token-signing.pem")]
    token_key: PathBuf,
    /// The file of the key that secrets in the database are kept encrypted under: 32 bytes in base64, mode 0600.
    #[arg(long, env = "TENFOLD_KEY_ENCRYPTION_KEY_FILE", default_value = "key-encryption.key")]
    key_encryption_key_file: PathBuf,
    /// How long a new signing key is published before it signs, in seconds.
    #[arg(long, env = "TENFOLD_KEY_PROPAGATION_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=86_400))]
    key_propagation_seconds: u32,
    /// After how many days the signing keys rotate by themselves.
    #[arg(long, env = "TENFOLD_KEY_ROTATION_DAYS", default_value_t = tenants::SigningSettings::ROTATE_AFTER_DAYS, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    key_rotation_days: u32,
    /// The key heads of audit trails are signed with; without one entries wait for their places.
    #[arg(long, env = "TENFOLD_AUDIT_KEY_FILE")]
    audit_key_file: Option<PathBuf>,
    /// The public keys they were signed with before, in base64url, with commas between.
    #[arg(long, env = "TENFOLD_AUDIT_KEYS_BEFORE", value_delimiter = ',')]
    audit_keys_before: Vec<String>,
    /// Where the content of papers lies: file:///folder or s3://bucket/folder.
    #[arg(long, env = "TENFOLD_PAPERS_URL", value_name = "TENFOLD_PAPERS_URL")]
    papers_url: String,
    /// Where archives of boroughs lie: file:///folder or s3://bucket/folder.
    #[arg(long, env = "TENFOLD_EXPORTS_URL", value_name = "TENFOLD_EXPORTS_URL")]
    exports_url: String,
    /// How many calls a day a borough has that was given no number of its own.
    #[arg(long, env = "TENFOLD_CALLS_A_DAY", default_value_t = tenants::CALLS_A_DAY)]
    calls_a_day: u32,
    /// Whether addresses that callers give may be private ones, and plain HTTP: for a demonstration or a test.
    #[arg(long, env = "TENFOLD_ALLOW_PRIVATE_ADDRESSES", default_value_t = false, action = clap::ArgAction::Set)]
    allow_private_addresses: bool,
    /// Whether the database cluster is ours: then a callable `set_config` is fatal.
    #[arg(long, env = "TENFOLD_OWN_CLUSTER", default_value_t = false, action = clap::ArgAction::Set)]
    own_cluster: bool,
    /// Where measurements are read, as `GET /metrics`: never a public address. Without one nothing is measured.
    #[arg(long, env = "TENFOLD_METRICS_ADDR")]
    metrics_addr: Option<String>,
    /// Serve nothing: ask the one that listens here whether it is ready, and say so by ending well.
    #[arg(long)]
    healthy: bool,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    if arguments.healthy {
        return web::healthy(&arguments.addr);
    }
    let _telling = web::Telemetry::begin("tenfold-tenants");
    web::ended(run(arguments).await.map_err(Into::into))
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let (listener, stop) = (web::listen(&arguments.addr).await?, web::stop_signal());
    if let Some(address) = &arguments.metrics_addr {
        web::telemetry::serve_measures(address, stop.clone()).await?;
    }
    let settings = tenants::Settings {
        access: Access::default().and_environment(tenants::ROLES.names())?,
        own_cluster: arguments.own_cluster,
        public_url: arguments.public_url,
        signing: tenants::SigningSettings {
            token_key: arguments.token_key,
            key_encryption_key: arguments.key_encryption_key_file,
            propagation: Duration::from_secs(arguments.key_propagation_seconds.into()),
            rotate_after_days: arguments.key_rotation_days,
        },
        papers_url: arguments.papers_url,
        exports_url: arguments.exports_url,
        calls_a_day: arguments.calls_a_day,
        allow_private_addresses: arguments.allow_private_addresses,
        audit_key: arguments.audit_key_file,
        audit_keys_before: arguments.audit_keys_before,
        clock: domain::Clock::System,
    };
    tenants::serve(listener, settings, stop).await
}
