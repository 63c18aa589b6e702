//! Bodies nobody read to their end.
//!
//! A request refused before its body was read ends its connection: what is left of the body would be taken for the
//! next request. Whoever sent it must be told, or it sends its next request into a connection that is closing.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderValue, Request, Version, header},
    response::Response,
};
use hyper::body::{Frame, Incoming, SizeHint};

/// Whether a body was read to its end; `None` where there is no body, or the connection does not hang on it.
pub(crate) struct Unread(Option<Arc<AtomicBool>>);

/// Follows the request's body from now on.
pub(crate) fn follow(request: Request<Incoming>) -> (Request<Body>, Unread) {
    if request.body().is_end_stream() || request.version() >= Version::HTTP_2 {
        return (request.map(Body::new), Unread(None));
    }
    let ended = Arc::new(AtomicBool::new(false));
    let followed = request.map(|body| Body::new(Followed { body, ended: ended.clone() }));
    (followed, Unread(Some(ended)))
}

impl Unread {
    /// Says `Connection: close` where the body was not read to its end.
    pub(crate) fn tell(&self, answer: &mut Response) {
        if self.0.as_ref().is_some_and(|ended| !ended.load(Ordering::Acquire)) {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

struct Followed {
    body: Incoming,
    ended: Arc<AtomicBool>,
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        // Trailers are the last there is.
        let last = frame.as_ref().is_none_or(|frame| frame.as_ref().is_ok_and(Frame::is_trailers));
        if last || self.body.is_end_stream() {
            self.ended.store(true, Ordering::Release);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
