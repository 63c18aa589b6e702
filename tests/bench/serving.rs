//! The budgets service in a process of its own, with the wall or with parts of it taken away: the switches
//! hold for a whole process. Beside it, where asked for, a gateway whose limits are out of the way.

use std::{path::PathBuf, pin::Pin, process::Stdio, sync::Arc};

use anyhow::Context;
use auth::{Authenticate, BoroughClaim, Caller, Gate, Owner, Role};
use axum::http::HeaderMap;
use domain::Clock;
use serde::{Deserialize, Serialize};
use tenfold::tell::answer;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, Command},
};
use tokio_util::sync::CancellationToken;
use web::Problem;

use crate::{
    house::{self, House},
    wall::{WALLS, Wall},
};

/// What a process is to serve.
#[derive(Serialize, Deserialize)]
pub(crate) struct Serving {
    socket: PathBuf,
    database: String,
    public_url: String,
    tenants_url: String,
    governance_url: String,
    /// The caller everybody is taken for, where tokens are not looked at.
    caller: Option<FixedCaller>,
    no_context: bool,
    no_self_check: bool,
    gateway: bool,
}

#[derive(Serialize, Deserialize)]
struct FixedCaller {
    client_id: String,
    borough: BoroughClaim,
}

/// Where a process answers.
#[derive(Serialize, Deserialize)]
pub(crate) struct Urls {
    pub(crate) budgets: String,
    pub(crate) gateway: Option<String>,
}

/// A process that serves. Ends with us: its standard input is ours.
pub(crate) struct Served {
    pub(crate) urls: Urls,
    process: Child,
    input: Option<ChildStdin>,
}

impl Served {
    /// The process's id, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Stops it, in peace.
    pub(crate) async fn stop(mut self) {
        drop(self.input.take());
        self.process.wait().await.ok();
    }
}

impl Serving {
    /// As in production.
    pub(crate) fn whole(house: &House, database: &str) -> anyhow::Result<Self> {
        Self::behind(WALLS[0], house, database)
    }

    /// With this of the wall.
    pub(crate) fn behind(wall: Wall, house: &House, database: &str) -> anyhow::Result<Self> {
        let [tenants_url, _, governance_url] = house.services()?.clone();
        let fixed = FixedCaller { client_id: house.officer.client_id.clone(), borough: house.borough.clone() };
        Ok(Self {
            socket: house.socket().to_owned(),
            database: database.to_owned(),
            public_url: house.public_url()?.to_owned(),
            tenants_url,
            governance_url,
            caller: (!wall.token).then_some(fixed),
            no_context: !wall.context,
            no_self_check: !(wall.row_level_security && wall.context),
            gateway: false,
        })
    }

    /// With a gateway before it, in the same process, as `tenfold up` has it.
    pub(crate) fn with_gateway(mut self) -> Self {
        self.gateway = true;
        self
    }

    /// Starts a process, and waits until it serves.
    pub(crate) async fn start(self) -> anyhow::Result<Served> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg(serde_json::to_string(&self)?)
            .env("TENFOLD_STOP_ON_STDIN_EOF", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = process.stdin.take();
        let output = process.stdout.take().context("the process has an output")?;
        let said = BufReader::new(output).lines().next_line().await?;
        let urls = serde_json::from_str(&said.context("a service did not start; see above")?)?;
        Ok(Served { urls, process, input })
    }
}

/// Serves until standard input ends.
pub(crate) async fn serve(serving: &str) -> anyhow::Result<()> {
    let serving: Serving = serde_json::from_str(serving)?;
    let stop = web::stop_signal();
    if serving.no_context {
        tenancy::unwalled::drop_context();
    }
    if serving.no_self_check {
        tenancy::unwalled::skip_self_check();
    }
    let listener = web::listen("127.0.0.1:0").await?;
    let budgets_url = format!("http://{}", listener.local_addr()?);
    let seal_key = serving.socket.join("seal-signing.pem");
    budgets::SealKey::make_where_missing(&seal_key)?;
    let settings = budgets::Settings {
        access: house::access(&serving.socket, &serving.database),
        own_cluster: true,
        public_url: serving.public_url.clone(),
        tenants_url: serving.tenants_url.clone(),
        imports_folder: std::env::temp_dir().join(format!("tenfold-bench-imports-{}", std::process::id())),
        import_bytes_max: budgets::IMPORT_BYTES_MAX,
        seal_key: Some(seal_key),
        clock: Clock::System,
        gate: serving.caller.map(|fixed| Arc::new(Always::of(fixed)) as Gate),
    };
    let mut running = tokio::task::JoinSet::new();
    running.spawn(budgets::serve(listener, settings, stop.clone()));
    let mut gateway_url = None;
    if serving.gateway {
        let door = web::listen("127.0.0.1:0").await?;
        gateway_url = Some(format!("http://{}", door.local_addr()?));
        let wide = gateway::Rate::new(1_000_000, u32::MAX);
        let settings = gateway::Settings {
            public_url: serving.public_url,
            tenants_url: serving.tenants_url,
            budgets_url: budgets_url.clone(),
            governance_url: serving.governance_url,
            rates: gateway::Rates { client: wide, borough: wide, address: wide, ..gateway::Rates::default() },
            ..gateway::Settings::default()
        };
        running.spawn(gateway::serve(door, settings, Clock::System, stop.clone()));
    }
    let mut waits = vec![budgets_url.clone()];
    waits.extend(gateway_url.clone());
    tokio::select! {
        ready = until_ready(&waits) => ready?,
        ended = running.join_next() => return ended.context("something was started")??.context("a service ended at once"),
    }
    answer(&serde_json::to_string(&Urls { budgets: budgets_url, gateway: gateway_url })?);
    run(running, &stop).await
}

async fn run(mut running: tokio::task::JoinSet<anyhow::Result<()>>, stop: &CancellationToken) -> anyhow::Result<()> {
    while let Some(ended) = running.join_next().await {
        stop.cancel();
        ended??;
    }
    Ok(())
}

async fn until_ready(urls: &[String]) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    for url in urls {
        let mut ready = false;
        for _ in 0..200 {
            let answer = http.get(format!("{url}/health/ready")).send().await;
            ready = answer.is_ok_and(|answer| answer.status().is_success());
            if ready {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        anyhow::ensure!(ready, "{url} did not become ready in ten seconds");
    }
    Ok(())
}

/// Takes everybody for the same caller.
struct Always(Arc<Caller>);

impl Always {
    fn of(fixed: FixedCaller) -> Self {
        let role = Role::Finance;
        Self(Arc::new(Caller {
            client_id: fixed.client_id,
            owner: Owner::Borough(fixed.borough),
            role,
            scopes: role.scopes(),
            token_id: "a-token".into(),
            issued_at: 0,
            expires_at: i64::MAX,
        }))
    }
}

impl Authenticate for Always {
    fn caller<'a>(
        &'a self,
        _headers: &'a HeaderMap,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Caller>, Problem>> + Send + 'a>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}
