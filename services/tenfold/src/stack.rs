//! Every service in one process, each on its own loopback address: the same code as one process a service.

use std::path::PathBuf;

use anyhow::Context;
use auth::Gate;
use domain::Clock;
use tenancy::Access;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// What a stack is started with.
pub struct StackSettings {
    /// Where the gateway listens.
    pub gateway_addr: String,
    /// The base of the public address; made of the gateway's where left out.
    pub public_url: Option<String>,
    /// How the login roles reach the database.
    pub access: Access,
    /// Whether the cluster is ours.
    pub own_cluster: bool,
    /// A Redis, where there is one.
    pub redis_url: Option<String>,
    /// How the keys tokens are signed with are kept.
    pub signing: tenants::SigningSettings,
    /// Whether addresses that callers give may be private ones.
    pub allow_private_addresses: bool,
    /// The file of the key heads of audit trails are signed with, made where it is not there.
    pub audit_key: PathBuf,
    /// The public keys they were signed with before.
    pub audit_keys_before: Vec<String>,
    /// The file of the key periods are sealed with, made where it is not there; without one they wait for their seals.
    pub seal_key: Option<PathBuf>,
    /// Where the content of papers lies.
    pub papers_url: String,
    /// Where archives of boroughs lie.
    pub exports_url: String,
    /// Where files of ledgers lie while they are read.
    pub imports_folder: PathBuf,
    /// The clock.
    pub clock: Clock,
    /// What tells the budgets service's callers, where that is not to be their tokens.
    pub budgets_gate: Option<Gate>,
}

/// A running stack.
pub struct Stack {
    /// The base of the public address.
    pub url: String,
    /// Where the services answer, without the gateway: tenants, budgets, governance.
    pub services: [String; 3],
    stop: CancellationToken,
    running: JoinSet<anyhow::Result<()>>,
}

impl Stack {
    /// Starts every service and waits until the gateway is ready.
    ///
    /// # Errors
    /// When a service refuses to serve.
    pub async fn start(settings: StackSettings) -> anyhow::Result<Self> {
        let StackSettings { access, own_cluster, redis_url, clock, .. } = settings;
        let door = web::listen(&settings.gateway_addr).await?;
        let url = settings.public_url.map_or_else(|| Ok(format!("http://{}", door.local_addr()?)), anyhow::Ok)?;
        let here = format!("http://{}", door.local_addr()?);
        let stop = CancellationToken::new();
        let mut running = JoinSet::new();

        let (tenants_at, tenants_url) = inside().await?;
        let (budgets_at, budgets_url) = inside().await?;
        let (governance_at, governance_url) = inside().await?;
        auth::SealKey::make_where_missing(&settings.audit_key)?;
        let tenants = tenants::Settings {
            access: access.clone(),
            own_cluster,
            public_url: url.clone(),
            signing: settings.signing,
            allow_private_addresses: settings.allow_private_addresses,
            audit_key: Some(settings.audit_key),
            audit_keys_before: settings.audit_keys_before,
            papers_url: settings.papers_url.clone(),
            exports_url: settings.exports_url,
            calls_a_day: tenants::CALLS_A_DAY,
            clock: clock.clone(),
        };
        settings.seal_key.as_deref().map(budgets::SealKey::make_where_missing).transpose()?;
        let budgets = budgets::Settings {
            access: access.clone(),
            own_cluster,
            public_url: url.clone(),
            tenants_url: tenants_url.clone(),
            imports_folder: settings.imports_folder,
            import_bytes_max: budgets::IMPORT_BYTES_MAX,
            seal_key: settings.seal_key,
            clock: clock.clone(),
            gate: settings.budgets_gate,
        };
        let governance = governance::Settings {
            access,
            own_cluster,
            public_url: url.clone(),
            tenants_url: tenants_url.clone(),
            papers_url: settings.papers_url,
            clock: clock.clone(),
            gate: None,
        };
        let gateway = gateway::Settings {
            public_url: url.clone(),
            tenants_url: tenants_url.clone(),
            budgets_url: budgets_url.clone(),
            governance_url: governance_url.clone(),
            redis_url,
            ..gateway::Settings::default()
        };
        // The gateway stops first, so that nothing in flight loses its service.
        let behind = CancellationToken::new();
        running.spawn(tenants::serve(tenants_at, tenants, behind.clone()));
        running.spawn(budgets::serve(budgets_at, budgets, behind.clone()));
        running.spawn(governance::serve(governance_at, governance, behind.clone()));
        let told = stop.clone();
        running.spawn(async move {
            let served = gateway::serve(door, gateway, clock, told).await;
            behind.cancel();
            served
        });
        let mut stack = Self { url, services: [tenants_url, budgets_url, governance_url], stop, running };
        stack.until_ready(&here).await?;
        Ok(stack)
    }

    async fn until_ready(&mut self, gateway: &str) -> anyhow::Result<()> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        for _ in 0..600 {
            if let Some(ended) = self.running.try_join_next() {
                self.stop.cancel();
                return Err(ended?.err().unwrap_or_else(|| anyhow::anyhow!("a service stopped as it started")));
            }
            let ready = http.get(format!("{gateway}/health/ready")).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        anyhow::bail!("the services did not become ready in 30 seconds")
    }

    /// Runs until a service ends or `stop` is cancelled; then lets requests in flight end.
    ///
    /// # Errors
    /// When a service failed.
    pub async fn run_until(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut failed = Ok(());
        tokio::select! {
            () = stop.cancelled() => {}
            ended = self.running.join_next() => {
                if let Some(ended) = ended {
                    failed = ended.context("a service panicked").and_then(|ended| ended);
                }
            }
        }
        self.shut_down().await;
        failed
    }

    /// Lets requests in flight end, and stops.
    pub async fn shut_down(mut self) {
        self.stop.cancel();
        while self.running.join_next().await.is_some() {}
    }
}

async fn inside() -> anyhow::Result<(TcpListener, String)> {
    let listener = web::listen("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}
