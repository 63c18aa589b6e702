//! What the programs tell of themselves: logs, traces and measurements.
//!
//! Logs go to standard error, always. Traces go to a collector where `OTEL_EXPORTER_OTLP_ENDPOINT` names one;
//! measurements are read at an address of their own where one is given. None of the three holds a token, a body, or the
//! name of a person: a request is told by its route, its id, and whose client sent it.

mod journey;
mod logs;
pub mod measures;
mod scraped;
mod statements;
mod traces;

use std::time::Duration;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

pub use journey::{Journey, asked_by};
pub use scraped::{are_measured, serve_measures};
pub use traces::{carried, carry, continuing};

/// What is sent off at the end may take this long.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Held while a program runs. Dropped, it sends off what it has not sent yet.
#[must_use]
pub struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Begins to tell. `program` is the name it is known by where `OTEL_SERVICE_NAME` gives no other: `tenfold-budgets`.
    ///
    /// `RUST_LOG` chooses what is logged, `TENFOLD_LOG=json` how.
    pub fn begin(program: &'static str) -> Self {
        let provider = traces::provider(program);
        let traced = provider.as_ref().map(|provider| {
            let spans = traces::layer(provider).with_filter(traces::spans());
            spans.and_then(statements::Statements::new(provider).with_filter(statements::filter()))
        });
        tracing_subscriber::registry().with(logs::layer()).with(traced).init();
        Self(provider)
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = &self.0 {
            // Whoever collects may be gone; nobody is left to be told.
            provider.shutdown_with_timeout(LAST_WORDS).ok();
        }
    }
}
