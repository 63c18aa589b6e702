//! A request in the log, in a trace and among the measurements.

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method, StatusCode};
use tracing::{Span, field::Empty};

use super::{measures, traces};
use crate::{Problem, RequestId};

/// What is known of a request before it is answered.
pub struct Journey {
    /// Everything said while it is under way is said in this span.
    pub span: Span,
    service: &'static str,
    started: Instant,
    _in_flight: InFlight,
}

impl Journey {
    /// Begins with what its headers bring.
    #[must_use]
    pub fn begin(service: &'static str, method: &Method, id: &RequestId, headers: &HeaderMap) -> Self {
        let span = tracing::info_span!(
            target: "request", "request", otel.kind = "server", otel.status_code = Empty,
            service, request.id = id.0, trace = Empty, borough = Empty, client = Empty,
            http.request.method = measures::method(method), http.route = Empty,
            http.response.status_code = Empty,
        );
        let brought = traces::brought(headers);
        traces::continuing(&span, brought);
        if let Some(trace) = traces::id_of(&span, brought) {
            span.record("trace", trace);
        }
        Self { span, service, started: Instant::now(), _in_flight: InFlight::begin(service) }
    }

    /// How long it has been under way.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.started.elapsed()
    }

    /// Ends with its answer. `route` is the path as described: `/v1/boroughs/{borough}/funds`; none where there is no such path.
    pub fn end(self, method: &Method, route: Option<&str>, status: StatusCode, problem: Option<&Problem>) {
        let (took, method) = (self.took(), measures::method(method));
        let route = route.unwrap_or("unmatched");
        traces::rename(&self.span, format!("{method} {route}"));
        self.span.record("http.route", route);
        self.span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            self.span.record("otel.status_code", "ERROR");
        }
        measures::answered(self.service, method, route, status, took);
        let kind = problem.map(|problem| problem.kind().slug);
        if let Some(kind) = kind {
            measures::problem(self.service, kind);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let _said = self.span.enter();
        match problem.and_then(Problem::inside) {
            Some(inside) => {
                tracing::error!(problem.kind = kind, took.micros = micros, inside, "{method} {route} failed");
            }
            None => {
                let status = status.as_u16();
                tracing::info!(target: "answered", { problem.kind = kind, took.micros = micros }, "{method} {route} {status}");
            }
        }
    }
}

/// Notes in the present request who asks, where that is known: a borough's slug, and the client.
pub fn asked_by(borough: Option<&str>, client: &str) {
    let span = Span::current();
    if let Some(borough) = borough {
        span.record("borough", borough);
    }
    span.record("client", client);
}

/// One request more that is under way, until it is dropped.
struct InFlight(&'static str);

impl InFlight {
    fn begin(service: &'static str) -> Self {
        measures::in_flight(service).increment(1);
        Self(service)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        measures::in_flight(self.0).decrement(1);
    }
}
