//! A body on its way in: counted, never held whole, and cut where it goes over.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Method, Version, header},
};
use http_body::{Frame, SizeHint};
use web::{Problem, problems};

/// The most a body may hold, in bytes.
pub(crate) const ORDINARY: u64 = 2 * 1024 * 1024;
/// The most a body of bulk size may hold, in bytes.
pub(crate) const BULK: u64 = 8 * 1024 * 1024;

/// How a body came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Arrival {
    /// There is more to come.
    UnderWay,
    /// All of it is here.
    Complete,
    /// It went over the limit.
    TooLarge,
    /// A piece did not come in time.
    TooSlow,
    /// The caller broke off.
    BrokenOff,
}

/// Where a body's arrival can be followed by whoever does not hold it.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Seen>);

#[derive(Default)]
struct Seen {
    arrival: AtomicU8,
    bytes: AtomicU64,
}

impl Progress {
    /// How the body stands now.
    pub(crate) fn now(&self) -> Arrival {
        match self.0.arrival.load(Ordering::Acquire) {
            1 => Arrival::Complete,
            2 => Arrival::TooLarge,
            3 => Arrival::TooSlow,
            4 => Arrival::BrokenOff,
            _ => Arrival::UnderWay,
        }
    }

    /// How many bytes of it are here.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Acquire)
    }

    fn is(&self, arrival: Arrival) {
        self.0.arrival.store(arrival as u8, Ordering::Release);
    }
}

/// A body on its way in.
pub(crate) struct Arriving {
    body: Body,
    limit: u64,
    left: u64,
    progress: Option<Progress>,
}

impl Arriving {
    /// No body.
    pub(crate) fn nothing() -> Self {
        Self { body: Body::empty(), limit: 0, left: 0, progress: None }
    }

    /// The body of a request, as far as it is forwarded: the methods that have none lose what they brought.
    ///
    /// # Errors
    /// 413 where the request itself says that the body is too large.
    pub(crate) fn of(
        body: Body,
        method: &Method,
        version: Version,
        headers: &mut HeaderMap,
        limit: u64,
    ) -> Result<Self, Problem> {
        let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        let brings_one = version >= Version::HTTP_2 || headers.contains_key(header::TRANSFER_ENCODING);
        if matches!(*method, Method::GET | Method::HEAD | Method::DELETE) {
            headers.remove(header::CONTENT_LENGTH);
            return Ok(Self::nothing());
        }
        if declared.map_or(!brings_one, |length| length == 0) {
            return Ok(Self::nothing());
        }
        let progress = Progress(Arc::new(Seen::default()));
        Ok(Self { body, limit, left: limit, progress: Some(progress) })
    }

    /// Where to follow it; `None` where there is no body.
    pub(crate) fn progress(&self) -> Option<Progress> {
        self.progress.clone()
    }

    /// The most it may hold, in bytes.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    fn is(&self, arrival: Arrival) {
        if let Some(progress) = &self.progress {
            progress.is(arrival);
        }
    }
}

pub(crate) fn too_large(limit: u64) -> Problem {
    match limit {
        ORDINARY | BULK => Problem::new(
            &problems::TOO_LARGE,
            "A body may be up to 2,097,152 bytes, a bulk one or a paper up to 8,388,608.",
        ),
        _ => Problem::new(&problems::TOO_LARGE, format_args!("A file may be up to {limit} bytes here.")),
    }
}

/// The body cannot be forwarded to its end. Why, its `Progress` says.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the caller's body did not arrive whole")
    }
}

impl Error for Cut {}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                self.is(if is_timeout(&error) { Arrival::TooSlow } else { Arrival::BrokenOff });
                return Poll::Ready(Some(Err(Cut)));
            }
            None => {
                self.is(Arrival::Complete);
                return Poll::Ready(None);
            }
        };
        // Trailers end here: nobody checks them, and they could name anything.
        let Ok(data) = frame.into_data() else {
            self.is(Arrival::Complete);
            return Poll::Ready(None);
        };
        let Some(left) = self.left.checked_sub(data.len() as u64) else {
            self.is(Arrival::TooLarge);
            return Poll::Ready(Some(Err(Cut)));
        };
        self.left = left;
        if let Some(progress) = &self.progress {
            progress.0.bytes.store(self.limit - left, Ordering::Release);
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn is_timeout(error: &axum::Error) -> bool {
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        if error.is::<tower_http::timeout::TimeoutError>() {
            return true;
        }
        next = error.source();
    }
    false
}
