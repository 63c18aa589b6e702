//! A gateway and its services, and ways to knock.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use auth::{Caller, Signer};
use gateway::Settings;
use reqwest::{Method, Response};
use tokio::task::JoinHandle;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    personas::{self, PUBLIC_URL},
    services::{self, Backstage},
};

/// A gateway with its three services.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) backstage: Arc<Backstage>,
    pub(crate) signer: Signer,
    client: reqwest::Client,
    stop: DropGuard,
    served: JoinHandle<anyhow::Result<()>>,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings than the usual; waits until it is ready.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let house = Self::unready(change).await;
        for _ in 0..100 {
            if house.get("/health/ready", None).await.status() == 200 {
                return house;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the gateway never became ready");
    }

    pub(crate) async fn unready(change: impl FnOnce(&mut Settings)) -> Self {
        let signer = Signer::from_pem(&Signer::new_pem()).unwrap();
        let backstage = Backstage::of(&signer);
        let url = async |name| format!("http://{}", services::start(name, backstage.clone()).await);
        let mut settings = Settings {
            public_url: PUBLIC_URL.into(),
            tenants_url: url("tenants").await,
            budgets_url: url("budgets").await,
            governance_url: url("governance").await,
            document: include_str!("fixture.json").into(),
            epochs_every: Duration::from_millis(100),
            ..Settings::default()
        };
        change(&mut settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let served =
            tokio::spawn(async move { gateway::serve(listener, settings, domain::Clock::System, stopped).await });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { address, backstage, signer, client, stop: stop.drop_guard(), served }
    }

    /// Asks the gateway to stop; returns what ends when it has.
    pub(crate) fn close(self) -> JoinHandle<anyhow::Result<()>> {
        drop(self.stop);
        self.served
    }

    pub(crate) fn token(&self, caller: &Caller) -> String {
        personas::token(&self.signer, caller)
    }

    pub(crate) fn request(&self, method: Method, path: &str, caller: Option<&Caller>) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        match caller {
            Some(caller) => request.bearer_auth(self.token(caller)),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str, caller: Option<&Caller>) -> Response {
        self.request(Method::GET, path, caller).send().await.unwrap()
    }

    /// Sends bytes as they are; returns whatever comes back until the end, or until nothing more comes.
    pub(crate) async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes.as_ref()).await.unwrap();
        rest_of(&mut stream, Duration::from_millis(700)).await
    }

    /// As `raw`, only the status.
    pub(crate) async fn raw_status(&self, bytes: impl AsRef<[u8]>) -> u16 {
        status_of(&self.raw(bytes).await)
    }
}

/// Everything that comes until the end, or until nothing has come for as long as `quiet`.
pub(crate) async fn rest_of(stream: &mut TcpStream, quiet: Duration) -> String {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(Ok(read)) = tokio::time::timeout(quiet, stream.read(&mut piece)).await {
        if read == 0 {
            break;
        }
        all.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// The status of the first answer; 0 where there is none.
pub(crate) fn status_of(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
}

/// Asserts that an answer is a problem document of that kind.
pub(crate) async fn assert_problem(answer: Response, status: u16, slug: &str) -> serde_json::Value {
    assert_eq!(answer.status().as_u16(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["type"], format!("/problems/{slug}"));
    assert_eq!(body["request_id"], id);
    body
}
