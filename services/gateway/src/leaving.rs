//! A service's answer on its way out: passed on as it comes, for as long as it comes.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};

/// The body of an answer. Time counts only while there is nothing to pass on: a caller that reads slowly does not
/// make the service late.
pub(crate) struct Leaving {
    body: Incoming,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Leaving {
    pub(crate) fn new(body: Incoming, patience: Duration) -> Self {
        Self { body, patience, waiting: None }
    }
}

/// The rest of an answer did not come: the connection to the caller ends, so that half is not taken for whole.
#[derive(Debug)]
pub(crate) enum Lost {
    BrokenOff(hyper::Error),
    Late,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenOff(error) => write!(f, "the service broke off its answer: {error}"),
            Self::Late => f.write_str("the service stopped in its answer"),
        }
    }
}

impl Error for Lost {}

impl Body for Leaving {
    type Data = Bytes;
    type Error = Lost;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Lost>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.waiting = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Lost::BrokenOff)));
        }
        let patience = this.patience;
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(cx));
        tracing::warn!("a service stopped in its answer");
        Poll::Ready(Some(Err(Lost::Late)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
