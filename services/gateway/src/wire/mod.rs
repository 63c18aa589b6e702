//! The connection under the HTTP reader: stricter about lines, and with the two timers the reader lacks.
//!
//! The reader is lenient where RFC 9112 lets it be: it takes a bare line feed for a line's end, and drops a
//! Content-Length that comes with a Transfer-Encoding. A proxy before us may read such a request otherwise, and
//! where two readers disagree about where a request ends, a second one hides. So those are spoilt here, before
//! they are read: a NUL in a head is what every reader refuses.

mod framing;
mod linger;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use self::{framing::Framing, linger::Linger};

/// What a spoilt head is ended with, so that it is refused now and not when its time is up.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A connection whose lines are looked at as they come in.
pub(crate) struct Wire<S> {
    stream: S,
    framing: Framing,
    /// Runs until it is known which HTTP is spoken; then the reader's own timers do.
    silence: Option<Pin<Box<Sleep>>>,
    /// Runs while the peer takes nothing of what we have for it.
    unread: Option<Pin<Box<Sleep>>>,
    patience: Duration,
    ended: bool,
    /// Once our last word is said.
    linger: Option<Linger>,
}

impl<S> Wire<S> {
    pub(crate) fn new(stream: S, limits: &web::Limits) -> Self {
        Self {
            stream,
            framing: Framing::default(),
            silence: Some(Box::pin(sleep(limits.header_time))),
            unread: None,
            patience: limits.body_time,
            ended: false,
            linger: None,
        }
    }

    /// Lets a write through, or breaks off where the peer has taken nothing for too long.
    fn written<T>(&mut self, poll: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.unread = None;
            return poll;
        }
        let patience = self.patience;
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(unread.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.framing.is_spoilt() {
            if !this.ended {
                this.ended = true;
                let room = END_OF_HEAD.len().min(buf.remaining());
                buf.put_slice(&END_OF_HEAD[..room]);
            }
            return Poll::Ready(Ok(()));
        }
        if let Some(silence) = &mut this.silence
            && silence.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        this.framing.look(&mut buf.filled_mut()[before..]);
        if this.framing.has_begun() {
            this.silence = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.written(poll, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write_vectored(cx, pieces);
        this.written(poll, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        this.linger.get_or_insert_with(Linger::begin).poll(&mut this.stream, cx)
    }
}
