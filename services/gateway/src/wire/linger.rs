//! Leaving politely: after our last word we listen a little longer.
//!
//! A caller refused in the middle of its body is still sending. Were the connection simply closed, what it sends
//! would be answered with a reset, and the reset can take our answer away before the caller has read it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Sleep, sleep},
};

/// How long, and for how many bytes, we listen at most.
const LONGEST: Duration = Duration::from_secs(1);
const MOST: usize = 16 * 1024 * 1024;

/// Listening after our last word; what is heard is thrown away.
pub(super) struct Linger {
    until: Pin<Box<Sleep>>,
    left: usize,
}

impl Linger {
    pub(super) fn begin() -> Self {
        Self { until: Box::pin(sleep(LONGEST)), left: MOST }
    }

    /// Ready when the peer has ended too, or we have listened long enough.
    pub(super) fn poll<S: AsyncRead + Unpin>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bin = [0; 8 * 1024];
        while self.left > 0 && self.until.as_mut().poll(cx).is_pending() {
            let mut heard = ReadBuf::new(&mut bin);
            let ended = ready!(Pin::new(&mut *stream).poll_read(cx, &mut heard)).is_err();
            if ended || heard.filled().is_empty() {
                break;
            }
            self.left = self.left.saturating_sub(heard.filled().len());
        }
        Poll::Ready(Ok(()))
    }
}
