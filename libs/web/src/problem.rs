//! The only body of an error: a problem document (RFC 9457).
//!
//! What a caller may read is written by hand; what went wrong inside goes to the log, once.

use std::{error::Error, fmt, sync::Arc};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::problems::{self, Kind};

/// One thing wrong in what was sent, and where.
#[derive(Debug, Clone, Serialize, PartialEq, Eq, utoipa::ToSchema)]
pub struct Fault {
    /// JSON pointer (RFC 6901) into the body, or `?name` for a query parameter, or `Name:` for a header.
    #[schema(example = "/postings/0/amount_pence")]
    pub pointer: String,
    /// What is wrong there and what would be right.
    pub detail: String,
}

/// A refusal or failure on its way to the caller.
#[derive(Clone)]
pub struct Problem(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: &'static Kind,
    detail: String,
    errors: Vec<Fault>,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    inside: Option<Arc<dyn Error + Send + Sync>>,
}

/// A problem document as it is sent.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// A page that explains this kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/journal-unbalanced")]
    kind: String,
    /// Its name.
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// What happened this time, and what to do.
    detail: &'a str,
    /// The path that was asked for.
    instance: &'a str,
    /// Quote this to the operator.
    request_id: &'a str,
    /// Each thing wrong in what was sent.
    errors: &'a [Fault],
    /// Facts of this kind of problem, such as `allowed` moves.
    #[serde(flatten)]
    more: &'a Map<String, Value>,
}

impl Problem {
    /// A problem of `kind`, with what happened this time.
    pub fn new(kind: &'static Kind, detail: impl fmt::Display) -> Self {
        Self(Box::new(Inner {
            kind,
            detail: detail.to_string(),
            errors: Vec::new(),
            more: Map::new(),
            headers: Vec::new(),
            inside: None,
        }))
    }

    /// Something of ours broke: the caller learns only that, the log learns what.
    pub fn internal(inside: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut problem = Self::new(
            &problems::INTERNAL,
            "Something went wrong on our side; nothing was written. Quote the request id.",
        );
        problem.0.inside = Some(Arc::from(inside.into()));
        problem
    }

    /// There is no such thing here, or it is not the caller's to know.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(&problems::NOT_FOUND, format_args!("There is no such {what} here."))
    }

    /// One thing wrong in the content of a body that could be read.
    pub fn invalid(pointer: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self::of_fault(&problems::CONTENT_INVALID, pointer, detail)
    }

    /// A problem that is one fault at one place; the fault is also the detail.
    pub fn of_fault(kind: &'static Kind, pointer: impl Into<String>, detail: impl fmt::Display) -> Self {
        let detail = detail.to_string();
        Self::new(kind, &detail).at(pointer, detail)
    }

    /// Several faults at once, or `Ok` where there are none.
    ///
    /// # Errors
    /// The faults, as one problem.
    pub fn unless_none(faults: Vec<Fault>) -> Result<(), Self> {
        let Some(first) = faults.first() else { return Ok(()) };
        let mut problem = Self::new(&problems::CONTENT_INVALID, &first.detail);
        problem.0.errors = faults;
        Err(problem)
    }

    /// Says where, as a JSON pointer.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: impl fmt::Display) -> Self {
        self.0.errors.push(Fault { pointer: pointer.into(), detail: detail.to_string() });
        self
    }

    /// The same of a part of a body: `pointer` is where the part stands.
    #[must_use]
    pub fn under(mut self, pointer: &str) -> Self {
        for fault in &mut self.0.errors {
            if fault.pointer.is_empty() || fault.pointer.starts_with('/') {
                fault.pointer.insert_str(0, pointer);
            }
        }
        self
    }

    /// Several problems as one: the first with its facts, and up to a hundred faults of all of them.
    #[must_use]
    pub fn together(problems: &[&Self], detail: impl fmt::Display) -> Option<Self> {
        let mut whole = (*problems.first()?).clone();
        whole.0.detail = detail.to_string();
        whole.0.errors = problems.iter().flat_map(|problem| &problem.0.errors).take(100).cloned().collect();
        Some(whole)
    }

    /// What happened.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Each thing wrong in what was sent.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.0.errors
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.more.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl fmt::Display) -> Self {
        if let Ok(value) = HeaderValue::try_from(value.to_string()) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, seconds)
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> &'static Kind {
        self.0.kind
    }

    /// The status it answers with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What the log may know and the caller may not.
    #[must_use]
    pub fn inside(&self) -> Option<String> {
        let mut next: Option<&dyn Error> = self.0.inside.as_deref().map(|e| e as &dyn Error);
        let mut chain = Vec::new();
        while let Some(error) = next {
            chain.push(error.to_string());
            next = error.source();
        }
        (!chain.is_empty()).then(|| chain.join(": "))
    }

    /// The answer, once the path and request id are known.
    #[must_use]
    pub fn answer(&self, instance: &str, request_id: &str) -> Response {
        let body = serde_json::to_vec(&self.body(instance, request_id)).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        for (name, value) in &self.0.headers {
            response.headers_mut().append(name, value.clone());
        }
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl Problem {
    fn body<'a>(&'a self, instance: &'a str, request_id: &'a str) -> ProblemBody<'a> {
        let Inner { kind, detail, errors, more, .. } = &*self.0;
        ProblemBody {
            kind: format!("/problems/{}", kind.slug),
            title: kind.title,
            status: kind.status,
            detail,
            instance,
            request_id,
            errors,
            more,
        }
    }
}

/// As a part of another answer: of the same path and request.
impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.body("", "").serialize(serializer)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.answer("", "");
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.kind.status, self.0.kind.slug, self.0.detail)?;
        self.inside().map_or(Ok(()), |inside| write!(f, " ({inside})"))
    }
}
