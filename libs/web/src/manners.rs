//! What every answer has, whoever gives it: a request id, timings, an ETag, its place in the log and in measurements.

use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use tracing::Instrument;

use crate::{Problem, conditions, page::AsCsv, problems, telemetry::Journey, timing};

/// The id of a request: the caller's `X-Request-ID` where it sent a plain one, else a new one.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

impl RequestId {
    /// The id these headers bring, or a new one.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let plain = |text: &&str| {
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let sent = headers.get("x-request-id").and_then(|id| id.to_str().ok()).filter(plain);
        #[expect(clippy::disallowed_methods, reason = "a request id is no fact of the domain")]
        Self(sent.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned))
    }
}

/// Wraps a router of a service: `Router::layer(axum::middleware::from_fn_with_state("budgets", web::manners))`.
pub async fn manners(State(service): State<&'static str>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let journey = Journey::begin(service, request.method(), &id, request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let query = request.uri().query().map(str::to_owned);
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let asked = request.headers().clone();
    request.extensions_mut().insert(id.clone());

    let (response, in_database) = timing::watched(next.run(request)).instrument(journey.span.clone()).await;
    let mut response = match wanted(&asked) {
        Wanted::Json => response,
        Wanted::Csv => as_csv(response, &path, query.as_deref()),
        Wanted::Neither if response.status().is_success() && is_json(&response) => {
            Problem::new(&problems::NOT_ACCEPTABLE, "Ask for application/json, or text/csv for a list.").into_response()
        }
        Wanted::Neither => response,
    };
    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = &problem {
        let mut told = problem.answer(&path, &id.0);
        // Headers set on the way out (Allow, RateLimit) stay.
        for (name, value) in response.headers() {
            if !told.headers().contains_key(name) && name != header::CONTENT_LENGTH {
                told.headers_mut().append(name, value.clone());
            }
        }
        response = told;
    } else if method == Method::GET && response.status() == StatusCode::OK && is_tagged(&response) {
        response = with_tag(response, &asked).await;
    }

    let took = journey.took();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(&id.0) {
        headers.insert("x-request-id", value);
    }
    let timings = format!(
        "app;dur={}.{:03}, db;dur={}.{:03}",
        took.as_millis(),
        took.subsec_micros() % 1000,
        in_database.as_millis(),
        in_database.subsec_micros() % 1000
    );
    if let Ok(value) = HeaderValue::try_from(timings) {
        headers.append("server-timing", value);
    }
    journey.end(&method, route.as_deref(), response.status(), problem.as_ref());
    response
}

enum Wanted {
    Json,
    Csv,
    Neither,
}

fn wanted(headers: &HeaderMap) -> Wanted {
    let mut asked = headers.get_all(header::ACCEPT).iter().filter_map(|a| a.to_str().ok()).peekable();
    if asked.peek().is_none() {
        return Wanted::Json;
    }
    let names = asked.flat_map(|a| a.split(',')).map(|one| one.split(';').next().unwrap_or_default().trim());
    for name in names {
        match name {
            "text/csv" => return Wanted::Csv,
            "application/json" | "application/*" | "*/*" | "application/problem+json" => return Wanted::Json,
            _ => {}
        }
    }
    Wanted::Neither
}

fn media(response: &Response) -> &str {
    response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

fn is_json(response: &Response) -> bool {
    media(response).starts_with("application/json")
}

/// Whether it is one of the forms our things come in; pages for people and measurements have no tag.
fn is_tagged(response: &Response) -> bool {
    ["application/json", "text/csv", "text/calendar", "application/atom+xml"]
        .iter()
        .any(|form| media(response).starts_with(form))
}

fn as_csv(mut response: Response, path: &str, query: Option<&str>) -> Response {
    if !response.status().is_success() || !is_json(&response) {
        return response;
    }
    let Some(table) = response.extensions_mut().remove::<AsCsv>() else {
        return Problem::new(&problems::NOT_ACCEPTABLE, "Only lists come as text/csv; ask for application/json.")
            .into_response();
    };
    let mut csv = Response::new(Body::from((table.render)()));
    let headers = csv.headers_mut();
    for name in [header::CACHE_CONTROL, header::VARY] {
        if let Some(value) = response.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    headers.insert("x-row-count", HeaderValue::from(table.rows));
    if let Some(cursor) = table.next_cursor {
        let rest = query.unwrap_or_default().split('&').filter(|p| !p.is_empty() && !p.starts_with("cursor="));
        let query = rest.chain([format!("cursor={cursor}").as_str()]).collect::<Vec<_>>().join("&");
        if let Ok(link) = HeaderValue::try_from(format!("<{path}?{query}>; rel=\"next\"")) {
            headers.insert(header::LINK, link);
        }
    }
    csv
}

async fn with_tag(response: Response, asked: &HeaderMap) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Problem::internal("an answer in memory could not be read").into_response();
    };
    let tag = parts.headers.entry(header::ETAG).or_insert_with(|| conditions::body_tag(&bytes)).clone();
    if !parts.headers.contains_key(header::CACHE_CONTROL) {
        parts.headers.insert(header::VARY, HeaderValue::from_static("Accept, Authorization"));
        parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    if conditions::none_match_names(asked, &tag) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}
