//! The governance service as a process of its own.

use clap::Parser;
use tenancy::Access;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Serves joint committees and the scheme of delegation.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, env = "TENFOLD_GOVERNANCE_ADDR", default_value = "127.0.0.1:4003")]
    addr: String,
    /// The base of our public address: issuer and audience of tokens.
    #[arg(long, env = "TENFOLD_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    public_url: String,
    /// Where the tenants service answers.
    #[arg(long, env = "TENFOLD_TENANTS_URL", default_value = "http://127.0.0.1:4001")]
    tenants_url: String,
    /// Where the content of papers lies: file:///folder or s3://bucket/folder.
    #[arg(long, env = "TENFOLD_PAPERS_URL", value_name = "TENFOLD_PAPERS_URL")]
    papers_url: String,
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
    let _telling = web::Telemetry::begin("tenfold-governance");
    web::ended(run(arguments).await.map_err(Into::into))
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let (listener, stop) = (web::listen(&arguments.addr).await?, web::stop_signal());
    if let Some(address) = &arguments.metrics_addr {
        web::telemetry::serve_measures(address, stop.clone()).await?;
    }
    let settings = governance::Settings {
        access: Access::default().and_environment(governance::ROLES.names())?,
        own_cluster: arguments.own_cluster,
        public_url: arguments.public_url,
        tenants_url: arguments.tenants_url,
        papers_url: arguments.papers_url,
        clock: domain::Clock::System,
        gate: None,
    };
    governance::serve(listener, settings, stop).await
}
