//! The server: hyper with a timer on every wait, and a graceful end.

use std::{convert::Infallible, time::Duration};

use axum::{Router, extract::ConnectInfo, http::Request};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::unread;

/// How long and how much a connection may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For all headers of a request to arrive; also how long an idle connection is kept.
    pub header_time: Duration,
    /// Between two pieces of a body.
    pub body_time: Duration,
    /// For all headers of a request, in bytes.
    pub header_bytes: usize,
    /// For requests in flight to end after a stop is asked for.
    pub drain_time: Duration,
    /// How long to read what a refused request still sends, so that its sender hears why; none cuts it off at once.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_time: Duration::from_secs(15),
            body_time: Duration::from_secs(15),
            header_bytes: 32 * 1024,
            drain_time: Duration::from_secs(25),
            patience: Duration::from_secs(2),
        }
    }
}

/// Serves until `stop` is cancelled, then lets requests in flight end.
///
/// # Errors
/// Only when the listener itself fails.
pub async fn serve(listener: TcpListener, app: Router, limits: Limits, stop: CancellationToken) -> std::io::Result<()> {
    serve_through(listener, app, limits, stop, |stream| stream).await
}

/// As [`serve`], with every connection passed through `wrap` first.
///
/// # Errors
/// Only when the listener itself fails.
pub async fn serve_through<S>(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    stop: CancellationToken,
    wrap: impl Fn(TcpStream) -> S,
) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(limits.header_bytes.max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(128)
        .max_pending_accept_reset_streams(Some(20))
        .keep_alive_interval(Some(limits.header_time))
        .keep_alive_timeout(limits.header_time);
    let app = app.layer(tower_http::timeout::RequestBodyTimeoutLayer::new(limits.body_time)).layer(
        tower_http::catch_panic::CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            crate::Problem::internal("a handler panicked").answer("", "")
        }),
    );
    let patience = limits.patience;
    let open = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or the peer was gone before we looked: go on after a breath.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        stream.set_nodelay(true).ok();
        let app = app.clone();
        let service = tower::service_fn(move |request: Request<hyper::body::Incoming>| {
            let app = app.clone();
            async move {
                let (mut request, unread) = unread::follow(request);
                request.extensions_mut().insert(ConnectInfo(peer));
                let mut answer = app.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
                unread.settle(&mut answer, patience).await;
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = builder.serve_connection(TokioIo::new(wrap(stream)), TowerToHyperService::new(service));
        let connection = open.watch(connection.into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain_time, open.shutdown()).await.is_err() {
        tracing::warn!("requests were still in flight at the end of the drain time");
    }
    Ok(())
}

/// Listens, or says in a sentence why not.
///
/// # Errors
/// When the address is taken, or not ours.
pub async fn listen(address: &str) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("{address} is taken by another program. Stop that, or choose another address (port 0 picks a free one)")
            }
            _ => format!("cannot listen on {address}: {error}"),
        };
        std::io::Error::new(error.kind(), why)
    })
}

/// Cancelled by Ctrl-C, by SIGTERM, and, where `TENFOLD_STOP_ON_STDIN_EOF=1`, by the end of standard input:
/// so a process started by another ends with it.
#[must_use]
pub fn stop_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .expect("signals can be listened for");
        if std::env::var_os("TENFOLD_STOP_ON_STDIN_EOF").is_some_and(|set| set == "1") {
            // A thread of its own: a read of standard input cannot be called off, and would hold up the end.
            let parent_gone = told.clone();
            std::thread::spawn(move || {
                std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()).ok();
                parent_gone.cancel();
            });
        }
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
            () = told.cancelled() => {}
        }
        told.cancel();
    });
    stop
}

/// Ends a program: where it failed, with one sentence for the person at the terminal.
#[must_use]
pub fn ended(result: Result<(), Box<dyn std::error::Error + Send + Sync>>) -> std::process::ExitCode {
    let Err(error) = result else { return std::process::ExitCode::SUCCESS };
    let mut sentence = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // Many an error repeats its cause in its own words.
        if !sentence.contains(&said) {
            sentence = format!("{sentence}: {said}");
        }
        next = cause.source();
    }
    #[expect(clippy::print_stderr, reason = "this is where the person is told")]
    {
        eprintln!("tenfold: {sentence}");
    }
    std::process::ExitCode::FAILURE
}
