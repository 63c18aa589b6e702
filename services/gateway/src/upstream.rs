//! The services: where they are, and one pool of connections to them.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, Version, uri::Authority},
};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use web::{Problem, problems};

use crate::{
    arriving::{self, Arrival, Arriving, Progress},
    headers,
    leaving::Leaving,
    routes::Service,
    settings::Settings,
};

/// Shorter than the services keep an idle connection, so that it is we who close it.
const IDLE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(2);
/// What must have come of a file, in bytes, whenever a service would have had to answer.
const PACE: u64 = 16 * 1024;

/// Where one service is.
pub(crate) struct There {
    authority: Authority,
    /// Its `Host` header.
    pub(crate) host: HeaderValue,
}

/// The services and the way to them.
pub(crate) struct Upstreams {
    client: Client<HttpConnector, Arriving>,
    tenants: There,
    budgets: There,
    governance: There,
    deadline: Duration,
}

/// A request's head, as it goes out.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

impl Upstreams {
    pub(crate) fn new(settings: &Settings) -> anyhow::Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(256)
            .build(connector);
        Ok(Self {
            client,
            tenants: there(&settings.tenants_url)?,
            budgets: there(&settings.budgets_url)?,
            governance: there(&settings.governance_url)?,
            deadline: settings.forward_deadline,
        })
    }

    /// Where a service is.
    pub(crate) fn there(&self, service: Service) -> &There {
        match service {
            Service::Tenants => &self.tenants,
            Service::Budgets => &self.budgets,
            Service::Governance => &self.governance,
        }
    }

    /// Sends a request and returns the answer as it comes in.
    ///
    /// # Errors
    /// 4xx where the caller's body does not arrive; 502, 503 or 504 where the service does not answer.
    pub(crate) async fn send(&self, head: Head, body: Arriving) -> Result<Response<Body>, Problem> {
        let (progress, limit) = (body.progress(), body.limit());
        let is_file = limit > arriving::BULK;
        let mut answer = std::pin::pin!(self.send_twice(head, body));
        let mut bytes = 0;
        let answered = loop {
            let answered = tokio::time::timeout(self.deadline, &mut answer).await;
            // A file may take longer to arrive than a service may to answer, as long as it does arrive.
            let arrives = |p: &Progress| match p.now() {
                Arrival::UnderWay => p.bytes() >= bytes + PACE,
                _ => p.bytes() > bytes,
            };
            match progress.as_ref().filter(|p| is_file && answered.is_err() && arrives(p)) {
                Some(progress) => bytes = progress.bytes(),
                None => break answered,
            }
        };
        match answered {
            Ok(Ok(answer)) => Ok(self.passed_on(answer)),
            Ok(Err(error)) => Err(why(&error, progress, limit)),
            Err(_) if progress.is_some_and(|p| p.now() == Arrival::UnderWay) => Err(too_slow()),
            Err(_) => {
                tracing::warn!("a service did not answer in time");
                Err(Problem::new(&problems::DEADLINE, "The service did not answer in time."))
            }
        }
    }

    /// A pooled connection may have been closed while the request was on its way: a read is then sent again.
    /// (What was not yet sent at all, the client itself sends again, whatever it is.)
    async fn send_twice(&self, head: Head, body: Arriving) -> Result<Response<Incoming>, Error> {
        let again = matches!(head.method, Method::GET | Method::HEAD).then(|| head.clone());
        let first = self.client.request(request(head, body)).await;
        match (first, again) {
            (Err(error), Some(head)) if !error.is_connect() => {
                tracing::debug!(%error, "a read is sent a second time");
                self.client.request(request(head, Arriving::nothing())).await
            }
            (first, _) => first,
        }
    }

    fn passed_on(&self, answer: Response<Incoming>) -> Response<Body> {
        let (mut parts, body) = answer.into_parts();
        headers::end_here(&mut parts.headers);
        parts.version = Version::HTTP_11;
        parts.extensions.clear();
        if body.is_end_stream() {
            return Response::from_parts(parts, Body::empty());
        }
        Response::from_parts(parts, Body::new(Leaving::new(body, self.deadline)))
    }

    /// Whether the service says it is ready.
    pub(crate) async fn is_ready(&self, service: Service) -> bool {
        let there = self.there(service);
        let uri = address(&there.authority, &Uri::from_static("/health/ready"));
        let head = Head { method: Method::GET, uri, headers: HeaderMap::new() };
        let asked = self.client.request(request(head, Arriving::nothing()));
        // One process of several that ends still serves; its successor is there.
        let fine =
            |answer: &Response<Incoming>| answer.status().is_success() || answer.headers().contains_key(web::ENDS);
        matches!(tokio::time::timeout(Duration::from_secs(1), asked).await, Ok(Ok(answer)) if fine(&answer))
    }
}

impl There {
    /// The path and query of `asked`, byte for byte, at this service.
    pub(crate) fn address(&self, asked: &Uri) -> Uri {
        address(&self.authority, asked)
    }
}

/// The path and query of `asked`, byte for byte, at `there`.
pub(crate) fn address(there: &Authority, asked: &Uri) -> Uri {
    let mut parts = axum::http::uri::Parts::default();
    parts.scheme = Some(axum::http::uri::Scheme::HTTP);
    parts.authority = Some(there.clone());
    parts.path_and_query = asked.path_and_query().cloned();
    Uri::from_parts(parts).unwrap_or_default()
}

fn request(head: Head, body: Arriving) -> Request<Arriving> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.uri_mut() = head.uri;
    *request.headers_mut() = head.headers;
    request
}

fn there(url: &str) -> anyhow::Result<There> {
    let uri: Uri = url.trim_end_matches('/').parse().with_context(|| format!("{url} is no address of a service"))?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http") && uri.path() == "/");
    let authority = authority.with_context(|| format!("{url} is not of the form http://host:port"))?.clone();
    Ok(There { host: headers::host(&authority), authority })
}

/// What the caller is told of a request that was not answered.
fn why(error: &Error, progress: Option<Progress>, limit: u64) -> Problem {
    match progress.map(|p| p.now()) {
        Some(Arrival::TooLarge) => return arriving::too_large(limit),
        Some(Arrival::TooSlow) => return too_slow(),
        Some(Arrival::BrokenOff) => {
            return Problem::new(&problems::BAD_REQUEST, "The body broke off before its end.");
        }
        Some(Arrival::UnderWay | Arrival::Complete) | None => {}
    }
    let chain = Chain(error).to_string();
    if error.is_connect() {
        tracing::warn!(error = chain, "a service is out of reach");
        return Problem::new(&problems::UNAVAILABLE, "The service is out of reach just now.").retry_after(1);
    }
    tracing::warn!(error = chain, "a service broke off before it answered");
    Problem::new(&problems::BAD_GATEWAY, "The service broke off before it answered.")
}

fn too_slow() -> Problem {
    Problem::new(&problems::TIMED_OUT, "The body did not arrive in time. Nothing was done.")
}

/// An error with all its causes, on one line.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        self.0.source().map_or(Ok(()), |cause| write!(f, ": {}", Chain(cause)))
    }
}

/// The upstreams, shared.
pub(crate) type Shared = Arc<Upstreams>;
