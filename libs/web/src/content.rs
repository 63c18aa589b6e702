//! A body that is kept as it is: not JSON, not read by us.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, Limited};

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
        let coded = text(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        let kind = text(header::CONTENT_TYPE).and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        let fits = [media_type, "application/octet-stream"].iter().any(|fine| kind.eq_ignore_ascii_case(fine));
        if coded || !fits {
            self.pass_over(most).await;
            let detail = format!("Send the body as {media_type} or application/octet-stream, not compressed.");
            return Err(Problem::new(&problems::MEDIA_TYPE, detail));
        }
        to_bytes(self.body, most).await.map_err(|error| unreadable_body(&error, most))
    }

    /// Its type, where it is one of `types` and comes as it is.
    ///
    /// # Errors
    /// 415 where it is of another type or compressed.
    pub fn one_of(&self, types: &[&'static str]) -> Result<&'static str, Problem> {
        let text = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        let coded = text(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        let kind = text(header::CONTENT_TYPE).and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        let found = types.iter().find(|fine| kind.eq_ignore_ascii_case(fine)).filter(|_| !coded);
        found.copied().ok_or_else(|| {
            let detail = format!("Send the body as {}, not compressed.", types.join(" or "));
            Problem::new(&problems::MEDIA_TYPE, detail)
        })
    }

    /// The next piece of it as it comes; `None` at its end. What it comes to is the reader's to count.
    ///
    /// # Errors
    /// 400, 408 where it does not arrive whole.
    pub async fn next_piece(&mut self) -> Option<Result<Bytes, Problem>> {
        loop {
            match self.body.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(piece) => return Some(Ok(piece)),
                    // Trailers.
                    Err(_) => continue,
                },
                Err(error) => return Some(Err(unreadable_body(&error, 0))),
            }
        }
    }

    /// Lets it arrive and keeps nothing of it, so that whoever is sending it hears the refusal that follows.
    pub async fn pass_over(self, most: usize) {
        let mut body = Limited::new(self.body, most);
        while let Some(Ok(_)) = body.frame().await {}
    }
}
