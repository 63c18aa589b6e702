//! The gateway on its own: settings from flags or the environment, and a graceful end.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use gateway::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Tenfold's one public door.
#[derive(Parser)]
#[command(name = "tenfold-gateway", version)]
struct Flags {
    /// Where to listen; port 0 picks one.
    #[arg(long, env = "TENFOLD_GATEWAY_ADDR", default_value = "127.0.0.1:8080")]
    gateway_addr: String,
    /// The base of the public address; http://<gateway-addr> where not given.
    #[arg(long, env = "TENFOLD_PUBLIC_URL")]
    public_url: Option<String>,
    /// Where the tenants service answers.
    #[arg(long, env = "TENFOLD_TENANTS_URL", default_value = "http://127.0.0.1:4001")]
    tenants_url: String,
    /// Where the budgets service answers.
    #[arg(long, env = "TENFOLD_BUDGETS_URL", default_value = "http://127.0.0.1:4002")]
    budgets_url: String,
    /// Where the governance service answers.
    #[arg(long, env = "TENFOLD_GOVERNANCE_URL", default_value = "http://127.0.0.1:4003")]
    governance_url: String,
    /// A Redis that all gateways share, for the limits.
    #[arg(long, env = "TENFOLD_REDIS_URL")]
    redis_url: Option<String>,
    /// Networks of proxies before the gateway, with commas between: they are believed about the address that asked them.
    #[arg(long, env = "TENFOLD_TRUSTED_PROXIES", value_delimiter = ',')]
    trusted_proxies: Vec<String>,
    /// The most the file of an import may hold, in bytes.
    #[arg(long, env = "TENFOLD_IMPORT_BYTES", default_value_t = Settings::default().file_bytes_max)]
    import_bytes: u64,
    /// Where measurements are read, as `GET /metrics`: never a public address. Without one nothing is measured.
    #[arg(long, env = "TENFOLD_METRICS_ADDR")]
    metrics_addr: Option<String>,
    /// Serve nothing: ask the one that listens here whether it is ready, and say so by ending well.
    #[arg(long)]
    healthy: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    if flags.healthy {
        return web::healthy(&flags.gateway_addr);
    }
    let _telling = web::Telemetry::begin("tenfold-gateway");
    web::ended(run(flags).await.map_err(Into::into))
}

async fn run(flags: Flags) -> anyhow::Result<()> {
    let (listener, stop) = (web::listen(&flags.gateway_addr).await?, web::stop_signal());
    if let Some(address) = &flags.metrics_addr {
        web::telemetry::serve_measures(address, stop.clone()).await?;
    }
    let address = listener.local_addr().context("the address cannot be told")?;
    let settings = Settings {
        public_url: flags.public_url.unwrap_or_else(|| format!("http://{address}")),
        tenants_url: flags.tenants_url,
        budgets_url: flags.budgets_url,
        governance_url: flags.governance_url,
        redis_url: flags.redis_url,
        proxies: gateway::Proxies::of(&flags.trusted_proxies)?,
        file_bytes_max: flags.import_bytes,
        ..Settings::default()
    };
    tracing::info!(%address, public_url = settings.public_url, "the gateway listens");
    gateway::serve(listener, settings, domain::Clock::System, stop).await
}
