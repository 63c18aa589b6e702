//! Traces, and how one goes on in the next program: in a header, or beside an event.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::{filter::Targets, registry::LookupSpan};

/// W3C Trace Context.
const PARENT: &str = "traceparent";

/// What sends spans off, where the standard's settings name a collector.
pub(super) fn provider(program: &'static str) -> Option<SdkTracerProvider> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !set("OTEL_EXPORTER_OTLP_ENDPOINT") && !set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
        return None;
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().build();
    let exporter = match exporter {
        Ok(exporter) => exporter,
        Err(error) => {
            // Before there is a log: a collector that cannot be named is no reason not to serve.
            #[expect(clippy::print_stderr, reason = "there is no log yet")]
            {
                eprintln!("tenfold: no traces are sent, OTEL_EXPORTER_OTLP_ENDPOINT cannot be used: {error}");
            }
            return None;
        }
    };
    let resource = Resource::builder();
    let resource = match set("OTEL_SERVICE_NAME") {
        true => resource,
        false => resource.with_service_name(program),
    };
    let resource =
        resource.with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))).build();
    Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Makes spans of ours spans of a trace.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("tenfold"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
}

/// Which spans go into traces: requests, what they ask of others, and events.
pub(super) fn spans() -> Targets {
    Targets::new().with_target("request", Level::INFO).with_target("event", Level::INFO)
}

/// The `traceparent` under which what is begun now belongs to the present span; none where nothing is traced.
#[must_use]
pub fn carried() -> Option<String> {
    let mut one = One(None);
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut one);
    one.0
}

/// Lets the trace go on wherever these headers are sent.
pub fn carry(headers: &mut HeaderMap) {
    let Some(parent) = carried().and_then(|parent| HeaderValue::try_from(parent).ok()) else { return };
    headers.insert(HeaderName::from_static(PARENT), parent);
}

/// Makes `span` part of the trace this `traceparent` names. What cannot be read is passed over.
pub fn continuing(span: &Span, parent: Option<&str>) {
    let one = One(parent.map(str::to_owned));
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &one);
    if parent.span().span_context().is_valid() {
        span.set_parent(parent).ok();
    }
}

/// The id of the trace `span` is in: its own where it is traced, else the one the caller told.
pub(super) fn id_of(span: &Span, told: Option<&str>) -> Option<String> {
    let context = span.context();
    let own = context.span().span_context().clone();
    if own.is_valid() {
        return Some(own.trace_id().to_string());
    }
    let one = One(told.map(str::to_owned));
    let told = TraceContextPropagator::new().extract_with_context(&Context::new(), &one);
    let told = told.span().span_context().clone();
    told.is_valid().then(|| told.trace_id().to_string())
}

/// Names a span that is under way.
pub(super) fn rename(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// The `traceparent` a request brings.
pub(super) fn brought(headers: &HeaderMap) -> Option<&str> {
    headers.get(PARENT).and_then(|parent| parent.to_str().ok())
}

/// A carrier of one header.
struct One(Option<String>);

impl Extractor for One {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.as_deref().filter(|_| key == PARENT)
    }

    fn keys(&self) -> Vec<&str> {
        vec![PARENT]
    }
}

impl Injector for One {
    fn set(&mut self, key: &str, value: String) {
        if key == PARENT {
            self.0 = Some(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::{Layer, layer::SubscriberExt};

    use super::*;

    const CALLERS: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn traced<T>(work: impl FnOnce() -> T) -> T {
        let provider = SdkTracerProvider::builder().build();
        let subscriber = tracing_subscriber::registry().with(layer(&provider).with_filter(spans()));
        tracing::subscriber::with_default(subscriber, work)
    }

    #[test]
    fn a_trace_goes_on_from_header_to_header() {
        traced(|| {
            let span = tracing::info_span!(target: "request", "request");
            continuing(&span, Some(CALLERS));
            let mut headers = HeaderMap::new();
            headers.insert(PARENT, HeaderValue::from_static(CALLERS));
            span.in_scope(|| carry(&mut headers));
            let sent = headers[PARENT].to_str().expect("text");
            assert_eq!(&sent[..36], &CALLERS[..36], "the caller's trace");
            assert_ne!(sent, CALLERS, "our span in it, not the caller's");
            assert!(sent.ends_with("-01") && sent.len() == 55, "{sent}");
            assert_eq!(id_of(&span, None).as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
        });
    }

    #[test]
    fn what_is_no_traceparent_is_passed_over() {
        traced(|| {
            for brought in [
                "",
                "x",
                "00-0-0-00",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            ] {
                let span = tracing::info_span!(target: "request", "request");
                continuing(&span, Some(brought));
                let own = id_of(&span, Some(brought)).expect("a trace of its own");
                assert_ne!(own, "0af7651916cd43dd8448eb211c80319c", "{brought}");
            }
        });
    }

    #[test]
    fn where_nothing_is_traced_nothing_is_carried_and_the_caller_s_id_is_told() {
        let span = tracing::info_span!(target: "request", "request");
        continuing(&span, Some(CALLERS));
        let mut headers = HeaderMap::new();
        span.in_scope(|| carry(&mut headers));
        assert!(headers.is_empty() && span.in_scope(carried).is_none());
        assert_eq!(id_of(&span, Some(CALLERS)).as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
        assert_eq!(id_of(&span, None), None);
    }
}
