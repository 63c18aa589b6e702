//! The server: hyper with a timer on every wait, and a graceful end.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderName, HeaderValue, Request, Uri, Version, header},
    response::Response,
};
use futures_util::FutureExt;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{Problem, problems, unread};

/// How long and how much a connection may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For all headers of a request to arrive; also how long an idle connection is kept.
    pub header_time: Duration,
    /// Between two pieces of a body.
    pub body_time: Duration,
    /// For all headers of a request, in bytes.
    pub header_bytes: usize,
    /// How long to say that we end, and go on serving, before nothing more is taken: what balances the load looks
    /// whether we are ready every few seconds. As `TENFOLD_STOP_NOTICE_SECONDS` says where it is left out.
    pub notice_time: Option<Duration>,
    /// For requests in flight to end after nothing more is taken.
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
            notice_time: None,
            drain_time: Duration::from_secs(25),
            patience: Duration::from_secs(2),
        }
    }
}

/// Serves until `stop` is cancelled; then says for a while that it ends, takes nothing more, and lets requests in
/// flight end.
///
/// # Errors
/// When `TENFOLD_STOP_NOTICE_SECONDS` cannot be read.
pub async fn serve(listener: TcpListener, app: Router, limits: Limits, stop: CancellationToken) -> std::io::Result<()> {
    serve_through(listener, app, limits, stop, |stream| stream).await
}

/// As [`serve`], with every connection passed through `wrap` first.
///
/// # Errors
/// As [`serve`].
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
    let notice_time = limits.notice_time.map_or_else(notice_of_environment, Ok)?;
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
            Problem::internal("a handler panicked").answer("", "")
        }),
    );
    let patience = limits.patience;
    let ending = Ending(Arc::default());
    let open = GracefulShutdown::new();
    let take = |(stream, peer): (TcpStream, SocketAddr)| {
        stream.set_nodelay(true).ok();
        let (app, ending) = (app.clone(), ending.clone());
        let service = tower::service_fn(move |request: Request<hyper::body::Incoming>| {
            let (app, ending) = (app.clone(), ending.clone());
            async move {
                let (mut request, unread) = unread::follow(request);
                request.extensions_mut().insert(ConnectInfo(peer));
                let version = request.version();
                let health = request.uri().path().starts_with("/health/");
                let mut answer = match ending.instead(&request) {
                    Some(answer) => answer,
                    None => app.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {}),
                };
                if health {
                    answer.headers_mut().insert(VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
                }
                unread.settle(&mut answer, patience).await;
                ending.tell(&mut answer, version);
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
    };
    tokio::select! {
        () = stop.cancelled() => {}
        never = accept_all(&listener, &take) => match never {},
    }
    ending.begin();
    tokio::select! {
        () = tokio::time::sleep(notice_time) => {}
        never = accept_all(&listener, &take) => match never {},
    }
    // What has knocked already is let in: closing the door on it would be no answer at all.
    while let Some(Ok(accepted)) = listener.accept().now_or_never() {
        take(accepted);
    }
    drop(listener);
    // A connection that has not said its first word yet would be closed on it: give it time to.
    if open.count() > 0 {
        tokio::time::sleep(FIRST_WORD).await;
    }
    if tokio::time::timeout(limits.drain_time, open.shutdown()).await.is_err() {
        tracing::warn!("requests were still in flight at the end of the drain time");
    }
    Ok(())
}

async fn accept_all(listener: &TcpListener, take: &impl Fn((TcpStream, SocketAddr))) -> Infallible {
    loop {
        match listener.accept().await {
            Ok(accepted) => take(accepted),
            Err(error) => {
                // Out of file descriptors, or the peer was gone before we looked: go on after a breath.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Which release answers, on what is asked of its health.
const VERSION: HeaderName = HeaderName::from_static("tenfold-version");

/// Said by a process that ends, and still serves what it is sent.
pub const ENDS: HeaderName = HeaderName::from_static("tenfold-ends");

/// Whether we end. From then on we are not ready, and every answer is the last one of its connection, so that nobody
/// sends another request into one that is being closed.
#[derive(Clone)]
struct Ending(Arc<AtomicBool>);

impl Ending {
    fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn instead<B>(&self, request: &Request<B>) -> Option<Response> {
        let asked = self.has_begun() && request.uri().path() == "/health/ready";
        asked.then(|| {
            let ends = Problem::new(&problems::UNAVAILABLE, "This process ends.").retry_after(1);
            let mut answer = ends.answer("", "");
            answer.headers_mut().insert(ENDS, HeaderValue::from_static("yes"));
            answer
        })
    }

    fn tell(&self, answer: &mut Response, version: Version) {
        if self.has_begun() && version < Version::HTTP_2 {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

fn notice_of_environment() -> std::io::Result<Duration> {
    let Some(set) = std::env::var_os("TENFOLD_STOP_NOTICE_SECONDS") else { return Ok(Duration::ZERO) };
    let seconds = set.to_str().and_then(|text| text.parse().ok()).filter(|seconds| *seconds <= MOST_NOTICE);
    seconds.map(Duration::from_secs).ok_or_else(|| {
        std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            format!("TENFOLD_STOP_NOTICE_SECONDS is a number of seconds, 0 to {MOST_NOTICE}"),
        )
    })
}

/// Beyond this what is heard while serving, such as whose access was taken away, would be out of date. In seconds.
const MOST_NOTICE: u64 = 15;

/// How long the last to be let in may take to begin.
const FIRST_WORD: Duration = Duration::from_millis(250);

/// How long work beside the requests may take to end.
const WINDING_UP: Duration = Duration::from_secs(10);

/// Lets work beside the requests end, which was told to stop; and gives up what does not, so that a process ends in
/// time by itself. Whatever is given up is found half done, and done again, by whoever comes next.
pub async fn wind_up(work: impl IntoIterator<Item = JoinHandle<()>>) {
    let deadline = tokio::time::Instant::now() + WINDING_UP;
    for mut task in work {
        if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
            tracing::warn!("work beside the requests did not end in time, and is given up");
            task.abort();
        }
    }
}

/// Whether a setting is the base of an address: `https://host`, with a port and a path where there is need.
///
/// # Errors
/// With a sentence that names the setting.
pub fn check_base(setting: &str, address: &str) -> std::io::Result<()> {
    let uri = address.parse::<Uri>().ok();
    let fits = uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    });
    let wrong = || {
        // Not the value: a mistaken one may hold a password.
        let why = format!("{setting} is not an address such as https://tenfold.example.org or http://127.0.0.1:8080");
        std::io::Error::new(std::io::ErrorKind::InvalidInput, why)
    };
    fits.then_some(()).ok_or_else(wrong)
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
