//! Every measurement there is: its name, what it says, and the labels it has.
//!
//! Labels have few values, all of them ours: routes as they are described, never paths; no borough, no client.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, Unit};

/// What a measurement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Only ever grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often it took how long.
    Histogram,
}

/// A measurement, described.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// Its name, which ends with its unit.
    pub name: &'static str,
    /// What it is.
    pub what: What,
    /// What it says.
    pub says: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
}

macro_rules! measures {
    ($($id:ident $what:ident $name:literal [$($label:literal),*] $says:literal;)*) => {
        $(const $id: &str = $name;)*
        /// All of them, as docs/operations/telemetry.md lists them.
        pub const ALL: &[Measure] = &[
            $(Measure { name: $name, what: What::$what, says: $says, labels: &[$($label),*] }),*
        ];
    };
}

measures! {
    BUILD Gauge "tenfold_build_info" ["version"] "1, and which version this is.";
    REQUESTS Counter "tenfold_http_requests_total" ["service", "method", "route", "status"]
        "Requests answered, by status.";
    DURATION Histogram "tenfold_http_request_duration_seconds" ["service", "method", "route", "class"]
        "How long answers took, by class of status: 2xx.";
    IN_FLIGHT Gauge "tenfold_http_requests_in_flight" ["service"] "Requests under way.";
    PROBLEMS Counter "tenfold_http_problems_total" ["service", "problem"] "Problem documents answered, by kind.";
    UPSTREAM Histogram "tenfold_gateway_upstream_duration_seconds" ["to"] "How long the gateway waited for a service to answer.";
    LIMITER Counter "tenfold_limiter_decisions_total" ["by", "decision"]
        "Requests the limits were asked about: by Redis, or here alone; allowed or refused.";
    REDIS Gauge "tenfold_redis_up" [] "1 while Redis keeps the limits; not told where none is set.";
    TOKENS Counter "tenfold_token_checks_total" ["answer"] "Access tokens looked at: known, checked, or refused.";
    EPOCHS Gauge "tenfold_epochs_heard_timestamp_seconds" ["service"] "When it was last heard who has been cut off.";
    DB_CONNECTIONS Gauge "tenfold_db_connections" ["service", "role", "state"] "Connections to the database: busy or idle.";
    DB_MAX Gauge "tenfold_db_connections_max" ["service", "role"] "The most connections a login role may hold here.";
    DB_OPEN Histogram "tenfold_db_open_seconds" ["service", "role"]
        "How long it took to get a connection and begin a transaction.";
    DB_TRANSACTION Histogram "tenfold_db_transaction_seconds" ["service", "role"] "How long transactions were open.";
    DB_FAILURES Counter "tenfold_db_open_failures_total" ["service", "role"] "Transactions that could not be begun.";
    WAITING Gauge "tenfold_waiting" ["service", "queue"] "What waits for work behind the requests; counted up to 10,000.";
    OLDEST Gauge "tenfold_waiting_oldest_seconds" ["service", "queue"] "How long the oldest of it has waited.";
    WORK Counter "tenfold_work_total" ["service", "work", "outcome"] "What was done behind the requests.";
}

/// Bounds of histograms, in seconds.
pub(super) const BOUNDS: [f64; 12] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Tells the recorder what each is.
pub(super) fn describe() {
    for one in ALL {
        let unit = if one.name.ends_with("_seconds") { Unit::Seconds } else { Unit::Count };
        match one.what {
            What::Counter => metrics::describe_counter!(one.name, unit, one.says),
            What::Gauge => metrics::describe_gauge!(one.name, unit, one.says),
            What::Histogram => metrics::describe_histogram!(one.name, unit, one.says),
        }
    }
    metrics::gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1);
}

/// A method as a label: anybody may make one up.
pub(super) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

pub(super) fn answered(service: &'static str, method: &'static str, route: &str, status: StatusCode, took: Duration) {
    let class = match status.as_u16() {
        ..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    let route = route.to_owned();
    metrics::counter!(REQUESTS, "service" => service, "method" => method, "route" => route.clone(),
        "status" => status.as_str().to_owned())
    .increment(1);
    metrics::histogram!(DURATION, "service" => service, "method" => method, "route" => route, "class" => class)
        .record(took);
}

pub(super) fn in_flight(service: &'static str) -> Gauge {
    metrics::gauge!(IN_FLIGHT, "service" => service)
}

pub(super) fn problem(service: &'static str, kind: &'static str) {
    metrics::counter!(PROBLEMS, "service" => service, "problem" => kind).increment(1);
}

/// How long the gateway waited for a service.
pub fn upstream(to: &'static str, took: Duration) {
    metrics::histogram!(UPSTREAM, "to" => to).record(took);
}

/// A decision on a limit, `by` Redis or here.
pub fn limiter(by: &'static str, decision: &'static str) -> Counter {
    metrics::counter!(LIMITER, "by" => by, "decision" => decision)
}

/// Whether Redis keeps the limits.
pub fn redis_up(up: bool) {
    metrics::gauge!(REDIS).set(u8::from(up));
}

/// An access token was looked at.
pub fn token(answer: &'static str) {
    metrics::counter!(TOKENS, "answer" => answer).increment(1);
}

/// It was heard who has been cut off.
pub fn epochs_heard(service: &'static str) {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    metrics::gauge!(EPOCHS, "service" => service).set(since.as_secs_f64());
}

/// The connections of a login role: all, those idle, and the most there may be.
pub fn connections(service: &'static str, role: &'static str, all: u32, idle: u32, most: u32) {
    let state = |state| metrics::gauge!(DB_CONNECTIONS, "service" => service, "role" => role, "state" => state);
    state("busy").set(all.saturating_sub(idle));
    state("idle").set(idle);
    metrics::gauge!(DB_MAX, "service" => service, "role" => role).set(most);
}

/// A transaction was begun after that long.
pub fn opened(service: &'static str, role: &'static str, took: Duration) {
    metrics::histogram!(DB_OPEN, "service" => service, "role" => role).record(took);
}

/// A transaction could not be begun.
pub fn not_opened(service: &'static str, role: &'static str) {
    metrics::counter!(DB_FAILURES, "service" => service, "role" => role).increment(1);
}

/// For how long transactions of a login role are open.
pub fn transaction(service: &'static str, role: &'static str) -> Histogram {
    metrics::histogram!(DB_TRANSACTION, "service" => service, "role" => role)
}

/// What waits in a queue, and how long its oldest has.
pub fn waiting(service: &'static str, queue: &'static str, count: u32, oldest: Duration) {
    metrics::gauge!(WAITING, "service" => service, "queue" => queue).set(count);
    metrics::gauge!(OLDEST, "service" => service, "queue" => queue).set(oldest);
}

/// Work was done behind the requests.
pub fn worked(service: &'static str, work: &'static str, outcome: &'static str, times: u64) {
    if times > 0 {
        metrics::counter!(WORK, "service" => service, "work" => work, "outcome" => outcome).increment(times);
    }
}
