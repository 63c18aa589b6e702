//! Whether the gateway can do its work: keys and epochs known, every service ready. Asked at most once a second.

use std::time::{Duration, Instant};

use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::Mutex;
use web::{Problem, problems};

use crate::{enter::Gateway, routes::Service};

const KEPT: Duration = Duration::from_secs(1);

/// The last look, and when it was.
#[derive(Default)]
pub(super) struct Readiness(Mutex<Option<(Instant, Vec<&'static str>)>>);

impl Readiness {
    pub(super) async fn answer(&self, gateway: &Gateway) -> Result<Response, Problem> {
        let mut last = self.0.lock().await;
        let missing = match &*last {
            Some((at, missing)) if at.elapsed() < KEPT => missing.clone(),
            _ => {
                let missing = look(gateway).await;
                *last = Some((Instant::now(), missing.clone()));
                missing
            }
        };
        if missing.is_empty() {
            // Without Redis we serve: limits are then counted by each gateway alone.
            return Ok(match gateway.limiter.counts_alone() {
                true => axum::Json(json!({ "status": "ready", "degraded": ["redis"] })).into_response(),
                false => axum::Json(json!({ "status": "ready" })).into_response(),
            });
        }
        Err(Problem::new(&problems::UNAVAILABLE, format_args!("Not ready yet: {}.", missing.join(", ")))
            .with("missing", missing)
            .retry_after(1))
    }
}

async fn look(gateway: &Gateway) -> Vec<&'static str> {
    let (tenants, budgets, governance) = tokio::join!(
        gateway.upstreams.is_ready(Service::Tenants),
        gateway.upstreams.is_ready(Service::Budgets),
        gateway.upstreams.is_ready(Service::Governance),
    );
    // The first set of keys is the first change of the empty one.
    let keys = gateway.keys.generation() > 0;
    let parts = [
        (keys, "keys"),
        (gateway.epochs.fresh(), "epochs"),
        (tenants, "tenants"),
        (budgets, "budgets"),
        (governance, "governance"),
    ];
    parts.into_iter().filter(|(there, _)| !there).map(|(_, name)| name).collect()
}
