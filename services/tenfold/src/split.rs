//! One process a service: the same binaries production runs, started beside this one.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, process::Stdio, time::Duration};

use anyhow::Context;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::tell::say;

/// The processes of the services.
pub struct Split {
    /// The base of the public address.
    pub url: String,
    /// Where the services answer, without the gateway: tenants, budgets, governance.
    pub services: [String; 3],
    children: Vec<(&'static str, Child)>,
}

/// What the processes are told.
pub struct SplitSettings {
    /// Where the gateway listens.
    pub gateway_addr: String,
    /// The base of the public address; made of the gateway's where left out.
    pub public_url: Option<String>,
    /// The address of each login role.
    pub roles: BTreeMap<String, String>,
    /// Whether the cluster is ours.
    pub own_cluster: bool,
    /// A Redis, where there is one.
    pub redis_url: Option<String>,
    /// How the keys tokens are signed with are kept.
    pub signing: tenants::SigningSettings,
    /// Whether addresses that callers give may be private ones.
    pub allow_private_addresses: bool,
    /// The file of the key heads of audit trails are signed with.
    pub audit_key: PathBuf,
    /// The public keys they were signed with before.
    pub audit_keys_before: Vec<String>,
    /// The file of the key periods are sealed with.
    pub seal_key: PathBuf,
    /// Where the content of papers lies.
    pub papers_url: String,
    /// Where archives of boroughs lie.
    pub exports_url: String,
    /// Where files of ledgers lie while they are read.
    pub imports_folder: PathBuf,
    /// Where the gateway's measurements are read; those of each other process at the next port.
    pub metrics_addr: Option<String>,
}

impl Split {
    /// Starts them and waits until the gateway is ready.
    ///
    /// # Errors
    /// When one does not start.
    pub async fn start(settings: SplitSettings) -> anyhow::Result<Self> {
        let gateway_addr = free(&settings.gateway_addr).await?;
        let url = settings.public_url.unwrap_or_else(|| format!("http://{gateway_addr}"));
        let mut at = BTreeMap::new();
        for service in ["tenants", "budgets", "governance"] {
            at.insert(service, free("127.0.0.1:0").await?);
        }
        let mut common: BTreeMap<String, String> = BTreeMap::new();
        let mut tell = |name: &str, value: String| common.insert(name.to_owned(), value);
        tell("TENFOLD_PUBLIC_URL", url.clone());
        tell("TENFOLD_OWN_CLUSTER", settings.own_cluster.to_string());
        tell("TENFOLD_ALLOW_PRIVATE_ADDRESSES", settings.allow_private_addresses.to_string());
        tell("TENFOLD_PAPERS_URL", settings.papers_url);
        tell("TENFOLD_EXPORTS_URL", settings.exports_url);
        tell("TENFOLD_IMPORTS_DIR", settings.imports_folder.display().to_string());
        tell("TENFOLD_GATEWAY_ADDR", gateway_addr.clone());
        tell("TENFOLD_ALLOW_PRIVATE_ADDRESSES", settings.allow_private_addresses.to_string());
        tell("TENFOLD_STOP_ON_STDIN_EOF", "1".into());
        for (service, addr) in &at {
            let name = service.to_uppercase();
            tell(&format!("TENFOLD_{name}_ADDR"), addr.clone());
            tell(&format!("TENFOLD_{name}_URL"), format!("http://{addr}"));
        }
        if let Some(redis) = settings.redis_url {
            tell("TENFOLD_REDIS_URL", redis);
        }
        let services = ["tenants", "budgets", "governance"].map(|service| format!("http://{}", at[service]));
        let binaries = std::env::current_exe().context("this program does not know where it is")?;
        let measured = settings.metrics_addr.as_deref().map(measured_at).transpose()?;
        let mut split = Self { url, services, children: Vec::new() };
        for service in ["tenants", "budgets", "governance", "gateway"] {
            let program = binaries.with_file_name(format!("tenfold-{service}"));
            let mut command = Command::new(&program);
            for own in [
                "TENFOLD_REDIS_URL",
                "TENFOLD_SEAL_KEY_FILE",
                "TENFOLD_KEY_ENCRYPTION_KEY_FILE",
                "TENFOLD_AUDIT_KEY_FILE",
                "TENFOLD_METRICS_ADDR",
            ] {
                command.env_remove(own);
            }
            if let Some(measured) = &measured {
                command.env("TENFOLD_METRICS_ADDR", measured[service].to_string());
                say(&format!("Measurements of {service}: http://{}/metrics", measured[service]));
            }
            command.envs(&common);
            // A service gets the addresses of its own roles and no others.
            for (role, address) in settings.roles.iter().filter(|(role, _)| role.starts_with(&format!("{service}_"))) {
                command.env(format!("TENFOLD_{}_DATABASE_URL", role.to_uppercase()), address);
            }
            if service == "tenants" {
                let signing = &settings.signing;
                command.env("TENFOLD_TOKEN_KEY", &signing.token_key);
                command.env("TENFOLD_KEY_ENCRYPTION_KEY_FILE", &signing.key_encryption_key);
                command.env("TENFOLD_KEY_PROPAGATION_SECONDS", signing.propagation.as_secs().to_string());
                command.env("TENFOLD_KEY_ROTATION_DAYS", signing.rotate_after_days.to_string());
                command.env("TENFOLD_AUDIT_KEY_FILE", &settings.audit_key);
                command.env("TENFOLD_AUDIT_KEYS_BEFORE", settings.audit_keys_before.join(","));
            }
            if service == "budgets" {
                command.env("TENFOLD_SEAL_KEY_FILE", &settings.seal_key);
            }
            command.stdin(Stdio::piped()).process_group(0).kill_on_drop(true);
            let child = command.spawn().with_context(|| format!("{} does not start", program.display()))?;
            split.children.push((service, child));
        }
        split.until_ready(&format!("http://{gateway_addr}")).await?;
        Ok(split)
    }

