//! What every answer has, whoever gave it: a request id, timings, headers for browsers, its place in the log and in measurements.

use std::time::Duration;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::Response,
};
use web::{Problem, RequestId, telemetry};

use crate::{enter::Journey, headers::REQUEST_ID, limits};

const FOR_BROWSERS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What depends on where we are.
pub(crate) struct Manner {
    /// Whether browsers may be told to come by TLS only.
    by_tls: bool,
}

impl Manner {
    pub(crate) fn at(public_url: &str) -> Self {
        Self { by_tls: public_url.starts_with("https://") }
    }

    fn set(&self, headers: &mut HeaderMap) {
        for (name, value) in FOR_BROWSERS {
            headers.insert(name, value);
        }
        if self.by_tls {
            let a_year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, a_year);
        }
    }
}

/// Makes an outcome the answer that is sent.
pub(crate) fn finish(
    manner: &Manner,
    outcome: Result<Response, Problem>,
    method: &Method,
    path: &str,
    id: &RequestId,
    journey: &Journey,
    told: telemetry::Journey,
) -> Response {
    let mut problem = None;
    let mut response = outcome.unwrap_or_else(|refused| {
        // A path too long to be read is also too long to be repeated.
        let instance = if path.len() > 1024 { "" } else { path };
        let response = refused.answer(instance, &id.0);
        problem = Some(refused);
        response
    });
    let headers = response.headers_mut();
    manner.set(headers);
    if let Ok(id) = HeaderValue::try_from(&id.0) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(standing) = &journey.standing {
        headers.insert(limits::LEFT, standing.left.clone());
        headers.insert(limits::POLICY, standing.policy.clone());
    }
    let here = told.took().saturating_sub(journey.elsewhere);
    if let Ok(timing) = HeaderValue::try_from(timing(here)) {
        headers.append(SERVER_TIMING, timing);
    }
    told.end(method, journey.template.as_deref(), response.status(), problem.as_ref());
    response
}

/// The time spent here, without what the service took (which tells its own).
fn timing(here: Duration) -> String {
    format!("gateway;dur={}.{:03}", here.as_millis(), here.subsec_micros() % 1000)
}
