//! The budgets service as a process of its own.

use clap::Parser;
use tenancy::Access;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Serves pooled funds, their ledger and the region's figures.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, env = "TENFOLD_BUDGETS_ADDR", default_value = "127.0.0.1:4002")]
    addr: String,
    /// The base of our public address: issuer and audience of tokens.
    #[arg(long, env = "TENFOLD_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    public_url: String,
    /// Where the tenants service answers.
    #[arg(long, env = "TENFOLD_TENANTS_URL", default_value = "http://127.0.0.1:4001")]
    tenants_url: String,
    /// The file of the key that closed periods are sealed with, readable by its owner only; without one they wait.
    #[arg(long, env = "TENFOLD_SEAL_KEY_FILE")]
    seal_key_file: Option<std::path::PathBuf>,
    /// Whether the database cluster is ours: then a callable `set_config` is fatal.
    #[arg(long, env = "TENFOLD_OWN_CLUSTER", default_value_t = false, action = clap::ArgAction::Set)]
    own_cluster: bool,
    /// Where files of ledgers lie while they are read. Default: tenfold-imports in the folder for temporary files.
    #[arg(long, env = "TENFOLD_IMPORTS_DIR")]
    imports_dir: Option<std::path::PathBuf>,
    /// The most such a file may hold, in bytes.
    #[arg(long, env = "TENFOLD_IMPORT_BYTES", default_value_t = budgets::IMPORT_BYTES_MAX)]
    import_bytes: u64,
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
    let _telling = web::Telemetry::begin("tenfold-budgets");
    web::ended(run(arguments).await.map_err(Into::into))
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let (listener, stop) = (web::listen(&arguments.addr).await?, web::stop_signal());
    if let Some(address) = &arguments.metrics_addr {
        web::telemetry::serve_measures(address, stop.clone()).await?;
    }
    let settings = budgets::Settings {
        access: Access::default().and_environment(budgets::ROLES.names())?,
        own_cluster: arguments.own_cluster,
        public_url: arguments.public_url,
        tenants_url: arguments.tenants_url,
        imports_folder: arguments.imports_dir.unwrap_or_else(|| std::env::temp_dir().join("tenfold-imports")),
        import_bytes_max: arguments.import_bytes,
        seal_key: arguments.seal_key_file,
        clock: domain::Clock::System,
        gate: None,
    };
    budgets::serve(listener, settings, stop).await
}
