//! Bodies nobody read to their end.
//!
//! What is left of the body of a request that was refused early would be taken for the next request. It is read and
//! thrown away, as far as that is reasonable, so that its sender is not cut off before it hears why; beyond that the
//! connection ends, and the sender is told, or it sends its next request into a connection that is closing.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderValue, Request, Version, header},
    response::Response,
};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};

/// The most that is thrown away of a body, in bytes: what the largest request we take may hold.
const LEFT_MAX: usize = 8 * 1024 * 1024;

/// Whether a body was read to its end; `None` where there is no body, or the connection does not hang on it.
pub(crate) struct Unread(Option<Arc<Left>>);

/// What its reader left of a body.
#[derive(Default)]
struct Left {
    ended: AtomicBool,
    body: Mutex<Option<Incoming>>,
}

/// Follows the request's body from now on.
pub(crate) fn follow(request: Request<Incoming>) -> (Request<Body>, Unread) {
    if request.body().is_end_stream() || request.version() >= Version::HTTP_2 {
        return (request.map(Body::new), Unread(None));
    }
    let left = Arc::new(Left::default());
    let followed = request.map(|body| Body::new(Followed { body: Some(body), left: left.clone() }));
    (followed, Unread(Some(left)))
}

impl Unread {
    /// Reads what is left; says `Connection: close` where that is too much, or too slow.
    pub(crate) async fn settle(&self, answer: &mut Response, patience: Duration) {
        let Some(left) = self.0.as_ref().filter(|left| !left.ended.load(Ordering::Acquire)) else { return };
        let body = left.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        let read = match body {
            Some(body) if !patience.is_zero() => {
                tokio::time::timeout(patience, throw_away(body)).await.unwrap_or(false)
            }
            _ => false,
        };
        if !read {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Whether it was read to its end.
async fn throw_away(mut body: Incoming) -> bool {
    let mut left = LEFT_MAX;
    loop {
        match body.frame().await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(less) => left = less,
                None => return false,
            },
        }
    }
}

struct Followed {
    /// There until it is dropped.
    body: Option<Incoming>,
    left: Arc<Left>,
}

impl Drop for Followed {
    fn drop(&mut self) {
        *self.left.body.lock().unwrap_or_else(PoisonError::into_inner) = self.body.take();
    }
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
        // Trailers are the last there is.
        let last = frame.as_ref().is_none_or(|frame| frame.as_ref().is_ok_and(Frame::is_trailers));
        if last || body.is_end_stream() {
            self.left.ended.store(true, Ordering::Release);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}
