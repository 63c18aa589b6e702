//! One request, from the door to a service and back.
//!
//! The order is the point: nothing is looked at before what comes before it has passed.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use auth::{Authenticate, Caller, Epochs, KeySet, Verifier};
use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::Response,
};
use tracing::Instrument;
use web::{
    Problem, RequestId, problems,
    telemetry::{self, measures},
};

use crate::{
    answer::{self, Manner},
    arriving::{Arriving, BULK, ORDINARY},
    headers,
    limits::{Limiter, RefusedTokens, Standing},
    pages::Pages,
    proxies::Proxies,
    refusals::{Refusals, RefusedElsewhere},
    routes::{Operation, Route, Routes},
    target, tenant,
    upstream::{self, Head},
    usage::Usage,
};

/// The paths where secrets could be guessed at.
const TOKENS: [&str; 2] = ["/oauth2/token", "/oauth2/revoke"];

/// Everything a request needs on its way.
pub(crate) struct Gateway {
    pub(crate) routes: Routes,
    pub(crate) proxies: Proxies,
    pub(crate) verifier: Verifier,
    pub(crate) keys: Arc<KeySet>,
    pub(crate) epochs: Arc<Epochs>,
    pub(crate) limiter: Limiter,
    pub(crate) refused_tokens: RefusedTokens,
    pub(crate) refusals: Refusals,
    pub(crate) usage: Arc<Usage>,
    pub(crate) upstreams: upstream::Shared,
    pub(crate) pages: Pages,
    pub(crate) manner: Manner,
    /// The most a ledger's file may hold, in bytes.
    pub(crate) file_bytes_max: u64,
}

/// What is learnt of a request on its way, for its answer and the log.
#[derive(Default)]
pub(crate) struct Journey {
    /// The path as described, where it is one.
    pub(crate) template: Option<Arc<str>>,
    /// Who asks, where that is known.
    pub(crate) caller: Option<Arc<Caller>>,
    /// Where a known caller stands with its limits.
    pub(crate) standing: Option<Standing>,
    /// How long a service took.
    pub(crate) elsewhere: Duration,
}

/// Where every request enters.
pub(crate) async fn enter(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let id = RequestId::of(request.headers());
    let told = telemetry::Journey::begin("gateway", request.method(), &id, request.headers());
    let method = request.method().clone();
    let uri = request.uri().clone();
    let mut journey = Journey::default();
    let address = gateway.proxies.address(peer.ip(), request.headers());
    let outcome = gateway.answer(request, address, &id, &mut journey).instrument(told.span.clone()).await;
    let response = answer::finish(&gateway.manner, outcome, &method, uri.path(), &id, &journey, told);
    if let Some(caller) = &journey.caller {
        gateway.usage.count(caller, &response);
    }
    response
}

impl Gateway {
    async fn answer(
        &self,
        mut request: Request,
        address: IpAddr,
        id: &RequestId,
        journey: &mut Journey,
    ) -> Result<Response, Problem> {
        if *request.method() == Method::CONNECT || *request.method() == Method::TRACE {
            return Err(not_allowed("GET, HEAD, POST, PUT, PATCH, DELETE"));
        }
        target::check(request.uri(), request.version())?;
        headers::check(request.headers(), request.version())?;
        if let Some(page) = self.pages.find(request.uri().path()) {
            journey.template = Some(request.uri().path().into());
            return page.answer(self, request.method(), request.headers()).await;
        }
        let uri = request.uri().clone();
        let Some((route, named)) = self.routes.find(uri.path()) else {
            return Err(Problem::new(&problems::NOT_FOUND, "There is nothing at this path."));
        };
        journey.template = Some(route.template.clone());
        let Some(operation) = route.operation(request.method()) else {
            return Err(not_allowed(&route.allow));
        };
        if operation.is_open() {
            self.limiter.take_address(address)?;
        } else {
            self.admit(&mut request, route, operation, named, (address, id), journey).await?;
        }
        self.forward(request, route, operation, address, id, journey).await
    }

    /// Goes on only where the caller is known, within its limits, and at its own tenant's door.
    async fn admit(
        &self,
        request: &mut Request,
        route: &Route,
        operation: &Operation,
        named: Option<&str>,
        (address, id): (IpAddr, &RequestId),
        journey: &mut Journey,
    ) -> Result<(), Problem> {
        // The first set of keys is the first change of the empty one.
        if self.keys.generation() == 0 {
            return Err(Problem::new(&problems::UNAVAILABLE, "We cannot check tokens yet.").retry_after(1));
        }
        let caller = match self.verifier.caller(request.headers()).await {
            Ok(caller) => caller,
            Err(problem) => {
                if problem.status() == StatusCode::UNAUTHORIZED {
                    self.limiter.take_address(address)?;
                }
                return Err(problem);
            }
        };
        let (standing, within) = self.limiter.take(&caller).await;
        journey.standing = standing;
        caller.is_asking();
        journey.caller = Some(caller.clone());
        within?;
        self.usage.within_quota(&caller)?;
        tenant::may_pass(&caller, route, operation, named).inspect_err(|problem| {
            if problem.status() == StatusCode::NOT_FOUND {
                let (method, address) = (request.method(), address.to_string());
                let refused = RefusedElsewhere::of(method, &route.template, request.headers(), &address, &id.0);
                self.refusals.tell(refused);
            }
        })
    }

    /// Sends on exactly what was let in.
    async fn forward(
        &self,
        request: Request,
        route: &Route,
        operation: &Operation,
        address: IpAddr,
        id: &RequestId,
        journey: &mut Journey,
    ) -> Result<Response, Problem> {
        let attempt = match TOKENS.contains(&&*route.template) {
            true => Some(self.refused_tokens.begin(address, request.headers())?),
            false => None,
        };
        let there = self.upstreams.there(operation.service);
        let (mut parts, body) = request.into_parts();
        let limit = match () {
            () if route.takes_files() => self.file_bytes_max,
            () if route.is_bulk() => BULK,
            () => ORDINARY,
        };
        let body = Arriving::of(body, &parts.method, parts.version, &mut parts.headers, limit)?;
        let id = HeaderValue::try_from(&id.0).unwrap_or_else(|_| HeaderValue::from_static("-"));
        headers::prepare(&mut parts.headers, &there.host, address, &id);
        let mut head = Head { method: parts.method, uri: there.address(&parts.uri), headers: parts.headers };
        let sent = Instant::now();
        let to = operation.service.name();
        let asking =
            tracing::info_span!(target: "request", "ask", otel.name = format!("ask {to}"), otel.kind = "client");
        asking.in_scope(|| telemetry::carry(&mut head.headers));
        let answer = self.upstreams.send(head, body).instrument(asking).await;
        journey.elsewhere = sent.elapsed();
        measures::upstream(to, journey.elsewhere);
        let answer: Response<Body> = answer?;
        if let Some(attempt) = attempt {
            self.refused_tokens.ended(attempt, answer.status());
        }
        Ok(answer)
    }
}

/// 405, with what there is.
pub(crate) fn not_allowed(allow: &str) -> Problem {
    Problem::new(&problems::METHOD_NOT_ALLOWED, format_args!("This path has {allow}.")).header(header::ALLOW, allow)
}
