//! Services that write down what reaches them.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use auth::{Epoch, EpochFeed, JwkSet, Signer};
use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::net::TcpListener;

/// More than the buffers between here and a caller hold.
pub(crate) const LARGE: usize = 64 * 1024 * 1024;

/// A request as it came to a service.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) service: &'static str,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    /// How long its body was; `None` where it broke off.
    pub(crate) body: Option<usize>,
}

/// What the services have in common.
pub(crate) struct Backstage {
    received: Mutex<Vec<Received>>,
    pub(crate) epochs: Mutex<Vec<Epoch>>,
    pub(crate) keys_asked: AtomicUsize,
    /// Refusals at another tenant's door that were told.
    pub(crate) refusals: AtomicUsize,
    pub(crate) ready: AtomicBool,
    keys: JwkSet,
}

impl Backstage {
    pub(crate) fn of(signer: &Signer) -> Arc<Self> {
        Arc::new(Self {
            received: Mutex::default(),
            epochs: Mutex::default(),
            keys_asked: AtomicUsize::new(0),
            refusals: AtomicUsize::new(0),
            ready: AtomicBool::new(true),
            keys: JwkSet { keys: vec![signer.public().clone()] },
        })
    }

    /// Everything received so far, but for what the gateway asks on its own account.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The last of it.
    pub(crate) fn last(&self) -> Received {
        self.received().pop().expect("a service received something")
    }
}

/// Starts one of the services.
pub(crate) async fn start(name: &'static str, backstage: Arc<Backstage>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new()
        .route("/.well-known/jwks.json", get(keys))
        .route("/internal/epochs", get(epochs))
        .route("/internal/refusals", post(refusals))
        .route("/health/ready", get(ready))
        .fallback(move |state: State<Arc<Backstage>>, request: Request| write_down(name, state, request))
        .with_state(backstage);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn keys(State(backstage): State<Arc<Backstage>>) -> Json<JwkSet> {
    backstage.keys_asked.fetch_add(1, Ordering::SeqCst);
    Json(backstage.keys.clone())
}

async fn epochs(State(backstage): State<Arc<Backstage>>) -> Json<EpochFeed> {
    Json(EpochFeed { epochs: backstage.epochs.lock().unwrap().clone(), ..EpochFeed::default() })
}

async fn refusals(State(backstage): State<Arc<Backstage>>) -> StatusCode {
    backstage.refusals.fetch_add(1, Ordering::SeqCst);
    StatusCode::NO_CONTENT
}

async fn ready(State(backstage): State<Arc<Backstage>>) -> StatusCode {
    if backstage.ready.load(Ordering::SeqCst) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// Answers 200; the token endpoint 401 unless the secret is `right`; `?sleep=` answers later, `?large` at length.
async fn write_down(name: &'static str, State(backstage): State<Arc<Backstage>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.to_string();
    let body = to_bytes(body, usize::MAX).await.ok().map(|bytes| bytes.len());
    let sleep = parts.uri.query().and_then(|query| query.strip_prefix("sleep=")?.parse().ok());
    let large = parts.uri.query() == Some("large");
    // `OnJpZ2h0` is how `:right` ends after a name of three letters.
    let refused = target == "/oauth2/token"
        && parts.headers.get(header::AUTHORIZATION).is_none_or(|sent| !sent.as_bytes().ends_with(b"OnJpZ2h0"));
    let received = Received { service: name, method: parts.method.to_string(), target, headers: parts.headers, body };
    backstage.received.lock().unwrap().push(received);
    if let Some(millis) = sleep {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    if refused {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if large {
        return vec![b' '; LARGE].into_response();
    }
    let hop_by_hop = [("connection", "x-hop"), ("x-hop", "1"), ("server-timing", "app;dur=1.000, db;dur=0.500")];
    (hop_by_hop, Json(serde_json::json!({ "by": name }))).into_response()
}
