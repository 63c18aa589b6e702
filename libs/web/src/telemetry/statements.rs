//! Statements of the database in traces.
//!
//! sqlx tells of a statement when it is over, how long it took and its text, in which values are `$1`. Each becomes a
//! span that began that long ago, under whatever is going on.

use std::time::{Duration, SystemTime};

use opentelemetry::{
    Context, KeyValue,
    trace::{Span as _, SpanKind, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, filter::Targets, layer};

/// Where sqlx tells of its statements.
const TOLD_AT: &str = "sqlx::query";
/// The most of a statement's text that is kept.
const TEXT_MAX: usize = 2_000;

pub(super) struct Statements(SdkTracer);

impl Statements {
    pub(super) fn new(provider: &SdkTracerProvider) -> Self {
        Self(provider.tracer("tenfold"))
    }
}

pub(super) fn filter() -> Targets {
    Targets::new().with_target(TOLD_AT, Level::DEBUG)
}

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let around = Context::current();
        if !around.span().span_context().is_sampled() {
            return;
        }
        let mut told = Told::default();
        event.record(&mut told);
        let ended = SystemTime::now();
        let text = told.text();
        let mut span = self
            .0
            .span_builder(named(text))
            .with_kind(SpanKind::Client)
            .with_start_time(ended.checked_sub(told.took).unwrap_or(ended))
            .with_attributes([
                KeyValue::new("db.system.name", "postgresql"),
                KeyValue::new("db.query.text", shortened(text)),
                KeyValue::new("db.response.returned_rows", told.rows),
            ])
            .start_with_context(&self.0, &around);
        span.end_with_timestamp(ended);
    }
}

/// What sqlx tells of a statement.
#[derive(Default)]
struct Told {
    summary: String,
    statement: String,
    took: Duration,
    rows: i64,
}

impl Told {
    /// Where the text is short, the summary is all of it.
    fn text(&self) -> &str {
        if self.statement.is_empty() { &self.summary } else { self.statement.trim() }
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.took = Duration::try_from_secs_f64(value).unwrap_or_default();
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.rows = i64::try_from(value).unwrap_or(i64::MAX);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// A statement in two words: what it does, and to which table first.
fn named(text: &str) -> String {
    let mut words = text.split_whitespace().map(|word| word.trim_matches(|c: char| "(),;".contains(c)));
    let first = words.next().unwrap_or("statement").to_lowercase();
    let after = |word: &str| ["from", "into", "update", "join"].contains(&word.to_lowercase().as_str());
    if first == "update" {
        return words.next().map_or(first.clone(), |table| format!("{first} {table}"));
    }
    let mut rest = words.skip_while(|word| !after(word)).skip(1);
    match rest.next().filter(|table| table.contains('.')) {
        Some(table) => format!("{first} {table}"),
        None => first,
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_by_what_it_does_and_to_what() {
        assert_eq!(named("select a, b from budgets.fund where x = $1"), "select budgets.fund");
        assert_eq!(named("insert into platform.outbox (borough_id) values ($1)"), "insert platform.outbox");
        assert_eq!(named("update budgets.fund set name = $1"), "update budgets.fund");
        assert_eq!(named("delete from platform.idempotency where 1 = 1"), "delete platform.idempotency");
        assert_eq!(named("with batch as (\n select 1 from platform.outbox)"), "with platform.outbox");
        assert_eq!(named("begin; set local tenfold.borough = 'x'"), "begin");
        assert_eq!(named("COMMIT"), "commit");
        assert_eq!(named(""), "statement");
    }
}
