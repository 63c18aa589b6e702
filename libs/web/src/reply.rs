//! Answers that are not problems.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// One thing, with its version.
pub struct Found<T> {
    /// The thing.
    pub body: T,
    /// Its ETag, where it counts versions; without one the tag is made from the body.
    pub tag: Option<String>,
}

impl<T> Found<T> {
    /// A thing that counts its versions.
    pub fn at(version: i64, body: T) -> Self {
        Self { body, tag: Some(crate::version_tag(version)) }
    }

    /// A thing that does not change, or is computed.
    pub fn of(body: T) -> Self {
        Self { body, tag: None }
    }
}

impl<T: Serialize> IntoResponse for Found<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.body).into_response();
        if let Some(tag) = self.tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// An answer that anybody may read, and any cache may keep for five minutes.
pub struct OpenToAll<T>(pub T);

impl<T: IntoResponse> IntoResponse for OpenToAll<T> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        if response.status().is_success() {
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
            headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        }
        response
    }
}

/// What a write answers.
pub trait Reply {
    /// The status, when it is really done.
    const STATUS: StatusCode;
    /// What it serialises to.
    type Body: Serialize;
    /// Where the thing is, its ETag, its body.
    fn parts(self) -> (Option<String>, Option<String>, Self::Body);
}

/// A new thing and where it is.
pub struct Created<T> {
    /// Its path.
    pub location: String,
    /// Its version, where it counts them.
    pub version: Option<i64>,
    /// The thing.
    pub body: T,
}

impl<T: Serialize> Reply for Created<T> {
    const STATUS: StatusCode = StatusCode::CREATED;
    type Body = T;
    fn parts(self) -> (Option<String>, Option<String>, T) {
        (Some(self.location), self.version.map(crate::version_tag), self.body)
    }
}

/// Work that was taken on, and where to ask how it goes.
pub struct Accepted<T> {
    /// The path of the work.
    pub location: String,
    /// The version of what it is about.
    pub version: i64,
    /// How it stands.
    pub body: T,
}

impl<T: Serialize> Reply for Accepted<T> {
    const STATUS: StatusCode = StatusCode::ACCEPTED;
    type Body = T;
    fn parts(self) -> (Option<String>, Option<String>, T) {
        (Some(self.location), Some(crate::version_tag(self.version)), self.body)
    }
}

impl<T: Serialize> Reply for Found<T> {
    const STATUS: StatusCode = StatusCode::OK;
    type Body = T;
    fn parts(self) -> (Option<String>, Option<String>, T) {
        (None, self.tag, self.body)
    }
}

/// The answer a write gave, ready to send or to keep. `body` holds no secret when it is kept.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The status first answered.
    pub status: StatusCode,
    /// `Location` and `ETag`, where there were any.
    pub headers: Vec<(HeaderName, String)>,
    /// The JSON.
    pub body: Vec<u8>,
    /// Whether this is the first answer given again.
    pub again: bool,
}

impl Replayed {
    /// What `reply` answers, the first time.
    #[must_use]
    pub fn first<R: Reply>(reply: R) -> Self {
        let (location, tag, body) = reply.parts();
        let mut headers = Vec::new();
        headers.extend(location.map(|value| (header::LOCATION, value)));
        headers.extend(tag.map(|value| (header::ETAG, value)));
        Self { status: R::STATUS, headers, body: serde_json::to_vec(&body).unwrap_or_default(), again: false }
    }

    /// The answer to a rehearsal: the same body, 200, at no address.
    #[must_use]
    pub fn rehearsed(mut self) -> Self {
        self.status = StatusCode::OK;
        self.headers.clear();
        self
    }
}

impl IntoResponse for Replayed {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.again {
            headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
        }
        (self.status, headers, Body::from(self.body)).into_response()
    }
}
