//! A body that is kept as it is: not JSON, not read by us.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};

use crate::{Problem, body::unreadable_body, problems};

/// A body as it was sent, not read yet: whoever takes it first decides whether to.
#[derive(Debug)]
pub struct Content {
    headers: HeaderMap,
    body: Body,
}

impl<S: Send + Sync> FromRequest<S> for Content {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        Ok(Self { headers: parts.headers, body })
    }
}

impl Content {
    /// Reads it to its end, where it is of that type and of `most` bytes at most.
    ///
    /// # Errors
    /// 415 where it is of another type or compressed; 413 where it is longer; 400, 408 where it does not arrive whole.
    pub async fn read(self, media_type: &str, most: usize) -> Result<Bytes, Problem> {
        let text = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        if text(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(Problem::new(&problems::MEDIA_TYPE, "Send the body as it is, not compressed."));
        }
        let kind = text(header::CONTENT_TYPE).and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if ![media_type, "application/octet-stream"].iter().any(|fine| kind.eq_ignore_ascii_case(fine)) {
            let detail = format_args!("Send the body as {media_type} or application/octet-stream.").to_string();
            return Err(Problem::new(&problems::MEDIA_TYPE, detail));
        }
        to_bytes(self.body, most).await.map_err(|error| unreadable_body(&error, most))
    }
}
