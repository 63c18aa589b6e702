//! Where measurements are read: an address of its own, never the public one.

use std::sync::OnceLock;

use axum::{Router, http::header, routing::get};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use super::measures;

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Whether anybody can read measurements. What costs something to find out need not be found out otherwise.
#[must_use]
pub fn are_measured() -> bool {
    RECORDER.get().is_some()
}

/// Measures from now on, and answers `GET /metrics` at `address` in the text format of Prometheus until `stop`.
///
/// # Errors
/// When the address is taken or not ours.
pub async fn serve_measures(address: &str, stop: CancellationToken) -> std::io::Result<std::net::SocketAddr> {
    let listener = crate::listen(address).await?;
    let told = listener.local_addr()?;
    begin();
    let app = Router::new().route("/metrics", get(render));
    let limits = crate::Limits { drain_time: std::time::Duration::from_secs(1), ..crate::Limits::default() };
    tokio::spawn(crate::serve(listener, app, limits, stop.clone()));
    tokio::spawn(async move {
        // Samples are folded into their histograms as they are read, or every few seconds where nobody reads.
        while tokio::time::timeout(std::time::Duration::from_secs(5), stop.cancelled()).await.is_err() {
            if let Some(recorder) = RECORDER.get() {
                recorder.run_upkeep();
            }
        }
    });
    Ok(told)
}

fn begin() {
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets(&measures::BOUNDS).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Another recorder can only be a test's: then that one is told.
        metrics::set_global_recorder(recorder).ok();
        measures::describe();
        metrics_process::Collector::default().describe();
        handle
    });
}

async fn render() -> ([(header::HeaderName, &'static str); 1], String) {
    metrics_process::Collector::default().collect();
    let text = RECORDER.get().map(PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