    async fn until_ready(&mut self, gateway: &str) -> anyhow::Result<()> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        for _ in 0..600 {
            for (service, child) in &mut self.children {
                if let Some(status) = child.try_wait()? {
                    anyhow::bail!("{service} stopped as it started ({status})");
                }
            }
            let ready = http.get(format!("{gateway}/health/ready")).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("the services did not become ready in 30 seconds")
    }

    /// Runs until a process ends or `stop` is cancelled; then stops them, the gateway first.
    ///
    /// # Errors
    /// When a process ended of itself.
    pub async fn run_until(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut ended = None;
        while ended.is_none() && !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(300)) => {}
            }
            for (service, child) in &mut self.children {
                if let Some(status) = child.try_wait()? {
                    ended = Some(format!("{service} ended ({status})"));
                }
            }
        }
        while let Some((_, mut child)) = self.children.pop() {
            drop(child.stdin.take());
            tokio::time::timeout(Duration::from_secs(30), child.wait()).await.ok();
        }
        ended.map_or(Ok(()), |what| Err(anyhow::anyhow!(what)))
    }
}

/// Where the measurements of each process are read: one port after the other.
fn measured_at(first: &str) -> anyhow::Result<BTreeMap<&'static str, SocketAddr>> {
    let first: SocketAddr =
        first.parse().with_context(|| format!("`{first}` is no address of measurements: 127.0.0.1:9100"))?;
    let mut next = first;
    let mut at = BTreeMap::new();
    for service in ["gateway", "tenants", "budgets", "governance"] {
        at.insert(service, next);
        let port = if next.port() == 0 { Some(0) } else { next.port().checked_add(1) };
        next.set_port(port.context("there are not four ports from there on")?);
    }
    Ok(at)
}

/// An address to hand to another process; port 0 becomes one that is free now.
async fn free(addr: &str) -> anyhow::Result<String> {
    Ok(web::listen(addr).await?.local_addr()?.to_string())
}
