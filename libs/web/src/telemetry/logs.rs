//! The log: lines on standard error, for people or as JSON for machines.

use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, registry::LookupSpan};

/// What goes wrong, and what `tenfold` says; of requests only what is said in them.
const FOR_PEOPLE: &str = "warn,tenfold=info,request=info,event=info";
/// For machines every answer too, in a line.
const FOR_MACHINES: &str = "warn,tenfold=info,request=info,event=info,answered=info";

pub(super) fn layer<S>() -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let json = std::env::var_os("TENFOLD_LOG").is_some_and(|how| how == "json");
    let usual = if json { FOR_MACHINES } else { FOR_PEOPLE };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match json {
        true => lines.json().flatten_event(true).with_span_list(false).with_filter(filter).boxed(),
        false => lines.with_filter(filter).boxed(),
    }
}
